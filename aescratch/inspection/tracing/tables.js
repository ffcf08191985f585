// Every array as a table of numbers, or, where the data are images, as images; of a large one a window of its cells.

const cells = new Map(); // of every quantity: lists of its cells, one list for every place where it is shown

// Images: which axis of a quantity counts pixels. A weight's is the one that it shares with the image it is read beside.

const images = new Map();
function findImages() {
  if (!data.image) return;
  const pixels = data.image[0] * data.image[1];
  for (const [of, { shape, kind }] of Object.entries(data.quantities)) {
    if (/^(x|x_.*|logits)$/.test(of) && shape.length === 2 && shape[1] === pixels) images.set(of, 1);
    else if (kind === "noise" && sameShape(of, "x")) images.set(of, 1);
  }
  for (const step of data.steps) {
    const alike = [step.of, ...step.from].find((of) => images.has(of) && sameShape(of, step.name));
    if (step.which !== "forward") {
      if (alike) images.set(step.name, images.get(alike));
      continue;
    }
    const letters = new Set(images.has(step.name) ? [step.indices[1]] : []);
    const read = entriesIn(step.tree).filter(([, , indices]) => indices.length === 2);
    for (const [, of, indices] of read) if (images.get(of) === 1) letters.add(indices[1]);
    for (const [, of, indices] of read) {
      const axis = indices.findIndex((index) => letters.has(index));
      if (!images.has(of) && axis !== -1 && data.quantities[of].shape[axis] === pixels) images.set(of, axis);
    }
  }
}
const sameShape = (one, other) => String(data.quantities[one].shape) === String(data.quantities[other].shape);
const entriesIn = (tree) => (!Array.isArray(tree) ? [] : [...(tree[0] === "at" ? [tree] : []), ...tree.flatMap(entriesIn)]);
findImages();

// How an array is cut into tables: {height, width, flat}, where flat(row, column) is a place in its numbers.
function gridsOf(of) {
  const { shape, data: numbers } = data.quantities[of], axis = images.get(of), columns = shape.at(-1) ?? 1;
  if (axis === undefined) return [{ height: numbers.length / columns, width: columns, flat: (row, column) => row * columns + column }];
  const [height, width] = data.image;
  const flatOf = (unit, pixel) => (axis ? unit * columns + pixel : pixel * columns + unit);
  return Array.from({ length: shape[1 - axis] }, (_, unit) => ({ height, width, flat: (row, column) => flatOf(unit, row * width + column) }));
}

const isInside = ({ height, width }, row, column) => row >= 0 && row < height && column >= 0 && column < width;

function makeCell(of, flat, mine, place) {
  const cell = make("td", { tabindex: -1, role: "gridcell" });
  if (data.quantities[of].kind in GIVEN) cell.classList.add("given");
  return Object.assign(cell, { of, flat, mine, section: mine.section, ...place });
}

// The cell of a place that shows this entry; a window moves to it.
function cellIn(mine, flat) {
  mine?.lens?.reveal(flat);
  return mine?.[flat];
}

// The cells of a place that are there.
const cellsIn = (mine) => mine.lens?.cells ?? mine;

function tableOf(of, grid, unit, mine) {
  const table = make("table", { role: "grid" }), { label, shape } = data.quantities[of], size = shape.join(" × ");
  if (unit !== null) language.label(table, "table_image", { label, size, unit });
  else if (size) table.setAttribute("aria-label", `${label}, ${size}`);
  else language.label(table, "table_number", { label });
  for (let row = 0; row < grid.height; row++) {
    const line = make("tr", { role: "row" });
    for (let column = 0; column < grid.width; column++) {
      const flat = grid.flat(row, column);
      mine[flat] = makeCell(of, flat, mine, { grid, row, column });
      line.append(mine[flat]);
    }
    table.append(line);
  }
  return table;
}

function figure(of, section, made) {
  const array = data.quantities[of], mine = Object.assign([], { section }), grids = gridsOf(of);
  if (!cells.has(of)) cells.set(of, []);
  cells.get(of).push(mine);
  const more = [array.label === of ? "" : of, array.shape.join(" × ")].filter(Boolean).join(", ");
  const caption = make("figcaption", {}, `${array.label} `, make("span", {}, more));
  const classes = { class: [made ? "made" : "", array.shape.length ? "" : "number"].join(" ").trim() };
  if (array.data.length > data.largestTable) return make("figure", classes, caption, ...new Lens(of, grids, mine).elements);
  const places = grids.map((grid, unit) => tableOf(of, grid, grids.length > 1 ? unit : null, mine));
  if (mine.length) mine[0].tabIndex = 0;
  return make("figure", classes, caption, ...(images.has(of) ? [make("div", { class: "images" }, ...places)] : places));
}

// The largest size of a quantity's numbers, as they are now.
const sizes = new Map();
function largestOf(of) {
  if (!sizes.has(of)) sizes.set(of, largest(data.quantities[of].data));
  return sizes.get(of);
}
const largest = (numbers) => numbers.reduce((most, number) => (Math.abs(number) < Infinity ? Math.max(most, Math.abs(number)) : most), 0) || 1;

// Write every number into its cells.
function write() {
  sizes.clear();
  for (const places of cells.values()) {
    for (const mine of places) {
      if (mine.lens) mine.lens.show();
      else mine.forEach(writeCell);
    }
  }
}

// A number; where it is another than the recorded one, that stands above it.
function writeCell(cell) {
  const { of, flat } = cell, number = data.quantities[of].data[flat], text = show(number), was = show(recorded.get(of)[flat]);
  if (cell.textContent !== text) cell.textContent = text;
  if (was === text || !done.length) delete cell.dataset.was;
  else cell.dataset.was = was;
  markWrong(cell, of);
  signed(cell, number);
  cell.style.setProperty("--share", Math.abs(number) / largestOf(of) || 0);
}
