/* Puts a wall on any page: <script src="…/embed.js" data-wall="main" async></script>, <feedback-wall wall="main">, and
   makes every frame of a wall on the page as tall as its content. */
(() => {
  'use strict';
  const script = document.currentScript;
  const origin = new URL(script.src).origin;
  const OPTIONS = ['theme', 'accent', 'form', 'limit'];
  const START = 480, MOST = 30000;
  const isOurs = frame => frame.src.startsWith(`${origin}/walls/`) && new URL(frame.src).pathname.endsWith('/frame');
  const frames = () => [...document.querySelectorAll('iframe')].filter(isOurs);
  const greet = frame => frame.contentWindow?.postMessage({type: 'feedback-wall:hello'}, origin);
  const key = frame => `feedback-wall:${frame.src}`;

  /* The height of the last visit is there before the frame is, so that nothing jumps. */
  function recall(frame) {
    try { return Number(sessionStorage.getItem(key(frame))) || 0; } catch { return 0; }
  }
  function remember(frame, height) {
    try { sessionStorage.setItem(key(frame), height); } catch { /* Storage may be forbidden; then it starts small again. */ }
  }

  function frameFor(wall, option) {
    const frame = document.createElement('iframe');
    const address = new URL(`/walls/${encodeURIComponent(wall || 'main')}/frame`, origin);
    for (const name of OPTIONS) if (option(name)) address.searchParams.set(name, option(name).replace(/^#/, ''));
    frame.src = address.href;
    frame.title = option('title') || 'Feedback wall';
    frame.loading = 'lazy';
    Object.assign(frame.style, {border: '0', inlineSize: '100%', blockSize: `${recall(frame) || START}px`, colorScheme: 'normal'});
    frame.addEventListener('load', () => greet(frame));
    return frame;
  }

  addEventListener('message', event => {
    if (event.origin !== origin || event.data?.type !== 'feedback-wall:height') return;
    const frame = frames().find(each => each.contentWindow === event.source), height = Math.ceil(Number(event.data.height));
    if (!frame || !(height > 0 && height <= MOST)) return;
    if (frame.dataset.fits === undefined) { frame.dataset.fits = ''; greet(frame); }
    frame.style.blockSize = `${height}px`;
    remember(frame, height);
  });

  if (!customElements.get('feedback-wall')) customElements.define('feedback-wall', class extends HTMLElement {
    connectedCallback() {
      if (this.firstElementChild) return;
      this.style.display = 'block';
      this.append(frameFor(this.getAttribute('wall'), name => this.getAttribute(name)));
    }
  });

  if (script.dataset.wall) script.after(frameFor(script.dataset.wall, name => script.dataset[name]));
  for (const frame of frames()) {
    if (recall(frame)) frame.style.blockSize = `${recall(frame)}px`;
    greet(frame);
  }
})();
