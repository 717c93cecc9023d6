/* The wall has another title, look, policy or language now: the page is fetched, and what is different in it taken over. */
function arranging({morph, fetchAnew, countHeld}) {
  let isBehind = false;

  function arrange() {
    isBehind = true;
    htmx.ajax('GET', location.href, {source: '#arrangement', target: 'body', swap: 'anew'});
  }
  setInterval(() => { if (isBehind && !document.hidden) arrange(); }, Number(root.dataset.poll) || 10e3);

  /* What somebody has typed stays; on a wall that is closed it can be copied. */
  function takeOver(page) {
    const find = id => document.getElementById(id);
    const form = find('composer'), next = page.querySelector('#composer'), {lang, dir} = page.querySelector('#arrangement');
    /* The fields themselves are spared, with whatever is typed in them. */
    const asked = Array.from(next?.querySelectorAll('.field__input') ?? [], ({id, placeholder, required}) => [id, {placeholder, required}]);
    if (form && next) morph(form, next);
    else if (next) { find('head').after(next); htmx.process(next); }
    else if (form?.elements.text.value.trim()) form.classList.add('composer--closed');
    else form?.remove();
    for (const each of form?.querySelectorAll('.field__input') ?? []) each.readOnly = !next;
    for (const [id, how] of asked) Object.assign(find(id), how);
    for (const part of page.querySelectorAll('[data-renewed]')) if (find(part.id)) morph(find(part.id), part);
    /* A wall that begins to hold what is written needs what remembers it. */
    const remembering = page.querySelector('kept-receipts')?.dataset.script;
    if (remembering && !customElements.get('kept-receipts')) import(remembering);
    isBehind = false;
    find('mark')?.removeAttribute('hidden');
    root.dataset.theme = words.theme;
    document.title = page.querySelector('title')?.textContent ?? document.title;
    if (lang !== root.lang) {
      Object.assign(root, {lang, dir});
      fetchAnew();
    }
    countHeld();
  }

  return {arrange, takeOver};
}
