/* Keyboard shortcuts, and the entry that has the focus. */
import {find, list, on} from '../page/dom.js';
import {focusOn} from './revise.js';
const help = find('keys');
const current = () => document.activeElement.closest?.('.entry');
const shown = () => [...list.querySelectorAll('.entry:not([data-held])')];

function step(by) {
  const all = shown(), at = all.indexOf(current());
  const to = all[at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + by, 0), all.length - 1)];
  focusOn(to);
  to?.scrollIntoView({block: 'nearest'});
}
function act(verb) {
  const entry = current();
  if (document.querySelector('.entry__tick:checked')) return find('bulk').querySelector(`[value=${verb}]`).click();
  const button = entry?.querySelector(`[name=verb][value=${verb}]`);
  if (!button) return;
  button.click();
  if (shown().at(-1) !== entry) step(1);
}
const KEYS = {
  j: () => step(1),
  k: () => step(-1),
  a: () => (current()?.closest('.part') ?? document.querySelector('.part'))?.querySelector('.part__all').click(),
  x: () => current()?.querySelector('.entry__tick')?.click(),
  p: () => act('publish'),
  h: () => act('hide'),
  d: () => act('remove'),
  z: () => document.dispatchEvent(new Event('take-back')),
  '?': () => { if (help.open) help.close(); else help.showModal(); }
};

/* The letter printed on the key, in Latin scripts; else the Latin letter in the same place of the keyboard. */
function meant({key, code, shiftKey}) {
  if (key === '?' || key === '؟' || key === ',' && shiftKey && code === 'Slash') return '?';
  if (shiftKey) return '';
  if (/^[a-z]$/i.test(key)) return key.toLowerCase();
  const isOtherScript = /^[\p{L}\p{M}]+$/u.test(key) && !/\p{Script=Latin}/u.test(key);
  return isOtherScript && /^Key[A-Z]$/.test(code) ? code.at(3).toLowerCase() : '';
}
const isTyping = target => target.isContentEditable || target.matches?.('textarea, select, input:not([type=checkbox])');
const isForUs = event => !(
  event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.getModifierState('AltGraph')
  || event.isComposing || event.keyCode === 229 || isTyping(event.target) || find('keys-off').checked
);

if (help) {
  const off = find('keys-off'), button = find('keys-open');
  on('keydown', event => {
    const key = meant(event);
    if (!isForUs(event) || !Object.hasOwn(KEYS, key) || help.open && key !== '?') return;
    event.preventDefault();
    /* A key that is held down moves on, and acts once. */
    if (!event.repeat || key === 'j' || key === 'k') KEYS[key]();
  });
  button.hidden = false;
  button.addEventListener('click', () => help.showModal());
  find('keys-close').addEventListener('click', () => help.close());
  try { off.checked = localStorage.getItem('keys') === 'off'; } catch { /* It is not remembered then. */ }
  off.addEventListener('change', () => {
    try { localStorage.setItem('keys', off.checked ? 'off' : 'on'); } catch { /* As above. */ }
  });
}
