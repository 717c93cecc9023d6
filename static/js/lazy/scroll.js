/* Where the reader is in the list, and how the list changes without moving what is in view. */
import {list, root} from '../page/dom.js';
/* Entries that are pinned, waiting or held never leave the page. */
export const entries = () => [...list.querySelectorAll('article:not([data-held], [data-pinned], [data-waiting])')];

/* The index of the first entry that reaches below a line of the window. */
export function firstBelow(all, line) {
  let low = 0, high = all.length - 1;
  while (low < high) {
    const middle = low + high >> 1;
    if (all[middle].getBoundingClientRect().bottom > line) high = middle; else low = middle + 1;
  }
  return low;
}

/* Changes further up do not move the reader's entry, even where the browser would not anchor it. */
export function keepPosition(change) {
  const all = entries(), stays = all[firstBelow(all, 0)], before = stays?.getBoundingClientRect().top;
  root.style.overflowAnchor = 'none';
  change();
  if (stays?.isConnected) scrollBy({top: stays.getBoundingClientRect().top - before, behavior: 'instant'});
  requestAnimationFrame(() => { root.style.overflowAnchor = ''; });
}
