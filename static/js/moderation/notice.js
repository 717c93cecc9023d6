/* A notice takes no room above the list, so it gets a button that closes it. */
import {find} from '../page/dom.js';
import {sentence} from './words.js';
export const notice = find('notice');

new MutationObserver(() => {
  if (!notice.firstElementChild || notice.querySelector('.notice__close')) return;
  const close = Object.assign(document.createElement('button'), {type: 'button', className: 'notice__close', textContent: sentence('close')});
  close.addEventListener('click', () => notice.replaceChildren());
  /* A sentence with a link in it stays one text beside the button. */
  const text = document.createElement('span');
  text.append(...notice.firstElementChild.childNodes);
  notice.firstElementChild.append(text, ' ', close);
}).observe(notice, {childList: true});
