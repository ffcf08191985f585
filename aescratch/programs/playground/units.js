// The fourth view: the network, unit by unit. For points each unit is a map of the plane: where it is active. For curves
// and digits it is what it reads, on the way in, and what it writes, on the way out. Lines are weights: their colour and
// dashes are the sign, their thickness the size.

const MAP = 18, MOST_LINES = 700;

function drawNetwork(board, scene) {
  board.begin();
  const columns = scene.set.look === "point" ? mapsOf(scene) : tilesOf(scene);
  const captions = 16, gap = Math.max(14, board.width / 28), high = board.height - captions;
  // Each column takes as many columns of tiles as it needs; all tiles have one size.
  let side = Math.min(46, high / 3);
  const stacks = (count) => Math.ceil(count / Math.max(1, Math.floor(high / (side + 3))));
  const wide = () => columns.reduce((sum, { tiles }) => sum + stacks(tiles.length) * (side + 3), gap * (columns.length - 1) * 1.6);
  while (side > 7 && wide() > board.width) side -= 0.5;
  const between = Math.max(gap, (board.width - columns.reduce((sum, { tiles }) => sum + stacks(tiles.length) * (side + 3), 0)) / Math.max(1, columns.length - 1));
  let left = 0;
  for (const column of columns) {
    const deep = stacks(column.tiles.length), rows = Math.ceil(column.tiles.length / deep), large = column.large ? Math.min(2 * side, 70) : side;
    const step = Math.min(high / rows, large + Math.max(3, large / 5));
    column.wide = deep * (side + 3);
    column.places = column.tiles.map((_, i) => {
      const x = left + Math.floor(i / rows) * (side + 3), y = captions + (high - rows * step) / 2 + (i % rows) * step;
      return { x: column.large ? left + (side - large) / 2 : x, y, side: large };
    });
    column.left = left;
    left += column.wide + between;
  }
  const shift = Math.max(0, (board.width - left + between) / 2);
  columns.forEach((column) => column.places.forEach((place) => { place.x += shift; }));
  columns.slice(1).forEach((column, i) => drawLinks(board, columns[i], column));
  for (const column of columns) {
    board.text(column.name, shift + column.left + column.wide / 2, 11, board.colour("faint"), "center");
    column.tiles.forEach((tile, i) => {
      const { x, y, side: size } = column.places[i];
      board.ink.fillStyle = board.colour("paper");
      board.ink.fillRect(x, y, size, size);
      if (column.plain) board.example(tile, scene.set.look, x, y, size);
      else board.signed(tile, scene.set.look, x, y, size, column.most ?? largest(tile));
      board.frame(x, y, size, size);
    });
  }
}

function drawLinks(board, from, to) {
  if (!to.weights || from.tiles.length * to.tiles.length > MOST_LINES) return;
  const most = largest(to.weights), count = to.tiles.length;
  from.places.forEach((a, i) => to.places.forEach((b, j) => {
    const weight = to.weights[i * count + j], share = Math.abs(weight) / most;
    if (share < 0.03) return;
    board.ink.globalAlpha = 0.25 + 0.75 * share;
    board.line([[a.x + a.side, a.y + a.side / 2], [b.x, b.y + b.side / 2]], board.colour(weight < 0 ? "minus" : "plus"), 0.4 + 3.2 * share, weight < 0 ? [5, 3] : []);
    board.ink.globalAlpha = 1;
  }));
}

const NAMES = { x: "x", x_tilde: "x", x_hat: "x̂", z: "code", mu: "code" };

// Columns of maps: what every unit answers to each point of the plane.
function mapsOf(scene) {
  const plane = { x0: -REACH, x1: REACH, y0: -REACH, y1: REACH }, { layers, code, decoded } = scene.program;
  const { arrays } = scene.through(grid(MAP, MAP, plane));
  const names = [...layers.map((layer) => layer.from), "x_hat"];
  return names.map((name, place) => {
    const values = arrays[name], count = values.length / (MAP * MAP);
    const tiles = Array.from({ length: count }, (_, j) => Float64Array.from({ length: MAP * MAP }, (_, i) => values[i * count + j]));
    const isCode = name === code || name === decoded;
    return { name: isCode ? "code" : NAMES[name] ?? "hidden", tiles, weights: place ? arrays[layers[place - 1].weights] : null };
  });
}

// Columns of images or curves: the weights of each unit.
function tilesOf(scene) {
  const { set, looking, program, units } = scene, { layers } = program, d = set.d, arrays = scene.network.arrays;
  const first = arrays[layers[0].weights], last = arrays[layers[layers.length - 1].weights];
  const readers = Array.from({ length: first.length / d }, (_, j) => Float64Array.from({ length: d }, (_, i) => first[i * (first.length / d) + j]));
  const writers = Array.from({ length: last.length / d }, (_, j) => last.subarray(j * d, (j + 1) * d));
  const example = scene.example ?? set.shown[0], own = (values) => values.subarray(example * d, (example + 1) * d);
  const columns = [{ name: "x", tiles: [own(set.x)], plain: true, large: true }, { name: layers.length > 2 ? "hidden reads" : "code reads", tiles: readers }];
  if (layers.length > 2) {
    columns.push({ name: "code moves", tiles: movesOf(scene), weights: arrays[layers[1].weights] });
    columns.push({ name: "hidden writes", tiles: writers, weights: arrays[layers[2].weights] });
  } else columns.push({ name: "code writes", tiles: writers });
  columns.push({ name: "x̂", tiles: [own(looking.arrays.x_hat)], plain: true, large: true });
  for (const column of columns) if (!column.plain) column.most = Math.max(...column.tiles.map(largest));
  return columns;
}

// What becomes more and less when one code unit grows: decoded above its middle, minus decoded below.
function movesOf(scene) {
  const { units, least, most, set } = scene, codes = new Float64Array(2 * units * units);
  for (let j = 0; j < units; j++) {
    for (let i = 0; i < units; i++) {
      const middle = (least[i] + most[i]) / 2, by = i === j ? (most[i] - least[i]) / 4 : 0;
      codes[2 * j * units + i] = middle + by;
      codes[(2 * j + 1) * units + i] = middle - by;
    }
  }
  const decoded = scene.decode(codes), d = set.d;
  return Array.from({ length: units }, (_, j) => Float64Array.from({ length: d }, (_, i) => decoded[2 * j * d + i] - decoded[(2 * j + 1) * d + i]));
}

function noteNetwork(scene) {
  const what = scene.set.look === "point" ? "Each unit: where in the plane it is active." : "Each unit: what it reads, or writes.";
  return `${what} Blue, solid: plus; orange, dashed: minus.`;
}
