/* The entries of this author that wait for a moderator: shown to their author by the receipts that this browser stores. */
customElements.define('kept-receipts', class extends HTMLElement {
  connectedCallback() {
    const address = this.getAttribute('hx-get');
    let mine = [], timer = 0;
    const ask = () => {
      clearTimeout(timer);
      timer = setTimeout(ask, +document.documentElement.dataset.poll || 15e3);
      if (mine.length && !document.hidden) htmx.trigger(this, 'ask');
    };
    const store = receipts => {
      mine = receipts;
      try { localStorage.setItem(address, mine.join(' ')); } catch { return; /* A frame that may store nothing has them until it is closed. */ }
      document.dispatchEvent(new Event('receipts'));
    };
    const split = text => text?.split(' ').filter(Boolean) ?? [];
    try { mine = split(localStorage.getItem(address)); } catch { /* As above. */ }

    document.addEventListener('visibilitychange', ask);
    this.addEventListener('htmx:config:request', event => {
      const {ctx} = event.detail;
      ctx.asked = mine;
      ctx.request.action += `?${new URLSearchParams(mine.map(each => ['of', each]))}`;
    });
    /* Any swap may bring another entry of the author; the answer to our own request says which of the asked ones still wait. */
    const look = event => {
      const ctx = event?.detail.ctx;
      if (ctx?.sourceElement === this) {
        const waiting = ctx.response.headers.get('Receipts');
        /* An error has no such header, and says nothing about waiting entries. */
        if (waiting !== null) store(mine.filter(each => split(waiting).includes(each) || !ctx.asked.includes(each)));
        return;
      }
      const shown = Array.from(document.querySelectorAll('[data-waiting]'), each => each.dataset.waiting);
      if (shown.length) store([...new Set([...mine, ...shown])].slice(-20));
    };
    document.addEventListener('htmx:after:swap', look);
    look();
    /* Last, since a request before htmx has processed the element would carry no receipts. */
    if (this._htmx) ask(); else document.addEventListener('htmx:after:process', ask, {once: true});
  }
});
