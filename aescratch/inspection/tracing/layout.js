// Where everything of the network stands, in pixels: columns from x to J, in them each quantity's units one under the
// other, and the lines between them.

// For one example, in a place of this size. A column is as wide as what stands in it; what is left is shared by the gaps,
// those with weights in them getting more.
function layoutOf(example, room, height, rem) {
  const columns = [];
  for (const of of drawn) (columns[column.get(of)] ??= []).push(of);
  const named = Math.min(1.9 * rem, room / (2.4 * columns.length)); // half of what a name takes
  const stacks = columns.map((quantities) => stackOf(quantities, example, Math.max(room, 34 * rem), height, rem));
  const before = ({ blocks }, place) => Math.max(place ? named : 0, ...blocks.map((block) => widthOf(block, -1)));
  const behind = ({ blocks }) => Math.max(named, ...blocks.map((block) => widthOf(block, 1)));
  const gap = ({ weighted }, place) => (place ? (weighted ? 1 : 0.5) : 0);
  const sum = (measure) => stacks.reduce((total, stack, place) => total + measure(stack, place), 0);
  const taken = MARGIN + sum(before) + sum(behind) + MARGIN;
  const width = Math.max(room, taken + rem * sum(gap)); // wider than its place, it scrolls
  const blocks = new Map(), nodes = new Map();
  let x = MARGIN;
  stacks.forEach((stack, place) => {
    x += (gap(stack, place) * (width - taken)) / sum(gap) + before(stack, place);
    for (const block of stack.blocks) {
      blocks.set(block.of, Object.assign(block, { x }));
      placeUnits(block, entriesOf(block.of, example), nodes);
    }
    x += behind(stack);
  });
  const edges = drawn.flatMap((of) => linesInto(of, example)).map((line) => ({ ...line, from: nodes.get(line.from), to: nodes.get(line.to) }));
  return { blocks, nodes, edges, width };
}

const MARGIN = 4;
const hasTile = (of, side) => tiles.some((tile) => tile.at === of && (!side || tile.side === side));
const widthOf = (block, side) => block.half + (hasTile(block.of, side) ? block.tile + 8 : 0);

// The quantities of one column, from top to bottom, each with its name above it.
function stackOf(quantities, example, room, height, rem) {
  const rows = quantities.map((of) => (isGathered(of, example) ? 7 : entriesOf(of, example).length));
  const total = rows.reduce((sum, n) => sum + n, 0), name = 1.35 * rem, names = quantities.length * name;
  const largest = (quantities.some((of) => hasTile(of)) ? 4.6 : 2.1) * rem;
  const pitch = Math.min(largest, (height - names - 0.4 * rem) / total), radius = Math.min(0.42 * pitch, 0.75 * rem);
  let y = (height - names - pitch * total) / 2;
  const blocks = quantities.map((of, place) => {
    const gathered = isGathered(of, example), high = pitch * rows[place], top = y + name;
    y = top + high;
    const closely = Math.min(high, 0.13 * room) / 2, half = gathered ? closely : isTerm(of) ? 2.3 * rem : radius;
    const tile = gathered ? 2 * half : Math.min(0.92 * pitch, 0.11 * room);
    return { of, top, high, gathered, pitch, radius, half, tile, scalar: isTerm(of) };
  });
  const weighted = quantities.some((of) => isKnown(engine.step(of)) && weightsOf(engine.step(of), [0]).size);
  return { blocks, weighted };
}

function placeUnits(block, flats, nodes) {
  const { of, x, top, pitch, radius } = block;
  if (block.gathered) placeClosely(block, flats, nodes);
  else {
    flats.forEach((flat, row) => {
      nodes.set(`${of} ${flat}`, { of, flat, block, x, y: top + (row + 0.5) * pitch, size: radius });
    });
  }
}

// Many units closely, as an image if they are one.
function placeClosely(block, flats, nodes) {
  const { of, x, top, high, half } = block;
  const wide = images.has(of) ? data.image[1] : Math.ceil(Math.sqrt(flats.length / 2)), tall = Math.ceil(flats.length / wide);
  const cell = Math.min((2 * half) / wide, high / tall);
  const left = x - (wide * cell) / 2, above = top + (high - tall * cell) / 2;
  block.frame = { x: left, y: above, width: cell * wide, height: cell * tall };
  flats.forEach((flat, i) => {
    const x = left + ((i % wide) + 0.5) * cell, y = above + (Math.floor(i / wide) + 0.5) * cell;
    nodes.set(`${of} ${flat}`, { of, flat, block, x, y, size: 0.46 * cell, close: true });
  });
}
