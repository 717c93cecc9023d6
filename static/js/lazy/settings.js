/* The wall has another title, look, policy or language now: the page is fetched, and its parts that differ are replaced. */
import {find, root} from '../page/dom.js';
import {words} from '../page/words.js';
import {wall} from './wall.js';
let isOutdated = false;

export function refreshSettings() {
  isOutdated = true;
  htmx.ajax('GET', location.href, {source: '#arrangement', target: 'body', swap: 'replace-parts'});
}
setInterval(() => { if (isOutdated && !document.hidden) refreshSettings(); }, +root.dataset.poll || 10e3);

/* Typed text stays; on a closed wall it can be copied. */
export function replaceParts(page) {
  const form = find('composer'), next = page.querySelector('#composer'), {lang, dir} = page.querySelector('#arrangement');
  /* The morph skips the fields, with the text in them: their attributes are set here. */
  const asked = Array.from(next?.querySelectorAll('.field__input') ?? [], ({id, placeholder, required}) => [id, {placeholder, required}]);
  if (form && next) wall.morph(form, next);
  else if (next) { find('head').after(next); htmx.process(next); }
  else if (form?.elements.text.value.trim()) form.classList.add('composer--closed');
  else form?.remove();
  for (const each of form?.querySelectorAll('.field__input') ?? []) each.readOnly = !next;
  for (const [id, how] of asked) Object.assign(find(id), how);
  for (const part of page.querySelectorAll('[data-renewed]')) if (find(part.id)) wall.morph(find(part.id), part);
  /* A wall that begins to hold posts needs the script that shows them to their author. */
  const script = page.querySelector('kept-receipts')?.dataset.script;
  if (script && !customElements.get('kept-receipts')) import(script);
  isOutdated = false;
  find('mark')?.removeAttribute('hidden');
  root.dataset.theme = words.theme;
  document.title = page.querySelector('title')?.textContent ?? document.title;
  if (lang !== root.lang) {
    Object.assign(root, {lang, dir});
    wall.fetchList();
  }
  wall.countHeld();
}
