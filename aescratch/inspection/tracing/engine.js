// The interpreter: it computes the recorded formulas, whichever variant they are of. A formula is a tree of lists, as
// language.py describes it; an array is {shape, data}, row after row.

const FUNCTIONS = {
  exp: Math.exp, log: Math.log, log1p: Math.log1p, sqrt: Math.sqrt, tanh: Math.tanh, abs: Math.abs, sign: Math.sign, floor: Math.floor,
  max: (a, b) => (Number.isNaN(a + b) ? NaN : Math.max(a, b)), min: (a, b) => (Number.isNaN(a + b) ? NaN : Math.min(a, b)),
};
const OPERATORS = {
  "+": (a, b) => a + b, "-": (a, b) => a - b, "*": (a, b) => a * b, "/": (a, b) => a / b, "**": (a, b) => a ** b,
  "<": (a, b) => a < b, ">": (a, b) => a > b, "==": (a, b) => a === b,
};
const AGGREGATES = new Set(["sum", "mean", "max"]);
const isKnown = (step) => (step?.tree ?? null) !== null; // whether its formula is; it may be the number 0

class Engine {
  constructor(data) {
    this.steps = data.steps;
    this.arrays = data.quantities;
    this.examples = data.examples;
    this.made = new Map(data.steps.map((step, place) => [step.name, place]));
    this.byRule = new Set(data.steps.filter((step) => step.byRule).map((step) => step.of));
    this.whole = new Map(data.steps.filter((step) => step.of && !step.share).map((step) => [step.of, step.name]));
    this.lengths = new WeakMap();
    this.closures = new WeakMap();
    const polynomial = data.erfc;
    // erfc(z) = t exp(-z²) P(t - 3/4) with t = 2 / (2 + z), as in backend.py, so that both agree to the last digits.
    this.functions = { ...FUNCTIONS, erf: (x) => {
      const z = Math.min(Math.abs(x), 6), t = 2 / (2 + z), v = t - 0.75;
      const value = polynomial.reduceRight((sum, coefficient) => sum * v + coefficient, 0);
      return Math.sign(x) * (1 - t * Math.exp(-z * z) * value);
    } };
  }

  // The value of a tree where its indices are as in `place`; `reads` is told of every entry that it is made from.
  value(tree, place, reads) {
    if (typeof tree === "number") return tree;
    const kind = tree[0];
    if (kind === "at") {
      const flat = this.flat(tree, place, reads);
      if (reads) reads(tree[1], flat);
      return this.arrays[tree[1]].data[flat];
    }
    if (kind === "index") return place[tree[1]];
    if (kind === "size") return tree[2] ? this.length(tree) : this.examples;
    if (kind === "call") return this.functions[tree[1]](...tree[2].map((part) => this.value(part, place, reads)));
    if (kind === "if") return this.value(this.value(tree[1], place, reads) ? tree[2] : tree[3], place, reads);
    if (kind === "and") return this.value(tree[1], place, reads) && this.value(tree[2], place, reads);
    if (kind === "or") return this.value(tree[1], place, reads) || this.value(tree[2], place, reads);
    if (!AGGREGATES.has(kind)) return OPERATORS[kind](this.value(tree[1], place, reads), this.value(tree[2], place, reads));
    const length = this.length(tree);
    let total = kind === "max" ? -Infinity : 0;
    for (let i = 0; i < length; i++) {
      const term = this.value(tree[2], { ...place, [tree[1]]: i }, reads);
      total = kind === "max" ? Math.max(total, term) : total + term;
    }
    return kind === "mean" ? total / length : total;
  }

  flat(tree, place, reads) {
    const shape = this.arrays[tree[1]].shape;
    return tree[2].reduce((sum, index, axis) =>
      sum * shape[axis] + (typeof index === "string" ? place[index] : this.value(index, place, reads)), 0);
  }

  // How many values the index of a sum or of a size takes: the length of an axis that it stands at.
  length(tree) {
    if (!this.lengths.has(tree)) this.lengths.set(tree, this.axis(tree[2], tree[1]));
    return this.lengths.get(tree);
  }

  axis(tree, index) {
    if (!Array.isArray(tree)) return undefined;
    if (tree[0] === "at" && tree[2].includes(index)) return this.arrays[tree[1]].shape[tree[2].indexOf(index)];
    for (const part of tree) {
      const found = this.axis(part, index);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  place(name, flat) {
    const array = this.arrays[name], place = [];
    for (let axis = array.shape.length - 1; axis >= 0; axis--) {
      place.unshift(flat % array.shape[axis]);
      flat = Math.floor(flat / array.shape[axis]);
    }
    return place;
  }

  indices(step, flat) {
    const place = this.place(step.name, flat);
    return Object.fromEntries(step.indices.map((index, axis) => [index, place[axis]]));
  }

  step(name) {
    return this.made.has(name) ? this.steps[this.made.get(name)] : null;
  }

  // Compute everything again, from the steps that `wanted` lets through.
  compute(wanted = () => true) {
    for (const step of this.steps) {
      if (!isKnown(step) || !wanted(step)) continue;
      if (typeof step.tree === "number") this.arrays[step.name].data.fill(step.tree);
      else this.closure(step).fill(this.arrays[step.name]);
    }
  }

  closure(step) {
    if (!this.closures.has(step.tree)) this.closures.set(step.tree, new Closure(this, step));
    return this.closures.get(step.tree);
  }

  // The loss if one entry of a quantity were another number; everything is as before afterwards.
  lossWith(name, flat, number) {
    const from = this.made.has(name) ? this.made.get(name) : -1;
    const later = this.steps.filter((step, place) => step.which === "forward" && place >= from);
    const before = new Map([name, ...later.map((step) => step.name)].map((n) => [n, this.arrays[n].data.slice()]));
    this.arrays[name].data[flat] = number;
    this.compute((step) => step.which === "forward" && this.made.get(step.name) > from);
    const loss = this.arrays.J.data[0];
    for (const [n, data] of before) this.arrays[n].data = data;
    return loss;
  }

  // The difference quotient of the loss for one entry, NaN at a kink.
  quotient(name, flat) {
    const value = this.arrays[name].data[flat], h = 1e-5 * Math.max(1, Math.abs(value));
    const here = this.arrays.J.data[0];
    const above = this.lossWith(name, flat, value + h), below = this.lossWith(name, flat, value - h);
    const right = (above - here) / h, left = (here - below) / h;
    const kink = Math.abs(right - left) > 1e-3 * Math.max(1, Math.abs(right), Math.abs(left));
    return kink ? NaN : (above - below) / (2 * h);
  }
}
