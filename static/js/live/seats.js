/* Browsers open six connections to a host over HTTP/1.1, so at most three pages of a browser hold a stream. Web Locks
   count them. Where locks are denied or missing, pages ask each other, and without that they hold no stream; HTTP/2
   needs no limit. The event "yield" ends the stream of this page, for `rest` milliseconds. */
import {on} from '../page/dom.js';
const PATIENCE = 1e3, YIELD = 5e3, SEATS = 3, SHARED = 2;
export let release = null;
let channel = null, rank = 0, answers = 0;

export async function takeSeat() {
  for (let seat = 0; seat < SEATS; seat++) {
    const isGranted = await tryLock(`feedback-stream-${seat}`);
    if (isGranted) return true;
    if (isGranted === null) {
      const {nextHopProtocol} = performance.getEntriesByType('navigation')[0] ?? {};
      return /^h[23]/.test(nextHopProtocol) || await agree() ? hold() : false;
    }
  }
  return false;
}
const hold = free => {
  release = () => { release = null; rank = 0; free?.(); };
  return true;
};
const tryLock = name => new Promise(resolve => {
  const take = lock => lock ? new Promise(free => resolve(hold(free))) : resolve(false);
  try { navigator.locks.request(name, {ifAvailable: true}, take).catch(() => resolve(null)); } catch { resolve(null); }
});

/* Pages that asked earlier answer. A busy page answers late, when this one has its stream already, and ends it then. */
async function agree() {
  try { channel ??= Object.assign(new BroadcastChannel('feedback-stream'), {onmessage: hear}); } catch { return false; }
  rank = Date.now() + Math.random();
  answers = 0;
  channel.postMessage({asks: rank});
  await new Promise(resolve => setTimeout(resolve, 300));
  if (answers >= SHARED) rank = 0;
  return !!rank;
}
function hear({data}) {
  if (data.yields) htmx.trigger('#stream', 'yield', {rest: YIELD});
  else if (data.asks) { if (rank && rank < data.asks) channel.postMessage({answers: data.asks}); }
  else if (data.answers === rank && ++answers >= SHARED && release) htmx.trigger('#stream', 'yield', {rest: 0});
}

/* A post that waits for long may wait for the connections that streams hold. */
const waiting = new Map();
on('htmx:before:request', ({detail: {ctx}}) => {
  if (ctx.request.method === 'POST') waiting.set(ctx, setTimeout(() => {
    channel?.postMessage({yields: true});
    htmx.trigger('#stream', 'yield', {rest: YIELD});
  }, PATIENCE));
});
on('htmx:finally:request', ({detail: {ctx}}) => {
  clearTimeout(waiting.get(ctx));
  waiting.delete(ctx);
});
