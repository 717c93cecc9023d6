/* What the stream says of entries is put in its place right here: htmx would parse, mark and settle the whole list for
   each of a thousand entries in a minute. Whatever else it says is left to htmx, and so is all that was asked for. */
function show(html, {list, feed, leave, policy, forget}) {
  const holder = document.createElement('template');
  holder.innerHTML = policy?.createHTML(html) ?? html;
  const parts = [...holder.content.children], style = part => part.getAttribute('hx-swap');
  if (parts.some(part => !/^(feed|delete)$/.test(style(part)))) return false;
  const placed = [];
  for (const part of parts) {
    const address = part.getAttribute('hx-target'), target = document.querySelector(address);
    if (style(part) === 'feed') placed.push(...feed(target, part, {}));
    else if (target) leave(target), target.remove();
    else forget(address);
  }
  htmx.trigger(list, 'news', {placed});
  return true;
}

/* What the wall's script gets when it fetches all of this. */
export function begin(wall) {
  const long = keepShort(wall);
  return Object.assign(long, arranging(wall), {show: html => show(html, {...wall, forget: long.forget})});
}
