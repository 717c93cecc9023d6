/* The script of a wall's page, joined with htmx: the list, the stream, and the form. What is rarely needed is in lazy.js. */
import {fetchList} from './walls/refetch.js';
import './live/stream.js';
import './walls/composer.js';
import './walls/flash.js';
import './walls/idempotency-key.js';
import {morph, policy} from './walls/morph.js';
import {tools} from './walls/lazy-loader.js';
import './walls/announcer.js';
import './walls/visitor-token.js';
import {below, insertEntries} from './walls/list.js';
import './walls/swap-styles.js';
import {countHeld, held, isReading, leave} from './walls/held-entries.js';
import './walls/times.js';

Object.assign(tools, {held, below, insertEntries, leave, policy, isReading, countHeld, morph, fetchList});
