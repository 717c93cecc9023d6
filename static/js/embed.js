/* Puts walls on any page, <script src="…/embed.js" data-wall="main" async></script> or <feedback-wall wall="main">, and
   makes every frame of a wall on the page as tall as its content. However often it runs on a page, it starts once: the
   first run leaves its `serve` under a symbol, and later ones call that. */
import {showFor} from './embed/script.js';
import {base, everywhere, script, source, onReady} from './embed/page.js';
import {frames, greet, listen, recall} from './embed/frames.js';
import {followScheme} from './embed/scheme.js';
import {FeedbackWall} from './embed/element.js';

function begin() {
  listen();
  if (!customElements.get('feedback-wall')) customElements.define('feedback-wall', FeedbackWall);
  followScheme();
  for (const frame of everywhere('iframe')) {
    if (!frame.src.startsWith(`${base}walls/`) || 'feedbackWall' in frame.dataset) continue;
    if (recall(frame)) frame.style.height = `${recall(frame)}px`;
    greet(frame);
  }
  /* For an author who wonders why nothing is there. */
  if (document.readyState !== 'complete') addEventListener('load', () => {
    if (!frames.size && !everywhere(`feedback-wall, script[data-wall], iframe[src^="${base}"]`).length)
      console.info('embed.js: this page has no <feedback-wall wall="…"> yet, and its <script> has no data-wall.');
  });
  return script => {
    const ours = script ? [script] : everywhere('script[data-wall]').filter(({src}) => src === source);
    for (const each of ours.filter(({dataset}) => dataset.wall)) {
      if (each.closest('head')) onReady(() => showFor(each)); else showFor(each);
    }
  };
}

if (source) (self[Symbol.for(`feedback-wall ${base}`)] ??= begin())(script);
else console.warn('embed.js was not loaded from a wall: name its own address in <script src> or import().');
