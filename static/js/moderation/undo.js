/* An act is announced, and can be undone, for ten seconds; by its key until the next act. */
import {find, on} from '../page/dom.js';
import {announceOwn} from './announcer.js';
import {desk} from './at-work.js';
import {fold} from './entry-details.js';
const OFFERED = 10e3;
let offerTimer = 0, inFlight = 0, undoesLatest = false;

function offerUndo() {
  const told = find('told');
  clearTimeout(offerTimer);
  delete told.dataset.over;
  offerTimer = setTimeout(() => told.querySelector('button') && told.matches(':hover, :focus-within') ? offerUndo() : told.dataset.over = '', OFFERED);
}
/* The key undoes the latest act that was asked for, even while that is in flight, and never the one before it. */
const undo = () => find('told').querySelector('button')?.click();
const isAct = ctx => ctx.request?.method === 'POST';
on('take-back', () => { if (inFlight) undoesLatest = true; else undo(); });
on('htmx:before:request', event => { if (isAct(event.detail.ctx)) inFlight++; });
on('htmx:finally:request', event => {
  const {ctx} = event.detail;
  if (!isAct(ctx)) return;
  /* Screen readers skip a notice that was hidden when it changed; they announce the live region. */
  if (ctx.response?.status < 400) announceOwn(find('told').querySelector('.told__words').textContent);
  if (--inFlight) return;
  const undoes = undoesLatest && ctx.response?.status < 400;
  undoesLatest = false;
  if (undoes) undo();
});
on('htmx:after:request', event => {
  const {ctx} = event.detail, form = ctx.sourceElement;
  if (!isAct(ctx) || !ctx.response || ctx.response.status >= 400) return;
  offerUndo();
  fold(form.closest('.entry__more'));
  if (form.id === 'bulk') form.reset();
  document.dispatchEvent(new Event('ticks'));
});

if (desk) {
  if (find('told').childElementCount) offerUndo();
  find('told').removeAttribute('role');
}
