/* <colour-sample ink="--text" ground="--surface" least="4.5">: one token on another, and their contrast as it is here. */
customElements.define('colour-sample', class extends HTMLElement {
  connectedCallback() {
    const ink = this.getAttribute('ink'), least = +this.getAttribute('least');
    this.style.setProperty('background', `var(${this.getAttribute('ground')})`);
    this.style.setProperty('color', `var(${ink})`);
    const {color, backgroundColor} = getComputedStyle(this), ratio = this.contrast(color, backgroundColor);
    const figure = document.createElement('b');
    figure.textContent = ratio.toFixed(1);
    this.toggleAttribute('data-low', ratio < least);
    this.append(` ${ink.slice(2)} `, figure);
  }

  contrast(...colours) {
    const canvas = new OffscreenCanvas(1, 1).getContext('2d', {willReadFrequently: true});
    const [low, high] = colours.map(colour => {
      canvas.fillStyle = colour;
      canvas.fillRect(0, 0, 1, 1);
      return Array.from(canvas.getImageData(0, 0, 1, 1).data, each => each / 255)
        .map(each => each <= .04045 ? each / 12.92 : ((each + .055) / 1.055) ** 2.4)
        .reduce((sum, each, at) => sum + each * [.2126, .7152, .0722, 0][at], .05);
    }).sort((one, other) => one - other);
    return high / low;
  }
});
