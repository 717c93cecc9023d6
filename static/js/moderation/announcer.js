/* What screen readers announce of others' work and of the connection: at most one sentence in twelve seconds. */
import {region} from '../page/live-region.js';
import {desk} from './at-work.js';
import {counted, sentence} from './words.js';
const SPACE = 12e3, AFTER_OWN = 4e3;
const SAID = {publish: 'didPublish', hide: 'didHide', remove: 'didRemove', answer: 'didAnswer'};
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
  return count && counted('wait', count);
}
function ofOthers() {
  const acts = [...others.values()];
  others.clear();
  if (!acts.length) return '';
  const names = new Set(acts.map(({by}) => by)), total = acts.reduce((sum, {ids}) => sum + ids.size, 0);
  const name = names.size === 1 ? acts[0].by : sentence('several'), posts = counted('posts', total);
  return sentence(acts.length === 1 && SAID[acts[0].verb] || 'did', {name, posts});
}

/* The stream sent an entry; `known` is the one in the page, if there is one. Nobody has acted on a new one yet. */
export function announceChange(known, {id, dataset}) {
  const {act, verb, by, state} = dataset;
  if (state === 'held' && !act && !known && !seenIds.has(id)) waits.add(id), document.dispatchEvent(new Event('waits'));
  if (state !== 'held') waits.delete(id);
  seenIds.add(id);
  if (act && act !== known?.dataset.act && by !== desk?.dataset.me) {
    const key = `${by}\n${verb}`;
    if (!others.has(key)) others.set(key, {by, verb, ids: new Set()});
    others.get(key).ids.add(id);
  }
  if (waits.size || others.size) sayNext();
}
