/* In a frame: tell the page around it how tall we are, and scroll for as long as that height is not there. */
(() => {
  'use strict';
  const root = document.documentElement, find = id => document.getElementById(id), hasFailed = !find('feedback');
  /* At its own address it is a page like the others. */
  if (parent === self) return root.classList.remove('framed');
  const tell = (type, what) => parent.postMessage({type: `feedback-wall:${type}`, ...what}, '*');
  let told = 0, isNew = true;

  function fit() {
    if (!innerWidth) return;
    const height = Math.ceil(root.getBoundingClientRect().height) + innerHeight - root.clientHeight;
    /* A pixel less is a height that was rounded. */
    root.classList.toggle('fit', innerHeight + 1 >= height);
    if (height !== told) tell('height', {height: told = height, isNew, hasFailed, theme: root.dataset.theme});
    isNew = false;
  }
  function refit() {
    told = 0;
    fit();
  }

  /* Another look, without a reload: whatever depends on it comes as it does when the wall is arranged. */
  function look(asked) {
    const address = new URL(location);
    for (const name of ['theme', 'accent']) {
      if (asked[name]) address.searchParams.set(name, asked[name]); else address.searchParams.delete(name);
    }
    if (address.href === location.href) return;
    history.replaceState(null, '', address);
    if (asked.theme) root.dataset.theme = asked.theme;
    document.dispatchEvent(new Event('arrange'));
  }

  addEventListener('message', ({source, data}) => {
    if (source !== parent || data?.type !== 'feedback-wall:hello') return;
    if (/^(light|dark)$/.test(data.ground)) root.dataset.ground = data.ground;
    if (!hasFailed && 'theme' in data) look(data);
    refit();
  });
  document.addEventListener('htmx:after:swap', ({detail: {ctx}}) => {
    if (ctx?.response?.status !== 201) return;
    const entry = find(document.querySelector('.composer__thanks a')?.hash.slice(1));
    /* What waits is nobody's business but the author's, its number included. */
    tell('posted', {id: !entry || 'waiting' in entry.dataset ? null : Number(entry.id.slice(9))});
  });
  addEventListener('resize', refit);
  new ResizeObserver(fit).observe(root);
  fit();
})();
