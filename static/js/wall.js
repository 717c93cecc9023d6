/* The live list: where news goes, and how the line to the server is kept alive. htmx swaps; this says what it lacks. */
(() => {
  'use strict';
  const find = id => document.getElementById(id);
  const root = document.documentElement, list = find('feedback');
  /* Whatever the script says stands in the page, in the language of the wall. */
  const words = find('arrangement')?.dataset;
  let api;

  /* Scripts that come with swapped HTML are emptied; no other script of the page may write HTML at all. */
  const policy = self.trustedTypes?.createPolicy('wall', {createHTML: html => html, createScript: () => ''});

  /* 1. Swap styles. "feed" puts entries in their place (what is pinned on top, then by number, newest first) and morphs
        those that are there; "reload" is for a page that is too far behind, "arrange" for one whose wall is another now. */
  htmx.registerExtension('wall', {
    init(internal) {
      api = internal;
      if (policy) api.initSecurity(policy);
    },
    handle_swap(style, target, fragment, spec) {
      if (style === 'reload') return fetchAnew(), arrange(), [];
      if (style === 'arrange') return arrange(), [];
      if (style === 'anew') return later.takeOver(fragment), [];
      if (style === 'newer') return later.bringBack(fragment);
      return style === 'feed' && feed(target, fragment, spec);
    }
  });

  function feed(target, fragment, spec) {
    const placed = [];
    for (const entry of [...fragment.children]) {
      const known = find(entry.id);
      if (known) morph(known, entry);
      if (place(known ?? entry, target, spec) || known) placed.push(known ?? entry);
    }
    countHeld();
    return placed;
  }

  function morph(known, fresh) {
    const fragment = new DocumentFragment();
    fragment.append(fresh);
    api.morph(known, fragment, false);
  }

  /* When an entry was pinned is a larger number than any entry has. */
  const order = entry => entry.dataset.pinned ?? entry.id.slice(9);
  const below = (entry, target) => [...target.children].find(
    each => each.id === 'older' || each.localName === 'article' && +order(each) < order(entry)) ?? null;

  /* What belongs further down than this page has loaded, or to another page of the list, is left out. */
  function place(entry, target, spec) {
    if ('closed' in target.dataset) return false;
    const next = below(entry, target), isThere = entry.parentNode === target;
    if (isThere && next === entry.nextElementSibling) return true;
    if (next?.id === 'older' && !entry.dataset.pinned) return entry.remove();
    if (!isThere && !spec.own) {
      if (later?.withholds(entry)) return false;
      if (isReading()) entry.dataset.held = '';
      else htmx.trigger(list, 'arrived', {entry});
    }
    /* In a rush nobody could watch each of them appear. */
    const at = performance.now();
    entry.dataset.arrives = at - placedAt < 400 ? 'quickly' : 'calmly';
    placedAt = at;
    (isThere && target.moveBefore || target.insertBefore).call(target, entry, next);
    return true;
  }

  /* 2. New entries never move what somebody reads: they are held until the button is pressed. */
  let headingInView = true, listInView = false, placedAt = -400;
  const isReading = () => listInView && !headingInView;
  const held = () => list.querySelectorAll('[data-held]');

  function countHeld() {
    const button = find('news'), count = held().length + (later?.unseen ?? 0);
    if (!button || button.hidden && !count) return;
    button.hidden = !count;
    button.textContent = words[count === 1 ? 'showOne' : 'showMany'].replace('{}', count);
    htmx.trigger(list, 'held', {count});
  }

  async function showHeld() {
    let [first] = held();
    for (const entry of held()) delete entry.dataset.held;
    if (later?.unseen) {
      await fetchAnew();
      first = list.querySelector('article');
    }
    countHeld();
    focusOn(first);
    find('latest').scrollIntoView();
  }

  function focusOn(entry) {
    const heading = entry?.querySelector('h3') ?? find('latest');
    heading.tabIndex = -1;
    heading.focus({preventScroll: true});
  }

  /* Whoever stands on an entry that is taken away stands on its neighbour then. */
  function leave(entry) {
    htmx.trigger(list, 'left', {entry});
    if (!entry.contains(document.activeElement)) return;
    focusOn([entry.nextElementSibling, entry.previousElementSibling].find(each => each?.matches('article')));
  }
  document.addEventListener('htmx:before:swap', event => {
    for (const {swapSpec, target} of event.detail.tasks) if (swapSpec?.style === 'delete' && target?.contains) leave(target);
  });

  /* What is of no use before news comes, somebody writes or the list grows long comes when it is (js/later). */
  let later = null, coming = null, fetches = 0;
  const bringLater = () => coming ??= list.dataset.later && fetchLater();
  /* A browser may keep a failure for as long as the page is open, hence another name for the next try. */
  const fetchLater = () => import(`${list.dataset.later}#${fetches++}`).then(
    module => later = module.begin({list, held, below, feed, leave, policy, isReading, countHeld, morph, fetchAnew}),
    () => { coming = null; });
  async function arrange() {
    await bringLater();
    if (later) later.arrange();
    else if (list.dataset.later) setTimeout(arrange, Number(root.dataset.poll) || POLL);
  }
  document.addEventListener('arrange', arrange);

  /* 3. The form: a key that makes a repeated post one entry. */
  const composer = () => find('composer');

  function giveKey() {
    const key = composer()?.elements.key;
    if (key) key.value ||= crypto.getRandomValues(new Uint32Array(4)).join('-');
  }
  /* 4. The line. The extension never tries again when its first connection fails, does not notice silence, and has no
        way back to polling; browsers allow six connections to a host, so at most three pages of one hold a stream. */
  const stream = find('stream');
  const SILENCE = 45e3, POLL = 10e3, SLOTS = 3;
  const isOpaque = self.origin === 'null';
  let cursor = 0, connection = null, heard = 0, tries = 0, retryTimer = 0, release = null, isStale = false, isBroken = false;

  const seen = version => { if (Number(version) > cursor) cursor = Number(version); };
  const showMark = () => find('mark')?.removeAttribute('hidden');
  const state = word => {
    root.dataset.live = word;
    if (word === 'stream') showMark();
  };
  const poll = () => htmx.trigger('#poll', 'poll');

  document.addEventListener('htmx:config:request', event => {
    const {request} = event.detail.ctx;
    request.action = request.action.replace(/\bafter=\d+/, `after=${cursor}`);
  });
  document.addEventListener('htmx:after:swap', event => {
    const {ctx} = event.detail;
    seen(ctx?.response?.headers?.get?.('Wall-Version'));
    if (isStale && ctx?.sourceElement === list) isStale = false;
    giveKey();
  });

  function fetchAnew() {
    if ('closed' in list.dataset) return location.reload();
    isStale = true;
    later?.begun();
    return htmx.ajax('GET', list.dataset.source, {source: list, target: '#feedback', swap: 'innerMorph'});
  }

  async function takeSlot() {
    if (release || !navigator.locks) return true;
    for (let slot = 0; slot < SLOTS; slot++) {
      if (await new Promise(resolve => tryLock(`feedback-stream-${slot}`, resolve))) return true;
    }
    return false;
  }
  function tryLock(name, resolve) {
    const hold = lock => {
      if (!lock) return resolve(false);
      return new Promise(free => {
        release = () => { release = null; free(); };
        resolve(true);
      });
    };
    /* A frame on another site may be denied locks, as it is denied storage: it streams without one. */
    const denied = () => { release = () => { release = null; }; resolve(true); };
    try { navigator.locks.request(name, {ifAvailable: true}, hold).catch(denied); } catch { denied(); }
  }

  async function connect() {
    if (isOpaque || document.hidden || stream._htmx?.sse) return;
    if (await takeSlot()) return htmx.trigger('#stream', 'reconnect');
    state('poll');
    poll();
  }
  function retry() {
    clearTimeout(retryTimer);
    retryTimer = setTimeout(connect, Math.min(30e3, 500 * 2 ** tries++) * (.7 + Math.random() * .6));
  }

  function supervise() {
    const on = (name, act) => stream.addEventListener(name, act);
    on('htmx:sse:after:connection', event => { connection = event.detail.connection; heard = Date.now(); tries = 0; isBroken = false; state('stream'); });
    on('htmx:sse:before:message', event => {
      const {message} = event.detail;
      heard = Date.now();
      try {
        if (!message.event) bringLater();
        if (isBroken || !message.event && later?.show(message.data)) {
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
      if (!again.attempt) return;
      /* Ask from what was shown, not from what arrived: a message whose swap failed comes again. */
      again.lastEventId = String(cursor);
      state('poll');
      if (!release && navigator.locks) event.preventDefault();
    });
    on('htmx:sse:close', event => { connection = null; state('poll'); if (event.detail.reason !== 'message') retry(); });
    on('htmx:finally:request', () => { if (!stream._htmx?.sse) { state('poll'); retry(); } });
    addEventListener('online', () => { if (connection) connection.delayCanceller?.(); else { tries = 0; retry(); } });
    document.addEventListener('visibilitychange', () => {
      if (document.hidden) return release?.();
      tries = 0;
      setTimeout(connect, 50);
    });
    setInterval(() => {
      if (document.hidden) return;
      if (root.dataset.live === 'stream' && Date.now() - heard > SILENCE) { state('poll'); connection?.reader?.cancel(); }
      if (isStale) fetchAnew();
      if (root.dataset.live === 'poll' && !isOpaque) { poll(); if (!connection) connect(); }
    }, Number(root.dataset.poll) || POLL);
  }

  giveKey();
  if (!list) return;
  cursor = Number(list.dataset.version);
  state('poll');
  document.addEventListener('htmx:after:process', () => {
    supervise();
    connect();
    find('news')?.addEventListener('click', showHeld);
    document.addEventListener('focusin', ({target}) => { if (target.form && target.form === composer()) bringLater(); });
    document.addEventListener('htmx:after:swap', () => { if (list.childElementCount > 60) bringLater(); });
    setTimeout(showMark, 4000);
    const watcher = new IntersectionObserver(changes => {
      for (const {target, isIntersecting} of changes) {
        if (target === list) listInView = isIntersecting; else headingInView = isIntersecting;
      }
    });
    watcher.observe(find('latest'));
    watcher.observe(list);
  }, {once: true});
})();
