/* The sentences that scripts show: the page carries them in the language of the wall. */
import {find} from './dom.js';
export const words = find('arrangement')?.dataset;
