/* What has moved glides from where it was (FLIP). It animates `translate`, since `transform` holds the place of a card, so
   that the animation runs beside the main thread and the pointer meets each card where it is seen. */
const DURATION = 250, still = matchMedia('(prefers-reduced-motion: reduce)');
const running = new WeakMap();

/* `across` and `down` are the pixels from the new place back to the old one. */
export function glide(element, across, down) {
  const former = running.get(element), left = 1 - (former?.animation.effect?.getComputedTiming().progress ?? 1);
  former?.animation.cancel();
  running.delete(element);
  if (still.matches) return;
  across += left * (former?.across ?? 0);
  down += left * (former?.down ?? 0);
  const animation = element.animate({translate: [`${across}px ${down}px`, '0 0']}, {duration: DURATION, easing: 'cubic-bezier(.2, 0, 0, 1)'});
  running.set(element, {animation, across, down});
}
