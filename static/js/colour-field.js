/* <colour-field><input></colour-field>: the browser's colour picker beside a field for six digits. */
customElements.define('colour-field', class extends HTMLElement {
  connectedCallback() {
    const field = this.querySelector('input'), picker = document.createElement('input');
    const whole = () => /^#?[0-9a-f]{6}$/i.test(field.value.trim());
    const follow = () => { picker.value = whole() ? `#${field.value.trim().replace('#', '')}` : this.dataset.own; };
    picker.type = 'color';
    picker.className = 'colour-field__picker';
    picker.setAttribute('aria-label', this.dataset.label);
    picker.addEventListener('input', () => {
      field.value = picker.value;
      field.dispatchEvent(new Event('input', {bubbles: true}));
    });
    field.addEventListener('input', follow);
    follow();
    this.append(picker);
  }
});
