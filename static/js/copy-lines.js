/* <copy-lines><pre>…</pre></copy-lines>: a button that puts the lines on the clipboard. */
customElements.define('copy-lines', class extends HTMLElement {
  connectedCallback() {
    if (!navigator.clipboard) return;
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'button button--quiet snippet__copy';
    button.textContent = this.dataset.copy;
    button.addEventListener('click', async () => {
      await navigator.clipboard.writeText(this.querySelector('pre').textContent);
      button.textContent = this.dataset.copied;
      setTimeout(() => { button.textContent = this.dataset.copy; }, 2000);
    });
    this.append(button);
  }
});
