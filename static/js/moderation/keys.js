/* Keyboard shortcuts, and the entry that has the focus. */
import {find, on} from '../page/dom.js';
import {choose, chosen, isWide, shown, toggle} from './chosen.js';
import {focusOn} from './revise.js';
const help = find('keys'), DECISIONS = ['publish', 'hide', 'remove'];
const current = () => document.activeElement.closest?.('.entry') ?? (isWide.matches ? chosen() : null);

function step(by) {
  const all = shown(), at = all.indexOf(document.activeElement.closest?.('.entry'));
  const to = all[at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + by, 0), all.length - 1)];
  focusOn(to);
  if (isWide.matches) choose(to);
  to?.scrollIntoView({block: 'nearest'});
}
function act(...verbs) {
  const entry = current(), [verb] = verbs;
  if (document.querySelector('.entry__tick:checked')) return find('bulk').querySelector(`[value=${verb}]`).click();
  const button = verbs.map(each => entry?.querySelector(`[name=verb][value=${each}]`)).find(Boolean);
  if (!button) return;
  button.click();
  /* What is decided will leave: the next key means the next entry. */
  if (DECISIONS.includes(verb) && shown().at(-1) !== entry) step(1);
}
function reply() {
  const entry = current();
  if (!entry) return;
  if (isWide.matches) choose(entry); else if (!('open' in entry.dataset)) toggle(entry);
  entry.querySelector('.entry__reply textarea')?.focus();
}
const KEYS = {
  j: () => step(1),
  k: () => step(-1),
  a: () => (current()?.closest('.part') ?? document.querySelector('.part'))?.querySelector('.part__all').click(),
  x: () => current()?.querySelector('.entry__tick')?.click(),
  p: () => act('publish'),
  h: () => act('hide'),
  d: () => act('remove'),
  i: () => act('pin', 'unpin'),
  b: () => act('block-author', 'unblock-author'),
  r: reply,
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
