/* htmx's morph, which htmx hands to extensions only. */
let api;
/* Scripts in swapped HTML are emptied; no other script of the page may write HTML. */
export const policy = self.trustedTypes?.createPolicy('wall', {createHTML: html => html, createScript: () => ''});

export function useApi(internal) {
  api = internal;
  if (policy) api.initSecurity(policy);
}
export function morph(known, fresh) {
  const fragment = new DocumentFragment();
  fragment.append(fresh);
  api.morph(known, fragment, false);
}
