/* The page of one entry: its exact date, and its address to copy. */
import {list, root} from '../../page/dom.js';
import {words} from '../../page/words.js';

export function startSingle() {
  const time = list.matches('.feedbacks--single') && list.querySelector('.feedback__link time'), back = document.getElementById('back');
  if (!time || !back) return;
  const line = document.createElement('p'), copy = document.createElement('button');
  line.className = 'feedback__exact';
  line.append(new Intl.DateTimeFormat(root.lang, {dateStyle: 'full', timeStyle: 'short'}).format(Date.parse(time.dateTime)));
  list.after(line);
  if (!navigator.clipboard) return;
  Object.assign(copy, {type: 'button', className: 'button button--quiet', textContent: words.copy});
  copy.addEventListener('click', async () => {
    await navigator.clipboard.writeText(time.closest('a').href);
    copy.textContent = words.copied;
  });
  back.after(copy);
}
