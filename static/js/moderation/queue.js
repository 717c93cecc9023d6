/* The queue. An entry that is there stays there, whatever its state. A new one goes to the top of its part, if the page shows
   that part from its top; while a moderator is at work it waits behind a button. */
import {find, list, on, root} from '../page/dom.js';
import {number} from '../page/entry.js';
import {announceChange} from './announcer.js';
import {held} from '../walls/held-entries.js';
import {desk, follow, isAtWork, isInside, isTopInView, leaveQueue, pointer} from './at-work.js';
import {focusOn, morphEntry, revise, reviseAll, settle, steadily} from './revise.js';
const PARTS = {held: 'waiting', public: 'public', hidden: 'hidden'}, LEAVING = 600;
const arrivals = find('arrivals');
let isBehind = false, isFetching = false, lookTimer = 0;

function place(entry, isOwn) {
  const known = find(entry.id);
  if (!isOwn) announceChange(known, entry);
  if (known && 'held' in known.dataset && entry.dataset.state === 'removed') return known.remove(), countNew(), [];
  if (known) {
    if (isOwn) steadily(() => morphEntry(known, entry)); else revise(known, entry);
    countNew();
    return [known];
  }
  const part = find(`part-${PARTS[entry.dataset.state]}`);
  if (!part || 'closed' in part.dataset) return [];
  const next = [...part.querySelectorAll('article')].find(each => number(each) < number(entry));
  const end = part.querySelector('.part__older');
  if (!next && end) return [];
  if (!isOwn && (isAtWork() || held().length || !isTopInView())) entry.dataset.held = '';
  steadily(() => {
    part.insertBefore(entry, next ?? end);
    if (!('held' in entry.dataset)) part.querySelector('.part__empty')?.remove();
  });
  countNew();
  return [entry];
}

function countNew() {
  const count = held().length;
  document.dispatchEvent(new Event('ticks'));
  arrivals.textContent = count ? `Show ${count} new` : 'Show what is new';
  arrivals.hidden = !count && !isBehind;
  /* Not under a pointer that is about to press something else. */
  const {left, right, top, bottom} = arrivals.getBoundingClientRect();
  if (pointer && !arrivals.hidden && !arrivals.matches(':hover')) {
    arrivals.parentElement.toggleAttribute('data-aside', pointer.x > left - 8 && pointer.x < right + 8 && pointer.y > top - 8 && pointer.y < bottom + 8);
  }
}

async function showNew() {
  const fresh = [...held()], [first] = fresh;
  steadily(() => {
    for (const entry of fresh) {
      delete entry.dataset.held;
      entry.closest('.part').querySelector('.part__empty')?.remove();
    }
  });
  if (isBehind) {
    isBehind = false;
    isFetching = true;
    await htmx.ajax('GET', list.dataset.source, {source: list, target: '#feedback', swap: 'innerMorph'});
    isFetching = false;
  }
  countNew();
  return first?.isConnected ? first : list.querySelector('.entry');
}

/* A page that was too far behind gets the whole list; a moderator at work gets it entry by entry. */
on('htmx:before:swap', ({detail}) => {
  for (const {swapSpec, target} of detail.tasks) {
    if (target === list && swapSpec?.style === 'innerMorph' && desk && isAtWork() && !isFetching) swapSpec.style = 'desk-behind';
  }
});
htmx.registerExtension('desk', {
  handle_swap(style, target, fragment, spec) {
    if (style === 'desk') return place(fragment.firstElementChild, Boolean(spec?.own));
    if (style !== 'desk-behind') return false;
    isBehind = true;
    const placed = [...fragment.querySelectorAll('article')].flatMap(each => place(each, false));
    countNew();
    return placed;
  }
});

/* A moderator who leaves the queue gets the held entries, once that is certain. */
function look() {
  clearTimeout(lookTimer);
  lookTimer = setTimeout(() => {
    if (!isInside) settle();
    if (!isAtWork() && isTopInView() && (held().length || isBehind)) showNew();
  }, LEAVING);
}
if (desk) {
  const moved = () => { reviseAll(); look(); };
  for (const type of ['pointermove', 'pointerover', 'pointerdown', 'pointerup', 'pointercancel']) {
    on(type, event => { follow(event); moved(); }, {passive: true});
  }
  root.addEventListener('pointerleave', ({pointerType}) => { if (pointerType === 'mouse') { leaveQueue(); moved(); } });
  for (const type of ['focusin', 'focusout', 'change', 'toggle', 'scroll']) on(type, look, {capture: true, passive: true});
  arrivals.addEventListener('click', async () => {
    const first = await showNew();
    focusOn(first);
    first?.scrollIntoView({block: 'nearest'});
  });
}
