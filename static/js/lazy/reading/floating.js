/* Ways back for who has scrolled far: to the newest entry, and to the form where it is out of view. */
import {find, list, root} from '../../page/dom.js';
import {words} from '../../page/words.js';
import {above, unseen} from '../gap.js';
import {wall} from '../wall.js';

function link(id, act) {
  const made = document.createElement('a');
  Object.assign(made, {href: `#${id}`, target: '_self', hidden: true, className: 'floating__link'});
  made.addEventListener('click', event => {
    event.preventDefault();
    act();
  });
  return made;
}
async function goToNewest() {
  if (above.length || unseen.size) await wall.fetchList();
  find('latest').tabIndex = -1;
  find('latest').focus({preventScroll: true});
  scrollTo({top: 0});
}
function writeMore() {
  find('composer')?.scrollIntoView({block: 'start'});
  find('composer-text')?.focus({preventScroll: true});
}
const name = (made, word) => { made.textContent = words[word]; };

export function startFloating() {
  if (root.classList.contains('framed') || list.matches('.feedbacks--single')) return;
  const bar = document.createElement('nav'), toNewest = link('latest', goToNewest), toForm = link('composer', writeMore);
  bar.className = 'floating';
  toForm.classList.add('floating__link--main');
  bar.append(toNewest, toForm);
  find('stream').before(bar);
  const show = () => { name(toNewest, 'newest'); name(toForm, 'write'); bar.setAttribute('aria-label', words.newest); };
  const isBelow = ({boundingClientRect, isIntersecting}) => !isIntersecting && boundingClientRect.top < 0;
  new IntersectionObserver(([change]) => { show(); toNewest.hidden = !isBelow(change); }, {rootMargin: '200% 0px 0px'})
    .observe(find('latest'));
  const watcher = new IntersectionObserver(changes => { show(); toForm.hidden = !isBelow(changes.at(-1)); });
  /* The form is replaced by each answer. */
  const watch = () => {
    watcher.disconnect();
    if (find('composer')) watcher.observe(find('composer')); else toForm.hidden = true;
  };
  document.addEventListener('htmx:after:swap', watch);
  watch();
}
