/* Newer entries come back from the server above the first one in the page. */
import {find, list} from '../page/dom.js';
import {number} from '../page/entry.js';
import {above, addAbove, closeGap} from './gap.js';
import {fetchNewer, watchAgain} from './newer.js';
import {entries, keepPosition} from './scroll.js';
import {wall} from './wall.js';
import {CALM, trim} from './trim.js';

export function insertNewer(fragment) {
  const first = entries()[0], newest = above[0] ?? 0, inserted = [];
  const plain = [...fragment.querySelectorAll('article')].filter(entry => !('pinned' in entry.dataset));
  const touches = !first || plain.some(entry => number(entry) <= number(first));
  const fresh = plain.filter(entry => !find(entry.id) && (!first || number(entry) > number(first)));
  if (!touches) {
    /* More entries than were known have been published in between: they are known now. */
    addAbove(fresh.map(number));
    setTimeout(fetchNewer);
    return [];
  }
  keepPosition(() => {
    for (const entry of fresh) {
      entry.dataset.arrives = 'quickly';
      list.insertBefore(entry, wall.below(entry, list));
      inserted.push(entry);
    }
    const top = inserted.length ? number(inserted[0]) : first ? number(first) : Infinity;
    closeGap(top);
    if (!above.length || top >= newest) find('newer').remove();
  });
  wall.countHeld();
  trim(CALM);
  watchAgain();
  return inserted;
}
