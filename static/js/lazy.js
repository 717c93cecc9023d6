/* Fetched by wall.js once it is needed: entries of the stream, changed settings, long lists, and two elements of the form. */
import './lazy/count-down.js';
import './lazy/text-counter.js';
import {show} from './lazy/entries.js';
import {forgetAll, unseen} from './lazy/gap.js';
import {insertNewer} from './lazy/insert-newer.js';
import {withholds} from './lazy/newer.js';
import {refreshSettings, replaceParts} from './lazy/settings.js';
import {startTrimming} from './lazy/trim.js';
import {wall} from './lazy/wall.js';

/* `tools` are functions of wall.js, which uses what is returned. */
export function begin(tools) {
  Object.assign(wall, tools);
  startTrimming();
  return {show, refreshSettings, replaceParts, insertNewer, withholds, forgetAll, get unseen() { return unseen.size; }};
}
