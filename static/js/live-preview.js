/* <live-preview data-form="id" data-address="…"><iframe></live-preview>: a page as the form would make it, while one chooses. */
customElements.define('live-preview', class extends HTMLElement {
  connectedCallback() {
    const form = document.getElementById(this.dataset.form), frame = this.querySelector('iframe');
    const fields = () => new URLSearchParams([...new FormData(form)].filter(([name]) => !name.startsWith('_')));
    let shown = `${fields()}`, timer = 0;
    const show = () => {
      const wanted = `${fields()}`;
      if (wanted === shown) return;
      shown = wanted;
      if (this.dataset.own) this.dataset.theme = new FormData(form).get('theme') || this.dataset.own;
      /* Its history is no part of this page's: Back leads away from here at once. */
      if (form.method === 'get') history.replaceState(null, '', `?${wanted}`);
      frame.contentWindow.location.replace(`${this.dataset.address}?${wanted}`);
    };
    const soon = () => {
      clearTimeout(timer);
      timer = setTimeout(show, 250);
    };
    for (const type of ['input', 'change']) form.addEventListener(type, soon);
    form.addEventListener('reset', soon);
    for (const each of form.querySelectorAll('[data-plain]')) each.hidden = true;
  }
});
