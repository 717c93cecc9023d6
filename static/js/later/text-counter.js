/* <text-counter for="id" most="2000">: how much room is left, counted as a person counts. It never cuts anything off. */
customElements.define('text-counter', class extends HTMLElement {
  connectedCallback() {
    const field = document.getElementById(this.getAttribute('for')), most = Number(this.getAttribute('most'));
    const segmenter = self.Intl?.Segmenter && new Intl.Segmenter();
    const count = () => {
      const typed = field.value.trim();
      if (typed.length < most * .8) { this.textContent = ''; this.removeAttribute('data-over'); return; }
      const left = most - (segmenter ? [...segmenter.segment(typed)].length : [...typed].length);
      this.textContent = left < 0 ? `${-left} too many` : `${left} left`;
      this.toggleAttribute('data-over', left < 0);
    };
    field?.addEventListener('input', count);
    if (field) count();
  }
});
