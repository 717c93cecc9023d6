/* The forms of moderators' pages: typed text is not lost without a question. */
const isEdited = each => each.type === 'checkbox' || each.type === 'radio' ? each.checked !== each.defaultChecked
  : each.localName === 'select' ? [...each.options].some(option => option.selected !== option.defaultSelected) &&
    [...each.options].some(option => option.defaultSelected)
  : /^(input|textarea)$/.test(each.localName) && each.type !== 'hidden' && each.value !== each.defaultValue;
const isTick = each => each.classList.contains('entry__tick');
const isUnsaved = form => 'unsaved' in form.dataset || [...form.elements].some(each => each.name && !isTick(each) && isEdited(each));
const guarded = () => [...document.querySelectorAll('main form[method=post]:not([data-unguarded])')];

/* A form that is on its way is not lost; a user who goes on typing has stayed after all. */
let sent = null;
document.addEventListener('submit', event => { if (!event.defaultPrevented) sent = event.target; });
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

const note = document.querySelector('.arranging__unsaved');
function showUnsaved() { if (note) note.textContent = isUnsaved(note.closest('form')) ? 'Unsaved changes' : ''; }
for (const type of ['input', 'change']) document.addEventListener(type, showUnsaved);
showUnsaved();

const fault = document.querySelector('main [aria-invalid]');
if (fault) {
  fault.focus({preventScroll: true});
  (fault.closest('.field, .choices') ?? fault).scrollIntoView({block: 'center', behavior: 'instant'});
}
