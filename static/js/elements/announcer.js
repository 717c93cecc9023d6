/* What a screen reader hears of while the page is open: new posts, and that the connection is lost or back; at most one
   sentence every twelve seconds. */
(() => {
  'use strict';
  const FIRST = 2e3, RHYTHM = 12e3, LOSS = 10e3;
  const find = id => document.getElementById(id);
  const on = (name, act) => document.addEventListener(name, act);
  const root = document.documentElement, status = find('status'), list = find('feedback'), words = find('arrangement')?.dataset;
  if (!list || !status || !words.lost) return;

  const arrived = new Set();
  let pending = '', held = 0, saidAt = -RHYTHM, timer = 0;

  function speakSoon() {
    timer ||= setTimeout(speak, Math.max(FIRST, saidAt + RHYTHM - performance.now()));
  }
  function speak() {
    timer = 0;
    if (document.hidden) return;
    /* Something else was said meanwhile, such as a thank-you, and must be heard to its end. */
    if (performance.now() < saidAt + RHYTHM) return speakSoon();
    const count = held || arrived.size, news = count && words[count === 1 ? 'one' : 'many'].replace('{}', count);
    const sentence = [pending, news].filter(Boolean).join(' ');
    pending = '';
    held = 0;
    arrived.clear();
    if (sentence) status.textContent = sentence;
  }
  new MutationObserver(() => { saidAt = performance.now(); }).observe(status, {childList: true});

  list.addEventListener('arrived', event => { arrived.add(event.detail.entry.id); speakSoon(); });
  list.addEventListener('held', event => {
    held = event.detail.count;
    if (held) speakSoon();
  });
  list.addEventListener('left', event => {
    arrived.delete(event.detail.entry.id);
    if (!list.matches('.feedbacks--single')) return;
    pending = find('empty').textContent.trim();
    speakSoon();
  });

  /* One's own entry may come by the stream before the answer that thanks for it; and a page that was too far behind gets
     its list anew. */
  const number = entry => +entry.id.slice('feedback-'.length);
  const entries = () => [...list.querySelectorAll('article')];
  let newest = Infinity;
  on('htmx:before:swap', ({detail: {ctx, tasks}}) => {
    const own = tasks.filter(each => each.swapSpec?.own).flatMap(each => [...each.fragment.children]);
    own.forEach(entry => arrived.delete(entry.id));
    newest = ctx?.sourceElement === list && find('news')?.hidden ? Math.max(0, ...entries().map(number)) : Infinity;
  });
  on('htmx:after:swap', ({detail: {ctx}}) => {
    if (ctx?.sourceElement !== list) return;
    for (const entry of entries()) if (number(entry) > newest) arrived.add(entry.id);
    if (arrived.size) speakSoon();
  });

  /* Neither a stream nor an answer to a question, for ten seconds. A page that asks now and then is not lost. */
  let lostSince = 0, wasLost = false;
  function isBack() {
    lostSince = 0;
    if (!wasLost) return;
    wasLost = false;
    /* What was not said in time need not be. */
    pending = pending === words.lost ? '' : words.back;
    speakSoon();
  }
  function isLost() {
    lostSince ||= Date.now();
    setTimeout(() => {
      if (wasLost || document.hidden || !lostSince || Date.now() - lostSince < LOSS) return;
      wasLost = true;
      pending = words.lost;
      speakSoon();
    }, LOSS);
  }
  const isPoll = ({target}) => target.id === 'poll';
  on('htmx:after:request', event => { if (isPoll(event)) (event.detail.ctx.response.status < 400 ? isBack : isLost)(); });
  on('htmx:error', event => { if (isPoll(event)) isLost(); });
  on('visibilitychange', () => {
    if (document.hidden) return;
    speakSoon();
    if (lostSince) { lostSince = 0; isLost(); }
  });
  /* A sandboxed page hears of nothing, and says nothing of it. */
  if (self.origin !== 'null') new MutationObserver(() => (root.dataset.live === 'stream' ? isBack : isLost)())
    .observe(root, {attributeFilter: ['data-live']});
})();
