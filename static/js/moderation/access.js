/* A moderator who is logged out, or left the wall, is told why nothing arrives, once; after a login in another tab the page
   goes on. Until then it asks the server once a minute. */
import {on} from '../page/dom.js';
import {desk} from './at-work.js';
import {notice} from './notice.js';
const REST = 60e3;
const WHY = {
  401: 'You are logged out. Log in again in another tab to go on here; what you typed stays.',
  404: 'You no longer moderate this wall. Ask one of its owners if that is a mistake.'
};
let restsUntil = 0, isAsking = false, isShown = false;
const isResting = () => Date.now() < restsUntil;
const isOf = (ctx, id) => ctx?.sourceElement?.id === id;

function ask() {
  if (isAsking || isResting()) return;
  restsUntil = Date.now() + REST;
  isAsking = true;
  htmx.trigger('#poll', 'poll');
}
function explain(status) {
  isAsking = false;
  restsUntil = status in WHY ? Date.now() + REST : 0;
  if (isShown === status in WHY) return;
  isShown = !isShown;
  const sentence = Object.assign(document.createElement('p'), {className: 'notice', textContent: WHY[status]});
  notice.replaceChildren(...isShown ? [sentence] : []);
}

on('ended', ask);
on('htmx:before:request', event => {
  const {ctx} = event.detail;
  if (isOf(ctx, 'poll') && isAsking) return;
  if ((isOf(ctx, 'poll') || isOf(ctx, 'stream')) && isResting()) event.preventDefault();
});
on('htmx:sse:before:connection', event => {
  if (event.detail.connection.attempt && isResting()) event.preventDefault();
});
on('htmx:error', ({detail: {ctx}}) => {
  if (isOf(ctx, 'poll')) { isAsking = false; restsUntil = 0; }
});
on('htmx:before:response', event => {
  const {ctx} = event.detail, {status} = ctx.response;
  if (isOf(ctx, 'poll')) explain(status);
  else if (isOf(ctx, 'stream') && status in WHY) ask();
  if ((isOf(ctx, 'poll') || isOf(ctx, 'stream')) && status >= 400) event.preventDefault();
});
/* On the index: a moderator without a wall gets no changes. */
on('htmx:after:swap', () => {
  if (!desk && !document.querySelector('.desks__item')) restsUntil = Infinity;
});
for (const type of ['visibilitychange', 'focus']) {
  addEventListener(type, () => { if (!document.hidden && restsUntil < Infinity) restsUntil = 0; }, true);
}
