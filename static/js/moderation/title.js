/* The number of waiting entries in the page's title. */
import {find, list} from '../page/dom.js';
import {region} from '../page/live-region.js';
import {sayNext} from './announcer.js';
import {desk} from './at-work.js';
const pageTitle = document.title.replace(/^\(\S+\) /, '');
const parse = text => parseInt(text.replaceAll(',', ''), 10) || 0;
const counters = () => [...document.querySelectorAll('#count-held, [data-waiting]')].map(each => each.dataset.waiting ?? each.textContent);
let waitingBefore = 0;

function showCount(isFirst) {
  const texts = counters(), sum = texts.reduce((total, each) => total + parse(each), 0);
  const shown = texts.length === 1 ? texts[0] : sum.toLocaleString('en');
  document.title = sum ? `(${shown}) ${pageTitle}` : pageTitle;
  if (!desk && isFirst !== true && sum > waitingBefore) sayNext(undefined, sum - waitingBefore);
  waitingBefore = sum;
}

if (region) {
  showCount(true);
  /* The stream of a hidden tab is closed, but its title is in view. */
  setInterval(() => { if (document.hidden) htmx.trigger('#poll', 'poll'); }, 30e3);
  new MutationObserver(showCount).observe(
    find('count-held') ?? list, {childList: true, characterData: true, subtree: true, attributeFilter: ['data-waiting']});
}
