/* A key in the form makes a repeated post one entry. */
import {find, on} from '../page/dom.js';

function giveKey() {
  const key = find('composer')?.elements.key;
  if (key) key.value ||= crypto.getRandomValues(new Uint32Array(4)).join('-');
}
on('htmx:after:swap', giveKey);
giveKey();
