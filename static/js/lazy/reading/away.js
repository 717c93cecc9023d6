/* What came while the page was hidden: its number in the title, a dot on the icon, and, back again, a line between new and
   old. Marks of one absence stay until the next. */
import {list, on, root} from '../../page/dom.js';
import {number} from '../../page/entry.js';
import {words} from '../../page/words.js';
import {unseen} from '../gap.js';
import {entries} from '../scroll.js';
const OFTEN = 60e3;
let leftAt = 0, cameBackAt = 0, newestSeen = Infinity, withheldBefore = 0, title = '', shownTitle = '', icon = null, timer = 0;

function showCount(count) {
  if (document.title !== shownTitle) title = document.title;
  shownTitle = count ? `(${count}) ${title}` : title;
  document.title = shownTitle;
  icon ??= document.querySelector('link[rel=icon][data-news]');
  if (!icon) return;
  icon.dataset.quiet ??= icon.href;
  icon.href = count ? icon.dataset.news : icon.dataset.quiet;
}
function leavePage() {
  leftAt = Date.now();
  newestSeen = Math.max(0, ...entries().map(number));
  withheldBefore = unseen.size;
  title = shownTitle = document.title;
  /* A hidden page has no stream, and browsers slow its timers down. */
  clearInterval(timer);
  timer = setInterval(() => htmx.trigger('#poll', 'poll'), +root.dataset.poll || OFTEN);
}
const isUnread = entry => number(entry) > newestSeen && !('waiting' in entry.dataset);
function hear() {
  if (!document.hidden) return markNew();
  showCount([...list.querySelectorAll('article')].filter(isUnread).length + Math.max(0, unseen.size - withheldBefore));
}

/* What is heard soon after the return may have come before it. */
function markNew() {
  if (!leftAt || !cameBackAt) return;
  const isNew = entry => isUnread(entry) && Date.parse(entry.querySelector('time')?.dateTime) < cameBackAt;
  const fresh = entries().filter(isNew);
  for (const entry of list.querySelectorAll('[data-since], [data-until]')) { delete entry.dataset.since; delete entry.dataset.until; }
  for (const entry of fresh) entry.dataset.new = '';
  if (!fresh.length) return;
  const time = new Intl.DateTimeFormat(root.lang, {timeStyle: 'short'}).format(leftAt);
  fresh[0].dataset.since = fresh.at(-1).dataset.until = words.since.replace('{}', time);
}
function comeBack() {
  cameBackAt = Date.now();
  clearInterval(timer);
  showCount(0);
  for (const entry of list.querySelectorAll('[data-new]')) delete entry.dataset.new;
  markNew();
}

export function startAway() {
  if (list.matches('.feedbacks--single') || 'closed' in list.dataset) return;
  on('visibilitychange', () => { if (document.hidden) leavePage(); else comeBack(); });
  list.addEventListener('news', hear);
  on('htmx:after:swap', hear);
  list.addEventListener('held', ({detail}) => { if (!detail.count && !document.hidden) markNew(); });
  if (document.hidden) leavePage();
}
