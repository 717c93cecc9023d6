/* Where an entry goes in the list: pinned ones first, then by number, newest first. */
import {find, list} from '../page/dom.js';
import {number} from '../page/entry.js';
import {countHeld, isReading} from './held-entries.js';
import {lazy} from './lazy-loader.js';
import {morph} from './morph.js';
let insertedAt = -400;

export function insertEntries(target, fragment, spec) {
  const inserted = [];
  for (const entry of [...fragment.children]) {
    const known = find(entry.id);
    if (known) morph(known, entry);
    if (insert(known ?? entry, target, spec) || known) inserted.push(known ?? entry);
  }
  countHeld();
  return inserted;
}

/* The time of a pin is a larger number than any entry's. */
const order = entry => entry.dataset.pinned ?? number(entry);
export const below = (entry, target) => [...target.children].find(
  each => each.id === 'older' || each.localName === 'article' && +order(each) < order(entry)) ?? null;

/* Entries below the part that this page has loaded, or of another page of the list, are left out. */
function insert(entry, target, spec) {
  if ('closed' in target.dataset) return false;
  const next = below(entry, target), isThere = entry.parentNode === target;
  if (isThere && next === entry.nextElementSibling) return true;
  if (next?.id === 'older' && !entry.dataset.pinned) return entry.remove();
  if (!isThere && !spec.own) {
    if (lazy?.withholds(entry)) return false;
    if (isReading()) entry.dataset.held = '';
    else htmx.trigger(list, 'arrived', {entry});
  }
  /* Entries that follow each other fast appear without an animation. */
  const now = performance.now();
  entry.dataset.arrives = now - insertedAt < 400 ? 'quickly' : 'calmly';
  insertedAt = now;
  (isThere && target.moveBefore || target.insertBefore).call(target, entry, next);
  return true;
}
