/* Where this script came from, and what the host page holds. */
export const script = document.currentScript;
/* A module and a script in a shadow root are not the current script; the stack names the file that runs. */
export const source = script?.src || /https?:\/\/[^\s()]+\/embed\.js/.exec(new Error().stack)?.[0];
export const base = source && new URL('.', source).href;

export const style = (element, rules) => {
  for (const [name, value] of Object.entries(rules)) element.style.setProperty(name, value, 'important');
};
export const fire = (target, name, detail) =>
  target.dispatchEvent(new CustomEvent(`feedback-wall:${name}`, {bubbles: true, composed: true, detail}));
export const onReady = act => document.readyState === 'loading' ? addEventListener('DOMContentLoaded', act, {once: true}) : act();

/* Also in open shadow roots. */
export function everywhere(selector, root = document) {
  const inside = [...root.querySelectorAll('*')].flatMap(({shadowRoot}) => shadowRoot ? everywhere(selector, shadowRoot) : []);
  return [...root.querySelectorAll(selector), ...inside];
}
