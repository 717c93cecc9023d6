/* The form: it cannot be edited while it is sent, its text stays when a post fails, and it shows one notice at a time. It
   is part of the first script, since showing an error must need nothing from the network. */
import {find, on} from '../page/dom.js';
const isComposer = ({target}) => target.id === 'composer';
const onComposer = (name, act) => on(name, event => { if (isComposer(event)) act(event); });
const dropThanks = () => document.querySelector('.composer__thanks')?.remove();

/* htmx would wait a minute for a connection that went away silently. */
onComposer('htmx:config:request', event => { event.detail.ctx.request.timeout = 2e4; });

function freeze(isSending) {
  for (const each of document.querySelectorAll('#composer .field__input')) each.readOnly = isSending;
}
onComposer('htmx:before:request', () => freeze(true));
onComposer('htmx:finally:request', () => freeze(false));

function fail() {
  freeze(false);
  find('notice').replaceChildren(find(navigator.onLine ? 'failed' : 'offline').content.cloneNode(true));
  dropThanks();
}
onComposer('htmx:error', fail);
onComposer('htmx:response:error', event => { if (event.detail.ctx.response.status >= 500) fail(); });
/* The page of a proxy, a firewall or a hotel's login counts as a bad gateway and is not swapped. Of a whole page of ours,
   which comes if a proxy strips htmx's headers, only the form and the author's waiting entry are used. */
const OWN = '[data-waiting]:insert-entries own:true strip:false target:#feedback';
on('htmx:after:request', event => {
  const {ctx} = event.detail, {response, text} = ctx, isWhole = /<(!doctype|html|body)\b/i.test(text);
  if (isComposer(event)) {
    if (isWhole) Object.assign(ctx, {select: '#composer', selectOOB: OWN});
    if (response.status >= 500 || (isWhole ? /id="composer"/ : /id="composer"|<hx-partial/).test(text)) return;
    fail();
  } else if (!isWhole || ctx.request.method !== 'GET' || ctx.swap === 'replace-parts') return;
  event.preventDefault();
  response.status = 502;
}, true);
on('htmx:after:swap', () => { if (find('notice')?.childElementCount) dropThanks(); });
addEventListener('online', () => find('notice')?.querySelector('[data-offline]')?.remove());

/* The error of a field goes as soon as the field changes. */
on('input', ({target}) => {
  if (target.form?.id === 'composer') dropThanks();
  if (!target.hasAttribute('aria-invalid')) return;
  target.removeAttribute('aria-invalid');
  const describes = target.getAttribute('aria-describedby')?.split(' ') ?? [];
  for (const id of describes) if (find(id)?.matches('.field__fault')) find(id).remove();
  const left = describes.filter(find).join(' ');
  if (left) target.setAttribute('aria-describedby', left); else target.removeAttribute('aria-describedby');
});
