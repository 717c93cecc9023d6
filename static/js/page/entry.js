/* Entries have numbers; a newer entry has a larger one. Its id is feedback-<number>. */
export const number = entry => +entry.id.slice(9);
