/* "More" below an entry, and double clicks. */
import {on} from '../page/dom.js';

/* Nothing replaces an answer that is being written. */
on('toggle', event => {
  if (event.target.matches?.('.entry__more')) event.target.toggleAttribute('hx-morph-skip', event.target.open);
}, true);

/* Closes it after an act; a focus inside it goes to its summary. */
export function fold(more) {
  const hadFocus = more?.contains(document.activeElement);
  more?.removeAttribute('open');
  if (hadFocus) more.querySelector('summary').focus();
}

/* The second press of a double click would meet another button than the first. */
on('click', event => {
  if (event.detail > 1 && event.target.closest?.('.entry__acts')) event.preventDefault();
}, true);
