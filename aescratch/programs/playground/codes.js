// The second view: the codes. One unit is a line, two are a plane, more are bars; a code that is dragged there is decoded.

const TILES = 11, STRIP = 160;

function drawCodes(board, scene) {
  board.begin();
  if (scene.units > 2) return drawBars(board, scene);
  return scene.units === 1 ? drawLine(board, scene) : drawCodePlane(board, scene);
}

function drawCodePlane(board, scene) {
  const { set, codes, least, most, held } = scene;
  const plane = board.plane(least[0], most[0], least[1], most[1]);
  if (scene.before) {
    const cells = scene.cells(grid(CELLS, CELLS, plane));
    board.field(cells, CELLS, CELLS, 0, 0, board.width, board.height, (cell) => pixel(hue(cell), 70));
  } else if (set.look !== "point") drawMosaic(board, scene, plane);
  else drawAxes(board, plane);
  if (scene.samples) drawPrior(board, plane);
  const radius = Math.max(1.8, board.width / 190);
  for (let i = 0; i < set.n; i++) {
    board.dot(plane.x(codes[2 * i]), plane.y(codes[2 * i + 1]), radius, scene.colour(set.labels[i]));
  }
  if (scene.before) drawEntries(board, scene, (entry) => [plane.x(entry[0]), plane.y(entry[1])]);
  board.dot(plane.x(held[0]), plane.y(held[1]), 8, board.colour("accent"), board.colour("paper"));
  if (set.look === "image") drawLegend(board, scene);
  return { code: (px, py) => plane.at(px, py) };
}

// The decodings of a grid of codes, pale, behind the codes.
function drawMosaic(board, scene, plane) {
  const rows = Math.max(4, Math.round((TILES * board.height) / board.width)), { d, look } = scene.set;
  const decoded = scene.decode(grid(TILES, rows, plane));
  const wide = board.width / TILES, high = board.height / rows, side = Math.min(wide, high) * 0.9;
  for (let i = 0; i < TILES * rows; i++) {
    const left = (i % TILES) * wide + (wide - side) / 2, top = Math.floor(i / TILES) * high + (high - side) / 2;
    board.example(decoded.subarray(i * d, (i + 1) * d), look, left, top, side, board.colour("point"), 0.6);
  }
}

function drawAxes(board, plane) {
  board.line([[plane.x(0), 0], [plane.x(0), board.height]], board.colour("line"), 1);
  board.line([[0, plane.y(0)], [board.width, plane.y(0)]], board.colour("line"), 1);
}

// One and two standard deviations of the prior.
function drawPrior(board, plane) {
  for (const radius of [1, 2]) {
    const angles = Array.from({ length: 61 }, (_, i) => (i * Math.PI) / 30);
    const circle = angles.map((angle) => [plane.x(radius * Math.cos(angle)), plane.y(radius * Math.sin(angle))]);
    board.line(circle, board.colour("minus"), 1.5, [5, 4]);
  }
}

function drawEntries(board, scene, place) {
  const entries = scene.network.arrays.E_codebook, C = scene.units;
  for (let k = 0; k < entries.length / C; k++) {
    const [x, y] = place(entries.subarray(k * C, (k + 1) * C));
    board.ink.fillStyle = board.colour("ink");
    board.ink.fillRect(x - 4, y - 4, 8, 8);
  }
}

function drawLegend(board, scene) {
  const step = 2 * board.letter, high = board.letter + 8, middle = board.height - high / 2;
  board.ink.fillStyle = board.colour("paper");
  board.ink.fillRect(0, board.height - high, 10 * step + 6, high);
  for (let label = 0; label < 10; label++) {
    board.dot(10 + label * step, middle, 4, scene.colour(label));
    board.text(String(label), 16 + label * step, middle + board.letter / 3, board.colour("ink"));
  }
}

// Codes of one unit from left to right, with a row for each label, and their decodings below.
function drawLine(board, scene) {
  const { set, codes, least, most, held } = scene, below = set.look === "point" ? 0 : Math.min(70, board.width / 8);
  const high = board.height - below, plane = board.plane(least[0], most[0], -0.7, 9.7, 0, 0, board.width, high);
  const spread = (count) => grid(count, 1, plane).filter((_, i) => i % 2 === 0);
  if (scene.before) {
    const cells = scene.cells(spread(STRIP));
    board.field(cells, STRIP, 1, 0, 0, board.width, high, (cell) => pixel(hue(cell), 70));
  }
  for (const deviation of scene.samples ? [-2, -1, 1, 2] : []) {
    board.line([[plane.x(deviation), 0], [plane.x(deviation), high]], board.colour("minus"), 1.5, [5, 4]);
  }
  const radius = Math.max(2, board.width / 190);
  for (let i = 0; i < set.n; i++) {
    board.dot(plane.x(codes[i]), plane.y(set.labels[i]), radius, scene.colour(set.labels[i]));
  }
  if (scene.before) drawEntries(board, scene, (entry) => [plane.x(entry[0]), high - 8]);
  board.line([[plane.x(held[0]), 0], [plane.x(held[0]), high]], board.colour("accent"), 3);
  board.dot(plane.x(held[0]), high / 2, 8, board.colour("accent"), board.colour("paper"));
  if (below) {
    const count = Math.floor(board.width / below), step = board.width / count, decoded = scene.decode(spread(count));
    for (let i = 0; i < count; i++) {
      board.example(decoded.subarray(i * set.d, (i + 1) * set.d), set.look, (i + 0.05) * step, high + 4, below - 8);
    }
  }
  return { code: (px) => [plane.at(px, 0)[0]] };
}

// Many units: the activity of each in the held code, and, in grey, its mean over all examples.
function drawBars(board, scene) {
  const { set, codes, held, units } = scene, mean = new Float64Array(units);
  for (let i = 0; i < set.n * units; i++) mean[i % units] += Math.abs(codes[i]) / set.n;
  const most = Math.max(largest(held), largest(mean), 0.05) * 1.1, least = Math.min(0, ...held) * 1.1;
  const plane = board.plane(0, units, least, most, 0, 4, board.width, board.height - 18), wide = board.width / units;
  for (let j = 0; j < units; j++) {
    const bar = (value, colour, share) => {
      const zero = plane.y(0), end = plane.y(value), left = (j + (1 - share) / 2) * wide;
      board.ink.fillStyle = colour;
      board.ink.fillRect(left, Math.min(zero, end), share * wide, Math.max(1, Math.abs(end - zero)));
    };
    bar(mean[j], board.colour("line"), 0.9);
    bar(held[j], j === scene.unit ? board.colour("accent") : board.colour(held[j] < 0 ? "minus" : "plus"), 0.55);
    if (wide > 14) board.text(String(j + 1), (j + 0.5) * wide, board.height - 3, board.colour("faint"), "center");
  }
  board.text(number(most, 2), 2, 12);
  const { rho } = scene.network.arrays;
  if (rho) {
    board.line([[0, plane.y(rho[0])], [board.width, plane.y(rho[0])]], board.colour("accent"), 1.5, [5, 4]);
    board.text("ρ", board.width - 4, plane.y(rho[0]) - 4, board.colour("accent"), "right");
  }
  return {
    code: (px, py) => {
      scene.unit = Math.max(0, Math.min(units - 1, Math.floor(px / wide)));
      return held.map((value, j) => (j === scene.unit ? plane.at(px, py)[1] : value));
    },
  };
}

// The held code, decoded, in a large size.
function drawDecoded(board, scene) {
  board.begin();
  const side = Math.min(board.width, board.height), decoded = scene.decode(scene.held);
  board.frame(0.5, 0.5, side - 1, side - 1);
  if (scene.set.look !== "point") return board.example(decoded, scene.set.look, 0, 0, side, board.colour("accent"));
  const plane = board.plane(-REACH, REACH, -REACH, REACH, 0, 0, side, side);
  board.dot(plane.x(decoded[0]), plane.y(decoded[1]), 5, board.colour("accent"));
  const where = `${number(decoded[0], 2)}, ${number(decoded[1], 2)}`;
  return board.text(where, side / 2, side - 6, board.colour("ink"), "center");
}

function noteCodes(scene) {
  if (scene.units > 2) return say("code_bars");
  const parts = [say("code_dots")];
  if (scene.before) parts.push(say("code_cells"));
  if (scene.samples) parts.push(say("code_prior"));
  return [...parts, say("code_drag")].join(" ");
}
