/* The version that this page shows; every request for changes starts from it. */
import {list, on} from '../page/dom.js';
export let cursor = +list?.dataset.version;
export const seen = version => { if (version > cursor) cursor = +version; };

on('htmx:config:request', ({detail: {ctx: {request}}}) => {
  request.action = request.action.replace(/\bafter=\d+/, `after=${cursor}`);
});
on('htmx:after:swap', ({detail: {ctx}}) => seen(ctx?.response?.headers?.get?.('Wall-Version')));
