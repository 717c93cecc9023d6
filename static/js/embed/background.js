/* Whether the page is light or dark behind an element: by the first background that covers, or else by its canvas. */
export function groundOf(element) {
  for (let each = element; each; each = each.assignedSlot ?? each.parentElement ?? each.getRootNode().host) {
    const [red, green, blue, alpha = 1] = colours(getComputedStyle(each).backgroundColor);
    if (alpha > .5) return .299 * red + .587 * green + .114 * blue < 128 ? 'dark' : 'light';
  }
  const scheme = getComputedStyle(document.documentElement).colorScheme ?? '';
  return /dark/.test(scheme) && (!/light/.test(scheme) || matchMedia('(prefers-color-scheme: dark)').matches) ? 'dark' : 'light';
}
function colours(colour) {
  if (colour.startsWith('rgb')) return colour.match(/[\d.]+/g).map(Number);
  const canvas = new OffscreenCanvas(1, 1).getContext('2d');
  canvas.fillStyle = colour;
  canvas.fillRect(0, 0, 1, 1);
  const [red, green, blue, alpha] = canvas.getImageData(0, 0, 1, 1).data;
  return [red, green, blue, alpha / 255];
}
