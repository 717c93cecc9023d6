/* Shows the entries of a stream's message: htmx would parse, mark and settle the whole list for each of a thousand entries
   in a minute. All other messages, and all answers, are left to htmx. */
import {list} from '../page/dom.js';
import {forget} from './gap.js';
import {wall} from './wall.js';

export function show(html) {
  const holder = document.createElement('template');
  holder.innerHTML = wall.policy?.createHTML(html) ?? html;
  const parts = [...holder.content.children], style = part => part.getAttribute('hx-swap');
  if (parts.some(part => !/^(insert-entries|delete)$/.test(style(part)))) return false;
  const inserted = [];
  for (const part of parts) {
    const address = part.getAttribute('hx-target'), target = document.querySelector(address);
    if (style(part) === 'insert-entries') inserted.push(...wall.insertEntries(target, part, {}));
    else if (target) wall.leave(target), target.remove();
    else forget(address);
  }
  htmx.trigger(list, 'news', {inserted});
  return true;
}
