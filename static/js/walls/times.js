/* Times are UTC in the page, since it is the same for every visitor. Here they become relative to now, and exact on hover
   and on paper. */
import {on, root} from '../page/dom.js';
import {words} from '../page/words.js';
const MINUTE = 6e4, HOUR = 60 * MINUTE, DAY = 24 * HOUR, MONTH = 30.4375, YEAR = 365.25;
let lang, relative, calendar;

/* How long ago, as [number, unit], each number rounded within its unit or 1 of the next; null for less than a minute,
   and for what a slow clock takes for the future. Days are the calendar's, in the reader's zone. */
function ago(then, now) {
  const past = now - then, minutes = Math.round(past / MINUTE), hours = Math.round(past / HOUR);
  if (Math.round(past / 1000) < 60) return null;
  if (minutes < 60) return [minutes, 'minute'];
  const days = Math.round((midnight(now) - midnight(then)) / DAY);
  if (hours < 24 || !days) return [hours, 'hour'];
  if (days < 7) return [days, 'day'];
  if (days <= 30) return [Math.round(days / 7), 'week'];
  const months = Math.round(days / MONTH);
  return months < 12 ? [months, 'month'] : [Math.round(days / YEAR), 'year'];
}
const midnight = at => new Date(at).setHours(0, 0, 0, 0);

function showAge(time) {
  const [count, unit] = ago(Date.parse(time.dateTime), Date.now()) ?? [];
  /* "Yesterday" is true of a day of the calendar; "last month" need not be true of thirty days. */
  const text = unit ? (unit === 'day' ? calendar : relative).format(-count, unit) : words.now;
  if (time.textContent !== text) time.textContent = text;
}
const eachTime = (part, act) => part.querySelectorAll('time[datetime]').forEach(act);
function showAges(part = document) {
  if (lang !== root.lang) {
    lang = root.lang;
    relative = new Intl.RelativeTimeFormat(lang);
    calendar = new Intl.RelativeTimeFormat(lang, {numeric: 'auto'});
  }
  eachTime(part, showAge);
}
const exact = (time, dateStyle, timeStyle) =>
  new Intl.DateTimeFormat(root.lang, {dateStyle, timeStyle}).format(Date.parse(time.dateTime));
on('htmx:after:swap', () => showAges());
on('news', event => event.detail.inserted.forEach(entry => showAges(entry)));
on('pointerover', ({target}) => {
  const time = target.closest('time[datetime]');
  if (time) time.title = exact(time, 'full', 'medium');
});
const showIfVisible = () => { if (!document.hidden) showAges(); };
setInterval(showIfVisible, 20e3);
on('visibilitychange', showIfVisible);
addEventListener('beforeprint', () => eachTime(document, time => { time.textContent = exact(time, 'long', 'short'); }));
addEventListener('afterprint', () => showAges());
/* In a task of its own: the first format of a page takes as long as the rest of this script. */
setTimeout(showAges);
