/* The live list: where news goes. htmx swaps; this says what it lacks. */
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
    else if (list.dataset.later) setTimeout(arrange, Number(root.dataset.poll) || 10e3);
  }
  document.addEventListener('arrange', arrange);

  /* 3. The form: a key that makes a repeated post one entry. */
  const composer = () => find('composer');

  function giveKey() {
    const key = composer()?.elements.key;
    if (key) key.value ||= crypto.getRandomValues(new Uint32Array(4)).join('-');
  }
  document.addEventListener('htmx:after:swap', giveKey);

  /* 4. The line (line.js). */
  let line = null;
  function fetchAnew() {
    if ('closed' in list.dataset) return location.reload();
    line.stale();
    later?.begun();
    return htmx.ajax('GET', list.dataset.source, {source: list, target: '#feedback', swap: 'innerMorph'});
  }

  giveKey();
  if (!list) return;
  line = followWall({list, bringLater, fetchAnew, show: html => later?.show(html)});
  document.addEventListener('htmx:after:process', () => {
    find('news')?.addEventListener('click', showHeld);
    document.addEventListener('focusin', ({target}) => { if (target.form && target.form === composer()) bringLater(); });
    document.addEventListener('htmx:after:swap', () => { if (list.childElementCount > 60) bringLater(); });
    const watcher = new IntersectionObserver(changes => {
      for (const {target, isIntersecting} of changes) {
        if (target === list) listInView = isIntersecting; else headingInView = isIntersecting;
      }
    });
    watcher.observe(find('latest'));
    watcher.observe(list);
  }, {once: true});
})();
