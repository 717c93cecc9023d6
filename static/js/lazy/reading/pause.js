/* A button that holds all new entries back until the reader goes on. */
import {list, root} from '../../page/dom.js';
import {region} from '../../page/live-region.js';
import {words} from '../../page/words.js';
import {unseen} from '../gap.js';
import {wall} from '../wall.js';

function resumeList() {
  delete root.dataset.paused;
  for (const entry of wall.held()) delete entry.dataset.held;
  if (unseen.size) wall.fetchList();
  wall.countHeld();
}
export function startPause() {
  const bar = document.querySelector('.wall__bar');
  if (!bar || 'closed' in list.dataset || list.matches('.feedbacks--single')) return;
  const button = document.createElement('button'), name = () => { button.textContent = words.pause; };
  Object.assign(button, {type: 'button', id: 'pause', className: 'pause', ariaPressed: 'false'});
  name();
  button.addEventListener('click', () => {
    const isPaused = !('paused' in root.dataset);
    button.ariaPressed = String(isPaused);
    if (isPaused) { root.dataset.paused = ''; region.textContent = words.paused; } else resumeList();
  });
  bar.append(button);
  document.addEventListener('htmx:after:swap', name);
}
