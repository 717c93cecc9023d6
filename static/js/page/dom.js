/* What every script looks up in the page. */
export const root = document.documentElement;
export const find = document.getElementById.bind(document);
export const on = document.addEventListener.bind(document);
export const list = find('feedback');
