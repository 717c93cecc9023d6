/* Older or newer entries that could not be fetched while the connection was lost are fetched once it is back. */
import {on} from '../page/dom.js';
let unfetched = null;
export const fetchRest = () => { if (unfetched?.isConnected) htmx.trigger(unfetched, 'click'); };

on('htmx:finally:request', ({detail: {ctx}}) => {
  const rest = ctx.sourceElement?.closest?.('#older, #newer');
  if (rest) unfetched = ctx.response?.status < 400 ? null : rest.querySelector('a, button');
});
