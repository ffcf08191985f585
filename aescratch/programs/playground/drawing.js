// Drawing: a canvas in the page's colours and the screen's resolution, and what several views draw on it.
//
//   Board(canvas).begin() -> board.width, board.height in CSS pixels;   board.plane(...) maps numbers to places

// Colours for ten ordered labels, from viridis, and for ten without order, the digits; both are safe for colour-blind users.
const ALONG = "#440154 #482878 #3e4a89 #31688e #26828e #1f9e89 #35b779 #6ece58 #b5de2b #e8d51c".split(" ");
const KINDS = "#4477aa #ee6677 #228833 #b8a52b #56b7d6 #aa3377 #8c8c8c #e08a3c #5b4bb5 #1b9e9e".split(" ");

const number = (value, digits = 3) => {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? say("no_number") : value < 0 ? "−∞" : "∞";
  const size = Math.abs(value), far = size !== 0 && (size < 1e-3 || size >= 1e5);
  const text = far ? value.toExponential(1) : String(Number(value.toPrecision(digits)));
  return text.replace(/-/g, "−");
};

class Board {
  constructor(canvas) {
    this.canvas = canvas;
    this.ink = canvas.getContext("2d");
    this.fields = new Map(); // small canvases, by their sizes, from which images are drawn
  }

  begin() {
    const ratio = window.devicePixelRatio || 1;
    this.width = this.canvas.clientWidth;
    this.height = this.canvas.clientHeight;
    const [wide, high] = [Math.round(this.width * ratio), Math.round(this.height * ratio)];
    if (this.canvas.width !== wide) this.canvas.width = wide;
    if (this.canvas.height !== high) this.canvas.height = high;
    this.ink.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.ink.clearRect(0, 0, this.width, this.height);
    this.letter = Math.max(11, Math.min(15, this.width / 40)); // the height of text
    this.ink.font = `${this.letter}px system-ui, sans-serif`;
    this.ink.lineJoin = "round";
    this.colours = new Map();
    return this;
  }

  // A colour of the page's style sheet, read once for each drawing.
  colour(name) {
    if (!this.colours.has(name)) {
      this.colours.set(name, getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim());
    }
    return this.colours.get(name);
  }

  // A part of the board whose numbers run from x0 to x1 and, upward, from y0 to y1.
  plane(x0, x1, y0, y1, left = 0, top = 0, wide = this.width, high = this.height) {
    return {
      x: (value) => left + ((value - x0) / (x1 - x0)) * wide,
      y: (value) => top + high - ((value - y0) / (y1 - y0)) * high,
      at: (px, py) => [x0 + ((px - left) / wide) * (x1 - x0), y0 + ((top + high - py) / high) * (y1 - y0)],
      x0, x1, y0, y1, left, top, wide, high,
    };
  }

  // The largest square in the middle, for a plane in which both axes are of the same kind.
  square(x0, x1, y0, y1) {
    const side = Math.min(this.width, this.height);
    return this.plane(x0, x1, y0, y1, (this.width - side) / 2, (this.height - side) / 2, side, side);
  }

  line(places, colour, width = 1.5, dash = []) {
    this.ink.beginPath();
    places.forEach(([x, y], i) => (i ? this.ink.lineTo(x, y) : this.ink.moveTo(x, y)));
    this.ink.strokeStyle = colour;
    this.ink.lineWidth = width;
    this.ink.setLineDash(dash);
    this.ink.stroke();
    this.ink.setLineDash([]);
  }

  dot(x, y, radius, colour, edge = "") {
    this.ink.beginPath();
    this.ink.arc(x, y, radius, 0, 2 * Math.PI);
    if (colour) { this.ink.fillStyle = colour; this.ink.fill(); }
    if (edge) { this.ink.strokeStyle = edge; this.ink.lineWidth = 2; this.ink.stroke(); }
  }

  arrow(x0, y0, x1, y1, colour) {
    const angle = Math.atan2(y1 - y0, x1 - x0), size = Math.min(5, Math.hypot(x1 - x0, y1 - y0) / 2);
    this.line([[x0, y0], [x1, y1]], colour, 1.2);
    const wing = (turn) => [x1 - size * Math.cos(angle + turn), y1 - size * Math.sin(angle + turn)];
    this.line([wing(0.5), [x1, y1], wing(-0.5)], colour, 1.2);
  }

  text(text, x, y, colour = this.colour("faint"), align = "left") {
    this.ink.fillStyle = colour;
    this.ink.textAlign = align;
    this.ink.fillText(text, x, y);
  }

  // A field of numbers as an image; `paint` returns the pixel of a number.
  field(values, columns, rows, left, top, wide, high, paint, smooth = false) {
    const size = `${columns} × ${rows}`;
    if (!this.fields.has(size)) {
      const small = Object.assign(document.createElement("canvas"), { width: columns, height: rows });
      const pen = small.getContext("2d");
      const image = pen.createImageData(columns, rows);
      this.fields.set(size, { small, pen, image, pixels: new Uint32Array(image.data.buffer) });
    }
    const { small, pen, image, pixels } = this.fields.get(size);
    for (let i = 0; i < pixels.length; i++) pixels[i] = paint(values[i]);
    pen.putImageData(image, 0, 0);
    this.ink.imageSmoothingEnabled = smooth;
    this.ink.drawImage(small, left, top, wide, high);
  }

  // One example, drawn as an image or as a curve in a box.
  example(values, look, left, top, side, colour = this.colour("ink"), opacity = 1) {
    this.ink.globalAlpha = opacity;
    if (look === "image") {
      const edge = Math.round(Math.sqrt(values.length)), rgb = channels(colour);
      this.field(values, edge, edge, left, top, side, side, (value) => pixel(rgb, 255 * Math.max(0, Math.min(1, value))));
    } else {
      const box = this.plane(0, values.length - 1, -0.15, 1.15, left, top, side, side);
      const inside = (value) => Math.max(-0.15, Math.min(1.15, value));
      this.line(Array.from(values, (value, i) => [box.x(i), box.y(inside(value))]), colour, Math.max(1, side / 35));
    }
    this.ink.globalAlpha = 1;
  }

  // Signed numbers as an image or a curve, in the colours of plus and minus.
  signed(values, look, left, top, side, most) {
    const [plus, minus] = [channels(this.colour("plus")), channels(this.colour("minus"))];
    if (look === "curve") {
      const box = this.plane(0, values.length - 1, -most, most, left, top, side, side);
      this.line([[left, top + side / 2], [left + side, top + side / 2]], this.colour("line"), 1);
      this.line(Array.from(values, (value, i) => [box.x(i), box.y(value)]), this.colour("plus"), 1.2);
      return;
    }
    const edge = Math.round(Math.sqrt(values.length));
    this.field(values, edge, edge, left, top, side, side,
      (value) => pixel(value < 0 ? minus : plus, 255 * Math.min(1, Math.abs(value) / most)), look === "point");
  }

  frame(left, top, wide, high, colour = this.colour("line"), width = 1) {
    this.ink.strokeStyle = colour;
    this.ink.lineWidth = width;
    this.ink.strokeRect(left, top, wide, high);
  }
}

// "#rrggbb" as three numbers.
const channels = (colour) => [1, 3, 5].map((place) => parseInt(colour.slice(place, place + 2), 16));
// Red, green, blue and opacity as one number, as ImageData stores them.
const pixel = ([red, green, blue], opacity) => ((opacity << 24) | (blue << 16) | (green << 8) | red) >>> 0;
const largest = (values) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-9);
