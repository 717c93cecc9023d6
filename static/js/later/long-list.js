/* A list that has grown long: what is far from the reader leaves the page, at either end, and comes back by scrolling.
   Only numbers are kept of it; the words come from the server again, as they are by then. With more than `most` entries
   it is made shorter, to `kept` of them and at least a screen, or `near`, on either side of what is in view. It is kept
   much shorter in a rush, where whatever stays costs time for each entry that comes. */
const CALM = {most: 300, kept: 200, near: 60}, RUSH = {most: 60, kept: 45, near: 25}, HELD = 60, SLICE = 30, OVERLAP = 10, WORTH = 10;
const root = document.documentElement, words = document.getElementById('arrangement').dataset;
const number = entry => Number(entry.id.slice('feedback-'.length));

function keepShort({list, held, below, isReading, countHeld}) {
  /* Numbers of entries that are newer than the first one in the page, the newest first; and which of them nobody has been
     shown yet. */
  let above = [];
  const unseen = new Set();
  /* What is pinned on top, waits, or is being read, stays. */
  const entries = () => [...list.querySelectorAll('article:not([data-held], [data-pinned], [data-waiting])')];

  function trim({most, kept, near}) {
    if (list.childElementCount <= most) return;
    const all = entries();
    if (all.length <= most) return;
    /* In a frame that is as tall as its list, only the page around it knows where the reader is. */
    if (root.classList.contains('framed') && isReading()) return;
    const first = firstBelow(all, 0), last = firstBelow(all, innerHeight), around = Math.max(near, last - first);
    const isInUse = use();
    const end = dropBelow(all, Math.max(last + around, kept), isInUse);
    const surplus = Math.min(first - around, end - kept);
    if (surplus >= WORTH) dropAbove(all, surplus, isInUse);
  }

  /* Which of them is the first that reaches below a line of the window. */
  function firstBelow(all, line) {
    let low = 0, high = all.length - 1;
    while (low < high) {
      const middle = low + high >> 1;
      if (all[middle].getBoundingClientRect().bottom > line) high = middle; else low = middle + 1;
    }
    return low;
  }

  /* What has the focus, or words that are marked. The selection is asked once and before anything goes: asked for each entry,
     it would have the whole list laid out for each. */
  function use() {
    const focus = document.activeElement, selection = getSelection(), range = selection.isCollapsed ? null : selection.getRangeAt(0);
    return entry => entry.contains(focus) || Boolean(range?.intersectsNode(entry));
  }

  /* Older ones, from the far end; gives how many are left. */
  function dropBelow(all, from, isInUse) {
    let end = all.length;
    if (end < from + WORTH) return end;
    while (end > from && !isInUse(all[end - 1])) all[--end].remove();
    if (end < all.length) offerOlder(number(all[end - 1]));
    return end;
  }

  function offerOlder(before) {
    document.getElementById('older')?.remove();
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

  function source(before) {
    const address = new URL(list.dataset.source, location);
    if (before) address.searchParams.set('before', before);
    return address.pathname + address.search;
  }

  /* Newer ones, in whole rows, so that the others keep their columns. */
  function dropAbove(all, surplus, isInUse) {
    const columns = getComputedStyle(list).gridTemplateColumns.split(' ').length;
    const leaving = all.slice(0, surplus - surplus % columns), used = leaving.findIndex(isInUse);
    if (used >= 0) leaving.length = used - used % columns;
    if (!leaving.length) return;
    keepPlace(() => leaving.forEach(entry => entry.remove()));
    /* What waits behind the button is newer still. */
    for (const entry of held()) unseen.add(number(entry)), leaving.unshift(entry), entry.remove();
    above.push(...leaving.map(number));
    above.sort((one, other) => other - one);
    offerNewer();
    countHeld();
  }

  const watcher = new IntersectionObserver(changes => changes.some(each => each.isIntersecting) && ask(), {rootMargin: '600px'});
  function offerNewer() {
    if (document.getElementById('newer')) return;
    const paragraph = document.createElement('p'), button = document.createElement('button');
    paragraph.id = 'newer';
    paragraph.className = 'older';
    button.className = 'button button--quiet';
    button.type = 'button';
    button.textContent = words.newer;
    button.addEventListener('click', ask);
    paragraph.append(button);
    keepPlace(() => list.prepend(paragraph));
    watcher.observe(paragraph);
  }

  /* The slice that ends a little below the first entry of the page, so that none between the two is missed. */
  let asked = false;
  async function ask() {
    if (asked) return;
    asked = true;
    const outer = 'closed' in list.dataset ? new URLSearchParams(location.search).get('before') : null;
    const before = above[above.length - 1 - (SLICE - OVERLAP)] ?? outer;
    try { await htmx.ajax('GET', source(before), {source: '#newer', target: '#feedback', swap: 'newer'}); } finally { asked = false; }
  }

  function bringBack(fragment) {
    const come = [...fragment.querySelectorAll('article')], first = entries()[0], placed = [];
    const plain = come.filter(entry => !('pinned' in entry.dataset));
    const newest = above[0] ?? 0, touches = !first || plain.some(entry => number(entry) <= number(first));
    const fresh = plain.filter(entry => !document.getElementById(entry.id) && (!first || number(entry) > number(first)));
    if (!touches) {
      /* More have been published in between than were known of: they are known now. */
      above = [...new Set([...above, ...fresh.map(number)])].sort((one, other) => other - one);
      setTimeout(ask);
      return [];
    }
    keepPlace(() => {
      for (const entry of fresh) {
        entry.dataset.arrives = 'quickly';
        list.insertBefore(entry, below(entry, list));
        placed.push(entry);
      }
      const top = placed.length ? number(placed[0]) : first ? number(first) : Infinity;
      above = above.filter(each => each > top);
      for (const each of unseen) if (each <= top) unseen.delete(each);
      if (!above.length || top >= newest) document.getElementById('newer').remove();
    });
    countHeld();
    trim(CALM);
    if (document.getElementById('newer')) watch();
    return placed;
  }

  /* It says something when the paragraph comes into view, not when it stays there. */
  function watch() {
    const paragraph = document.getElementById('newer');
    watcher.unobserve(paragraph);
    watcher.observe(paragraph);
  }

  /* Whatever changes further up, the reader's entry stays where it is, also where the browser would not see to it. */
  function keepPlace(change) {
    const all = entries(), stays = all[firstBelow(all, 0)], before = stays?.getBoundingClientRect().top;
    root.style.overflowAnchor = 'none';
    change();
    if (stays?.isConnected) scrollBy({top: stays.getBoundingClientRect().top - before, behavior: 'instant'});
    requestAnimationFrame(() => { root.style.overflowAnchor = ''; });
  }

  /* Whether a new entry is only counted: there is a gap between it and the page, or enough wait already. */
  function withholds(entry) {
    if ('pinned' in entry.dataset) return false;
    const waiting = held();
    if (!above.length && !(isReading() && waiting.length >= HELD)) return false;
    const first = entries()[0];
    if (first && number(entry) < number(first)) return false;
    for (const each of [...waiting, entry]) unseen.add(number(each)), above.push(number(each));
    waiting.forEach(each => each.remove());
    above.sort((one, other) => other - one);
    offerNewer();
    return true;
  }

  const arrivesInRush = ({dataset}) => dataset.arrives === 'quickly' && !('held' in dataset);
  list.addEventListener('news', event => trim(event.detail.placed.some(arrivesInRush) ? RUSH : CALM));
  document.addEventListener('htmx:after:swap', () => trim(CALM));
  trim(CALM);

  return {
    bringBack,
    withholds,
    get unseen() { return unseen.size; },
    forget(selector) {
      const gone = Number(selector.match(/\d+/));
      above = above.filter(each => each !== gone);
      if (unseen.delete(gone)) countHeld();
    },
    /* The list is fetched anew from its top. */
    begun() {
      above = [];
      unseen.clear();
    }
  };
}
