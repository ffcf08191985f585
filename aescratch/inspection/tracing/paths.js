// Which way a number goes to J. Forward: what reads a number, what reads that, and so on. Backward: a gradient is a sum
// over the units that come next, ∂J/∂h = Σ ∂J/∂next · ∂next/∂h, and here it is taken apart into the terms of that sum.
//
// No derivative is taken here. A recorded backward formula is linear in the gradients that it reads: with one of them at
// 1 and the others at 0 it gives the factor ∂next/∂this, and with all at 0 what comes from a loss or a penalty itself.

const LOSS = "the loss"; // the part that a piece comes from, if it is no other

class Paths {
  constructor(engine) {
    this.engine = engine;
    this.carriers = new Set(); // what is computed from gradients, or is one
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

  // Note who reads which entry in the forward pass, as the numbers are now.
  read() {
    this.readers = new Map(); // "h1 2" -> [{of: "x_hat", flat: 0}, ...]
    this.sources = new Map(); // "x_hat 0" -> [{of: "h1", flat: 2}, ...]
    for (const step of this.engine.steps) {
      if (step.which !== "forward" || !isKnown(step)) continue;
      this.engine.arrays[step.name].data.forEach((_, flat) => {
        const seen = new Set(), reader = { of: step.name, flat }, mine = [];
        this.engine.value(step.tree, this.engine.indices(step, flat), (of, place) => {
          const key = `${of} ${place}`;
          if (seen.has(key)) return;
          seen.add(key);
          mine.push({ of, flat: place });
          if (!this.readers.has(key)) this.readers.set(key, []);
          this.readers.get(key).push(reader);
        });
        this.sources.set(`${step.name} ${flat}`, mine);
      });
    }
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
    const reached = new Set([`${of} ${flat}`]), open = [`${of} ${flat}`];
    while (open.length) {
      for (const next of this.readers.get(open.pop()) ?? []) {
        const key = `${next.of} ${next.flat}`;
        if (!reached.has(key)) {
          reached.add(key);
          open.push(key);
        }
      }
    }
    return reached;
  }

  // A gradient's entry, or factor times it, as a sum: pieces that are a factor times another gradient, and at most one
  // piece that is a number of its own, from a loss or a penalty.
  terms({ name, flat, factor }) {
    const step = this.engine.step(name), place = this.engine.indices(step, flat), read = new Map();
    if (!isKnown(step)) return [{ part: step.part, at: { name, flat }, value: factor * this.engine.arrays[name].data[flat] }];
    this.engine.value(step.tree, place, (of, at) => {
      if (this.carriers.has(of)) read.set(`${of} ${at}`, { name: of, flat: at, data: this.engine.arrays[of].data });
    });
    const gradients = [...read.values()], before = gradients.map(({ data, flat }) => data[flat]), found = [];
    for (const { data, flat } of gradients) data[flat] = 0;
    const own = this.engine.value(step.tree, place);
    for (const { name: next, flat: at, data } of gradients) {
      data[at] = 1;
      found.push({ name: next, flat: at, factor: factor * (this.engine.value(step.tree, place) - own) });
      data[at] = 0;
    }
    gradients.forEach(({ data, flat }, i) => (data[flat] = before[i]));
    if (own || !found.length) found.push({ part: step.part, at: { name, flat }, value: factor * own });
    return found;
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
