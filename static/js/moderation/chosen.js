/* The entry that is shown in full: beside the list where there is room, else opened in its row. */
import {find, list, on} from '../page/dom.js';
import {number} from '../page/entry.js';
import {desk, isAtWork} from './at-work.js';
import {focusOn, steadily} from './revise.js';
const PASSING = 200;
let othersTimer = 0;

export const isWide = matchMedia('(min-width: 75rem)');
export const chosen = () => list.querySelector('.entry[data-chosen]');
export const shown = () => [...list.querySelectorAll('.entry:not([data-held])')];

export function choose(entry, opens = false) {
  for (const each of list.querySelectorAll('.entry[data-chosen], .entry[data-open]')) {
    if (each === entry) continue;
    delete each.dataset.chosen;
    delete each.dataset.open;
    each.querySelector('.entry__open')?.removeAttribute('aria-current');
  }
  if (!entry) return;
  entry.dataset.chosen = '';
  entry.querySelector('.entry__open')?.setAttribute('aria-current', 'true');
  if (opens) entry.dataset.open = '';
  if (opens || isWide.matches) fetchOthers(entry);
  document.dispatchEvent(new Event('chosen'));
}
/* Not while one only passes. */
function fetchOthers(entry) {
  clearTimeout(othersTimer);
  const place = entry.querySelector('.entry__others');
  if (!place || place.childElementCount || 'asked' in place.dataset) return;
  othersTimer = setTimeout(() => {
    if (chosen() !== entry) return;
    place.dataset.asked = '';
    htmx.ajax('GET', place.dataset.source, {source: place, target: place, swap: 'innerHTML'});
  }, PASSING);
}
export function toggle(entry) {
  const opens = !('open' in entry.dataset);
  steadily(() => {
    choose(entry, opens);
    if (!opens) delete entry.dataset.open;
  }, entry);
}

/* The next entry of its section, or the one before it, or the first of all. */
export function neighbour(entry) {
  const all = shown(), at = all.indexOf(entry), isNear = each => each?.parentElement === entry.parentElement;
  return [all[at + 1], all[at - 1]].find(isNear) ?? all.find(each => each !== entry);
}
/* It is decided, or is gone: the focus and the pane go to its neighbour. */
export function leaveList(entry) {
  const next = neighbour(entry), hadFocus = entry.contains(document.activeElement), wasChosen = 'chosen' in entry.dataset;
  steadily(() => entry.remove());
  if (wasChosen) choose(next);
  if (hadFocus) focusOn(next);
}

/* A section of one state, or of an author's or found entries in all states. */
export const PARTS = {held: 'waiting', public: 'public', hidden: 'hidden'};
export const isAtHome = (entry, {state}) => {
  const {part} = entry.closest('.part').dataset;
  return state !== 'removed' && (part === PARTS[state] || !Object.values(PARTS).includes(part));
};
export const isKept = entry => isAtWork() || entry.querySelector('.entry__detail:hover') !== null;
/* What the entry stands before: what waits is sorted oldest first, all else newest first. Null beyond the page. */
export function following(part, entry) {
  const isLater = part.dataset.part === 'waiting' ? (a, b) => a > b : (a, b) => a < b;
  const next = [...part.querySelectorAll('article')].find(each => isLater(number(each), number(entry)));
  return next ?? (part.querySelector('.part__older') ? null : part.querySelector('.part__empty'));
}
/* What others have decided meanwhile. */
export function leaveDecided() {
  for (const each of shown()) if (!isAtHome(each, each.dataset) && !isKept(each)) leaveList(each);
}

if (desk) {
  on('click', event => {
    const link = event.target.closest?.('.entry__open');
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const entry = link.closest('.entry');
    link.focus();
    if (isWide.matches) choose(entry); else toggle(entry);
  });
  on('click', event => {
    const link = event.target.closest?.('.entry__to-reply');
    if (!link) return;
    event.preventDefault();
    find(link.hash.slice(1)).focus();
  });
}
