/* The script of the moderation queue and of the index of walls: a wall's script, and what moderators have beside it. */
import './moderation/announcer.js';
import './moderation/connection-loss.js';
import './moderation/undo.js';
import './moderation/keys.js';
import './moderation/ticks.js';
import './moderation/queue.js';
import './moderation/notice.js';
import './moderation/entry-details.js';
import './moderation/access.js';
import './wall.js';
import './moderation/title.js';
