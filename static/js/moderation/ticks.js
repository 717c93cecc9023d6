/* The selected entries: how many there are, and "Select all" of a part. The event "ticks" says that there may be others. */
import {find, on} from '../page/dom.js';
import {desk} from './at-work.js';
import {sentence} from './words.js';
const ticks = part => [...part.querySelectorAll('.entry:not([data-held]) .entry__tick')];
const areAllTicked = all => all.length > 0 && all.every(each => each.checked);

function countTicks() {
  find('ticked').textContent = sentence('selected', {'': document.querySelectorAll('.entry__tick:checked').length});
  for (const all of document.querySelectorAll('.part__all')) {
    all.textContent = sentence(areAllTicked(ticks(all.closest('.part'))) ? 'none' : 'all');
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
  find('tick-none').addEventListener('click', () => {
    const first = document.querySelector('.entry__tick:checked');
    for (const each of document.querySelectorAll('.entry__tick:checked')) each.checked = false;
    countTicks();
    first.focus();
  });
  on('ticks', countTicks);
  countTicks();
}
