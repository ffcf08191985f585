// A large array: a picture of the whole, as large as a table would be small, and a window that moves over it. The cells in
// the window stand below, and are like those of any table. Arrays of one shape have one window, so that a weight, its
// gradient and its update are seen at the same entries.

const SIDE = 10; // rows and columns of a window, at most
const windows = new Map(); // by shape: { grid, row, column, lenses }

class Lens {
  constructor(of, grids, mine) {
    const [{ height, width }] = grids, shape = `${data.quantities[of].shape} ${images.get(of)}`;
    Object.assign(this, { of, grids, mine, height, width, cells: [], shown: "" });
    mine.lens = this;
    const middle = (length) => (images.has(of) ? Math.max(0, Math.floor((length - SIDE) / 2)) : 0); // edges of images are empty
    if (!windows.has(shape)) windows.set(shape, { grid: 0, row: middle(height), column: middle(width), lenses: [] });
    this.window = windows.get(shape);
    this.window.lenses.push(this);
    this.across = Math.ceil(Math.sqrt((grids.length * 1.8 * height) / width));
    this.range = make("p", { class: "range" });
    this.table = make("table", { role: "grid" });
    this.elements = [this.makeWhole(), this.range, make("div", { class: images.has(of) ? "lens pixels" : "lens" }, this.table)];
  }

  // The picture: a point for every number; images stand side by side, with a gap of a point.
  makeWhole() {
    const { height, width, across, grids } = this, down = Math.ceil(grids.length / across);
    const wide = Math.min(across, grids.length) * (width + 1) - 1, tall = down * (height + 1) - 1;
    this.canvas = make("canvas", { width: wide, height: tall });
    this.frame = make("span", { class: "frame" });
    const whole = make("div", { class: "whole", tabindex: 0, role: "application" }, this.canvas, this.frame);
    const scale = Math.min(20 / wide, 16 / tall, 0.5); // rem for a point; an array that is no image may be stretched
    const [w, h] = images.has(this.of) ? [wide * scale, tall * scale] : [clamp(wide * 0.4, 4, 20), clamp(tall * 0.4, 1, 14)];
    Object.assign(this.canvas.style, { width: `${w}rem`, aspectRatio: `${w} / ${h}` });
    whole.addEventListener("keydown", (event) => this.move(event));
    for (const type of ["pointerdown", "pointermove"]) whole.addEventListener(type, (event) => event.buttons & 1 && this.aim(event));
    return Object.assign(this, { whole }).whole;
  }

  // To where the pointer is.
  aim({ clientX, clientY }) {
    const { left, top, width, height } = this.canvas.getBoundingClientRect();
    const x = clamp(((clientX - left) / width) * this.canvas.width, 0, this.canvas.width - 1);
    const y = clamp(((clientY - top) / height) * this.canvas.height, 0, this.canvas.height - 1);
    const right = Math.floor(x / (this.width + 1)), down = Math.floor(y / (this.height + 1)), half = SIDE / 2;
    const row = Math.round(y - down * (this.height + 1) - half), column = Math.round(x - right * (this.width + 1) - half);
    this.go(down * this.across + right, row, column);
  }

  // By a cell, with Shift by a window; over the edge of an image to the next one.
  move(event) {
    const way = AROUND[event.key];
    if (!way || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    const [down, right] = way, by = event.shiftKey ? SIDE : 1, { grid, row, column } = this.window;
    const atEdge = (place, step, length) => (step < 0 ? place === 0 : step > 0 && place >= length - SIDE);
    const next = grid + (atEdge(column, right, this.width) ? right : 0) + (atEdge(row, down, this.height) ? down * this.across : 0);
    if (next === grid || !this.grids[next]) this.go(grid, row + down * by, column + right * by);
    else this.go(next, down ? (down > 0 ? 0 : this.height) : row, right ? (right > 0 ? 0 : this.width) : column);
  }

  go(grid, row, column) {
    const to = {
      grid: clamp(grid, 0, this.grids.length - 1),
      row: clamp(row, 0, Math.max(0, this.height - SIDE)), column: clamp(column, 0, Math.max(0, this.width - SIDE)),
    };
    Object.assign(this.window, to);
    this.window.lenses.forEach((lens) => lens.show());
  }

  has(flat) {
    const { grid, row, column } = placeIn(this.of, flat), { window } = this, within = (place, start) => place >= start && place < start + SIDE;
    return grid === window.grid && within(row, window.row) && within(column, window.column);
  }

  // Move the window, no further than needed, so that an entry is in it.
  reveal(flat) {
    const { grid, row, column } = placeIn(this.of, flat), { window } = this;
    const near = (place, start) => clamp(start, place - SIDE + 1, place);
    if (!this.has(flat)) this.go(grid, near(row, window.row), near(column, window.column));
    this.fill();
  }

  // Show the window and the whole as they are now; what is folded away waits.
  show() {
    if (this.mine.section.hidden) return;
    this.fill();
    this.cells.forEach(writeCell);
    this.describe();
    this.paint();
  }

  // The window's cells: those that stay in it stay the same, as does the chosen one when it comes back.
  fill() {
    const { grid, row, column } = this.window, place = `${grid} ${row} ${column}`;
    if (place === this.shown) return;
    this.shown = place;
    const known = new Map([...this.cells, ...(chosen?.mine === this.mine ? [chosen] : [])].map((cell) => [cell.flat, cell]));
    const own = this.grids[grid], span = (start, length) => Array.from({ length: Math.min(SIDE, length) }, (_, i) => start + i);
    const columns = span(column, this.width), header = (scope, number) => make("th", { scope }, String(number));
    const lines = span(row, this.height).map((i) => {
      const line = columns.map((j) => {
        const flat = own.flat(i, j);
        return known.get(flat) ?? makeCell(this.of, flat, this.mine, { grid: own, row: i, column: j });
      });
      return [make("tr", { role: "row" }, header("row", i), ...line), line];
    });
    const head = make("tr", { role: "row" }, make("td", { class: "corner" }), ...columns.map((j) => header("col", j)));
    this.table.replaceChildren(head, ...lines.map(([line]) => line));
    this.cells = lines.flatMap(([, line]) => line);
    this.mine.length = 0;
    for (const cell of this.cells) {
      this.mine[cell.flat] = cell;
      mark(cell, { lit: isLit(cell), chosen: cell === chosen });
    }
    if (!this.cells.some((cell) => cell.tabIndex === 0)) this.cells[0].tabIndex = 0;
    this.cells.forEach(writeCell);
  }

  describe() {
    const { of, height, width, window: { grid, row, column } } = this, { label, data: numbers, shape } = data.quantities[of];
    let least = Infinity, most = -Infinity, sum = 0;
    for (const number of numbers) {
      least = Math.min(least, number);
      most = Math.max(most, number);
      sum += number;
    }
    const last = (start, length) => Math.min(start + SIDE, length) - 1;
    const at = { top: row, bottom: last(row, height), left: column, right: last(column, width), unit: grid };
    const range = say("whole_range", { least: show(least), most: show(most), mean: show(sum / numbers.length) });
    const where = say(this.grids.length > 1 ? "window_image" : "window", at), size = shape.join(" × ");
    this.range.replaceChildren(range, make("br"), where);
    this.whole.setAttribute("aria-label", say("whole_label", { label, size, range, where }));
    this.whole.title = say("whole_title");
    this.table.setAttribute("aria-label", `${label}, ${size}, ${where}`);
  }

  // In the colours of the cells, and over them what is lit or wrong; the frame is where the window is.
  paint() {
    const { canvas, of, height, width, window } = this, numbers = data.quantities[of].data, most = largestOf(of), colours = palette();
    const picture = new ImageData(canvas.width, canvas.height), lights = this.mine.section === lit.section ? lit.get(of) : null;
    const put = (point, colour, share) => putPoint(picture, point, colour, share);
    this.grids.forEach(({ flat }, unit) => {
      const [left, top] = this.corner(unit);
      for (let row = 0; row < height; row++) {
        for (let column = 0; column < width; column++) {
          const place = flat(row, column), number = numbers[place], point = (top + row) * canvas.width + left + column;
          if (lights?.has(place)) put(point, colours.light, 1);
          else if (wrong.size && isWrong(of, place)) put(point, colours.bad, 1);
          else put(point, number < 0 ? colours.minus : colours.plus, Math.abs(number) / most || 0);
        }
      }
    });
    canvas.getContext("2d").putImageData(picture, 0, 0);
    const [left, top] = this.corner(window.grid), part = (points, all) => `${(100 * points) / all}%`;
    Object.assign(this.frame.style, {
      left: part(left + window.column, canvas.width), width: part(Math.min(SIDE, width), canvas.width),
      top: part(top + window.row, canvas.height), height: part(Math.min(SIDE, height), canvas.height),
    });
  }

  corner(unit) {
    return [(unit % this.across) * (this.width + 1), Math.floor(unit / this.across) * (this.height + 1)];
  }
}

const clamp = (number, least, most) => Math.max(least, Math.min(most, number));

// A point of a picture: a colour, as strong as a number is large.
function putPoint({ data: bytes }, point, colour, share) {
  for (let i = 0; i < 3; i++) bytes[4 * point + i] = colour[i];
  bytes[4 * point + 3] = 255 * share;
}

// Where an entry stands: in which of an array's tables, and there in which row and column.
function placeIn(of, flat) {
  const axis = images.get(of), columns = data.quantities[of].shape.at(-1);
  if (axis === undefined) return { grid: 0, row: Math.floor(flat / columns), column: flat % columns };
  const place = engine.place(of, flat), pixel = place[axis], width = data.image[1];
  return { grid: place[1 - axis], row: Math.floor(pixel / width), column: pixel % width };
}

// The colours of the page as numbers, in the light or in the dark.
let scheme = null;
function palette() {
  const style = getComputedStyle(document.documentElement);
  const read = (name) => style.getPropertyValue(`--${name}`).trim().match(/[0-9a-f]{2}/gi).map((part) => parseInt(part, 16));
  scheme ??= Object.fromEntries(["plus", "minus", "light", "bad"].map((name) => [name, read(name)]));
  return scheme;
}
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  scheme = null;
  refresh();
});
