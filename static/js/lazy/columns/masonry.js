/* Columns without holes on wide screens. The document keeps its order, newest first; each card is moved to its place by
   `transform`, which lays nothing out and shifts no layout. A card keeps its column, and a new one goes on top of the
   shortest: only that column moves. Without this script the cards stand in the rows of a grid. */
import {find, list, root} from '../../page/dom.js';
import {glide} from './glide.js';
import {stack} from './stack.js';
import {wall} from '../wall.js';
const NARROWEST = 18, BUSY = 400, NEARBY = 300, isWide = matchMedia('(min-width: 68rem)');
/* Of each card its height, column and top, in pixels. */
const cards = new Map();
let count = 1, width = 0, gap = 0, side = 1, offsets = [], placedAt = 0, isJump = true, frame = 0;
/* Entries that were held come into view on the reader's wish: then the list moves. */
let isShowing = false;

/* The sizes are those of this frame: what has changed is in its place before it is painted. */
const sizes = new ResizeObserver(changes => {
  for (const {target, borderBoxSize: [{blockSize}]} of changes) {
    if (target.parentNode === list) cards.set(target, {...cards.get(target), height: Math.ceil(blockSize)});
    else sizes.unobserve(target), cards.delete(target);
  }
  place();
});
const order = new MutationObserver(changes => {
  for (const {addedNodes} of changes) for (const each of addedNodes) {
    if (each.localName !== 'article') continue;
    if (cards.has(each)) frame ||= requestAnimationFrame(place); else sizes.observe(each);
  }
});

function measure() {
  const style = getComputedStyle(list), rem = parseFloat(getComputedStyle(root).fontSize), whole = list.clientWidth;
  gap = parseFloat(style.columnGap) || rem;
  side = style.direction === 'rtl' ? -1 : 1;
  const fits = isWide.matches && whole ? Math.floor((whole + gap) / (NARROWEST * rem + gap)) : 1, now = Math.max(1, fits);
  const wide = (whole - (now - 1) * gap) / now;
  if (now === count && wide === width) return;
  isJump = true;
  if (now !== count) for (const card of cards.values()) delete card.column;
  [count, width, offsets] = [now, wide, Array(now).fill(0)];
  list.style.setProperty('--column', `${Math.floor(wide)}px`);
  list.toggleAttribute('data-columns', now > 1);
  if (now < 2) return release();
  order.observe(list, {childList: true});
  settle();
}
function release() {
  sizes.disconnect();
  order.disconnect();
  for (const card of cards.keys()) card.style.transform = '';
  list.style.paddingBlockStart = '';
  cards.clear();
}

/* Places everything in this task, for a reader whose scroll position must not change. */
export function settle() {
  if (count < 2) return;
  for (const each of list.querySelectorAll(':scope > article')) {
    if (!cards.has(each)) sizes.observe(each);
    cards.set(each, {...cards.get(each), height: each.offsetHeight});
  }
  place();
}
export const isInColumns = () => count > 1;

function place() {
  cancelAnimationFrame(frame);
  frame = 0;
  if (count < 2) return;
  const newer = find('newer'), base = newer ? newer.offsetHeight + gap : 0, view = -list.getBoundingClientRect().top;
  const shown = [...list.children].flatMap(element => {
    const card = cards.get(element);
    if (!card?.height) return [];
    const former = card.top === undefined ? null : {column: card.column, top: card.top};
    /* What is pinned, or no longer, goes to another end of the list, and into any column. */
    if (card.pinned !== element.dataset.pinned) delete card.column;
    return [Object.assign(card, {element, former, pinned: element.dataset.pinned})];
  });
  const keeps = wall.isReading() && !isShowing, now = performance.now();
  const stacked = stack(shown, {count, gap, base, view, offsets: keeps ? offsets : null});
  offsets = stacked.offsets;
  const glides = !isJump && now - placedAt > BUSY, step = width + gap;
  const isNear = top => top > view - NEARBY && top < view + innerHeight + NEARBY;
  for (const {element, former, column, top} of shown) {
    if (former?.column === column && former.top === top) continue;
    element.style.transform = `translate(${side * Math.round(column * step)}px, ${top}px)`;
    const down = former && former.top - top + stacked.shift, across = former && side * (former.column - column) * step;
    if (former && glides && (Math.abs(down) > 1 || across) && (isNear(top) || isNear(former.top))) glide(element, across, down);
  }
  list.style.paddingBlockStart = `${stacked.height}px`;
  if (stacked.shift) scrollBy({top: stacked.shift, behavior: 'instant'});
  isJump = isShowing = false;
  placedAt = now;
}

export function startMasonry() {
  /* Above the list, as wide as the list, and without height. */
  const ruler = find('news')?.parentElement;
  if (!ruler || list.matches('.feedbacks--single')) return;
  list.addEventListener('held', event => { isShowing ||= !event.detail.count; });
  new ResizeObserver(measure).observe(ruler);
  /* Ragged tops, which keep a reader's view still, become even once the top is in view. */
  const even = () => { if (offsets.some(Boolean) && !wall.isReading() && !find('newer')) place(); };
  new IntersectionObserver(() => setTimeout(even)).observe(find('latest'));
}
