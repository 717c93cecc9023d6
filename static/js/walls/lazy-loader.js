/* Fetches js/lazy.js once it is needed: news arrives, the visitor writes, the list grows long, the settings change. */
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
on('htmx:after:swap', () => { if (list?.childElementCount > 60) loadLazy(); });
