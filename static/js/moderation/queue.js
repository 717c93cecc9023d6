/* The queue. What is decided leaves its section, at once after one's own act; what others decide stays while a moderator is
   at work. A new entry goes to its place, if the page shows that; while a moderator is at work it waits behind a button. */
import {find, list, on, root} from '../page/dom.js';
import {announceChange} from './announcer.js';
import {held} from '../walls/held-entries.js';
import {desk, follow, isAtWork, isInside, isTopInView, leaveQueue, pointer} from './at-work.js';
import {PARTS, choose, chosen, following, isAtHome, isKept, isWide, leaveDecided, leaveList, shown} from './chosen.js';
import {fold} from './entry-details.js';
import {focusOn, morphEntry, revise, reviseAll, settle, steadily} from './revise.js';
import {sentence} from './words.js';
const LEAVING = 600;
const arrivals = find('arrivals');
let isBehind = false, isFetching = false, lookTimer = 0, returned = null;

function place(entry, isOwn) {
  const known = find(entry.id);
  if (!isOwn) announceChange(known, entry);
  /* The stream may be faster than the answer to one's own act. */
  if (isOwn && known && 'held' in known.dataset) {
    delete known.dataset.held;
    returned = known;
  }
  if (known && (isAtHome(known, entry.dataset) || !isOwn && !('held' in known.dataset) && isKept(known))) {
    if (isOwn) {
      fold(known.querySelector('.entry__more'));
      steadily(() => morphEntry(known, entry));
    } else revise(known, entry);
    countNew();
    return [known];
  }
  const part = find(`part-${PARTS[entry.dataset.state]}`), next = part && following(part, entry);
  if (known) leaveList(known);
  if (!part || 'closed' in part.dataset || !next) return countNew(), [];
  if (!isOwn && (isAtWork() || held().length || !isTopInView())) entry.dataset.held = '';
  if (isOwn && !known) returned = entry;
  steadily(() => part.insertBefore(entry, next));
  if (!chosen() && isWide.matches && !('held' in entry.dataset)) choose(entry);
  countNew();
  return [entry];
}
/* After one's own act the focus is never lost: it goes to what came back, or to the entry shown in full. */
on('acted', () => {
  const {activeElement} = document, isLost = activeElement === document.body || !activeElement?.checkVisibility();
  const back = returned?.isConnected ? returned : null;
  returned = null;
  if (back) choose(back);
  if (isLost || back && !activeElement.matches('textarea, input')) focusOn(back ?? chosen() ?? shown()[0]);
});

function countNew() {
  const count = held().length;
  document.dispatchEvent(new Event('ticks'));
  arrivals.querySelector('span').textContent = count ? sentence('showOne', {'': count}) : sentence('showBehind');
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
    for (const entry of fresh) delete entry.dataset.held;
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
    leaveDecided();
    if (!isAtWork() && isTopInView() && (held().length || isBehind)) showNew();
  }, LEAVING);
}
if (desk) {
  on('chosen', look);
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
