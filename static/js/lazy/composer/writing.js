/* Ctrl or ⌘ with Enter sends the form, and Post stays in view above a phone's keyboard. */
import {find, on} from '../../page/dom.js';
const isMac = /Mac|iP(hone|ad)/.test(navigator.platform), LOW = 520;

on('keydown', event => {
  const {target, key, ctrlKey, metaKey, isComposing} = event, send = find('composer-send');
  if (key !== 'Enter' || isComposing || !(isMac ? metaKey : ctrlKey) || target.form?.id !== 'composer' || !send || send.disabled) return;
  event.preventDefault();
  target.form.requestSubmit(send);
});

function hint() {
  const send = find('composer-send');
  if (!send || send.querySelector('kbd') || !matchMedia('(pointer: fine)').matches) return;
  const keys = document.createElement('kbd');
  Object.assign(keys, {textContent: isMac ? '⌘ ↵' : 'Ctrl ↵', ariaHidden: 'true'});
  send.append(keys);
}
/* An open keyboard leaves little of the window. */
function keepInView() {
  if ((self.visualViewport?.height ?? innerHeight) < LOW && document.activeElement?.id === 'composer-text') {
    find('composer-send')?.scrollIntoView({block: 'nearest', behavior: 'instant'});
  }
}

export function startWriting() {
  hint();
  on('htmx:after:swap', hint);
  on('focusin', () => requestAnimationFrame(keepInView));
  on('input', keepInView);
  addEventListener('resize', keepInView);
  self.visualViewport?.addEventListener('resize', keepInView);
  keepInView();
}
