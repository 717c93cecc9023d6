/* Fetches js/lazy.js after the first view, or as soon as it is needed: news arrives, or the visitor writes. */
import {list, on, root} from '../page/dom.js';
export let lazy = null;
let loading = null, fetches = 0;
/* What js/lazy.js needs of this script; it imports none of it, or the page would have it twice. */
export const tools = {};

export const loadLazy = () => loading ??= list.dataset.lazy && fetchLazy();
/* Browsers remember a failed import while the page is open: the next try has another address. */
const fetchLazy = () => import(`${list.dataset.lazy}#${fetches++}`).then(
  module => lazy = module.begin(tools), () => { loading = null; });

export async function refreshSettings() {
  await loadLazy();
  if (lazy) lazy.refreshSettings();
  else if (list.dataset.lazy) setTimeout(refreshSettings, +root.dataset.poll || 10e3);
}
on('arrange', refreshSettings);

on('focusin', ({target}) => { if (target.form?.id === 'composer') loadLazy(); });
/* After the first view, or with it where the list stands in columns. */
if (list && matchMedia('(min-width: 68rem)').matches) loadLazy(); else if (list) addEventListener('load', () => setTimeout(loadLazy, 1e3));
on('htmx:after:swap', () => { if (list?.childElementCount > 60) loadLazy(); });
