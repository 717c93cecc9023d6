/* Where the moderation queue left its mark in this browser, a bar leads back to it. Nobody else sends a request for it. */
import {list, root} from '../../page/dom.js';
import {wall} from '../wall.js';
const MARK = 'feedback-moderates';
const stored = () => { try { return JSON.parse(localStorage.getItem(MARK)) ?? []; } catch { return []; } };

export async function startModerates() {
  const [address, slug] = /^.*\/walls\/([^/]+)/.exec(new URL(list.dataset.source ?? location, location).pathname) ?? [];
  if (root.classList.contains('framed') || !stored().includes?.(slug)) return;
  const answer = await fetch(`${address}/moderation/bar`).catch(() => null);
  if (answer?.status === 204) try { localStorage.setItem(MARK, JSON.stringify(stored().filter(each => each !== slug))); } catch { /* It asks again. */ }
  if (answer?.status !== 200) return;
  const holder = document.createElement('template'), html = await answer.text();
  holder.innerHTML = wall.policy?.createHTML(html) ?? html;
  document.body.prepend(holder.content);
}
