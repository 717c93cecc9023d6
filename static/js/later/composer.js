/* The form: nobody types into what is being sent, and words stay when a post fails. */
{
  const composer = () => document.getElementById('composer');
  const freeze = isSending => {
    for (const each of composer()?.querySelectorAll('.field__input') ?? []) each.readOnly = isSending;
  };
  document.addEventListener('htmx:before:request', event => { if (event.target === composer()) freeze(true); });
  document.addEventListener('htmx:finally:request', event => { if (event.target === composer()) freeze(false); });

  function failed(event) {
    if (event.target !== composer() || event.detail.ctx?.response?.status < 500) return;
    freeze(false);
    const said = document.getElementById(navigator.onLine ? 'failed' : 'offline');
    document.getElementById('notice').replaceChildren(said.content.cloneNode(true));
  }
  document.addEventListener('htmx:error', failed);
  document.addEventListener('htmx:response:error', failed);
}
