/* <script data-wall="main">: the wall stands where the script stands. */
import {shownIn} from './frames.js';
import {base, style, onReady} from './page.js';
import {Shown} from './shown-wall.js';
const served = new WeakSet();

/* A script in the head stands where nothing is visible. */
function place(script, frame) {
  if (script.closest('head')) document.body.append(frame);
  else script.after(frame);
}
/* The link to the wall behind the script, for visitors who do not get the script. */
function linkAfter(script) {
  let next = script.nextElementSibling;
  while (next?.matches('br, [data-feedback-wall]')) next = next.nextElementSibling;
  return next?.matches('a') && next.href.startsWith(`${base}walls/`) ? next : null;
}
/* Frames that another script left behind: on a copy of the page that is shown again, or because it was removed itself. */
function clear(script) {
  for (const each of [...script.parentNode?.children ?? []]) {
    if (each.matches('[data-feedback-wall]') && !shownIn.get(each)?.script.isConnected) each.remove();
  }
}
export function showFor(script) {
  if (served.has(script) || !script.isConnected) return;
  served.add(script);
  clear(script);
  const shown = new Shown(name => script.dataset[name], frame => {
    if (shown.target !== script && shown.target.isConnected) shown.target.replaceWith(frame); else place(script, frame);
    shown.target = frame;
  }, script, linkAfter(script));
  shown.script = script;
  shown.follow();
  /* The page may still be loading what stands behind an `async` script. */
  if (!shown.spare) onReady(() => {
    shown.spare = linkAfter(script);
    if (shown.spare && shown.news) style(shown.spare, {display: 'none'});
  });
  new MutationObserver(() => shown.follow()).observe(script, {attributes: true});
}
