/* In a frame: tells the host page how tall the wall is, and scrolls as long as the frame is not that tall. */
const root = document.documentElement, find = id => document.getElementById(id), hasFailed = !find('feedback');
const send = (type, what) => parent.postMessage({type: `feedback-wall:${type}`, ...what}, '*');
let sent = 0, isNew = true;

function fit() {
  if (!innerWidth) return;
  const height = Math.ceil(root.getBoundingClientRect().height) + innerHeight - root.clientHeight;
  /* A pixel less is a height that was rounded. */
  root.classList.toggle('fit', innerHeight + 1 >= height);
  if (height !== sent) send('height', {height: sent = height, isNew, hasFailed, theme: root.dataset.theme});
  isNew = false;
}
function refit() {
  sent = 0;
  fit();
}

/* Another look without a reload: the rest follows as it does when an owner changes the settings. */
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

/* At its own address it is a page like the others. */
if (parent === self) root.classList.remove('framed'); else {
  addEventListener('message', ({source, data}) => {
    if (source !== parent || data?.type !== 'feedback-wall:hello') return;
    if (/^(light|dark)$/.test(data.ground)) root.dataset.ground = data.ground;
    if (!hasFailed && 'theme' in data) look(data);
    refit();
  });
  document.addEventListener('htmx:after:swap', ({detail: {ctx}}) => {
    if (ctx?.response?.status !== 201) return;
    const entry = find(document.querySelector('.composer__thanks a')?.hash.slice(1));
    /* A waiting entry, and its number, are for its author only. */
    send('posted', {id: !entry || 'waiting' in entry.dataset ? null : Number(entry.id.slice(9))});
  });
  addEventListener('resize', refit);
  new ResizeObserver(fit).observe(root);
  fit();
}
