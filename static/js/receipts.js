/* What one wrote and a moderator has not looked at yet: shown to whoever wrote it, by receipts that this browser keeps. */
customElements.define('kept-receipts', class extends HTMLElement {
  connectedCallback() {
    const place = this.getAttribute('hx-get');
    let kept = [], timer = 0;
    const ask = () => {
      clearTimeout(timer);
      timer = setTimeout(ask, +document.documentElement.dataset.poll || 15e3);
      if (kept.length && !document.hidden) htmx.trigger(this, 'ask');
    };
    const keep = receipts => {
      kept = receipts;
      try { localStorage.setItem(place, kept.join(' ')); } catch { return; /* A frame that may store nothing keeps them until it is closed. */ }
      document.dispatchEvent(new Event('receipts'));
    };
    const words = text => text?.split(' ').filter(Boolean) ?? [];
    try { kept = words(localStorage.getItem(place)); } catch { /* As above. */ }

    document.addEventListener('visibilitychange', ask);
    this.addEventListener('htmx:config:request', event => {
      const {ctx} = event.detail;
      ctx.asked = kept;
      ctx.request.action += `?${new URLSearchParams(kept.map(each => ['of', each]))}`;
    });
    /* What came may hold another entry of one's own; our own answer says which still wait of those that were asked for. */
    const look = event => {
      const ctx = event?.detail.ctx;
      if (ctx?.sourceElement === this) {
        const waiting = ctx.response.headers.get('Receipts');
        /* A fault names none, and says nothing of what waits. */
        if (waiting !== null) keep(kept.filter(each => words(waiting).includes(each) || !ctx.asked.includes(each)));
        return;
      }
      const shown = Array.from(document.querySelectorAll('[data-waiting]'), each => each.dataset.waiting);
      if (shown.length) keep([...new Set([...kept, ...shown])].slice(-20));
    };
    document.addEventListener('htmx:after:swap', look);
    look();
    /* Last of all, since what is asked before somebody names the receipts is answered as if there were none. */
    if (this._htmx) ask(); else document.addEventListener('htmx:after:process', ask, {once: true});
  }
});
