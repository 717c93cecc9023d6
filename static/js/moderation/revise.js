/* Entries that are in the queue change in place: nothing moves under a pointer, the focus or the reader's eyes. */
import {find, list} from '../page/dom.js';
import {morph} from '../walls/morph.js';
import {isInside, isTopInView, pointed} from './at-work.js';

const anchors = () => {
  const one = pointed() ?? (list.contains(document.activeElement) ? document.activeElement : null)
    ?? (isTopInView() ? null : [...list.querySelectorAll('.entry')].find(each => each.getBoundingClientRect().bottom > 0));
  return one ? [one, one.closest('.entry, .part')].filter(Boolean) : [];
};
export function steadily(change) {
  const before = anchors().map(each => [each, each.getBoundingClientRect().top]);
  change();
  const [anchor, top] = before.find(([each]) => each.isConnected && each.checkVisibility()) ?? [];
  const by = anchor ? anchor.getBoundingClientRect().top - top : 0;
  if (Math.abs(by) >= 1) scrollBy({top: by, behavior: 'instant'});
}

export const focusOn = (entry, how) => entry?.querySelector('.entry__tick, .entry__name')?.focus(how);
/* An entry that gets smaller keeps its height until the pointer has left. */
export function morphEntry(known, entry) {
  const height = known.getBoundingClientRect().height, hadFocus = known.contains(document.activeElement);
  morph(known, entry);
  if (isInside && height > known.getBoundingClientRect().height) known.style.minBlockSize = `${height}px`;
  if (hadFocus && !known.contains(document.activeElement)) focusOn(known, {preventScroll: true});
}
export function settle() {
  const roomy = list.querySelectorAll('.entry[style]');
  if (roomy.length) steadily(() => { for (const each of roomy) each.style.minBlockSize = ''; });
}

/* Buttons under the pointer stay as they are; the badges above them show the new state meanwhile. */
const awaited = new Map();
const isOnButtons = entry => { const acts = pointed()?.closest('.entry__acts'); return acts && entry.contains(acts); };
export function revise(known, entry) {
  steadily(() => {
    if (!isOnButtons(known)) return morphEntry(known, entry);
    awaited.set(known.id, entry);
    known.querySelector('.entry__badges')?.replaceWith(entry.querySelector('.entry__badges').cloneNode(true));
  });
}
export function reviseAll() {
  for (const [id, entry] of awaited) {
    const known = find(id);
    if (known && isOnButtons(known)) continue;
    awaited.delete(id);
    if (known) revise(known, entry);
  }
}
