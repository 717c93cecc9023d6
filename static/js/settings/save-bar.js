/* <save-bar> at the end of a form: docked at the lower edge of the window while something differs from what is saved. */
import {isUnsaved} from './unsaved.js';

customElements.define('save-bar', class extends HTMLElement {
  connectedCallback() {
    if (this.form) return;
    this.form = this.closest('form');
    const note = this.querySelector('output'), {form} = this;
    const show = () => {
      const isDirty = isUnsaved(form);
      this.toggleAttribute('data-unsaved', isDirty);
      note.textContent = isDirty ? note.dataset.words : '';
    };
    /* Its place is behind the last section, since it stays in view below all of them. */
    this.closest('main').append(this);
    for (const type of ['input', 'change']) form.addEventListener(type, show);
    form.addEventListener('reset', () => setTimeout(show));
    this.querySelector('[data-discard]').addEventListener('click', event => {
      /* What the server sent back with faults is no way back; the page is fetched again. */
      if ('unsaved' in form.dataset) delete form.dataset.unsaved;
      else event.preventDefault();
      form.reset();
      for (const each of form.querySelectorAll('[hx-get]')) each.dispatchEvent(new Event('input', {bubbles: true}));
    });
    show();
  }
});
