/* The desk: what was done and can be undone, ticks, and what is said when one may not act any more. htmx sends the forms. */
(() => {
  'use strict';
  const find = id => document.getElementById(id);
  const OFFERED = 10e3;

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

  /* The second press of a double click would meet another button than the first. */
  document.addEventListener('click', event => {
    if (event.detail > 1 && event.target.closest?.('.entry__acts')) event.preventDefault();
  }, true);

  /* 1. What was done is said, and can be undone, for ten seconds; with the key for as long as nothing else is done. */
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
  document.addEventListener('take-back', () => { if (onTheirWay) takesBack = true; else takeBack(); });
  document.addEventListener('htmx:before:request', event => { if (isAct(event.detail.ctx)) onTheirWay++; });
  document.addEventListener('htmx:finally:request', event => {
    const {ctx} = event.detail;
    if (!isAct(ctx)) return;
    /* What is hidden in between is not read out when it shows; this line always is. */
    if (ctx.response?.status < 400) say.own(find('told').querySelector('.told__words').textContent);
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

  /* 2. Ticks. */
  const ticked = () => document.querySelectorAll('.entry__tick:checked');
  const ticks = part => [...part.querySelectorAll('.entry:not([data-held]) .entry__tick')];
  const isAllTicked = all => all.length > 0 && all.every(each => each.checked);
  function count() {
    find('ticked').textContent = `${ticked().length} selected`;
    for (const all of document.querySelectorAll('.part__all')) {
      all.textContent = isAllTicked(ticks(all.closest('.part'))) ? 'Select none' : 'Select all';
    }
  }
  function tickAll(part) {
    const all = ticks(part), areTicked = isAllTicked(all);
    for (const each of all) each.checked = !areTicked;
    count();
  }

  const desk = find('desk');
  if (desk) {
    desk.addEventListener('change', count);
    desk.addEventListener('click', event => {
      const all = event.target.closest('.part__all');
      if (!all) return;
      event.preventDefault();
      tickAll(all.closest('.part'));
    });
    document.addEventListener('ticks', count);
    if (find('told').childElementCount) offer();
    find('told').removeAttribute('role');
    count();
  }

  /* 3. A notice takes no room above the list, so that it can be put away. */
  const notice = find('notice');
  new MutationObserver(() => {
    if (!notice.firstElementChild || notice.querySelector('.notice__close')) return;
    const close = Object.assign(document.createElement('button'), {type: 'button', className: 'notice__close', textContent: 'Close'});
    close.addEventListener('click', () => notice.replaceChildren());
    // A sentence with a link in it stays one text beside the button.
    const sentence = document.createElement('span');
    sentence.append(...notice.firstElementChild.childNodes);
    notice.firstElementChild.append(sentence, ' ', close);
  }).observe(notice, {childList: true});

  /* 4. Whoever may not listen any more is told why, once; whoever logs in again elsewhere goes on here. Until then the
        server is asked once a minute. */
  const REST = 60e3;
  const WHY = {
    401: 'You are logged out. Log in again in another tab to go on here; what you typed stays.',
    404: 'You no longer moderate this wall. Ask one of its owners if that is a mistake.'
  };
  let restsUntil = 0, isAsking = false, isTold = false;
  const isResting = () => Date.now() < restsUntil;
  const isOf = (ctx, id) => ctx?.sourceElement?.id === id;
  function ask() {
    if (isAsking || isResting()) return;
    restsUntil = Date.now() + REST;
    isAsking = true;
    htmx.trigger('#poll', 'poll');
  }
  function tell(status) {
    isAsking = false;
    restsUntil = status in WHY ? Date.now() + REST : 0;
    if (isTold === status in WHY) return;
    isTold = !isTold;
    const sentence = Object.assign(document.createElement('p'), {className: 'notice', textContent: WHY[status]});
    notice.replaceChildren(...isTold ? [sentence] : []);
  }
  document.addEventListener('ended', ask);
  document.addEventListener('htmx:before:request', event => {
    const {ctx} = event.detail;
    if (isOf(ctx, 'poll') && isAsking) return;
    if ((isOf(ctx, 'poll') || isOf(ctx, 'stream')) && isResting()) event.preventDefault();
  });
  document.addEventListener('htmx:sse:before:connection', event => {
    if (event.detail.connection.attempt && isResting()) event.preventDefault();
  });
  document.addEventListener('htmx:error', ({detail: {ctx}}) => {
    if (isOf(ctx, 'poll')) { isAsking = false; restsUntil = 0; }
  });
  document.addEventListener('htmx:before:response', event => {
    const {ctx} = event.detail, {status} = ctx.response;
    if (isOf(ctx, 'poll')) tell(status);
    else if (isOf(ctx, 'stream') && status in WHY) ask();
    if ((isOf(ctx, 'poll') || isOf(ctx, 'stream')) && status >= 400) event.preventDefault();
  });
  /* With the last of one's walls goes what one could hear of. */
  document.addEventListener('htmx:after:swap', () => {
    if (!desk && !document.querySelector('.desks__item')) restsUntil = Infinity;
  });
  for (const type of ['visibilitychange', 'focus']) {
    addEventListener(type, () => { if (!document.hidden && restsUntil < Infinity) restsUntil = 0; }, true);
  }
})();
