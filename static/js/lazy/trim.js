/* A list that has grown long: entries far from the reader leave the page, at either end, and come back by scrolling. Only
   their numbers stay; their text comes from the server again. With more than `most` entries the list is cut to `kept` of
   them, and to at least a screen, or `near`, on either side of the view. In a rush it is much shorter, since each entry
   in the page makes each new one more expensive. */
import {list, on, root} from '../page/dom.js';
import {number} from '../page/entry.js';
import {addAbove, unseen} from './gap.js';
import {offerNewer} from './newer.js';
import {offerOlder} from './older.js';
import {entries, firstBelow, keepPosition} from './scroll.js';
import {wall} from './wall.js';
const RUSH = {most: 60, kept: 45, near: 25}, WORTH = 10;
export const CALM = {most: 300, kept: 200, near: 60};

export function trim({most, kept, near}) {
  if (list.childElementCount <= most) return;
  const all = entries();
  if (all.length <= most) return;
  /* In a frame that is as tall as its list, only the host page knows where the reader is. */
  if (root.classList.contains('framed') && wall.isReading()) return;
  const first = firstBelow(all, 0), last = firstBelow(all, innerHeight), around = Math.max(near, last - first);
  const isInUse = use();
  const end = dropBelow(all, Math.max(last + around, kept), isInUse);
  const surplus = Math.min(first - around, end - kept);
  if (surplus >= WORTH) dropAbove(all, surplus, isInUse);
}

/* Whether an entry has the focus or selected text. The selection is read once and before anything is removed: read for
   each entry, it would lay out the whole list for each. */
function use() {
  const focus = document.activeElement, selection = getSelection(), range = selection.isCollapsed ? null : selection.getRangeAt(0);
  return entry => entry.contains(focus) || Boolean(range?.intersectsNode(entry));
}

/* Drops older entries from the far end; returns how many are left. */
function dropBelow(all, from, isInUse) {
  let end = all.length;
  if (end < from + WORTH) return end;
  while (end > from && !isInUse(all[end - 1])) all[--end].remove();
  if (end < all.length) offerOlder(number(all[end - 1]));
  return end;
}

/* Drops newer entries in whole rows, so that the others stay in their columns. */
function dropAbove(all, surplus, isInUse) {
  const columns = getComputedStyle(list).gridTemplateColumns.split(' ').length;
  const leaving = all.slice(0, surplus - surplus % columns), used = leaving.findIndex(isInUse);
  if (used >= 0) leaving.length = used - used % columns;
  if (!leaving.length) return;
  keepPosition(() => leaving.forEach(entry => entry.remove()));
  /* Entries behind the button are newer still. */
  for (const entry of wall.held()) unseen.add(number(entry)), leaving.unshift(entry), entry.remove();
  addAbove(leaving.map(number));
  offerNewer();
  wall.countHeld();
}

export function startTrimming() {
  const arrivesInRush = ({dataset}) => dataset.arrives === 'quickly' && !('held' in dataset);
  list.addEventListener('news', event => trim(event.detail.inserted.some(arrivesInRush) ? RUSH : CALM));
  on('htmx:after:swap', () => trim(CALM));
  trim(CALM);
}
