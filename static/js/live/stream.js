/* The connection to the server: a stream where one delivers, else a poll every ten seconds. htmx's extension never tries
   again when its first connection fails, does not notice silence, and does not fall back to polling. */
import {find, list, on, root} from '../page/dom.js';
import {fetchIfStale} from '../walls/refetch.js';
import {poll, setState, showMark} from './connection-state.js';
import {cursor, seen} from './cursor.js';
import {resume, showMessage} from './message.js';
import {release, takeSeat} from './seats.js';
import {fetchRest} from './unfetched.js';

const FIRST = 4e3, SILENCE = 45e3, DOUBT = 120e3, LONGEST_DOUBT = 1800e3;
const stream = find('stream'), isOpaque = self.origin === 'null';
let connection = null, isTaking = false, began = 0, heard = 0;
let silences = 0, doubts = 0, quietUntil = 0, tries = 0, retryTimer = 0, firstTimer = 0;

const cut = () => connection?.reader?.cancel();
const jitter = () => .7 + Math.random() * .6;

async function connect(asks = true) {
  if (isOpaque || isTaking || document.hidden || stream._htmx?.sse || Date.now() < quietUntil) return;
  isTaking = true;
  if (release || await takeSeat()) return htmx.trigger('#stream', 'reconnect');
  isTaking = false;
  setState('poll');
  if (asks) poll();
}
function retry() {
  clearTimeout(retryTimer);
  retryTimer = setTimeout(() => connect(), Math.min(30e3, 500 * 2 ** tries++) * jitter());
}
function giveWay(rest) {
  quietUntil = Math.max(quietUntil, Date.now() + rest);
  setState('poll');
  release?.();
  cut();
}
/* Connected is not delivering: a proxy may buffer the stream. */
function doubt() {
  giveWay(Math.min(LONGEST_DOUBT, DOUBT * 2 ** doubts++) * jitter());
  poll();
}

function opened({detail}) {
  connection = detail.connection;
  began = Date.now();
  heard = 0;
  resume();
  clearTimeout(firstTimer);
  firstTimer = setTimeout(() => { if (!heard) doubt(); }, FIRST);
}
function received(event) {
  if (!heard) { tries = 0; setState('stream'); fetchRest(); }
  heard = Date.now();
  if (heard - began > 2 * FIRST) silences = doubts = 0;
  showMessage(event, cut);
}
function reconnecting(event) {
  const again = event.detail.connection;
  /* The seat may have been given up while the answer was on its way. */
  if (!release) event.preventDefault();
  if (!again.attempt) return;
  /* Resume from the version that is shown: a message whose swap failed comes again. */
  again.lastEventId = String(cursor);
  setState('poll');
}
function closed({detail}) {
  connection = null;
  clearTimeout(firstTimer);
  setState('poll');
  if (detail.reason !== 'message') retry();
}

function check() {
  if (document.hidden) return;
  if (root.dataset.live === 'stream' && Date.now() - heard > SILENCE) {
    setState('poll');
    if (silences++) doubt(); else cut();
  }
  fetchIfStale();
  fetchRest();
  if (root.dataset.live === 'poll' && !isOpaque) { poll(); if (!connection) connect(false); }
}

function start() {
  const onStream = stream.addEventListener.bind(stream);
  onStream('htmx:sse:after:connection', opened);
  onStream('htmx:sse:before:message', received);
  onStream('htmx:sse:after:message', event => seen(event.detail.message.id));
  onStream('htmx:sse:error', () => setState('poll'));
  onStream('closing', () => setState('poll'));
  onStream('htmx:sse:before:connection', reconnecting);
  onStream('htmx:sse:close', closed);
  onStream('htmx:finally:request', () => {
    isTaking = false;
    if (!stream._htmx?.sse) { setState('poll'); retry(); }
  });
  onStream('yield', ({detail}) => giveWay(detail.rest));
  addEventListener('online', () => {
    quietUntil = doubts = 0;
    fetchRest();
    if (connection) connection.delayCanceller?.(); else { tries = 0; retry(); }
  });
  on('visibilitychange', () => {
    if (document.hidden) return release?.();
    tries = 0;
    setTimeout(() => connect(), 50);
  });
  /* A frame that its host removes leaves no error in the console. */
  addEventListener('pagehide', () => connection?.abortController?.abort());
  setInterval(check, +root.dataset.poll || 10e3);
  connect();
  if (!isOpaque) setTimeout(showMark, FIRST);
}

if (list) {
  setState('poll');
  on('htmx:after:process', start, {once: true});
}
