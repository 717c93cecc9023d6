/* The thank-you follows what becomes of a post that waited for a moderator. */
import {find, list, on} from '../../page/dom.js';
import {region} from '../../page/live-region.js';
import {words} from '../../page/words.js';
const waited = new WeakSet();

function followThanks() {
  const link = document.querySelector('.composer__thanks a[href^="#feedback-"]');
  if (!link) return;
  const entry = find(link.hash.slice(1));
  if (entry && 'waiting' in entry.dataset) return waited.add(link);
  if (!waited.delete(link)) return;
  const sentence = words[entry ? 'published' : 'refused'];
  if (entry) link.textContent = sentence; else link.replaceWith(sentence);
  region.textContent = sentence;
}

export function startThanks() {
  followThanks();
  on('htmx:after:swap', followThanks);
  list.addEventListener('news', followThanks);
}
