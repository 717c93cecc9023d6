/* A notice that an address asks for, such as "Saved.", is shown once: not after a reload, and not to others who get the address. */
import {on} from '../page/dom.js';

function forget(...names) {
  const here = new URL(location), found = names.filter(each => here.searchParams.has(each));
  found.forEach(each => here.searchParams.delete(each));
  /* A sandboxed page may not change its address: it shows the notice again then. */
  if (found.length) try { history.replaceState(history.state, '', here); } catch { }
}
forget('done', 'nudged', 'out', 'act', 'unchanged');
/* A receipt stays in the address until this browser has stored it (receipts.js). */
if (/[?&]thanks=\d+(&|$)/.test(location.search)) forget('thanks');
on('receipts', () => forget('thanks'));
