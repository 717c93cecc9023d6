/* The frames of walls on the page, and what they and the page say to each other. `shownIn` has the Shown of those that
   this script made. */
import {groundOf} from './background.js';
import {base, fire, everywhere} from './page.js';
/* Firefox lays out no frame that is much taller; a wall that asks for more scrolls. */
const TALLEST = 2 ** 24;
export const frames = new Set(), shownIn = new WeakMap();

function frameOf(sender) {
  for (const frame of frames) if (!frame.isConnected) frames.delete(frame);
  const frame = [...frames].find(each => each.contentWindow === sender)
    ?? everywhere('iframe').find(each => each.contentWindow === sender);
  if (frame) frames.add(frame);
  return frame;
}

/* The height of the last visit is there before the frame is, so that nothing jumps. */
const key = frame => `feedback-wall:${frame.src}`;
export function recall(frame) {
  try { return Number(sessionStorage.getItem(key(frame))) || 0; } catch { return 0; }
}
function store(frame, height) {
  try { sessionStorage.setItem(key(frame), height); } catch { /* Storage may be forbidden; then it starts small again. */ }
}

/* To any origin: nothing in it is a secret, and an empty frame would complain about another one. */
export function greet(frame) {
  const ground = groundOf(frame);
  frame.contentWindow?.postMessage({type: 'feedback-wall:hello', ground, ...shownIn.get(frame)?.look}, '*');
}

export function listen() {
  addEventListener('message', ({origin, source: sender, data}) => {
    if (origin !== new URL(base).origin || !/^feedback-wall:/.test(data?.type)) return;
    const frame = frameOf(sender);
    if (!frame) return;
    const shown = shownIn.get(frame), target = shown?.target ?? frame, wall = /\/walls\/([^/]+)/.exec(frame.src)?.[1];
    if (data.type === 'feedback-wall:posted') fire(target, 'posted', {wall, id: data.id});
    if (data.type !== 'feedback-wall:height' || !(+data.height > 0)) return;
    const height = Math.min(Math.ceil(+data.height), TALLEST);
    if (data.isNew) greet(frame);
    if (shown) shown.hear(height, data);
    else frame.style.height = `${height}px`;
    store(frame, height);
    if (data.isNew && !data.hasFailed) fire(target, 'ready', {wall});
    fire(target, 'resize', {wall, height});
  });
}
