/* <count-down seconds="272" data-over="…">4:32</count-down>: Post is disabled until the time is over; then the sentence
   around it is replaced by `data-over`. */
import {find} from '../page/dom.js';

customElements.define('count-down', class extends HTMLElement {
  connectedCallback() {
    const send = () => find('composer-send'), end = Date.now() + 1000 * this.getAttribute('seconds');
    const two = value => String(value).padStart(2, 0);
    const tick = () => {
      const left = Math.ceil((end - Date.now()) / 1000), minutes = Math.floor(left / 60), hours = Math.floor(minutes / 60);
      if (left <= 0) return this.parentElement.textContent = this.dataset.over;
      this.textContent = (hours ? `${hours}:${two(minutes % 60)}` : minutes) + `:${two(left % 60)}`;
      if (send()) send().disabled = true;
    };
    this.timer = setInterval(tick, 500);
    tick();
  }
  disconnectedCallback() {
    clearInterval(this.timer);
    const send = find('composer-send');
    if (send) send.disabled = false;
  }
});
