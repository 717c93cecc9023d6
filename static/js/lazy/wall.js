/* Functions of js/wall.js, from `begin` on. */
export const wall = {};
