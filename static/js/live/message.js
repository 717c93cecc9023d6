/* A message of the stream: lazy.js shows entries, htmx whatever else there is. What follows a message that could not be
   shown is not shown either, until the stream resumes from the last version that was. */
import {lazy, loadLazy} from '../walls/lazy-loader.js';
import {seen} from './cursor.js';
let isBroken = false;
export const resume = () => { isBroken = false; };

/* Throws what the swap throws, after `cut` has ended the connection. */
export function showMessage(event, cut) {
  const {message} = event.detail;
  try {
    if (!message.event) loadLazy();
    if (isBroken || !message.event && lazy?.show(message.data)) {
      event.preventDefault();
      if (!isBroken) seen(message.id);
    }
  } catch (fault) {
    isBroken = true;
    event.preventDefault();
    cut();
    throw fault;
  }
}
