// The formulas again, for whole arrays. The interpreter walks a tree for every number; here a tree becomes a function
// once, which then computes one entry after the other. Both add in the same order, so their results are equal bit by bit.
//
//     ["+", ["at", "h", ["n", "j"]], 1]  --->  () => h.data[at[0] * 3 + at[1]] + 1      at: n and j as numbers

const BINARY = {
  "+": (a, b) => () => a() + b(), "-": (a, b) => () => a() - b(), "*": (a, b) => () => a() * b(), "/": (a, b) => () => a() / b(),
  "and": (a, b) => () => a() && b(), "or": (a, b) => () => a() || b(),
};

class Closure {
  constructor(engine, { tree, indices }) {
    this.engine = engine;
    this.at = indices.map(() => 0); // the numbers of the indices, those of sums behind the others
    this.entry = this.made(tree, Object.fromEntries(indices.map((index, slot) => [index, slot])));
  }

  // Compute all entries of an array.
  fill({ shape, data }) {
    const { at, entry } = this, last = shape.length;
    let flat = 0;
    const run = (axis) => {
      if (axis === last) data[flat++] = entry();
      else for (let i = 0; i < shape[axis]; i++) {
        at[axis] = i;
        run(axis + 1);
      }
    };
    run(0);
  }

  // The function that returns a tree's value; `slots` tells where in `at` each index stands.
  made(tree, slots) {
    if (typeof tree === "number") return () => tree;
    const { engine, at } = this, [kind, one, two] = tree, part = (each) => this.made(each, slots);
    if (kind === "at") {
      const array = engine.arrays[one], flat = this.flat(tree, slots);
      return () => array.data[flat()];
    }
    if (kind === "index") {
      const slot = slots[one];
      return () => at[slot];
    }
    if (kind === "size") {
      const size = engine.value(tree, {});
      return () => size;
    }
    if (kind === "call") {
      const run = engine.functions[one], [first, second, ...more] = two.map(part);
      if (more.length) return () => run(first(), second(), ...more.map((each) => each()));
      return second ? () => run(first(), second()) : () => run(first());
    }
    if (kind === "if") {
      const [condition, then, otherwise] = tree.slice(1).map(part);
      return () => (condition() ? then() : otherwise());
    }
    if (AGGREGATES.has(kind)) return this.aggregate(tree, slots);
    const left = part(one), right = part(two), operator = OPERATORS[kind];
    return BINARY[kind]?.(left, right) ?? (() => operator(left(), right()));
  }

  // The function that returns the place of an entry in its array.
  flat([, of, indices], slots) {
    const { at } = this, { shape } = this.engine.arrays[of], [one, two] = indices.map((index) => slots[index]), columns = shape[1];
    if (!indices.length) return () => 0;
    if (indices.some((index) => typeof index !== "string") || indices.length > 2) {
      const places = indices.map((index) => this.made(typeof index === "string" ? ["index", index] : index, slots));
      return () => places.reduce((sum, place, axis) => sum * shape[axis] + place(), 0);
    }
    return indices.length === 1 ? () => at[one] : () => at[one] * columns + at[two];
  }

  aggregate(tree, slots) {
    const [kind, index, inside] = tree, { at } = this, length = this.engine.length(tree), slot = at.push(0) - 1;
    const own = { ...slots, [index]: slot }, product = this.product(inside, own, slot), term = this.made(inside, own);
    const end = kind === "mean" ? (total) => total / length : (total) => total;
    if (product) return () => end(product(length));
    if (kind === "max") return () => {
      let most = -Infinity;
      for (let i = 0; i < length; i++) {
        at[slot] = i;
        most = Math.max(most, term());
      }
      return most;
    };
    return () => {
      let total = 0;
      for (let i = 0; i < length; i++) {
        at[slot] = i;
        total += term();
      }
      return end(total);
    };
  }

  // A sum over products of two entries, as in x W: both places move on by the same step from term to term.
  product([kind, one, two], slots, slot) {
    const isEntry = (tree) => tree?.[0] === "at" && tree[2].every((index) => typeof index === "string");
    if (kind !== "*" || !isEntry(one) || !isEntry(two)) return null;
    const { arrays } = this.engine, { at } = this, [first, second] = [one, two].map((tree) => this.flat(tree, slots));
    const [stepA, stepB] = [one, two].map(([, of, indices]) =>
      indices.reduce((step, index, axis) => step * arrays[of].shape[axis] + (slots[index] === slot ? 1 : 0), 0));
    return (length) => {
      const left = arrays[one[1]].data, right = arrays[two[1]].data;
      at[slot] = 0;
      let a = first(), b = second(), total = 0;
      for (let i = 0; i < length; i++, a += stepA, b += stepB) total += left[a] * right[b];
      return total;
    };
  }
}
