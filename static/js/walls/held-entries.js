/* New entries never move what the visitor reads: they are held until the button is pressed. */
import {find, list, on} from '../page/dom.js';
import {words} from '../page/words.js';
import {lazy} from './lazy-loader.js';
import {fetchList} from './refetch.js';
let headingInView = true, listInView = false;
export const isReading = () => listInView && !headingInView;
export const held = () => list.querySelectorAll('[data-held]');

export function countHeld() {
  const button = find('news'), count = held().length + (lazy?.unseen ?? 0);
  if (!button || button.hidden && !count) return;
  button.hidden = !count;
  button.textContent = words[count === 1 ? 'showOne' : 'showMany'].replace('{}', count);
  htmx.trigger(list, 'held', {count});
}

async function showHeld() {
  let [first] = held();
  for (const entry of held()) delete entry.dataset.held;
  if (lazy?.unseen) {
    await fetchList();
    first = list.querySelector('article');
  }
  countHeld();
  focusEntry(first);
  find('latest').scrollIntoView();
}

function focusEntry(entry) {
  const heading = entry?.querySelector('h3') ?? find('latest');
  heading.tabIndex = -1;
  heading.focus({preventScroll: true});
}

/* An entry is about to be removed: a focus inside it goes to its neighbour. */
export function leave(entry) {
  htmx.trigger(list, 'left', {entry});
  if (!entry.contains(document.activeElement)) return;
  focusEntry([entry.nextElementSibling, entry.previousElementSibling].find(each => each?.matches('article')));
}
on('htmx:before:swap', event => {
  for (const {swapSpec, target} of event.detail.tasks) if (swapSpec?.style === 'delete' && target?.contains) leave(target);
});

if (list) {
  find('news')?.addEventListener('click', showHeld);
  const watcher = new IntersectionObserver(changes => {
    for (const {target, isIntersecting} of changes) {
      if (target === list) listInView = isIntersecting; else headingInView = isIntersecting;
    }
  });
  watcher.observe(find('latest'));
  watcher.observe(list);
}
