/* One token for each wall says that it is the same visitor: a random key at first, then what the server made of it. It is
   read when the form is sent, so that all tabs have one. */
(() => {
  'use strict';
  const find = id => document.getElementById(id);
  const shelf = form => `visitor ${new URL(form.action).pathname}`;
  /* A frame that may store nothing keeps it until it is closed. */
  let token = '';
  const kept = name => { try { return localStorage.getItem(name) ?? token; } catch { return token; } };
  function keep(name, value) {
    token = value;
    try { localStorage.setItem(name, value); } catch { /* As above. */ }
  }

  document.addEventListener('submit', ({target}) => {
    if (target !== find('composer')) return;
    const name = shelf(target);
    token = kept(name);
    if (!token) keep(name, Array.from(crypto.getRandomValues(new Uint8Array(16)), byte => byte.toString(16).padStart(2, 0)).join(''));
    target.elements.visitor.value = token;
  }, true);

  document.addEventListener('htmx:after:swap', event => {
    const given = event.detail.ctx?.response?.headers?.get?.('Visitor') ?? null, form = find('composer');
    if (form && given !== null) {
      /* Another tab may have got one meanwhile. */
      const name = shelf(form), now = kept(name);
      if (now === token || now.length < 33) keep(name, given);
    }
    remember();
  });

  /* Any wall may hold what newcomers write; what shows it to them comes when it is needed. */
  function remember() {
    const receipts = document.querySelector('kept-receipts');
    if (receipts && !customElements.get('kept-receipts') && (document.querySelector('[data-waiting]') || kept(receipts.getAttribute('hx-get')) !== token)) import(receipts.dataset.script);
  }
  addEventListener('load', remember);
})();
