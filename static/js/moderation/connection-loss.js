/* Says that the connection is lost, once neither the stream nor a poll has been answered for ten seconds, or that it is back. */
import {on, root} from '../page/dom.js';
import {region} from '../page/live-region.js';
import {sayNext} from './announcer.js';
const LOSS = 10e3;
let failedAt = 0, answeredAt = 0, badSince = 0, isAnnounced = false;
const isConnection = ctx => ctx?.sourceElement?.id === 'poll' || ctx?.sourceElement?.id === 'stream';

on('htmx:error', ({detail}) => { if (isConnection(detail.ctx)) failedAt = Date.now(); });
on('htmx:sse:error', ({detail}) => { if (!(detail.status < 500)) failedAt = Date.now(); });
on('htmx:before:response', ({detail: {ctx}}) => {
  if (!isConnection(ctx)) return;
  if (ctx.response.status >= 500) failedAt = Date.now(); else answeredAt = Date.now();
});
function checkConnection() {
  const isBad = root.dataset.live !== 'stream' && (!navigator.onLine || failedAt > answeredAt);
  if (document.hidden || !isBad) badSince = 0; else badSince ||= Date.now();
  if (isBad && badSince && Date.now() - badSince >= LOSS && !isAnnounced) {
    isAnnounced = true;
    sayNext('The connection is lost. Trying to reconnect.');
  } else if (!isBad && isAnnounced) {
    isAnnounced = false;
    sayNext('The connection is back.');
  }
}
if (region) setInterval(checkConnection, 1000);
