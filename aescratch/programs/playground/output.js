// The first view: data and reconstructions. Points are shown in a plane, curves and digits as rows of examples.

const REACH = 1.5; // range of the plane of points, the same as in data.py
const ARROWS = 15, CELLS = 28, TRACE = 120, MESH = 13;

function drawOutput(board, scene) {
  board.begin();
  return scene.set.look === "point" ? drawPlane(board, scene) : drawRows(board, scene);
}

function drawPlane(board, scene) {
  const { set, looking, units } = scene, plane = board.square(-REACH, REACH, -REACH, REACH);
  const place = (points, i) => [plane.x(points[2 * i]), plane.y(points[2 * i + 1])];
  board.frame(plane.left, plane.top, plane.wide, plane.high);
  board.ink.save();
  board.ink.beginPath();
  board.ink.rect(plane.left, plane.top, plane.wide, plane.high);
  board.ink.clip();
  if (scene.before) {
    const cells = scene.through(grid(CELLS, CELLS, plane)).arrays.indices;
    board.field(cells, CELLS, CELLS, plane.left, plane.top, plane.wide, plane.high, (cell) => pixel(hue(cell), 70));
  }
  if (scene.damages) {
    const from = grid(ARROWS, ARROWS, plane), to = scene.through(from).arrays.x_hat;
    for (let i = 0; i < ARROWS * ARROWS; i++) {
      const [x0, y0] = place(from, i), [x1, y1] = place(to, i), long = Math.hypot(x1 - x0, y1 - y0);
      const share = Math.min(1, (0.9 * plane.wide) / ARROWS / (long || 1));
      board.arrow(x0, y0, x0 + share * (x1 - x0), y0 + share * (y1 - y0), board.colour("minus"));
    }
  }
  if (units === 1) drawPrincipal(board, scene, plane);
  const back = looking.arrays.x_hat;
  for (let i = 0; i < set.n; i++) board.line([place(set.x, i), place(back, i)], board.colour("line"), 1);
  for (let i = 0; i < set.n; i++) board.dot(...place(set.x, i), plane.wide / 130, scene.colour(set.labels[i]));
  if (units <= 2 && !scene.before) drawManifold(board, scene, plane);
  else for (let i = 0; i < set.n; i++) board.dot(...place(back, i), plane.wide / 260, board.colour("ink"));
  if (scene.samples) {
    const samples = scene.decode(scene.drawn(SAMPLES));
    for (let i = 0; i < SAMPLES; i++) {
      const [x, y] = place(samples, i);
      board.line([[x - 3, y - 3], [x + 3, y + 3]], board.colour("minus"), 1.6);
      board.line([[x - 3, y + 3], [x + 3, y - 3]], board.colour("minus"), 1.6);
    }
  }
  const held = scene.decode(scene.held);
  if (scene.example !== null) board.dot(...place(set.x, scene.example), plane.wide / 80, "", board.colour("ink"));
  board.dot(...place(held, 0), plane.wide / 55, board.colour("accent"), board.colour("paper"));
  board.ink.restore();
  return { plane };
}

// The decodings of all codes between the least and the most: a curve, or a net.
function drawManifold(board, scene, plane) {
  const { least, most, units } = scene;
  if (units === 1) {
    const codes = Float64Array.from({ length: TRACE }, (_, i) => least[0] + (i / (TRACE - 1)) * (most[0] - least[0]));
    const curve = scene.decode(codes);
    const places = Array.from(codes, (_, i) => [plane.x(curve[2 * i]), plane.y(curve[2 * i + 1])]);
    board.line(places, board.colour("accent"), 3);
    return;
  }
  const net = scene.decode(grid(MESH, MESH, { x0: least[0], x1: most[0], y0: least[1], y1: most[1] }));
  const knot = (row, column) => [plane.x(net[2 * (row * MESH + column)]), plane.y(net[2 * (row * MESH + column) + 1])];
  const along = Array.from({ length: MESH }, (_, i) => i);
  for (const i of along) {
    board.line(along.map((j) => knot(i, j)), board.colour("accent"), 1);
    board.line(along.map((j) => knot(j, i)), board.colour("accent"), 1);
  }
}

function drawPrincipal(board, scene, plane) {
  const { mean, up } = scene.pca;
  const ends = [-4, 4].map((t) => [plane.x(mean[0] + t * up[0]), plane.y(mean[1] + t * up[1])]);
  board.line(ends, board.colour("pca"), 2, [7, 5]);
}

// Clearly different colours for consecutive numbers.
function hue(cell) {
  const angle = (cell * 137.5) % 360, part = (shift) => 128 + 110 * Math.cos(((angle + shift) * Math.PI) / 180);
  return [part(0), part(120), part(240)];
}

// Ten examples, and below each its reconstruction, that of PCA, and rows of the variant's own.
function drawRows(board, scene) {
  const { set, looking } = scene, shown = set.shown, d = set.d;
  const pick = (values) => Float64Array.from(shown.flatMap((i) => Array.from(values.subarray(i * d, (i + 1) * d))));
  const clean = pick(set.x), rows = [[say("row_data"), clean, "ink"]];
  if (scene.damages) {
    const [damaged, back] = scene.damaged(clean);
    rows.push([say("row_damaged"), damaged, "minus"], [say("row_restored"), back, "accent"]);
  } else rows.push([say("row_back"), pick(looking.arrays.x_hat), "accent"]);
  rows.push([say("row_pca", { n: scene.pca.width }), scene.pca.reconstruct(clean), "pca"]);
  if (scene.samples) rows.push([say("row_samples"), scene.decode(scene.drawn(10)), "minus"]);
  else if (!scene.before) rows.push([say("row_drawn"), scene.decode(scene.drawn(10)), "minus"]);
  // All in one block, or in two blocks of five if that makes them larger.
  const names = Math.min(90, 0.17 * board.width), gap = 10;
  const fits = (blocks) => Math.min(((board.width - names) * blocks) / 10, (board.height / blocks - gap) / rows.length);
  const sizes = [fits(1), fits(2)];
  const blocks = sizes[1] > sizes[0] ? 2 : 1, step = sizes[blocks - 1], side = step * 0.9, columns = 10 / blocks;
  const start = (board.width - names - columns * step) / 2, margin = start + names;
  const block = rows.length * step + gap, top = (board.height - blocks * block + gap) / 2;
  rows.forEach(([name, values, colour], row) => {
    for (let each = 0; each < blocks; each++) {
      board.text(name, start, top + each * block + row * step + side / 2 + 4, board.colour("ink"));
    }
    shown.forEach((example, i) => {
      const left = margin + (i % columns) * step, above = top + Math.floor(i / columns) * block + row * step;
      const chosen = row === 0 && scene.example === example;
      board.example(values.subarray(i * d, (i + 1) * d), set.look, left, above, side, board.colour(colour));
      board.frame(left, above, side, side, board.colour(chosen ? "accent" : "line"), chosen ? 3 : 1);
    });
  });
  return {
    example: (px, py) => {
      const column = Math.floor((px - margin) / step), each = Math.floor((py - top) / block);
      return column >= 0 && column < columns && each >= 0 && each < blocks ? shown[each * columns + column] : undefined;
    },
  };
}

function noteOutput(scene) {
  const { set, units } = scene;
  if (set.look !== "point") return say("output_examples") + (scene.samples || scene.before ? "" : ` ${say("output_drawn")}`);
  const parts = [];
  if (units <= 2 && !scene.before) parts.push(say("output_decodings"));
  if (units === 1) parts.push(say("output_pca"));
  if (scene.damages) parts.push(say("output_arrows"));
  if (scene.samples) parts.push(say("output_samples"));
  if (scene.before) parts.push(say("output_cells"));
  if (units > 2) parts.push(say("output_reconstructions"));
  return [...parts, say("output_click")].join(" ");
}
