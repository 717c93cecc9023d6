/* A notice takes no room above the list, so it gets a button that closes it. */
import {find} from '../page/dom.js';
export const notice = find('notice');

new MutationObserver(() => {
  if (!notice.firstElementChild || notice.querySelector('.notice__close')) return;
  const close = Object.assign(document.createElement('button'), {type: 'button', className: 'notice__close', textContent: 'Close'});
  close.addEventListener('click', () => notice.replaceChildren());
  /* A sentence with a link in it stays one text beside the button. */
  const sentence = document.createElement('span');
  sentence.append(...notice.firstElementChild.childNodes);
  notice.firstElementChild.append(sentence, ' ', close);
}).observe(notice, {childList: true});
