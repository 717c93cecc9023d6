/* The selected entries: how many there are, and "Select all" of a part. The event "ticks" says that there may be others. */
import {find, on} from '../page/dom.js';
import {desk} from './at-work.js';
const ticks = part => [...part.querySelectorAll('.entry:not([data-held]) .entry__tick')];
const areAllTicked = all => all.length > 0 && all.every(each => each.checked);

function countTicks() {
  find('ticked').textContent = `${document.querySelectorAll('.entry__tick:checked').length} selected`;
  for (const all of document.querySelectorAll('.part__all')) {
    all.textContent = areAllTicked(ticks(all.closest('.part'))) ? 'Select none' : 'Select all';
  }
}
function tickAll(part) {
  const all = ticks(part), areTicked = areAllTicked(all);
  for (const each of all) each.checked = !areTicked;
  countTicks();
}

if (desk) {
  desk.addEventListener('change', countTicks);
  desk.addEventListener('click', event => {
    const all = event.target.closest('.part__all');
    if (!all) return;
    event.preventDefault();
    tickAll(all.closest('.part'));
  });
  on('ticks', countTicks);
  countTicks();
}
