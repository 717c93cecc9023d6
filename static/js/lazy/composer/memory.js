/* The name, for all walls of this server, and a draft, for this wall, stay where the browser may store them. */
import {find, on} from '../../page/dom.js';
import {words} from '../../page/words.js';
const NAME = 'feedback-name', draftKey = form => `feedback-draft ${new URL(form.action).pathname}`;
let named = '', isSent = false, filled = null;
const read = key => { try { return localStorage.getItem(key) ?? ''; } catch { return ''; } };
function store(key, value) {
  try { if (value) localStorage.setItem(key, value); else localStorage.removeItem(key); } catch { /* A frame may be denied it. */ }
}

function fill(field, value) {
  if (!field || field.value || !value) return false;
  field.value = value;
  return true;
}
function restore() {
  const form = find('composer'), field = find('composer-name');
  /* Once in each form: a field that somebody empties stays empty. */
  if (!form || form === filled) return;
  filled = form;
  fill(field, named || read(NAME));
  /* The counter counts a draft, as if it had been typed. */
  if (!isSent && fill(find('composer-text'), read(draftKey(form)))) find('composer-text').dispatchEvent(new Event('input'));
  isSent = false;
  offerForgetting(field);
}
function offerForgetting(field) {
  const label = field?.closest('.field'), button = label?.querySelector('.field__forget');
  if (!label || !read(NAME)) return button?.remove();
  if (button) return;
  const made = document.createElement('button');
  Object.assign(made, {type: 'button', className: 'field__forget', textContent: words.forget});
  made.addEventListener('click', () => {
    store(NAME, named = '');
    field.value = '';
    made.remove();
    field.focus();
  });
  label.append(made);
}

/* A whole page that answers, since a proxy changed the request, is stored when it says thanks. */
const isStored = status => status === 201 || status === 200 && find('composer')?.querySelector('.composer__thanks');

export function startMemory() {
  restore();
  on('input', ({target}) => {
    if (target.id === 'composer-text') store(draftKey(target.form), target.value.trim() && target.value);
  });
  on('change', ({target}) => { if (target.id === 'composer-name') named = target.value.trim(); });
  on('htmx:before:request', ({target}) => { if (target.id === 'composer') named = find('composer-name')?.value.trim() ?? ''; });
  on('htmx:after:swap', ({detail: {ctx}}) => {
    if (ctx?.sourceElement?.id === 'composer' && isStored(ctx.response?.status)) {
      isSent = true;
      if (find('composer-name')) store(NAME, named);
      store(draftKey(find('composer')), '');
    }
    restore();
  });
}
