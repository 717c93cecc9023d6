/* The element whose text screen readers announce. */
import {find} from './dom.js';
export const region = find('status');
