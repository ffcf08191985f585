// What is drawn of the network, and what belongs together in it. Nothing is said here about a variant: units are entries
// of the forward pass, a column is as far from x as operations lie between, and a weight is what a formula multiplies a
// unit by.

const paths = new Paths(engine);
const ONE_BY_ONE = 16; // units of a layer that are drawn each; of more, all are drawn closely, and their lines as one

// How the sheet's lines count rows: sum(n, 1 + 0 * z[n,0]). Such a number is no part of the picture.
const isCount = (step) => step.tree?.[0] === "sum" && JSON.stringify(step.tree).includes('["*",0,');

const isTerm = isNumber; // of J, or what it is made of

// The quantities that are drawn: the batch, and what is computed of it, if J comes of it; and what such a number reads
// besides, as J reads the weight decay.
function drawnQuantities() {
  const ancestors = new Set(["J"]);
  for (const step of [...passes].reverse()) {
    if (step.which === "forward" && ancestors.has(step.name)) step.from.forEach((of) => ancestors.add(of));
  }
  const forward = passes.filter((step) => step.which === "forward" && ancestors.has(step.name) && !isCount(step));
  const readBesides = ({ name }) => isTerm(name) && forward.some((step) => paths.ofData.has(step.name) && step.from.includes(name));
  return ["x", ...forward.filter((step) => paths.ofData.has(step.name) || readBesides(step)).map((step) => step.name)];
}

const drawn = drawnQuantities();
const column = new Map();
for (const of of drawn) {
  const before = (engine.step(of)?.from ?? []).filter((source) => column.has(source)).map((source) => column.get(source));
  column.set(of, of === "x" ? 0 : 1 + Math.max(0, ...before));
}
// What is of the parameters alone stands before what reads it.
for (const of of drawn.filter((name) => !paths.ofData.has(name))) {
  const readers = drawn.filter((reader) => engine.step(reader)?.from.includes(of));
  column.set(of, Math.max(1, Math.min(...readers.map((reader) => column.get(reader))) - 1));
}
const drawnWith = (of) => (engine.step(of)?.from ?? []).filter((source) => data.quantities[source].kind === "noise");

// The entries of a quantity that are seen for one example.
function entriesOf(of, example) {
  const every = [...data.quantities[of].data.keys()];
  return paths.byExample(of) ? every.filter((flat) => paths.exampleOf(of, flat) === example) : every;
}

const isGathered = (of, example) => images.has(of) || entriesOf(of, example).length > ONE_BY_ONE;

const everyTerm = (sum, place) => Array.from({ length: engine.length(sum) }, (_, i) => ({ ...place, [sum[1]]: i }));

// The weight by which an entry of the forward pass multiplies another: "x_hat 0 h1 2" -> {of: "W2", flat: 16}.
function weightsOf(step, flats) {
  const found = new Map(), products = [];
  const walk = (tree, sums) => {
    if (!Array.isArray(tree)) return;
    const [kind, one, two] = tree;
    if (kind === "*" && one[0] === "at" && two[0] === "at") {
      const [unit, weight] = paths.ofData.has(one[1]) ? [one, two] : [two, one], isWeight = !paths.ofData.has(weight[1]);
      if (paths.ofData.has(unit[1]) && isWeight && weight[2].length === 2) products.push({ unit, weight, sums });
    }
    tree.forEach((part) => walk(part, AGGREGATES.has(kind) ? [...sums, tree] : sums));
  };
  walk(step.tree, []);
  for (const { unit, weight, sums } of products) {
    for (const flat of flats) {
      let places = [engine.indices(step, flat)];
      for (const sum of sums) places = places.flatMap((place) => everyTerm(sum, place));
      for (const place of places) {
        found.set(`${step.name} ${flat} ${unit[1]} ${engine.flat(unit, place)}`, { of: weight[1], flat: engine.flat(weight, place) });
      }
    }
  }
  return found;
}

// The lines into the entries of one quantity, for one example. Lines that begin or end at units drawn closely, or that pass
// over other columns to a term of J, are drawn as one. A line has the keys of all units where it begins, and its weights.
const lines = new Map();
function linesInto(of, example) {
  const step = engine.step(of), key = `${of} ${example}`;
  if (!isKnown(step)) return [];
  if (!lines.has(key) || paths.chooses(step.tree)) lines.set(key, bundled(step, example));
  return lines.get(key);
}

function bundled(step, example) {
  const of = step.name, flats = entriesOf(of, example), weights = weightsOf(step, flats), found = new Map();
  const isOne = new Map(drawn.map((each) => [each, isGathered(each, example)]));
  for (const flat of flats) {
    const end = `${of} ${flat}`;
    for (const [source, places] of paths.sourcesOf(of, flat)) {
      if (!column.has(source)) continue;
      const far = isTerm(of) && column.get(of) - column.get(source) > 1, to = isOne.get(of) || far ? of : end;
      for (const place of places) {
        if ((paths.exampleOf(source, place) ?? example) !== example) continue;
        const start = `${source} ${place}`, weight = weights.get(`${end} ${start}`);
        const key = `${isOne.get(source) || far ? source : start} > ${to}`;
        if (!found.has(key)) found.set(key, { from: start, to: end, far, starts: new Set(), weightOf: weight?.of, weights: [] });
        found.get(key).starts.add(start);
        if (weight) found.get(key).weights.push(weight.flat);
      }
    }
  }
  return [...found.values()];
}

// Where a unit's weights are an image: W1 left of the units that they lead to, W2 right of those that they start from.
const tiles = [];
for (const step of passes) {
  if (step.which !== "forward" || !drawn.includes(step.name)) continue;
  const [found] = weightsOf(step, entriesOf(step.name, 0).slice(0, 1));
  if (!found || !images.has(found[1].of)) continue;
  const weight = found[1].of, source = found[0].split(" ")[2];
  tiles.push(images.has(source) ? { weight, at: step.name, side: -1 } : { weight, at: source, side: 1 });
}
