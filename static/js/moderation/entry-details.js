/* The menus of an entry and of the selected ones, replies that are being written, and double clicks. */
import {on} from '../page/dom.js';

const isMenu = each => each.matches?.('.entry__more, .bulk__more');
on('toggle', event => {
  if (isMenu(event.target)) event.target.toggleAttribute('hx-morph-skip', event.target.open);
}, true);
/* Nothing replaces a reply that is being written. */
on('input', ({target}) => {
  const form = target.closest?.('.entry__reply');
  form?.toggleAttribute('hx-morph-skip', target.value !== target.defaultValue);
});

/* Closes it after an act; a focus inside it goes to its summary. */
export function fold(more) {
  if (!more?.open) return;
  const hadFocus = more?.contains(document.activeElement);
  more?.removeAttribute('open');
  more?.removeAttribute('hx-morph-skip');
  if (hadFocus) more.querySelector('summary').focus();
}

/* The second press of a double click would meet another button than the first. */
on('click', event => {
  if (event.detail > 1 && event.target.closest?.('.entry__acts')) event.preventDefault();
}, true);
