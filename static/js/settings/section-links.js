/* The links to the sections of a long page: the one that is read is marked. */
const links = [...document.querySelectorAll('.sections__link')];
const sections = links.map(link => document.querySelector(link.hash));

function mark() {
  const atEnd = innerHeight + scrollY >= document.documentElement.scrollHeight - 4;
  const passed = sections.findLastIndex(each => each.getBoundingClientRect().top < innerHeight / 3);
  const current = links[atEnd ? links.length - 1 : Math.max(passed, 0)];
  for (const each of links) {
    if (each === current) each.setAttribute('aria-current', 'location');
    else each.removeAttribute('aria-current');
  }
}

if (links.length) {
  addEventListener('scroll', () => requestAnimationFrame(mark), {passive: true});
  mark();
}
