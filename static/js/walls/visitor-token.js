/* One token per wall tells the server that it is the same visitor: a random key at first, then the server's answer. It is
   read when the form is sent, so that all tabs use one. */
import {find, on} from '../page/dom.js';
const tokenKey = form => `visitor ${new URL(form.action).pathname}`;
/* A frame that may store nothing has it until the frame is closed. */
let token = '';
const readToken = name => { try { return localStorage.getItem(name) ?? token; } catch { return token; } };
function storeToken(name, value) {
  token = value;
  try { localStorage.setItem(name, value); } catch { /* As above. */ }
}

on('submit', ({target}) => {
  if (target !== find('composer')) return;
  const name = tokenKey(target);
  token = readToken(name);
  if (!token) storeToken(name, Array.from(crypto.getRandomValues(new Uint8Array(16)), byte => byte.toString(16).padStart(2, 0)).join(''));
  target.elements.visitor.value = token;
}, true);

on('htmx:after:swap', event => {
  const given = event.detail.ctx?.response?.headers?.get?.('Visitor') ?? null, form = find('composer');
  if (form && given !== null) {
    /* Another tab may have got a token meanwhile. */
    const name = tokenKey(form), now = readToken(name);
    if (now === token || now.length < 33) storeToken(name, given);
  }
  loadReceipts();
});

/* Any wall may hold the posts of newcomers; the script that shows them to their author is loaded when there are some. */
function loadReceipts() {
  const receipts = document.querySelector('kept-receipts');
  if (receipts && !customElements.get('kept-receipts') &&
    (document.querySelector('[data-waiting]') || readToken(receipts.getAttribute('hx-get')) !== token)) import(receipts.dataset.script);
}
addEventListener('load', loadReceipts);
