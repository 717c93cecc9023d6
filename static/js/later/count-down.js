/* <count-down seconds="272" data-over="…">4:32</count-down>: until then Post waits, and then the sentence is another one. */
customElements.define('count-down', class extends HTMLElement {
  connectedCallback() {
    const send = () => document.getElementById('composer-send'), end = Date.now() + 1000 * this.getAttribute('seconds');
    const two = number => String(number).padStart(2, 0);
    const tell = () => {
      const left = Math.ceil((end - Date.now()) / 1000), minutes = Math.floor(left / 60), hours = Math.floor(minutes / 60);
      if (left <= 0) return this.parentElement.textContent = this.dataset.over;
      this.textContent = (hours ? `${hours}:${two(minutes % 60)}` : minutes) + `:${two(left % 60)}`;
      if (send()) send().disabled = true;
    };
    this.timer = setInterval(tell, 500);
    tell();
  }
  disconnectedCallback() {
    clearInterval(this.timer);
    const send = document.getElementById('composer-send');
    if (send) send.disabled = false;
  }
});
