/* How the page gets changes, for the mark beside the heading and for style sheets: by a stream or by polling. */
import {find, on, root} from '../page/dom.js';
/* A page that only polls has lost nothing as long as the server answers. */
const setAnswered = is => root.toggleAttribute('data-answered', is);
export const showMark = () => find('mark')?.removeAttribute('hidden');
export function setState(state) {
  root.dataset.live = state;
  if (state !== 'stream') return;
  setAnswered(false);
  showMark();
}
export const poll = () => htmx.trigger('#poll', 'poll');

on('htmx:finally:request', ({detail: {ctx}}) => {
  if (ctx.sourceElement?.id === 'poll' && root.dataset.live === 'poll') setAnswered(ctx.response?.status < 400);
});
