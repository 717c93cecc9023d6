/* A moderator is at work while their pointer or focus is in the queue, a menu is open, or an entry is selected. A finger is
   where it touched last. */
import {find, list} from '../page/dom.js';
export const desk = find('desk');
export let pointer = null, isInside = false;

export function follow({type, pointerType, clientX, clientY, target}) {
  const isLifted = pointerType !== 'mouse' && /up|cancel/.test(type);
  pointer = isLifted ? null : {x: clientX, y: clientY};
  if (!isLifted) isInside = target instanceof Element && desk.contains(target) && !isInPane(target);
}
export function leaveQueue() {
  pointer = null;
  isInside = false;
}
/* What comes into the list moves nothing in the pane beside it. */
export const isInPane = target => {
  const detail = target.closest('.entry__detail');
  return detail !== null && getComputedStyle(detail).position === 'fixed';
};
export const isAtWork = () => isInside || desk.contains(document.activeElement) ||
  desk.querySelector('.entry__more[open], .bulk__more[open], .entry__tick:checked, .entry__reply[hx-morph-skip]') !== null;
export const isTopInView = () => list.getBoundingClientRect().top > -1;
export const pointed = () => {
  const found = pointer ? document.elementFromPoint(pointer.x, pointer.y) : null;
  return found && list.contains(found) ? found : null;
};
