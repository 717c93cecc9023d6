/* The forms of moderators' pages: typed text is not lost without a question. */
import './settings/save-bar.js';
import './settings/section-links.js';
import {isUnsaved} from './settings/unsaved.js';

const guarded = () => [...document.querySelectorAll('main form[method=post]:not([data-unguarded])')];

/* A form that is on its way is not lost; a user who goes on typing has stayed after all. */
let sent = null;
document.addEventListener('submit', event => { if (!event.defaultPrevented && !event.submitter?.formTarget) sent = event.target; });
document.addEventListener('click', event => { sent = event.target.closest?.('[data-discard]')?.closest('form') ?? sent; });
addEventListener('beforeunload', event => {
  if (guarded().some(form => form !== sent && isUnsaved(form))) event.preventDefault();
  setTimeout(() => { sent = null; }, 1000);
});
document.addEventListener('htmx:after:request', ({detail: {ctx}}) => {
  const form = ctx.sourceElement;
  if (form?.localName !== 'form' || !(ctx.response?.status < 400)) return;
  for (const each of form.elements) if (each.localName === 'textarea') each.defaultValue = each.value;
});

/* The public pages of these walls ask in this browser what waits there, and in no other. */
const MARK = 'feedback-moderates', wall = document.getElementById('desk')?.dataset.wall;
try {
  const walls = new Set(JSON.parse(localStorage.getItem(MARK) ?? '[]'));
  if (wall && !walls.has(wall)) localStorage.setItem(MARK, JSON.stringify([...walls, wall]));
} catch { /* Without storage there is no bar. */ }
document.addEventListener('submit', event => {
  if (!event.target.closest('.staff__out')) return;
  try { localStorage.removeItem(MARK); } catch { /* As above. */ }
});

/* A menu closes as soon as something else is pressed, and by Escape. */
const openMenus = () => document.querySelectorAll('.menu[open]');
document.addEventListener('click', ({target}) => {
  for (const menu of openMenus()) if (!menu.contains(target)) menu.open = false;
});
document.addEventListener('keydown', event => {
  if (event.key !== 'Escape') return;
  for (const menu of openMenus()) {
    if (menu.contains(document.activeElement)) menu.querySelector('summary').focus();
    menu.open = false;
  }
});

const fault = document.querySelector('main [aria-invalid]');
if (fault) {
  fault.focus({preventScroll: true});
  (fault.closest('.field, .choices') ?? fault).scrollIntoView({block: 'center', behavior: 'instant'});
}
