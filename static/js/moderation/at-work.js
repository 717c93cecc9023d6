/* A moderator is at work while their pointer or focus is in the queue, a menu is open, or an entry is selected. A finger is
   where it touched last. */
import {find, list} from '../page/dom.js';
export const desk = find('desk');
export let pointer = null, isInside = false;

export function follow({type, pointerType, clientX, clientY, target}) {
  const isLifted = pointerType !== 'mouse' && /up|cancel/.test(type);
  pointer = isLifted ? null : {x: clientX, y: clientY};
  if (!isLifted) isInside = target instanceof Node && desk.contains(target);
}
export function leaveQueue() {
  pointer = null;
  isInside = false;
}
export const isAtWork = () =>
  isInside || desk.contains(document.activeElement) || desk.querySelector('.entry__more[open], .entry__tick:checked') !== null;
export const isTopInView = () => list.getBoundingClientRect().top > -1;
export const pointed = () => {
  const found = pointer && isInside ? document.elementFromPoint(pointer.x, pointer.y) : null;
  return found && list.contains(found) ? found : null;
};
