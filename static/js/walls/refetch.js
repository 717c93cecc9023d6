/* Fetches the whole list again, and once more if that failed. */
import {list, on} from '../page/dom.js';
import {lazy} from './lazy-loader.js';
let isStale = false;

export function fetchList() {
  if ('closed' in list.dataset) return location.reload();
  isStale = true;
  lazy?.forgetAll();
  return htmx.ajax('GET', list.dataset.source, {source: list, target: '#feedback', swap: 'innerMorph'});
}
export const fetchIfStale = () => { if (isStale) fetchList(); };
on('htmx:after:swap', ({detail: {ctx}}) => { if (isStale && ctx?.sourceElement === list) isStale = false; });
