/* What an address says once, such as that something is saved, is said neither after a reload nor to whoever gets the address. */
(() => {
  'use strict';
  function forget(...names) {
    const here = new URL(location), said = names.filter(each => here.searchParams.has(each));
    said.forEach(each => here.searchParams.delete(each));
    /* A sandboxed page may not change its address. */
    if (said.length) try { history.replaceState(history.state, '', here); } catch { /* It says it again then. */ }
  }
  forget('done', 'nudged', 'out', 'act', 'unchanged');
  /* A receipt stays in the address until this browser has it (receipts.js). */
  if (/[?&]thanks=\d+(&|$)/.test(location.search)) forget('thanks');
  document.addEventListener('receipts', () => forget('thanks'));
})();
