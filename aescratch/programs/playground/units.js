// The fourth view: the network, unit by unit. For points, each unit is a map of the plane that shows where it is active.
// For curves and digits, it is the unit's weights: what it reads in the encoder, and what it writes in the decoder. Lines
// are weights: their colour and dashes show the sign, their thickness the size.

const MAP = 18, MOST_LINES = 700;

function drawNetwork(board, scene) {
  board.begin();
  const columns = scene.set.look === "point" ? mapsOf(scene) : tilesOf(scene);
  placeTiles(columns, board.width, board.height);
  columns.slice(1).forEach((column, i) => drawLinks(board, columns[i], column));
  for (const column of columns) {
    board.text(column.name, column.left + column.wide / 2, 11, board.colour("faint"), "center");
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

// Place the tiles. A column has as many stacks as it needs; all tiles have the largest possible size.
function placeTiles(columns, width, height) {
  const captions = 16, high = height - captions;
  let side = Math.min(46, high / 3);
  const large = () => Math.min(1.6 * side, 70);
  const stacks = (count) => Math.ceil(count / Math.max(1, Math.floor(high / (side + 3))));
  const wide = (column) => (column.large ? large() : stacks(column.tiles.length) * (side + 3) - 3);
  const free = () => width - columns.reduce((sum, column) => sum + wide(column), 0);
  while (side > 7 && free() < 22 * (columns.length - 1)) side -= 0.5;
  const gap = free() / (columns.length - 1);
  let left = 0;
  for (const column of columns) {
    const own = column.large ? large() : side, rows = Math.ceil(column.tiles.length / stacks(column.tiles.length));
    const step = Math.min(high / rows, own * 1.2 + 2), top = captions + (high - rows * step) / 2;
    column.left = left;
    column.wide = wide(column);
    column.places = column.tiles.map((_, i) => (
      { x: column.left + Math.floor(i / rows) * (side + 3), y: top + (i % rows) * step, side: own }
    ));
    left += column.wide + gap;
  }
}

function drawLinks(board, from, to) {
  if (!to.weights || from.tiles.length * to.tiles.length > MOST_LINES) return;
  const most = largest(to.weights), count = to.tiles.length;
  from.places.forEach((a, i) => to.places.forEach((b, j) => {
    const weight = to.weights[i * count + j], share = Math.abs(weight) / most;
    if (share < 0.03) return;
    board.ink.globalAlpha = 0.25 + 0.75 * share;
    const ends = [[a.x + a.side, a.y + a.side / 2], [b.x, b.y + b.side / 2]];
    board.line(ends, board.colour(weight < 0 ? "minus" : "plus"), 0.4 + 3.2 * share, weight < 0 ? [5, 3] : []);
    board.ink.globalAlpha = 1;
  }));
}

const NAMES = { x: "x", x_tilde: "x", x_hat: "x̂" };

// Columns of maps: the activity of every unit at each point of the plane.
function mapsOf(scene) {
  const plane = { x0: -REACH, x1: REACH, y0: -REACH, y1: REACH }, { layers, code, decoded } = scene.program;
  const { arrays } = scene.through(grid(MAP, MAP, plane));
  const names = [...layers.map((layer) => layer.from), "x_hat"];
  return names.map((name, place) => {
    const values = arrays[name], count = values.length / (MAP * MAP);
    const weights = place ? arrays[layers[place - 1].weights] : null;
    const title = name === code || name === decoded ? say("column_code") : NAMES[name] ?? say("column_hidden");
    return { name: title, tiles: columnsOf(values, count), weights };
  });
}

// Columns of images or curves: the weights of each unit.
function tilesOf(scene) {
  const { set, looking, program } = scene, { layers } = program, d = set.d, arrays = scene.network.arrays;
  const first = arrays[layers[0].weights], last = arrays[layers[layers.length - 1].weights];
  const readers = columnsOf(first, first.length / d);
  const writers = Array.from({ length: last.length / d }, (_, j) => last.subarray(j * d, (j + 1) * d));
  const example = scene.example ?? set.shown[0], own = (values) => values.subarray(example * d, (example + 1) * d);
  const columns = [{ name: "x", tiles: [own(set.x)], plain: true, large: true }];
  columns.push({ name: say(layers.length > 2 ? "column_hidden_reads" : "column_code_reads"), tiles: readers });
  if (layers.length > 2) {
    columns.push({ name: say("column_code_moves"), tiles: movesOf(scene), weights: arrays[layers[1].weights] });
    columns.push({ name: say("column_hidden_writes"), tiles: writers, weights: arrays[layers[2].weights] });
  } else columns.push({ name: say("column_code_writes"), tiles: writers });
  columns.push({ name: "x̂", tiles: [own(looking.arrays.x_hat)], plain: true, large: true });
  for (const column of columns) if (!column.plain) column.most = Math.max(...column.tiles.map(largest));
  return columns;
}

// The effect of one code unit: the decoding above its middle, minus the decoding below.
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
  const move = (j) => Float64Array.from({ length: d }, (_, i) => decoded[2 * j * d + i] - decoded[(2 * j + 1) * d + i]);
  return Array.from({ length: units }, (_, j) => move(j));
}

// The columns of a matrix that is stored row by row.
function columnsOf(values, count) {
  const column = (j) => Float64Array.from({ length: values.length / count }, (_, i) => values[i * count + j]);
  return Array.from({ length: count }, (_, j) => column(j));
}

function noteNetwork(scene) {
  return say(scene.set.look === "point" ? "network_points" : "network_weights");
}
