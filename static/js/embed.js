/* Puts walls on any page, <script src="…/embed.js" data-wall="main" async></script> or <feedback-wall wall="main">, and
   makes every frame of a wall on the page as tall as its content. However often it runs on a page, it begins once. */
(() => {
  'use strict';
  const script = document.currentScript;
  /* A module and a script in a shadow root are not the current script; the stack names the file that runs. */
  const source = script?.src || /https?:\/\/[^\s()]+\/embed\.js/.exec(new Error().stack)?.[0];
  if (!source) return console.warn('embed.js was not loaded from a wall: name its own address in <script src> or import().');
  const base = new URL('.', source).href, {origin} = new URL(base);
  const serve = self[Symbol.for(`feedback-wall ${base}`)] ??= begin();
  serve(script);

  function begin() {
    const LOOK = ['theme', 'accent'], OPTIONS = ['form', 'limit', 'lang', 'sort'];
    /* Firefox lays out no frame that is much taller; a wall that asks for more scrolls. */
    const START = 480, TALLEST = 2 ** 24;
    /* How long a frame may be silent once it is loaded, and once somebody looks at where it should be. */
    const PATIENCE = 2500, LONGEST = 15e3;
    const NOTES = {
      en: ['This wall cannot be shown here.', 'Open the wall'],
      de: ['Diese Wand kann hier nicht gezeigt werden.', 'Die Wand öffnen'],
      es: ['Este muro no se puede mostrar aquí.', 'Abrir el muro'],
      fr: ['Ce mur ne peut pas être affiché ici.', 'Ouvrir le mur']
    };
    const frames = new Set(), shownIn = new WeakMap(), served = new WeakSet();

    const style = (element, rules) => {
      for (const [name, value] of Object.entries(rules)) element.style.setProperty(name, value, 'important');
    };
    const say = (target, name, detail) =>
      target.dispatchEvent(new CustomEvent(`feedback-wall:${name}`, {bubbles: true, composed: true, detail}));
    const whenReady = act => document.readyState === 'loading' ? addEventListener('DOMContentLoaded', act, {once: true}) : act();

    /* Also in shadow roots, as far as they are open. */
    function everywhere(selector, root = document) {
      const inside = [...root.querySelectorAll('*')].flatMap(({shadowRoot}) => shadowRoot ? everywhere(selector, shadowRoot) : []);
      return [...root.querySelectorAll(selector), ...inside];
    }
    function frameOf(source) {
      for (const frame of frames) if (!frame.isConnected) frames.delete(frame);
      const frame = [...frames].find(each => each.contentWindow === source)
        ?? everywhere('iframe').find(each => each.contentWindow === source);
      if (frame) frames.add(frame);
      return frame;
    }

    /* The height of the last visit is there before the frame is, so that nothing jumps. */
    const key = frame => `feedback-wall:${frame.src}`;
    function recall(frame) {
      try { return Number(sessionStorage.getItem(key(frame))) || 0; } catch { return 0; }
    }
    function remember(frame, height) {
      try { sessionStorage.setItem(key(frame), height); } catch { /* Storage may be forbidden; then it starts small again. */ }
    }

    /* Whether the page is light or dark behind an element: by the first colour that covers, or else by its canvas. */
    function groundBehind(element) {
      for (let each = element; each; each = each.assignedSlot ?? each.parentElement ?? each.getRootNode().host) {
        const [red, green, blue, alpha = 1] = channels(getComputedStyle(each).backgroundColor);
        if (alpha > .5) return .299 * red + .587 * green + .114 * blue < 128 ? 'dark' : 'light';
      }
      const scheme = getComputedStyle(document.documentElement).colorScheme ?? '';
      return /dark/.test(scheme) && (!/light/.test(scheme) || matchMedia('(prefers-color-scheme: dark)').matches) ? 'dark' : 'light';
    }
    function channels(colour) {
      if (colour.startsWith('rgb')) return colour.match(/[\d.]+/g).map(Number);
      const canvas = new OffscreenCanvas(1, 1).getContext('2d');
      canvas.fillStyle = colour;
      canvas.fillRect(0, 0, 1, 1);
      const [red, green, blue, alpha] = canvas.getImageData(0, 0, 1, 1).data;
      return [red, green, blue, alpha / 255];
    }

    /* To any origin: nothing in it is a secret, and an empty frame would complain about another one. */
    function greet(frame) {
      const ground = groundBehind(frame);
      frame.contentWindow?.postMessage({type: 'feedback-wall:hello', ground, ...shownIn.get(frame)?.look}, '*');
    }

    addEventListener('message', ({origin: from, source, data}) => {
      if (from !== origin || !/^feedback-wall:/.test(data?.type)) return;
      const frame = frameOf(source);
      if (!frame) return;
      const shown = shownIn.get(frame), target = shown?.target ?? frame, wall = /\/walls\/([^/]+)/.exec(frame.src)?.[1];
      if (data.type === 'feedback-wall:posted') say(target, 'posted', {wall, id: data.id});
      if (data.type !== 'feedback-wall:height' || !(Number(data.height) > 0)) return;
      const height = Math.min(Math.ceil(Number(data.height)), TALLEST);
      if (data.isNew) greet(frame);
      if (shown) shown.hear(height, data);
      else frame.style.height = `${height}px`;
      remember(frame, height);
      if (data.isNew && !data.hasFailed) say(target, 'ready', {wall});
      say(target, 'resize', {wall, height});
    });

    /* One wall that somebody asked for: `option` reads what they want, `put` places the frame, `target` hears what
       becomes of it, and `spare` is what they want to be seen where the wall is not. */
    class Shown {
      constructor(option, put, target, spare) {
        Object.assign(this, {option, put, target, spare, news: 0, newsAtLoad: 0});
      }
      get wall() { return this.option('wall'); }
      get look() { return Object.fromEntries(LOOK.map(name => [name, this.said(name)])); }
      said(name) { return (this.option(name) ?? '').replace(/^#/, ''); }
      address(names) {
        const address = new URL(`walls/${encodeURIComponent(this.wall)}/frame`, base);
        for (const name of names) if (this.said(name)) address.searchParams.set(name, this.said(name));
        return address.href;
      }

      /* What is looked at changes in the frame that is there; everything else is another frame. */
      follow() {
        if (!this.wall) return this.leave();
        const asked = this.address(OPTIONS);
        if (asked !== this.asked) this.show(asked);
        else if (this.news) greet(this.frame);
        this.frame.title = this.option('title') || 'Feedback wall';
      }
      show(asked) {
        const frame = document.createElement('iframe');
        Object.assign(this, {asked, frame, news: 0, newsAtLoad: 0});
        Object.assign(frame, {src: this.address([...OPTIONS, ...LOOK]), loading: 'lazy'});
        frame.dataset.feedbackWall = '';
        frame.addEventListener('load', () => this.listen());
        frames.add(frame);
        shownIn.set(frame, this);
        style(frame, {all: 'unset', display: 'block', width: '100%'});
        this.collapse(this.isSpared);
        this.put(frame);
        this.paint();
        this.expect();
      }
      leave() {
        this.frame?.remove();
        this.note?.remove();
        if (this.spare) style(this.spare, {display: ''});
        Object.assign(this, {asked: null, frame: null, news: 0});
      }
      get isSpared() {
        return this.spare?.localName !== 'slot' ? !!this.spare : this.spare.assignedNodes().some(each => each.textContent.trim() || each.localName);
      }

      paint(theme = this.said('theme')) {
        const ground = groundBehind(this.target);
        style(this.frame, {'color-scheme': /^(light|dark)$/.test(theme) ? theme : ground});
        if (this.ground !== ground && this.news) greet(this.frame);
        this.ground = ground;
      }
      collapse(isCollapsed, height = recall(this.frame) || START) {
        style(this.frame, {height: isCollapsed ? '0' : `${height}px`, visibility: isCollapsed ? 'hidden' : 'inherit'});
        if (this.spare) style(this.spare, {display: isCollapsed ? '' : 'none'});
      }
      hear(height, {isNew, hasFailed, theme}) {
        if (isNew || !this.news) this.news++;
        this.note?.remove();
        this.paint(theme);
        this.collapse(hasFailed && this.isSpared, height);
        if (isNew && hasFailed) say(this.target, 'failed', {wall: this.wall});
      }

      /* A frame that may not be shown here, or cannot be loaded, is silent; browsers say no more about it. */
      listen() {
        const before = this.newsAtLoad, frame = this.frame;
        this.newsAtLoad = this.news;
        if (this.news === before) setTimeout(() => { if (frame === this.frame && this.news === before) this.fail(); }, PATIENCE);
      }
      expect() {
        const frame = this.frame;
        const watcher = new IntersectionObserver(([{isIntersecting}]) => {
          if (!isIntersecting) return;
          watcher.disconnect();
          setTimeout(() => { if (frame === this.frame && !this.news) this.fail(); }, LONGEST);
        });
        watcher.observe(frame);
      }
      fail() {
        if (!this.frame.isConnected || this.note?.isConnected) return;
        this.collapse(true);
        const spared = this.spare?.localName === 'slot' ? this.spare.assignedElements() : [this.spare];
        if (!spared.some(each => each?.matches('a') || each?.querySelector('a'))) this.frame.before(this.note = this.remark());
        say(this.target, 'failed', {wall: this.wall});
      }
      remark() {
        const note = document.createElement('p'), link = document.createElement('a');
        const language = this.target.closest('[lang]')?.lang || navigator.language;
        const [sentence, words] = NOTES[language.slice(0, 2).toLowerCase()] ?? NOTES.en;
        Object.assign(link, {href: new URL(`walls/${encodeURIComponent(this.wall)}`, base).href, target: '_blank', textContent: words});
        note.dataset.feedbackWall = '';
        note.append(`${sentence} `, link);
        return note;
      }
    }

    if (!customElements.get('feedback-wall')) customElements.define('feedback-wall', class extends HTMLElement {
      static observedAttributes = ['wall', 'title', ...LOOK, ...OPTIONS];
      #shown = null;
      #isChanging = false;
      connectedCallback() {
        if (!this.#shown) this.#prepare();
        this.#follow();
      }
      /* A move that keeps states keeps the frame as it is. */
      connectedMoveCallback() {}
      attributeChangedCallback() {
        if (!this.isConnected || this.#isChanging) return;
        this.#isChanging = true;
        queueMicrotask(() => {
          this.#isChanging = false;
          if (this.isConnected) this.#follow();
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
      #follow() {
        this.#shown.follow();
      }
    });

    /* Where a script stands, unless that is where nothing can be seen. */
    function place(script, frame) {
      if (script.closest('head')) document.body.append(frame);
      else script.after(frame);
    }
    /* The way to the wall that stands behind the script, for those who do not get the script. */
    function linkBehind(script) {
      let next = script.nextElementSibling;
      while (next?.matches('br, [data-feedback-wall]')) next = next.nextElementSibling;
      return next?.matches('a') && next.href.startsWith(`${base}walls/`) ? next : null;
    }
    /* What another script left behind: on a copy of the page that is shown again, or because it was taken away itself. */
    function clear(script) {
      for (const each of [...script.parentNode?.children ?? []]) {
        if (each.matches('[data-feedback-wall]') && !shownIn.get(each)?.script.isConnected) each.remove();
      }
    }
    function showFor(script) {
      if (served.has(script) || !script.isConnected) return;
      served.add(script);
      clear(script);
      const option = name => script.dataset[name];
      const shown = new Shown(option, frame => {
        if (former?.isConnected) former.replaceWith(frame); else place(script, frame);
        former = shown.target = frame;
      }, script, linkBehind(script));
      let former = null;
      shown.script = script;
      shown.follow();
      /* What stands behind a script that does not wait is not there yet. */
      if (!shown.spare) whenReady(() => {
        shown.spare = linkBehind(script);
        if (shown.spare && shown.news) style(shown.spare, {display: 'none'});
      });
      new MutationObserver(() => shown.follow()).observe(script, {attributes: true});
    }

    /* A page that turns dark, by a class or by the reader's system, takes its walls along. */
    let isLooking = false;
    function look() {
      if (isLooking) return;
      isLooking = true;
      requestAnimationFrame(() => {
        isLooking = false;
        for (const frame of frames) if (frame.isConnected) shownIn.get(frame)?.paint();
      });
    }
    const watcher = new MutationObserver(look);
    watcher.observe(document.documentElement, {attributes: true});
    whenReady(() => watcher.observe(document.body, {attributes: true}));
    addEventListener('transitionend', ({target}) => { if (target === document.body || target === document.documentElement) look(); });
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', look);

    for (const frame of everywhere('iframe')) {
      if (!frame.src.startsWith(`${base}walls/`) || 'feedbackWall' in frame.dataset) continue;
      if (recall(frame)) frame.style.height = `${recall(frame)}px`;
      greet(frame);
    }
    /* For whoever wonders why nothing is there. */
    if (document.readyState !== 'complete') addEventListener('load', () => {
      if (!frames.size && !everywhere(`feedback-wall, script[data-wall], iframe[src^="${base}"]`).length) console.info('embed.js: this page has no <feedback-wall wall="…"> yet, and its <script> has no data-wall.');
    });
    return script => {
      const ours = script ? [script] : everywhere('script[data-wall]').filter(({src}) => src === source);
      for (const each of ours.filter(({dataset}) => dataset.wall)) {
        if (each.closest('head')) whenReady(() => showFor(each)); else showFor(each);
      }
    };
  }
})();
