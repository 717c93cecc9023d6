"""Non-text contrast: edges, focus rings, dots and bars against their background (WCAG 2.2, 1.4.11)."""

import base64

from playwright.async_api import Page

# The minimum of WCAG 2.2, 1.4.11.
NEEDED = 3.0
# Measures computed styles of the running page.
MEASURE = """
() => {
  document.getAnimations().forEach(each => each.finish());
  const canvas = new OffscreenCanvas(1, 1).getContext('2d', {willReadFrequently: true});
  const rgba = colour => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = ([r, g, b, a], below) => [r, g, b].map((each, at) => each * a + below[at] * (1 - a));
  function ground(element) {
    const layers = [];
    for (let each = element; each; each = each.parentElement) layers.push(rgba(getComputedStyle(each).backgroundColor));
    return layers.reduceRight((below, layer) => over(layer, below), over(rgba('Canvas'), [255, 255, 255]));
  }
  const luminance = colour => colour.map(each => each / 255)
    .map(each => each <= .04045 ? each / 12.92 : ((each + .055) / 1.055) ** 2.4)
    .reduce((sum, each, at) => sum + each * [.2126, .7152, .0722][at], 0);
  function contrast(colour, below, opacity = 1) {
    const [r, g, b, a] = rgba(colour), seen = over([r, g, b, a * opacity], below);
    const [low, high] = [luminance(seen), luminance(below)].sort((one, other) => one - other);
    return (high + .05) / (low + .05);
  }
  const outside = element => ground(element.parentElement ?? element);
  function isSeen(element) {
    const {width, right} = element.getBoundingClientRect();
    return width > 1 && right > 0 && !element.closest('.skip:not(:focus)') &&
      element.checkVisibility({opacityProperty: true, visibilityProperty: true});
  }
  const name = element => `${element.localName}${element.id && '#' + element.id}.${element.className}`;
  const all = selector => [...document.querySelectorAll(selector)].filter(isSeen);
  const SIDES = ['Top', 'Right', 'Bottom', 'Left'];
  const found = [];

  function edge(element, side, what) {
    const style = getComputedStyle(element), colour = style[`border${side}Color`];
    const isThere = parseFloat(style[`border${side}Width`]) > 0 && style[`border${side}Style`] !== 'none';
    found.push([`${what} ${name(element)}`, isThere ? contrast(colour, outside(element), +style.opacity) : 1]);
  }

  const EDGED = 'button, .button, .badge--held, .feedback__mark--waiting, textarea, select, ' +
    'input:not([type=hidden], [type=checkbox], [type=radio])';
  for (const each of all(EDGED)) edge(each, 'Bottom', 'edge of');
  for (const each of all('*')) {
    const style = getComputedStyle(each);
    const drawn = SIDES.filter(side => parseFloat(style[`border${side}Width`]) > 0);
    const dashed = drawn.find(side => /dashed|dotted/.test(style[`border${side}Style`]));
    if (dashed) edge(each, dashed, 'dashes of');
    const isBar = drawn.length === 1 && parseFloat(style[`border${drawn[0]}Width`]) >= 2;
    if (each.matches('.entry')) edge(each, 'Left', 'bar of');
    else if (isBar && !each.matches('.log__entries')) edge(each, drawn[0], 'bar of');
  }
  for (const dot of all('.mark__dot')) edge(dot, 'Top', `dot while ${document.documentElement.dataset.live} of`);

  for (const each of all('a[href], button, input:not([type=hidden]), textarea, select, summary, [tabindex="0"]')) {
    each.focus({focusVisible: true, preventScroll: true});
    if (document.activeElement !== each) continue;
    const style = getComputedStyle(each);
    const isThere = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
    found.push([`ring of ${name(each)}`, isThere ? contrast(style.outlineColor, outside(each)) : 1]);
  }
  document.activeElement.blur();
  return found;
}
"""
# For native controls: compares each pixel of a screenshot with the first, which is the background.
PIXELS = """
async ([picture]) => {
  const bitmap = await createImageBitmap(new Blob([Uint8Array.from(atob(picture), each => each.charCodeAt(0))]));
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d');
  canvas.drawImage(bitmap, 0, 0);
  const {data} = canvas.getImageData(0, 0, bitmap.width, bitmap.height);
  const luminance = at => [.2126, .7152, .0722].reduce((sum, part, each) => {
    const value = data[at + each] / 255;
    return sum + part * (value <= .04045 ? value / 12.92 : ((value + .055) / 1.055) ** 2.4);
  }, 0);
  let most = 1;
  for (let at = 0; at < data.length; at += 4) {
    const [low, high] = [luminance(0), luminance(at)].sort((one, other) => one - other);
    most = Math.max(most, (high + .05) / (low + .05));
  }
  return most;
}
"""


async def unseen(page: Page) -> list[str]:
    """The parts of a page with too little contrast, each with its contrast."""
    found: list[tuple[str, float]] = [(name, seen) for name, seen in await page.evaluate(MEASURE)]
    kinds = {name.split()[0] for name, _ in found}
    assert {"edge", "ring"} <= kinds, kinds
    boxes = page.locator("input[type=checkbox]:visible, input[type=radio]:visible")
    for each in [boxes.nth(at) for at in range(min(await boxes.count(), 3))]:
        box = await each.bounding_box()
        assert box is not None
        clip = {"x": box["x"] - 3, "y": box["y"] - 3, "width": box["width"] + 6, "height": box["height"] + 6}
        picture = base64.b64encode(await page.screenshot(clip=clip, full_page=True)).decode()  # type: ignore[arg-type]
        found.append((f"box {await each.get_attribute('name')}", await page.evaluate(PIXELS, [picture])))
    return sorted({f"{name}: {seen:.2f}" for name, seen in found if seen < NEEDED})
