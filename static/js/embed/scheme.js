/* A page that turns dark, by a class or by the visitor's system, takes its walls along. */
import {frames, shownIn} from './frames.js';
import {onReady} from './page.js';
let isWaiting = false;

function look() {
  if (isWaiting) return;
  isWaiting = true;
  requestAnimationFrame(() => {
    isWaiting = false;
    for (const frame of frames) if (frame.isConnected) shownIn.get(frame)?.paint();
  });
}
export function followScheme() {
  const watcher = new MutationObserver(look);
  watcher.observe(document.documentElement, {attributes: true});
  onReady(() => watcher.observe(document.body, {attributes: true}));
  addEventListener('transitionend', ({target}) => { if (target === document.body || target === document.documentElement) look(); });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', look);
}
