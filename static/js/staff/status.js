/* What is said of others' work and of the connection: politely, and one sentence in twelve seconds at most. */
const say = (() => {
  'use strict';
  const find = id => document.getElementById(id);
  const SPACE = 12e3, AFTER_OWN = 4e3, LOSS = 10e3;
  const status = find('status'), root = document.documentElement;
  const me = find('desk')?.dataset.me;
  const PAST = {
    publish: 'published', hide: 'hid', remove: 'removed', pin: 'pinned', unpin: 'unpinned', answer: 'answered', undo: 'undid an act on'
  };
  const posts = count => count === 1 ? '1 post' : `${count} posts`;

  let next = 0, timer = 0, more = 0;
  const arrived = new Set(), others = new Map();
  let connection = '';

  function own(text) {
    status.textContent = text;
    next = Math.max(next, Date.now() + AFTER_OWN);
  }
  function soon() {
    timer ||= setTimeout(() => {
      timer = 0;
      if (Date.now() < next) return soon();
      const text = [connection, ofWaiting(), ofOthers()].filter(Boolean).join(' ');
      connection = '';
      if (!text) return;
      status.textContent = text;
      next = Date.now() + SPACE;
    }, Math.max(300, next - Date.now()));
  }
  function ofWaiting() {
    const count = more + arrived.size;
    more = 0;
    arrived.clear();
    return count && (count === 1 ? '1 more waits for review.' : `${count} more wait for review.`);
  }
  function ofOthers() {
    const acts = [...others.values()];
    others.clear();
    if (!acts.length) return '';
    const names = new Set(acts.map(({by}) => by)), total = acts.reduce((sum, {ids}) => sum + ids.size, 0);
    if (acts.length === 1) return `${acts[0].by} ${PAST[acts[0].verb] ?? 'changed'} ${posts(total)}.`;
    return `${names.size === 1 ? acts[0].by : 'Other moderators'} changed ${posts(total)}.`;
  }

  /* 1. What the stream tells of an entry. Nobody has acted yet on one that is new. */
  const heardOf = new Set();
  function changed(known, {id, dataset}) {
    const {act, verb, by, state} = dataset;
    if (state === 'held' && !act && !known && !heardOf.has(id)) arrived.add(id);
    if (state !== 'held') arrived.delete(id);
    heardOf.add(id);
    if (act && act !== known?.dataset.act && by !== me) {
      const key = `${by}\n${verb}`;
      if (!others.has(key)) others.set(key, {by, verb, ids: new Set()});
      others.get(key).ids.add(id);
    }
    if (arrived.size || others.size) soon();
  }

  /* 2. How many wait stands in the title. */
  const title = document.title.replace(/^\(\S+\) /, '');
  const number = words => parseInt(words.replaceAll(',', ''), 10) || 0;
  const counters = () => [...document.querySelectorAll('#count-held, [data-waiting]')].map(each => each.dataset.waiting ?? each.textContent);
  let waiting = 0;
  function count(isFirst) {
    const words = counters(), sum = words.reduce((all, each) => all + number(each), 0);
    const shown = words.length === 1 ? words[0] : sum.toLocaleString('en');
    document.title = sum ? `(${shown}) ${title}` : title;
    if (!find('desk') && isFirst !== true && sum > waiting) { more += sum - waiting; soon(); }
    waiting = sum;
  }

  /* 3. The connection. That it is gone is known when neither the stream nor a question is answered. */
  let failed = 0, answered = 0, badSince = 0, isLost = false;
  const isLine = ctx => ctx?.sourceElement?.id === 'poll' || ctx?.sourceElement?.id === 'stream';
  document.addEventListener('htmx:error', ({detail}) => { if (isLine(detail.ctx)) failed = Date.now(); });
  document.addEventListener('htmx:sse:error', ({detail}) => { if (!(detail.status < 500)) failed = Date.now(); });
  document.addEventListener('htmx:before:response', ({detail: {ctx}}) => {
    if (!isLine(ctx)) return;
    if (ctx.response.status >= 500) failed = Date.now(); else answered = Date.now();
  });
  function watch() {
    const isBad = root.dataset.live !== 'stream' && (!navigator.onLine || failed > answered);
    if (document.hidden || !isBad) badSince = 0; else badSince ||= Date.now();
    if (isBad && badSince && Date.now() - badSince >= LOSS && !isLost) {
      isLost = true;
      connection = 'The connection is lost. Trying to reconnect.';
      soon();
    } else if (!isBad && isLost) {
      isLost = false;
      connection = 'The connection is back.';
      soon();
    }
  }

  if (status) {
    count(true);
    setInterval(watch, 1000);
    const list = find('feedback'), held = find('count-held');
    /* A stream rests while nobody looks; the title is looked at then, too. */
    setInterval(() => { if (document.hidden) htmx.trigger('#poll', 'poll'); }, 30e3);
    new MutationObserver(count).observe(held ?? list, {childList: true, characterData: true, subtree: true, attributeFilter: ['data-waiting']});
  }
  return {own, changed};
})();
