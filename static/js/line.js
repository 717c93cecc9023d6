/* The line to the server: a stream where one delivers, else a question every ten seconds. The extension never tries again
   when its first connection fails, does not notice silence, and has no way back to polling. */
function followWall({list, bringLater, show, fetchAnew}) {
  const find = id => document.getElementById(id);
  const root = document.documentElement, stream = find('stream');
  const POLL = 10e3, FIRST = 4e3, SILENCE = 45e3, PATIENCE = 1e3, YIELD = 5e3;
  const DOUBT = 120e3, LONGEST_DOUBT = 1800e3, SEATS = 3, SHARED = 2;
  const isOpaque = self.origin === 'null';
  let cursor = Number(list.dataset.version), isStale = false, isBroken = false;
  let connection = null, began = 0, heard = 0, silences = 0, doubts = 0, quietUntil = 0, tries = 0, retryTimer = 0, firstTimer = 0;

  const seen = version => { if (Number(version) > cursor) cursor = Number(version); };
  const showMark = () => find('mark')?.removeAttribute('hidden');
  const state = word => {
    root.dataset.live = word;
    if (word !== 'stream') return;
    isAnswered(false);
    showMark();
  };
  /* Whether the server answers questions: a page that only asks has lost nothing, and the mark says so. */
  const isAnswered = is => root.toggleAttribute('data-answered', is);
  const poll = () => htmx.trigger('#poll', 'poll');

  document.addEventListener('htmx:config:request', event => {
    const {request} = event.detail.ctx;
    request.action = request.action.replace(/\bafter=\d+/, `after=${cursor}`);
  });
  document.addEventListener('htmx:after:swap', event => {
    const {ctx} = event.detail;
    seen(ctx?.response?.headers?.get?.('Wall-Version'));
    if (isStale && ctx?.sourceElement === list) isStale = false;
  });

  /* 1. Seats: browsers open six connections to a host, so at most three pages of one hold a stream. Where locks are denied
        or missing, pages of one browser ask each other, and without that they hold none; HTTP/2 needs no seats. */
  let release = null, isTaking = false, channel = null, rank = 0, answers = 0;

  async function takeSeat() {
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

  /* Those who asked before us answer. Busy pages do so late, and then we have a stream already. */
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
    if (data.yields) giveWay(YIELD);
    else if (data.asks) { if (rank && rank < data.asks) channel.postMessage({answers: data.asks}); }
    else if (data.answers === rank && ++answers >= SHARED && release) giveWay(0);
  }

  /* A post that waits may wait for the connections that streams have. */
  const waiting = new Map();
  document.addEventListener('htmx:before:request', ({detail: {ctx}}) => {
    if (ctx.request.method === 'POST') waiting.set(ctx, setTimeout(() => {
      channel?.postMessage({yields: true});
      giveWay(YIELD);
    }, PATIENCE));
  });
  document.addEventListener('htmx:finally:request', ({detail: {ctx}}) => {
    clearTimeout(waiting.get(ctx));
    waiting.delete(ctx);
  });

  /* 2. Connecting. */
  async function connect(asks = true) {
    if (isOpaque || isTaking || document.hidden || stream._htmx?.sse || Date.now() < quietUntil) return;
    isTaking = true;
    if (release || await takeSeat()) return htmx.trigger('#stream', 'reconnect');
    isTaking = false;
    state('poll');
    if (asks) poll();
  }
  function retry() {
    clearTimeout(retryTimer);
    retryTimer = setTimeout(() => connect(), Math.min(30e3, 500 * 2 ** tries++) * (.7 + Math.random() * .6));
  }
  function giveWay(milliseconds) {
    quietUntil = Math.max(quietUntil, Date.now() + milliseconds);
    state('poll');
    release?.();
    connection?.reader?.cancel();
  }
  /* Connected is not delivering: a proxy may keep what the server says to itself. */
  function doubt() {
    giveWay(Math.min(LONGEST_DOUBT, DOUBT * 2 ** doubts++) * (.7 + Math.random() * .6));
    poll();
  }

  /* 3. What is not fetched while the line is away is fetched when it is back. */
  let unfetched = null;
  document.addEventListener('htmx:finally:request', ({detail: {ctx}}) => {
    const rest = ctx.sourceElement?.closest?.('#older, #newer');
    if (rest) unfetched = ctx.response?.status < 400 ? null : rest.querySelector('a, button');
  });
  document.addEventListener('htmx:finally:request', ({detail: {ctx}}) => {
    if (ctx.sourceElement?.id === 'poll' && root.dataset.live === 'poll') isAnswered(ctx.response?.status < 400);
  });
  const fetchRest = () => { if (unfetched?.isConnected) htmx.trigger(unfetched, 'click'); };

  /* 4. Watching. */
  function watch() {
    const on = (name, act) => stream.addEventListener(name, act);
    on('htmx:sse:after:connection', event => {
      connection = event.detail.connection;
      began = Date.now();
      heard = 0;
      isBroken = false;
      clearTimeout(firstTimer);
      firstTimer = setTimeout(() => { if (!heard) doubt(); }, FIRST);
    });
    on('htmx:sse:before:message', event => {
      const {message} = event.detail;
      if (!heard) { tries = 0; state('stream'); fetchRest(); }
      heard = Date.now();
      if (heard - began > 2 * FIRST) silences = doubts = 0;
      try {
        if (!message.event) bringLater();
        if (isBroken || !message.event && show(message.data)) {
          event.preventDefault();
          if (!isBroken) seen(message.id);
        }
      } catch (fault) {
        isBroken = true;
        event.preventDefault();
        connection?.reader?.cancel();
        throw fault;
      }
    });
    on('htmx:sse:after:message', event => seen(event.detail.message.id));
    on('htmx:sse:error', () => state('poll'));
    on('closing', () => state('poll'));
    on('htmx:sse:before:connection', event => {
      const again = event.detail.connection;
      /* The seat may have been given up while the answer was on its way. */
      if (!release) event.preventDefault();
      if (!again.attempt) return;
      /* Ask from what was shown, not from what arrived: a message whose swap failed comes again. */
      again.lastEventId = String(cursor);
      state('poll');
    });
    on('htmx:sse:close', event => {
      connection = null;
      clearTimeout(firstTimer);
      state('poll');
      if (event.detail.reason !== 'message') retry();
    });
    on('htmx:finally:request', () => {
      isTaking = false;
      if (!stream._htmx?.sse) { state('poll'); retry(); }
    });
    addEventListener('online', () => {
      quietUntil = doubts = 0;
      fetchRest();
      if (connection) connection.delayCanceller?.(); else { tries = 0; retry(); }
    });
    document.addEventListener('visibilitychange', () => {
      if (document.hidden) return release?.();
      tries = 0;
      setTimeout(() => connect(), 50);
    });
    /* A frame that its host takes away leaves no error in the console there. */
    addEventListener('pagehide', () => connection?.abortController?.abort());
    setInterval(look, Number(root.dataset.poll) || POLL);
  }
  function look() {
    if (document.hidden) return;
    if (root.dataset.live === 'stream' && Date.now() - heard > SILENCE) {
      state('poll');
      if (silences++) doubt(); else connection?.reader?.cancel();
    }
    if (isStale) fetchAnew();
    fetchRest();
    if (root.dataset.live === 'poll' && !isOpaque) { poll(); if (!connection) connect(false); }
  }

  state('poll');
  document.addEventListener('htmx:after:process', () => {
    watch();
    connect();
    if (!isOpaque) setTimeout(showMark, 4000);
  }, {once: true});
  return {stale() { isStale = true; }};
}
