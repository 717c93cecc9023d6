/* The queue: where an entry goes, and how nothing moves under the pointer of somebody who is at work in it. */
const queue = (() => {
  'use strict';
  const find = id => document.getElementById(id);
  const PARTS = {held: 'waiting', public: 'public', hidden: 'hidden'};
  const PATIENCE = 600;
  const number = entry => +entry.id.slice('feedback-'.length);
  const desk = find('desk'), list = find('feedback'), arrivals = find('arrivals');
  let api;

  /* 1. Somebody is at work while their pointer or focus is in the list, a menu is open, or something is ticked. A finger
        is where it touched last. */
  let pointer = null, isInside = false, waiting = 0;
  const isAtWork = () => isInside || desk.contains(document.activeElement) || desk.querySelector('.entry__more[open], .entry__tick:checked') !== null;
  const isTopInView = () => list.getBoundingClientRect().top > -1;
  const pointed = () => {
    const found = pointer && isInside ? document.elementFromPoint(pointer.x, pointer.y) : null;
    return found && list.contains(found) ? found : null;
  };

  function follow({type, pointerType, clientX, clientY, target}) {
    const isLifted = pointerType !== 'mouse' && /up|cancel/.test(type);
    pointer = isLifted ? null : {x: clientX, y: clientY};
    if (!isLifted) isInside = target instanceof Node && desk.contains(target);
    reviseAll();
    look();
  }
  /* Whoever goes away from the list gets what was held, once it is certain that they do. */
  function look() {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      if (!isInside) settle();
      if (!isAtWork() && isTopInView() && (held().length || isBehind)) show();
    }, PATIENCE);
  }

  /* 2. Whatever changes in the list, what somebody points at, is on or reads stays where it is on the screen. */
  const anchors = () => {
    const one = pointed() ?? (list.contains(document.activeElement) ? document.activeElement : null)
      ?? (isTopInView() ? null : [...list.querySelectorAll('.entry')].find(each => each.getBoundingClientRect().bottom > 0));
    return one ? [one, one.closest('.entry, .part')].filter(Boolean) : [];
  };
  function steadily(change) {
    const before = anchors().map(each => [each, each.getBoundingClientRect().top]);
    const result = change();
    const [anchor, top] = before.find(([each]) => each.isConnected && each.checkVisibility()) ?? [];
    const by = anchor ? anchor.getBoundingClientRect().top - top : 0;
    if (Math.abs(by) >= 1) scrollBy({top: by, behavior: 'instant'});
    return result;
  }
  /* What has become smaller keeps its room until the pointer has left. */
  function morph(known, entry) {
    const height = known.getBoundingClientRect().height, hadFocus = known.contains(document.activeElement);
    const fresh = new DocumentFragment();
    fresh.append(entry);
    api.morph(known, fresh, false);
    if (isInside && height > known.getBoundingClientRect().height) known.style.minBlockSize = `${height}px`;
    if (hadFocus && !known.contains(document.activeElement)) focusOn(known, {preventScroll: true});
  }
  function settle() {
    const roomy = list.querySelectorAll('.entry[style]');
    if (roomy.length) steadily(() => { for (const each of roomy) each.style.minBlockSize = ''; });
  }

  /* 3. Buttons under the pointer stay as they are; what became of the entry is said above them meanwhile. */
  const awaited = new Map();
  const isOnButtons = entry => { const acts = pointed()?.closest('.entry__acts'); return Boolean(acts) && entry.contains(acts); };
  function revise(known, entry) {
    steadily(() => {
      if (!isOnButtons(known)) return morph(known, entry);
      awaited.set(known.id, entry);
      known.querySelector('.entry__badges')?.replaceWith(entry.querySelector('.entry__badges').cloneNode(true));
    });
  }
  function reviseAll() {
    for (const [id, entry] of awaited) {
      const known = find(id);
      if (known && isOnButtons(known)) continue;
      awaited.delete(id);
      if (known) revise(known, entry);
    }
  }

  /* 4. Where an entry goes. One that is there stays there, whatever became of it. One that is new goes to the top of its
        part, if the page shows that part from its top, and waits behind the button while somebody is at work. */
  let isBehind = false;
  const held = () => list.querySelectorAll('article[data-held]');

  function place(entry, isOwn) {
    const known = find(entry.id);
    if (!isOwn) say.changed(known, entry);
    if (known && 'held' in known.dataset && entry.dataset.state === 'removed') return known.remove(), countHeld(), [];
    if (known) {
      if (isOwn) steadily(() => morph(known, entry)); else revise(known, entry);
      countHeld();
      return [known];
    }
    const part = find(`part-${PARTS[entry.dataset.state]}`);
    if (!part || 'closed' in part.dataset) return [];
    const entries = [...part.querySelectorAll('article')], next = entries.find(each => number(each) < number(entry));
    const end = part.querySelector('.part__older');
    if (!next && end) return [];
    if (!isOwn && (isAtWork() || held().length || !isTopInView())) entry.dataset.held = '';
    steadily(() => {
      part.insertBefore(entry, next ?? end);
      if (!('held' in entry.dataset)) part.querySelector('.part__empty')?.remove();
    });
    countHeld();
    return [entry];
  }

  function countHeld() {
    const count = held().length;
    document.dispatchEvent(new Event('ticks'));
    arrivals.textContent = count ? `Show ${count} new` : 'Show what is new';
    arrivals.hidden = !count && !isBehind;
    /* Not under a pointer that is about to press something else. */
    const {left, right, top, bottom} = arrivals.getBoundingClientRect();
    if (pointer && !arrivals.hidden && !arrivals.matches(':hover')) {
      arrivals.parentElement.toggleAttribute('data-aside', pointer.x > left - 8 && pointer.x < right + 8 && pointer.y > top - 8 && pointer.y < bottom + 8);
    }
  }

  async function show() {
    const [first] = held();
    const fresh = [...held()];
    steadily(() => {
      for (const entry of fresh) {
        delete entry.dataset.held;
        entry.closest('.part').querySelector('.part__empty')?.remove();
      }
    });
    if (isBehind) {
      isBehind = false;
      isFetching = true;
      await htmx.ajax('GET', list.dataset.source, {source: list, target: '#feedback', swap: 'innerMorph'});
      isFetching = false;
    }
    countHeld();
    return first?.isConnected ? first : list.querySelector('.entry');
  }

  /* A page that was too far behind is told the whole list: to somebody at work, entry by entry. */
  let isFetching = false;
  document.addEventListener('htmx:before:swap', ({detail}) => {
    for (const {swapSpec, target} of detail.tasks) {
      if (target === list && swapSpec?.style === 'innerMorph' && desk && isAtWork() && !isFetching) swapSpec.style = 'desk-behind';
    }
  });

  htmx.registerExtension('desk', {
    init(internal) { api = internal; },
    handle_swap(style, target, fragment, spec) {
      if (style === 'desk') return place(fragment.firstElementChild, Boolean(spec?.own));
      if (style !== 'desk-behind') return false;
      isBehind = true;
      const placed = [...fragment.querySelectorAll('article')].flatMap(each => place(each, false));
      countHeld();
      return placed;
    }
  });

  const focusOn = (entry, how) => entry?.querySelector('.entry__tick, .entry__name')?.focus(how);

  if (desk) {
    for (const type of ['pointermove', 'pointerover', 'pointerdown', 'pointerup', 'pointercancel']) document.addEventListener(type, follow, {passive: true});
    document.documentElement.addEventListener('pointerleave', ({pointerType}) => {
      if (pointerType !== 'mouse') return;
      pointer = null;
      isInside = false;
      reviseAll();
      look();
    });
    for (const type of ['focusin', 'focusout', 'change', 'toggle', 'scroll']) document.addEventListener(type, look, {capture: true, passive: true});
    arrivals.addEventListener('click', async () => {
      const first = await show();
      focusOn(first);
      first?.scrollIntoView({block: 'nearest'});
    });
  }

  return {focusOn, entries: () => [...list.querySelectorAll('.entry:not([data-held])')]};
})();
