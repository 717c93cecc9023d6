/* <feedback-wall wall="main">: its attributes are followed while it is on the page. */
import {style} from './page.js';
import {LOOK, OPTIONS, Shown} from './shown-wall.js';

export class FeedbackWall extends HTMLElement {
  static observedAttributes = ['wall', 'title', ...LOOK, ...OPTIONS];
  #shown = null;
  #isChanging = false;
  connectedCallback() {
    if (!this.#shown) this.#prepare();
    this.#shown.follow();
  }
  /* A move that keeps states keeps the frame as it is. */
  connectedMoveCallback() {}
  attributeChangedCallback() {
    if (!this.isConnected || this.#isChanging) return;
    this.#isChanging = true;
    queueMicrotask(() => {
      this.#isChanging = false;
      if (this.isConnected) this.#shown.follow();
    });
  }
  /* In a shadow root, where neither the host's styles reach the frame nor its scripts trip over it. Where they bound
     the element itself, it scrolls. */
  #prepare() {
    const root = this.attachShadow({mode: 'open'}), slot = document.createElement('slot'), sheet = new CSSStyleSheet();
    sheet.replaceSync(':host{display:block;overflow:auto!important}:host([hidden]){display:none}');
    root.adoptedStyleSheets = [sheet];
    root.append(slot);
    const put = frame => root.replaceChildren(frame, slot);
    this.#shown = new Shown(name => this.getAttribute(name), put, this, slot);
    slot.addEventListener('slotchange', () => { if (this.#shown.news) style(slot, {display: this.#shown.frame.style.height === '0px' ? '' : 'none'}); });
  }
}
