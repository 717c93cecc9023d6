/* <text-counter for="id" most="2000">: the characters that are left, counted as a person counts. It never cuts text off. */
import {find} from '../page/dom.js';
import {words} from '../page/words.js';

customElements.define('text-counter', class extends HTMLElement {
  connectedCallback() {
    const field = find(this.getAttribute('for')), most = Number(this.getAttribute('most'));
    const segmenter = new Intl.Segmenter();
    const count = () => {
      const typed = field.value.trim();
      if (typed.length < most * .8) { this.textContent = ''; this.removeAttribute('data-over'); return; }
      const left = most - [...segmenter.segment(typed)].length;
      this.textContent = words[left < 0 ? 'over' : 'left'].replace('{}', Math.abs(left));
      this.toggleAttribute('data-over', left < 0);
    };
    field?.addEventListener('input', count);
    if (field) count();
  }
});
