/* The desk: news in its place, keys, ticks, and the undo that is offered for ten seconds. htmx sends the forms. */
(() => {
  'use strict';
  const find = id => document.getElementById(id);
  const OFFERED = 10e3;
  let api;

  /* 1. Where an entry goes. One that is there stays there, whatever became of it, so that nothing moves under a thumb;
        one that is new goes to the top of its part, if the page shows that part from its top. */
  const PARTS = {held: 'waiting', public: 'public', hidden: 'hidden'};
  const number = entry => +entry.id.slice('feedback-'.length);

  htmx.registerExtension('desk', {
    init(internal) { api = internal; },
    handle_swap(style, target, fragment) {
      if (style !== 'desk') return false;
      const [entry] = fragment.children, known = find(entry.id);
      if (known) return morph(known, entry), [known];
      const part = find(`part-${PARTS[entry.dataset.state]}`);
      if (!part || 'closed' in part.dataset) return [];
      const entries = [...part.querySelectorAll('article')], next = entries.find(each => number(each) < number(entry));
      if (!next && part.querySelector('.part__older')) return [];
      part.querySelector('.part__empty')?.remove();
      const end = part.querySelector('.part__older');
      part.insertBefore(entry, next ?? end);
      return [entry];
    }
  });

  function morph(known, entry) {
    const hadFocus = known.contains(document.activeElement);
    const fresh = new DocumentFragment();
    fresh.append(entry);
    api.morph(known, fresh, false);
    if (hadFocus && !known.contains(document.activeElement)) focusOn(known);
  }
  const focusOn = entry => entry?.querySelector('.entry__tick, .entry__name').focus();

  /* An answer that is being written is nobody else's business. */
  document.addEventListener('toggle', event => {
    if (event.target.matches?.('.entry__more')) event.target.toggleAttribute('hx-morph-skip', event.target.open);
  }, true);

  /* Whoever acted in there stands before it then, and not on nothing. */
  function fold(more) {
    const hadFocus = more?.contains(document.activeElement);
    more?.removeAttribute('open');
    if (hadFocus) more.querySelector('summary').focus();
  }

  /* 2. What was done is said, and can be undone, for ten seconds; with the key for as long as nothing else is done. */
  let timer = 0;
  function offer() {
    const told = find('told');
    clearTimeout(timer);
    delete told.dataset.over;
    timer = setTimeout(() => told.querySelector('button') && told.matches(':hover, :focus-within') ? offer() : told.dataset.over = '', OFFERED);
  }
  /* The key takes back the act that was asked for last, also while that is on its way, and never the one before it. */
  let onTheirWay = 0, takesBack = false;
  const takeBack = () => find('told').querySelector('button')?.click();
  const isAct = ctx => ctx.request?.method === 'POST';
  document.addEventListener('htmx:before:request', event => { if (isAct(event.detail.ctx)) onTheirWay++; });
  document.addEventListener('htmx:finally:request', event => {
    const {ctx} = event.detail;
    if (!isAct(ctx)) return;
    /* What is hidden in between is not read out when it shows; this line always is. */
    if (ctx.response?.status < 400) find('status').textContent = find('told').querySelector('.told__words').textContent;
    if (--onTheirWay) return;
    const takes = takesBack && ctx.response?.status < 400;
    takesBack = false;
    if (takes) takeBack();
  });
  document.addEventListener('htmx:after:request', event => {
    const {ctx} = event.detail, form = ctx.sourceElement;
    if (!isAct(ctx) || !ctx.response || ctx.response.status >= 400) return;
    offer();
    fold(form.closest('.entry__more'));
    if (form.id === 'bulk') form.reset();
    count();
  });

  /* 3. Ticks. */
  const ticked = () => document.querySelectorAll('.entry__tick:checked');
  const ticks = part => [...part.querySelectorAll('.entry__tick')];
  function count() {
    find('ticked').textContent = `${ticked().length} ticked`;
    for (const all of document.querySelectorAll('.part__all')) {
      all.textContent = ticks(all.closest('.part')).every(each => each.checked) ? 'Tick none' : 'Tick all';
    }
  }
  function tickAll(part) {
    const all = ticks(part), areTicked = all.every(each => each.checked);
    for (const each of all) each.checked = !areTicked;
    count();
  }

  /* 4. Keys, and the entry one is on. */
  const entries = () => [...document.querySelectorAll('.entry')];
  const current = () => document.activeElement.closest?.('.entry');

  function step(by) {
    const all = entries(), at = all.indexOf(current());
    focusOn(all[at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + by, 0), all.length - 1)]);
  }
  function act(verb) {
    const entry = current();
    if (ticked().length) return find('bulk').querySelector(`[value=${verb}]`).click();
    const button = entry?.querySelector(`[name=verb][value=${verb}]`);
    if (!button) return;
    button.click();
    if (entries().at(-1) !== entry) step(1);
  }
  const KEYS = {
    j: () => step(1),
    k: () => step(-1),
    a: () => tickAll(current()?.closest('.part') ?? document.querySelector('.part')),
    x: () => current()?.querySelector('.entry__tick')?.click(),
    p: () => act('publish'),
    h: () => act('hide'),
    d: () => act('remove'),
    z: () => { if (onTheirWay) takesBack = true; else takeBack(); },
    '?': () => find('keys').togglePopover()
  };
  const isTyping = target => target.isContentEditable || target.matches('textarea, select, input:not([type=checkbox])');

  customElements.define('moderation-desk', class extends HTMLElement {
    connectedCallback() {
      document.addEventListener('keydown', this);
      this.addEventListener('change', count);
      this.addEventListener('click', event => {
        const all = event.target.closest('.part__all');
        if (!all) return;
        event.preventDefault();
        tickAll(all.closest('.part'));
      });
      const off = find('keys-off');
      off.closest('label').hidden = false;
      try { off.checked = localStorage.getItem('keys') === 'off'; } catch { /* It is not remembered then. */ }
      off.addEventListener('change', () => {
        try { localStorage.setItem('keys', off.checked ? 'off' : 'on'); } catch { /* As above. */ }
      });
      if (find('told').childElementCount) offer();
      find('told').removeAttribute('role');
      count();
    }
    disconnectedCallback() { document.removeEventListener('keydown', this); }
    handleEvent(event) {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
      if (isTyping(event.target) || find('keys-off').checked || !(event.key in KEYS)) return;
      event.preventDefault();
      KEYS[event.key]();
    }
  });

  /* 5. Whoever may not listen any more is told so, once; whoever logs in again elsewhere goes on here. */
  let isEnded = false;
  document.addEventListener('ended', () => {
    const notice = document.createElement('p');
    notice.className = 'notice';
    notice.textContent = 'You are logged out, or this wall is not yours to moderate any more. Load this page again.';
    find('notice').replaceChildren(notice);
    isEnded = true;
  });
  document.addEventListener('htmx:before:response', event => {
    const {ctx} = event.detail;
    if (isEnded && ctx.sourceElement.id === 'poll' && ctx.response.status >= 400) event.preventDefault();
  });
  document.addEventListener('htmx:sse:after:connection', () => {
    if (isEnded) find('notice').replaceChildren();
    isEnded = false;
  });
})();
