/* The form: nobody types into what is being sent, words stay when a post fails, and one thing is said at a time.
   It stands in the first script, since an error path must need nothing from the network. */
(() => {
  'use strict';
  const find = id => document.getElementById(id);
  const isComposer = ({target}) => target.id === 'composer';
  const on = (name, act) => document.addEventListener(name, act);
  const dropThanks = () => document.querySelector('.composer__thanks')?.remove();

  /* A connection that is gone without a word must not keep anybody waiting for a minute. */
  on('htmx:config:request', event => { if (isComposer(event)) event.detail.ctx.request.timeout = 2e4; });

  function freeze(isSending) {
    for (const each of document.querySelectorAll('#composer .field__input')) each.readOnly = isSending;
  }
  on('htmx:before:request', event => { if (isComposer(event)) freeze(true); });
  on('htmx:finally:request', event => { if (isComposer(event)) freeze(false); });

  function fail() {
    freeze(false);
    find('notice').replaceChildren(find(navigator.onLine ? 'failed' : 'offline').content.cloneNode(true));
    dropThanks();
  }
  on('htmx:error', event => { if (isComposer(event)) fail(); });
  on('htmx:response:error', event => { if (isComposer(event) && event.detail.ctx.response.status >= 500) fail(); });
  /* A page that a proxy, a firewall or a hotel's login answers with takes the place of nothing: it counts as a bad gateway.
     Of a whole page of ours, which comes where a proxy strips htmx's headers, only the form and what waits are taken. */
  const OWN = '[data-waiting]:feed own:true strip:false target:#feedback';
  const isOurs = (text, isWhole) => (isWhole ? /id="composer"/ : /id="composer"|<hx-partial/).test(text);
  document.addEventListener('htmx:after:request', event => {
    const {ctx} = event.detail, {response, text} = ctx, isWhole = /<(!doctype|html|body)\b/i.test(text);
    if (isComposer(event)) {
      if (isWhole) Object.assign(ctx, {select: '#composer', selectOOB: OWN});
      if (response.status >= 500 || isOurs(text, isWhole)) return;
      fail();
    } else if (!isWhole || ctx.request.method !== 'GET' || ctx.swap === 'anew') return;
    event.preventDefault();
    response.status = 502;
  }, true);
  on('htmx:after:swap', () => { if (find('notice')?.childElementCount) dropThanks(); });
  addEventListener('online', () => find('notice')?.querySelector('[data-offline]')?.remove());

  /* What was wrong with a field is no longer known once somebody changes it. */
  on('input', ({target}) => {
    if (target.form?.id === 'composer') dropThanks();
    if (!target.hasAttribute('aria-invalid')) return;
    target.removeAttribute('aria-invalid');
    const describes = target.getAttribute('aria-describedby')?.split(' ') ?? [];
    for (const id of describes) if (find(id)?.matches('.field__fault')) find(id).remove();
    const left = describes.filter(find).join(' ');
    if (left) target.setAttribute('aria-describedby', left); else target.removeAttribute('aria-describedby');
  });
})();
