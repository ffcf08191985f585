// Which way a number goes to J. Forward: what reads a number, what reads that, and so on. Backward: a gradient is a sum
// over the units that come next, ∂J/∂h = Σ ∂J/∂next · ∂next/∂h, and here it is taken apart into the terms of that sum.
//
// No derivative is taken here. A recorded backward formula is linear in the gradients that it reads: the factor ∂next/∂this
// is what stands before one of them in it, and what stands alone comes from a loss or a penalty itself.

const LOSS = "the loss"; // the part that a piece comes from, if it is no other

class Paths {
  constructor(engine) {
    this.engine = engine;
    this.carriers = new Set(); // what is computed from gradients, or is one
    this.carrying = new WeakMap(); // which trees read one of them
    for (const step of engine.steps) {
      if (step.which !== "backward") continue;
      if (step.of || step.from.some((name) => this.carriers.has(name))) this.carriers.add(step.name);
    }
    this.ofData = new Set(Object.keys(engine.arrays).filter((name) => ["input", "noise"].includes(engine.arrays[name].kind)));
    for (const step of engine.steps) {
      if (step.which === "forward" && step.from.some((name) => this.ofData.has(name))) this.ofData.add(step.name);
    }
    this.read();
  }

  // Forget who reads what: the numbers are others now, and a formula with two cases may read others.
  read() {
    this.sources = new Map(); // "x_hat 0" -> [{of: "h1", flat: 2}, ...]
    this.way = null; // the last one that was asked for
  }

  // The entries that an entry of the forward pass is computed from.
  sourcesOf(of, flat) {
    const key = `${of} ${flat}`, step = this.engine.step(of);
    if (!this.sources.has(key)) {
      const seen = new Map();
      this.engine.value(step.tree, this.engine.indices(step, flat), (source, place) => {
        if (!seen.has(source)) seen.set(source, new Set());
        seen.get(source).add(place);
      });
      this.sources.set(key, seen);
    }
    return this.sources.get(key);
  }

  // The entries of the forward pass that are computed from an entry.
  readersOf(of, flat) {
    const readers = this.engine.steps.filter((step) => step.which === "forward" && isKnown(step) && step.from.includes(of));
    return readers.flatMap((step) => {
      const certain = !this.chooses(step.tree), reads = (each) => certain || this.sourcesOf(step.name, each).get(of)?.has(flat);
      return this.candidates(step, of, flat).filter(reads).map((each) => ({ of: step.name, flat: each }));
    });
  }

  // Whether a formula reads others of its entries depending on numbers.
  chooses(tree) {
    if (!Array.isArray(tree) || tree[0] === "size") return false;
    if (["if", "and", "or"].includes(tree[0]) || (tree[0] === "at" && tree[2].some(Array.isArray))) return true;
    return tree.some((part) => this.chooses(part));
  }

  // The entries of a step that may read an entry: where a formula has n and i at it, those with the same n and i.
  candidates(step, of, flat) {
    const place = this.engine.place(of, flat), { shape } = this.engine.arrays[step.name], found = new Set();
    const collect = (tree, own) => {
      if (!Array.isArray(tree) || tree[0] === "size") return;
      if (tree[0] === "at" && tree[1] === of) {
        const fixed = new Map();
        const fits = tree[2].every((index, axis) => {
          if (Array.isArray(index) || (typeof index === "string" && !own.includes(index))) return true;
          const before = typeof index === "number" ? index : fixed.get(index) ?? place[axis];
          fixed.set(index, before);
          return before === place[axis];
        });
        const rows = step.indices.map((index, axis) => (fixed.has(index) ? [fixed.get(index)] : [...Array(shape[axis]).keys()]));
        const flats = rows.reduce((flats, row, axis) => flats.flatMap((each) => row.map((i) => each * shape[axis] + i)), [0]);
        if (fits) flats.forEach((each) => found.add(each));
      }
      const inside = AGGREGATES.has(tree[0]) ? own.filter((index) => index !== tree[1]) : own; // a sum's letter is its own
      tree.forEach((part) => collect(part, inside));
    };
    collect(step.tree, step.indices);
    return [...found];
  }

  // Whether the first index of a quantity counts examples.
  byExample(of) {
    const { shape } = this.engine.arrays[of], step = this.engine.step(of);
    return this.ofData.has(of) && shape.length > 0 && shape[0] === this.engine.examples && (!step || step.indices[0] === "n");
  }

  exampleOf(of, flat) {
    return of in this.engine.arrays && this.byExample(of) ? this.engine.place(of, flat)[0] : null;
  }

  // The unit that an entry belongs to: h1[0,2] and h1[1,2] are the same unit for two examples.
  unitOf(of, flat) {
    const place = this.engine.place(of, flat);
    return this.byExample(of) ? place.slice(1) : place;
  }

  // Every entry that a number has an influence on, the number included.
  onTheWay(of, flat) {
    const start = `${of} ${flat}`;
    if (this.way?.start === start) return this.way;
    const reached = Object.assign(new Set([start]), { start }), open = [{ of, flat }];
    while (open.length) {
      const last = open.pop();
      for (const next of this.readersOf(last.of, last.flat)) {
        const key = `${next.of} ${next.flat}`;
        if (!reached.has(key)) {
          reached.add(key);
          open.push(next);
        }
      }
    }
    return (this.way = reached);
  }

  // A gradient's entry, or factor times it, as a sum: pieces that are a factor times another gradient, and at most one
  // piece that is a number of its own, from a loss or a penalty.
  terms({ name, flat, factor }) {
    const step = this.engine.step(name);
    if (!isKnown(step)) return [{ part: step.part, at: { name, flat }, value: factor * this.engine.arrays[name].data[flat] }];
    const found = new Map(), own = this.linear(step.tree, this.engine.indices(step, flat), 1, found);
    const pieces = [...found.values()].map((piece) => ({ ...piece, factor: factor * piece.factor }));
    if (own || !pieces.length) pieces.push({ part: step.part, at: { name, flat }, value: factor * own });
    return pieces;
  }

  // Add up in `found` what stands before each gradient in a formula, and return what stands alone.
  linear(tree, place, factor, found) {
    const { engine } = this, value = (part) => engine.value(part, place), go = (part, by) => this.linear(part, place, by, found);
    if (!this.carries(tree)) return factor * value(tree);
    const [kind, one, two] = tree;
    if (kind === "at") {
      const flat = engine.flat(tree, place), key = `${one} ${flat}`;
      if (!found.has(key)) found.set(key, { name: one, flat, factor: 0 });
      found.get(key).factor += factor;
      return 0;
    }
    if (kind === "+" || kind === "-") return go(one, factor) + go(two, kind === "+" ? factor : -factor);
    if (kind === "*") return this.carries(one) ? go(one, factor * value(two)) : go(two, factor * value(one));
    if (kind === "/") return go(one, factor / value(two));
    if (kind === "if") return go(value(one) ? two : tree[3], factor);
    if (kind !== "sum" && kind !== "mean") return factor * value(tree);
    const length = engine.length(tree), each = kind === "mean" ? factor / length : factor;
    let own = 0;
    for (let i = 0; i < length; i++) own += this.linear(two, { ...place, [one]: i }, each, found);
    return own;
  }

  // Whether a formula reads a gradient.
  carries(tree) {
    if (!Array.isArray(tree)) return false;
    if (!this.carrying.has(tree)) {
      const isGradient = tree[0] === "at" && this.carriers.has(tree[1]);
      this.carrying.set(tree, isGradient || tree.some((part) => this.carries(part)));
    }
    return this.carrying.get(tree);
  }

  // The same, through the shares that only add up to a gradient.
  next(piece, of) {
    return this.terms(piece).flatMap((term) => {
      const step = term.name && this.engine.step(term.name);
      return step && (!step.of || step.of === of) ? this.next(term, of) : [term];
    });
  }

  // The gradient of an entry gathered by next unit: where its paths part for the first time. A row for each of them:
  // {label, of, flat, pieces, byExample, sum}; the sums of all rows add up to the gradient. null where there is none.
  gathered(of, flat) {
    const whole = this.engine.whole.get(of);
    if (!whole || !(of in this.engine.arrays)) return null;
    let pieces = this.next({ name: whole, flat, factor: 1 }, of);
    for (;;) {
      const rows = this.rows(pieces);
      if (rows.length !== 1 || rows[0].part) return { name: whole, value: this.engine.arrays[whole].data[flat], rows };
      const further = pieces.flatMap((piece) => this.next(piece, rows[0].of));
      const units = further.filter((piece) => piece.name);
      if (!units.length) return { name: whole, value: this.engine.arrays[whole].data[flat], rows };
      pieces = further.filter((piece) => piece.name || piece.value !== 0);
    }
  }

  rows(pieces) {
    const rows = new Map();
    for (const piece of pieces) {
      const target = piece.name ? this.engine.step(piece.name).of : this.engine.step(piece.at.name).of;
      const { flat } = piece.name ? piece : piece.at;
      const unit = piece.name ? this.unitOf(target, flat) : [], part = piece.name ? "" : piece.part || LOSS;
      const key = part || `${target} ${unit}`;
      if (!rows.has(key)) rows.set(key, { part, of: target, flat, unit, pieces: [], byExample: new Map(), sum: 0 });
      const row = rows.get(key), upstream = piece.name ? this.engine.arrays[piece.name].data[flat] : null;
      const value = piece.name ? piece.factor * upstream : piece.value;
      const example = target in this.engine.arrays ? this.exampleOf(target, flat) : null;
      row.pieces.push({ factor: piece.factor, upstream, value, example });
      row.byExample.set(example, (row.byExample.get(example) ?? 0) + value);
      row.sum += value;
    }
    return [...rows.values()];
  }
}
