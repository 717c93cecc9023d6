/* One wall on the page: `option` reads its attributes, `put` places the frame, events go to `target`, and `spare` is shown
   where the wall is not. */
import {groundOf} from './background.js';
import {frames, greet, recall, shownIn} from './frames.js';
import {base, fire, style} from './page.js';
import {remark} from './remark.js';
export const LOOK = ['theme', 'accent'], OPTIONS = ['form', 'limit', 'lang', 'sort'];
/* How long a frame may be silent once it is loaded, and once its place is in view. */
const SILENCE = 2500, LONGEST = 15e3, START = 480;

export class Shown {
  constructor(option, put, target, spare) {
    Object.assign(this, {option, put, target, spare, news: 0, newsAtLoad: 0});
  }
  get wall() { return this.option('wall'); }
  get look() { return Object.fromEntries(LOOK.map(name => [name, this.read(name)])); }
  read(name) { return (this.option(name) ?? '').replace(/^#/, ''); }
  address(names) {
    const address = new URL(`walls/${encodeURIComponent(this.wall)}/frame`, base);
    for (const name of names) if (this.read(name)) address.searchParams.set(name, this.read(name));
    return address.href;
  }

  /* Another look changes the frame that is there; everything else is another frame. */
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
    frame.addEventListener('load', () => this.loaded());
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

  paint(theme = this.read('theme')) {
    const ground = groundOf(this.target);
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
    if (isNew && hasFailed) fire(this.target, 'failed', {wall: this.wall});
  }

  /* A frame that may not be shown here, or cannot be loaded, is silent; browsers say no more about it. */
  loaded() {
    const before = this.newsAtLoad, frame = this.frame;
    this.newsAtLoad = this.news;
    if (this.news === before) setTimeout(() => { if (frame === this.frame && this.news === before) this.fail(); }, SILENCE);
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
    if (!spared.some(each => each?.matches('a') || each?.querySelector('a'))) this.frame.before(this.note = remark(this.target, this.wall));
    fire(this.target, 'failed', {wall: this.wall});
  }
}
