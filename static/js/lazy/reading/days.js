/* The day of an entry, where it differs from the one above: "Yesterday", "12 November", in the reader's zone. The server's
   page is the same in all zones. Style sheets show it as a line across a single column, or on the card. */
import {list, on, root} from '../../page/dom.js';
const DAY = 864e5, dayOfEntry = new WeakMap();
const startOf = at => new Date(at).setHours(0, 0, 0, 0);
let midnightTimer = 0, markedOn = 0;

function nameOf(day, today) {
  const past = Math.round((today - day) / DAY), date = new Date(day), isThisYear = date.getFullYear() === new Date(today).getFullYear();
  const name = past < 2 && past > -1
    ? new Intl.RelativeTimeFormat(root.lang, {numeric: 'auto'}).format(-past, 'day')
    : new Intl.DateTimeFormat(root.lang, {day: 'numeric', month: 'long', year: isThisYear ? undefined : 'numeric'}).format(date);
  return name[0].toLocaleUpperCase(root.lang) + name.slice(1);
}
function dayOf(entry) {
  if (!dayOfEntry.has(entry)) {
    const time = entry.querySelector('.feedback__link time');
    dayOfEntry.set(entry, time ? startOf(time.dateTime) : null);
  }
  return dayOfEntry.get(entry);
}

/* A pinned entry is of any day, and a waiting one of none. What is on top is of today unless something else is said. */
export function markDays() {
  const today = startOf(Date.now());
  markedOn = today;
  let current = today;
  for (const entry of list.querySelectorAll('article:not([data-held])')) {
    const day = 'pinned' in entry.dataset ? null : dayOf(entry), name = day === null || day === current ? null : nameOf(day, today);
    if (name === null) { if ('day' in entry.dataset) delete entry.dataset.day; } else if (entry.dataset.day !== name) entry.dataset.day = name;
    current = day ?? current;
  }
  clearTimeout(midnightTimer);
  midnightTimer = setTimeout(markDays, startOf(today + 1.5 * DAY) - Date.now() + 1e3);
}

export function startDays() {
  if (list.matches('.feedbacks--single')) return;
  markDays();
  for (const name of ['news', 'held', 'left']) list.addEventListener(name, () => queueMicrotask(markDays));
  on('htmx:after:swap', markDays);
  /* A timer sleeps with the machine. */
  on('visibilitychange', () => { if (markedOn !== startOf(Date.now())) markDays(); });
}
