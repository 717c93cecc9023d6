/* What screen readers announce while the page is open: new entries, and that the connection is lost or back; at most one
   sentence every twelve seconds. */
import {find, list, on, root} from '../page/dom.js';
import {number} from '../page/entry.js';
import {region} from '../page/live-region.js';
import {words} from '../page/words.js';
const FIRST_DELAY = 2e3, INTERVAL = 12e3, LOST_AFTER = 10e3;
const arrived = new Set();
let pending = '', heldCount = 0, announcedAt = -INTERVAL, announceTimer = 0;

function announceSoon() {
  announceTimer ||= setTimeout(announce, Math.max(FIRST_DELAY, announcedAt + INTERVAL - performance.now()));
}
function announce() {
  announceTimer = 0;
  if (document.hidden) return;
  /* Another sentence came meanwhile, such as a thank-you: it is not cut short. */
  if (performance.now() < announcedAt + INTERVAL) return announceSoon();
  const count = heldCount || arrived.size, news = count && words[count === 1 ? 'one' : 'many'].replace('{}', count);
  const sentence = [pending, news].filter(Boolean).join(' ');
  pending = '';
  heldCount = 0;
  arrived.clear();
  if (sentence) region.textContent = sentence;
}

const articles = () => [...list.querySelectorAll('article')];
function announceEntries() {
  list.addEventListener('arrived', event => { arrived.add(event.detail.entry.id); announceSoon(); });
  list.addEventListener('held', event => {
    heldCount = event.detail.count;
    if (heldCount) announceSoon();
  });
  list.addEventListener('left', event => {
    arrived.delete(event.detail.entry.id);
    if (!list.matches('.feedbacks--single')) return;
    pending = find('empty').textContent.trim();
    announceSoon();
  });

  /* The author's own entry may come by the stream before the answer to the post; and a page that was too far behind gets
     the whole list. */
  let newest = Infinity;
  on('htmx:before:swap', ({detail: {ctx, tasks}}) => {
    const own = tasks.filter(each => each.swapSpec?.own).flatMap(each => [...each.fragment.children]);
    own.forEach(entry => arrived.delete(entry.id));
    newest = ctx?.sourceElement === list && find('news')?.hidden ? Math.max(0, ...articles().map(number)) : Infinity;
  });
  on('htmx:after:swap', ({detail: {ctx}}) => {
    if (ctx?.sourceElement !== list) return;
    for (const entry of articles()) if (number(entry) > newest) arrived.add(entry.id);
    if (arrived.size) announceSoon();
  });
}

/* Lost means: neither a stream nor an answer to a poll for ten seconds. A page that only polls is not lost. */
let lostSince = 0, wasLost = false;
function isBack() {
  lostSince = 0;
  if (!wasLost) return;
  wasLost = false;
  /* A loss that was never announced needs no end. */
  pending = pending === words.lost ? '' : words.back;
  announceSoon();
}
function isLost() {
  lostSince ||= Date.now();
  setTimeout(() => {
    if (wasLost || document.hidden || !lostSince || Date.now() - lostSince < LOST_AFTER) return;
    wasLost = true;
    pending = words.lost;
    announceSoon();
  }, LOST_AFTER);
}
function announceConnection() {
  const isPoll = ({target}) => target.id === 'poll';
  on('htmx:after:request', event => { if (isPoll(event)) (event.detail.ctx.response.status < 400 ? isBack : isLost)(); });
  on('htmx:error', event => { if (isPoll(event)) isLost(); });
  on('visibilitychange', () => {
    if (document.hidden) return;
    announceSoon();
    if (lostSince) { lostSince = 0; isLost(); }
  });
  /* A sandboxed page gets no changes, and does not announce that. */
  if (self.origin !== 'null') new MutationObserver(() => (root.dataset.live === 'stream' ? isBack : isLost)())
    .observe(root, {attributeFilter: ['data-live']});
}

if (list && region && words.lost) {
  new MutationObserver(() => { announcedAt = performance.now(); }).observe(region, {childList: true});
  announceEntries();
  announceConnection();
}
