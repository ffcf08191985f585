// The scene: the shared state of all views. It has the training, the data, the held code, and values derived from them.
//
//   training.look() -> codes, reconstructions;   held code -> decoded;   grids of points and of codes, through views

class Scene {
  constructor(set, variant, training, amounts) {
    Object.assign(this, { set, variant, training, amounts });
    this.network = training.network;
    this.looking = training.looking;
    this.program = this.network.program;
    this.units = this.network.sizes.C;
    this.damages = this.program.entered !== "x"; // whether the encoder is given other data than x
    this.samples = this.program.noise.includes("eps"); // whether the decoder is trained on random codes
    this.views = new Map();
    this.held = new Float64Array(this.units);
    this.example = 0; // whose code is held; null where it was set by hand
    this.unit = 0; // the unit that the slider moves, if there are too many for a slider each
    this.measure();
    const random = new Random(7);
    this.fixed = Float64Array.from({ length: SAMPLES * this.units }, () => random.normal());
    const chooses = this.program.calls.findIndex(([, to]) => to === "indices");
    this.before = chooses < 0 ? "" : this.program.calls[chooses][2][1]; // the code before it is quantised
    this.quantise = chooses < 0 ? [] : this.program.encode.slice(this.program.encode.indexOf(chooses) - 1);
    this.refresh();
  }

  // PCA with as many components as the code has numbers; for a top-k code, the kept ones.
  measure() {
    this.numbers = this.network.arrays.k?.[0] ?? this.units;
    this.pca = new Principal(this.set, Math.min(this.numbers, this.set.pca.components));
  }

  view(examples) {
    if (!this.views.has(examples)) this.views.set(examples, this.network.view(examples));
    return this.views.get(examples);
  }

  refresh() {
    this.error = this.training.look();
    this.codes = this.looking.arrays[this.before || this.program.code];
    const { n } = this.set, C = this.units;
    this.least = new Float64Array(C).fill(Infinity);
    this.most = new Float64Array(C).fill(-Infinity);
    for (let i = 0; i < n * C; i++) {
      this.least[i % C] = Math.min(this.least[i % C], this.codes[i]);
      this.most[i % C] = Math.max(this.most[i % C], this.codes[i]);
    }
    for (let j = 0; j < C; j++) {
      const margin = Math.max(0.1 * (this.most[j] - this.least[j]), 1e-3);
      this.least[j] -= margin;
      this.most[j] += margin;
      if (this.samples) {
        this.least[j] = Math.min(this.least[j], -2.5);
        this.most[j] = Math.max(this.most[j], 2.5);
      }
    }
    if (this.example !== null) this.held.set(this.codes.subarray(this.example * C, (this.example + 1) * C));
  }

  // Random codes: from the prior or, without one, from a normal distribution with the mean and variance of the codes.
  drawn(count) {
    const { codes, units: C } = this, { n } = this.set, fixed = this.fixed.subarray(0, count * C);
    if (this.samples) return fixed;
    const mean = new Float64Array(C), variance = new Float64Array(C);
    for (let i = 0; i < n * C; i++) mean[i % C] += codes[i] / n;
    for (let i = 0; i < n * C; i++) variance[i % C] += (codes[i] - mean[i % C]) ** 2 / n;
    return fixed.map((eps, i) => mean[i % C] + Math.sqrt(variance[i % C]) * eps);
  }

  hold(code) {
    this.example = null;
    this.held.set(code);
  }

  follow(example) {
    this.example = example;
    this.held.set(this.codes.subarray(example * this.units, (example + 1) * this.units));
  }

  // The decodings of codes; through the codebook, if there is one.
  decode(codes) {
    const view = this.view(codes.length / this.units);
    if (!this.before) return view.decode(codes);
    view.arrays[this.before].set(codes);
    view.run(this.quantise);
    return view.decode(view.arrays[this.program.decoded]);
  }

  // The nearest entry of the codebook for each code.
  cells(codes) {
    const view = this.view(codes.length / this.units);
    view.arrays[this.before].set(codes);
    view.run(this.quantise);
    return view.arrays.indices;
  }

  // Run data through the whole network, with all layers in the view's arrays.
  through(x) {
    const view = this.view(x.length / this.set.d);
    view.decode(view.encode(x));
    return view;
  }

  // Examples with a fixed damage, and their reconstructions.
  damaged(x) {
    const view = this.view(x.length / this.set.d);
    view.arrays.x.set(x);
    this.training.noise(this.amounts(), view, new Random(5));
    view.run([view.program.calls.findIndex(([, to]) => to === view.program.entered)]);
    view.run(view.program.encode);
    view.run(view.program.decode);
    return [view.arrays[view.program.entered], view.arrays.x_hat];
  }

  colour(label) {
    return (this.set.look === "image" ? KINDS : ALONG)[label];
  }
}

const SAMPLES = 80;

// PCA is a linear network whose weights are known: the recorded loop of a dense layer computes it.
class Principal {
  constructor(set, width) {
    const { mean, directions, components, errors } = set.pca, d = set.d;
    this.set = set;
    this.width = width;
    this.down = new Float64Array(d * width);
    this.up = new Float64Array(width * d);
    for (let i = 0; i < d; i++) {
      for (let j = 0; j < width; j++) this.down[i * width + j] = this.up[j * d + i] = directions[i * components + j];
    }
    this.mean = Float64Array.from(mean);
    this.shift = new Float64Array(width);
    LOOPS.dense(this.shift, this.mean, this.down, new Float64Array(width), 1, width, d);
    this.shift = this.shift.map((value) => -value);
    this.error = (units) => errors[Math.min(units, errors.length - 1)];
  }

  reconstruct(x) {
    const n = x.length / this.set.d, code = new Float64Array(n * this.width), back = new Float64Array(x.length);
    LOOPS.dense(code, x, this.down, this.shift, n, this.width, this.set.d);
    LOOPS.dense(back, code, this.up, this.mean, n, this.set.d, this.width);
    return back;
  }
}

// Points of a grid over a plane, row after row, the highest row first, as images are drawn.
function grid(columns, rows, { x0, x1, y0, y1 }) {
  const points = new Float64Array(2 * columns * rows);
  for (let row = 0, i = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      points[i++] = x0 + ((column + 0.5) / columns) * (x1 - x0);
      points[i++] = y1 - ((row + 0.5) / rows) * (y1 - y0);
    }
  }
  return points;
}
