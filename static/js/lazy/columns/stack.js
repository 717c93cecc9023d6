/* Arithmetic of columns: which column each card goes to, and where in it. */

/* `cards` come in the order of the document, each with `height`, and with `column` and `top` if it has been placed. With
   `offsets`, the tops of the columns, what the reader sees at `view` stays where it is: `shift` is how far
   it moved down in the list, for scrolling after it. */
export function stack(cards, {count, gap, base, view, offsets}) {
  const anchors = offsets && anchor(cards, count, view);
  assign(cards, count, gap, offsets);
  const bottoms = Array(count).fill(base);
  for (const card of cards) {
    card.before = card.top;
    card.top = bottoms[card.column];
    bottoms[card.column] += card.height + gap;
  }
  const moved = anchors?.map(card => card && card.before - card.top) ?? [], known = moved.filter(each => each !== undefined);
  /* With another number of columns it is one card that stays. */
  const stays = offsets && cards.find(card => card.before + card.height > view);
  const least = known.length ? Math.min(...known) : stays ? stays.before - stays.top : 0;
  const starts = Array.from({length: count}, (_, column) => (moved[column] ?? least) - least);
  for (const card of cards) card.top += starts[card.column];
  const ends = bottoms.map((bottom, column) => bottom + starts[column]);
  return {offsets: starts, shift: -least, height: Math.max(base, ...ends) - gap};
}

/* In each column the first card that reaches into the view. */
function anchor(cards, count, view) {
  return Array.from({length: count}, (_, column) => cards.find(
    card => card.column === column && card.top + card.height > view));
}

/* New cards above placed ones go, from the lowest up, to where there is most room; the others to where the list ends first. */
function assign(cards, count, gap, offsets) {
  const totals = Array(count).fill(0), last = cards.findLastIndex(isPlaced);
  for (const card of cards) if (isPlaced(card)) totals[card.column] += card.height + gap;
  const room = offsets?.map(each => -each) ?? [...totals];
  const shortest = of => of.indexOf(Math.min(...of));
  for (let index = last; index >= 0; index--) if (!isPlaced(cards[index])) give(cards[index], room, totals);
  for (const card of cards.slice(last + 1)) give(card, totals, room);

  function give(card, by, other) {
    card.column = shortest(by);
    for (const each of [by, other]) each[card.column] += card.height + gap;
  }
}
const isPlaced = card => card.column !== undefined;
