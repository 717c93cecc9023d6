/* What screen readers announce of others' work and of the connection: at most one sentence in twelve seconds. */
import {region} from '../page/live-region.js';
import {desk} from './at-work.js';
const SPACE = 12e3, AFTER_OWN = 4e3;
const PAST = {
  publish: 'published', hide: 'hid', remove: 'removed', pin: 'pinned', unpin: 'unpinned', answer: 'answered', undo: 'undid an act on'
};
const posts = count => count === 1 ? '1 post' : `${count} posts`;
const waits = new Set(), others = new Map(), seenIds = new Set();
let nextText = 0, textTimer = 0, moreWaiting = 0, connectionText = '';

export function announceOwn(text) {
  region.textContent = text;
  nextText = Math.max(nextText, Date.now() + AFTER_OWN);
}
/* Says, when it is time: `text` about the connection, `count` more entries that wait, and others' acts. */
export function sayNext(text = connectionText, count = 0) {
  connectionText = text;
  moreWaiting += count;
  textTimer ||= setTimeout(() => {
    textTimer = 0;
    if (Date.now() < nextText) return sayNext();
    const text = [connectionText, ofWaiting(), ofOthers()].filter(Boolean).join(' ');
    connectionText = '';
    if (!text) return;
    region.textContent = text;
    nextText = Date.now() + SPACE;
  }, Math.max(300, nextText - Date.now()));
}
function ofWaiting() {
  const count = moreWaiting + waits.size;
  moreWaiting = 0;
  waits.clear();
  return count && (count === 1 ? '1 more waits for review.' : `${count} more wait for review.`);
}
function ofOthers() {
  const acts = [...others.values()];
  others.clear();
  if (!acts.length) return '';
  const names = new Set(acts.map(({by}) => by)), total = acts.reduce((sum, {ids}) => sum + ids.size, 0);
  if (acts.length === 1) return `${acts[0].by} ${PAST[acts[0].verb] ?? 'changed'} ${posts(total)}.`;
  return `${names.size === 1 ? acts[0].by : 'Other moderators'} changed ${posts(total)}.`;
}

/* The stream sent an entry; `known` is the one in the page, if there is one. Nobody has acted on a new one yet. */
export function announceChange(known, {id, dataset}) {
  const {act, verb, by, state} = dataset;
  if (state === 'held' && !act && !known && !seenIds.has(id)) waits.add(id);
  if (state !== 'held') waits.delete(id);
  seenIds.add(id);
  if (act && act !== known?.dataset.act && by !== desk?.dataset.me) {
    const key = `${by}\n${verb}`;
    if (!others.has(key)) others.set(key, {by, verb, ids: new Set()});
    others.get(key).ids.add(id);
  }
  if (waits.size || others.size) sayNext();
}
