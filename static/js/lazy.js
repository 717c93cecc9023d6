/* Fetched by wall.js after the first view: all that this can do without. */
import './lazy/composer/count-down.js';
import './lazy/composer/text-counter.js';
import {startAway} from './lazy/reading/away.js';
import {startDays} from './lazy/reading/days.js';
import {show} from './lazy/entries.js';
import {startFloating} from './lazy/reading/floating.js';
import {forgetAll, unseen} from './lazy/gap.js';
import {insertNewer} from './lazy/insert-newer.js';
import {startMasonry} from './lazy/columns/masonry.js';
import {startMemory} from './lazy/composer/memory.js';
import {startModerates} from './lazy/reading/moderates.js';
import {withholds} from './lazy/newer.js';
import {startPause} from './lazy/reading/pause.js';
import {refreshSettings, replaceParts} from './lazy/settings.js';
import {startSingle} from './lazy/reading/single.js';
import {startThanks} from './lazy/composer/thanks.js';
import {startTrimming} from './lazy/trim.js';
import {wall} from './lazy/wall.js';
import {startWriting} from './lazy/composer/writing.js';

/* `tools` are functions of wall.js, which uses what is returned. */
export function begin(tools) {
  Object.assign(wall, tools);
  for (const start of [startMasonry, startDays, startTrimming, startAway, startFloating, startPause, startMemory, startWriting,
    startThanks, startSingle, startModerates]) start();
  return {show, refreshSettings, replaceParts, insertNewer, withholds, forgetAll, get unseen() { return unseen.size; }};
}
