/* The sentences that the scripts show or announce: the page carries them in the language of its moderator. */
import {find} from '../page/dom.js';
const deskWords = find('desk-words')?.dataset ?? {};
export const sentence = (name, values = {}) =>
  (deskWords[name] ?? '').replace(/\{(\w*)\}/g, (_, key) => values[key] ?? '');
export const counted = (name, count) => sentence(name + (count === 1 ? 'One' : 'Many'), {'': count});
