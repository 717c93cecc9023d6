/* The link to older entries that left the page at its end. */
import {find, list, root} from '../page/dom.js';
import {words} from '../page/words.js';

export function source(before) {
  const address = new URL(list.dataset.source, location);
  if (before) address.searchParams.set('before', before);
  return address.pathname + address.search;
}

export function offerOlder(before) {
  find('older')?.remove();
  const paragraph = document.createElement('p'), link = document.createElement('a'), here = new URL(location);
  paragraph.id = 'older';
  paragraph.className = 'older';
  here.searchParams.set('before', before);
  here.searchParams.delete('thanks');
  link.className = 'button button--quiet';
  link.textContent = words.older;
  link.target = '_self';
  const attributes = {
    href: here.pathname + here.search, 'hx-get': source(before), 'hx-target': '#older', 'hx-swap': 'outerHTML',
    'hx-trigger': root.classList.contains('framed') ? 'click' : 'click, intersect rootMargin:600px'
  };
  for (const [name, value] of Object.entries(attributes)) link.setAttribute(name, value);
  paragraph.append(link);
  list.append(paragraph);
  htmx.process(paragraph);
}
