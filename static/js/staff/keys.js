/* Keys, and the entry one is on. */
(() => {
  'use strict';
  const find = id => document.getElementById(id);
  const help = find('keys');
  if (!help) return;
  const current = () => document.activeElement.closest?.('.entry');

  function step(by) {
    const all = queue.entries(), at = all.indexOf(current());
    const to = all[at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + by, 0), all.length - 1)];
    queue.focusOn(to);
    to?.scrollIntoView({block: 'nearest'});
  }
  function act(verb) {
    const entry = current();
    if (document.querySelector('.entry__tick:checked')) return find('bulk').querySelector(`[value=${verb}]`).click();
    const button = entry?.querySelector(`[name=verb][value=${verb}]`);
    if (!button) return;
    button.click();
    if (queue.entries().at(-1) !== entry) step(1);
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

  /* The letter that is printed on the key, where letters are Latin ones; else the one that stands in its place there. */
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

  document.addEventListener('keydown', event => {
    if (!isForUs(event)) return;
    const key = meant(event);
    if (!Object.hasOwn(KEYS, key) || help.open && key !== '?') return;
    event.preventDefault();
    /* A key that is held down moves on, and acts once. */
    if (!event.repeat || key === 'j' || key === 'k') KEYS[key]();
  });

  const off = find('keys-off'), button = find('keys-open');
  button.hidden = false;
  button.addEventListener('click', () => help.showModal());
  find('keys-close').addEventListener('click', () => help.close());
  try { off.checked = localStorage.getItem('keys') === 'off'; } catch { /* It is not remembered then. */ }
  off.addEventListener('change', () => {
    try { localStorage.setItem('keys', off.checked ? 'off' : 'on'); } catch { /* As above. */ }
  });
})();
