/* The gap between the first entry in the page and the newest of the wall: numbers only, the newest first. `unseen` are those
   that the visitor was never shown. */
import {wall} from './wall.js';
export let above = [];
export const unseen = new Set();

export function addAbove(numbers) {
  above = [...new Set([...above, ...numbers])].sort((one, other) => other - one);
}
/* Entries up to this number are in the page again. */
export function closeGap(top) {
  above = above.filter(each => each > top);
  for (const each of unseen) if (each <= top) unseen.delete(each);
}
export function forget(selector) {
  const gone = Number(selector.match(/\d+/));
  above = above.filter(each => each !== gone);
  if (unseen.delete(gone)) wall.countHeld();
}
/* The list is fetched again from its top. */
export function forgetAll() {
  above = [];
  unseen.clear();
}
