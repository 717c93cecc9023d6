/* The button for newer entries that left the page at its top, or that never came into it. */
import {find, list} from '../page/dom.js';
import {number} from '../page/entry.js';
import {words} from '../page/words.js';
import {above, addAbove, unseen} from './gap.js';
import {source} from './older.js';
import {entries, keepPosition} from './scroll.js';
import {wall} from './wall.js';
const MOST_HELD = 60, PAGE = 30, OVERLAP = 10;

const watcher = new IntersectionObserver(changes => changes.some(each => each.isIntersecting) && fetchNewer(), {rootMargin: '600px'});
export function offerNewer() {
  if (find('newer')) return;
  const paragraph = document.createElement('p'), button = document.createElement('button');
  paragraph.id = 'newer';
  paragraph.className = 'older';
  button.className = 'button button--quiet';
  button.type = 'button';
  button.textContent = words.newer;
  button.addEventListener('click', fetchNewer);
  paragraph.append(button);
  keepPosition(() => list.prepend(paragraph));
  watcher.observe(paragraph);
}
/* The observer reports a paragraph that comes into view, not one that stays there. */
export function watchAgain() {
  const paragraph = find('newer');
  if (!paragraph) return;
  watcher.unobserve(paragraph);
  watcher.observe(paragraph);
}

/* The page of entries that ends a little below the first one here, so that none between the two is missed. */
let isFetching = false;
export async function fetchNewer() {
  if (isFetching) return;
  isFetching = true;
  const outer = 'closed' in list.dataset ? new URLSearchParams(location.search).get('before') : null;
  const before = above[above.length - 1 - (PAGE - OVERLAP)] ?? outer;
  try { await htmx.ajax('GET', source(before), {source: '#newer', target: '#feedback', swap: 'insert-newer'}); } finally { isFetching = false; }
}

/* Whether a new entry is only counted: there is a gap between it and the page, or enough entries are held already. */
export function withholds(entry) {
  if ('pinned' in entry.dataset) return false;
  const waiting = wall.held();
  if (!above.length && !(wall.isReading() && waiting.length >= MOST_HELD)) return false;
  const first = entries()[0];
  if (first && number(entry) < number(first)) return false;
  const numbers = [...waiting, entry].map(number);
  for (const each of numbers) unseen.add(each);
  addAbove(numbers);
  waiting.forEach(each => each.remove());
  offerNewer();
  return true;
}
