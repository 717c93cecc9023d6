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
    const notice = document.createElement('p');
    notice.className = 'notice';
    notice.textContent = navigator.onLine
      ? 'This could not be posted just now. Your words are still here: please try again in a moment.'
      : 'You are offline. Your words are still here: post them when the connection is back.';
    document.getElementById('notice').replaceChildren(notice);
  }
  document.addEventListener('htmx:error', failed);
  document.addEventListener('htmx:response:error', failed);
}
