// Formulas as MathML, and the arithmetic of one entry with the numbers put in, both from a formula's tree.

const escape = (text) => String(text).replace(/[&<>]/g, (sign) => `&#${sign.codePointAt(0)};`);
const row = (inside) => `<mrow>${inside}</mrow>`;
const close = (text) => `<mo stretchy="false">${text}</mo>`;
const sign = (text) => `<mo>${escape(text)}</mo>`;
const letter = (text) => (/^.[\u0300-\u036f]?[₁₂]?$/u.test(text) ? `<mi>${escape(text)}</mi>` : `<mtext>${escape(text)}</mtext>`);

function name(text, indices) {
  const layer = /^(.[\u0300-\u036f]?)(\d+)$/u.exec(text) || /^([WbVmvεβμ]\u0302?) (.+)$/u.exec(text);
  const base = letter(layer ? layer[1] : text), above = layer ? row(close("(") + (/\d/.test(layer[2]) ? `<mn>${layer[2]}</mn>` : letter(layer[2])) + close(")")) : "";
  if (indices && above) return `<msubsup>${base}${indices}${above}</msubsup>`;
  if (indices) return `<msub>${base}${indices}</msub>`;
  return above ? `<msup>${base}${above}</msup>` : base;
}

function quantity(of, indices) {
  const text = data.quantities[of].label;
  const plain = indices.every((i) => typeof i === "string");
  const places = indices.length ? row(indices.map((i) => (typeof i === "string" ? `<mi>${i}</mi>` : math(i, -1))).join(plain ? "" : sign(","))) : "";
  const gradient = /^∂J\/∂(.+?)(?: \((.+)\))?$/u.exec(text);
  if (!gradient) return name(text, places);
  const fraction = `<mfrac>${row("<mi>∂</mi><mi>J</mi>")}${row(`<mi>∂</mi>${name(gradient[1], places)}`)}</mfrac>`;
  return gradient[2] ? `<msub>${row(fraction)}<mtext>${escape(gradient[2])}</mtext></msub>` : fraction;
}

const BINDING = { or: 0, and: 1, "<": 2, ">": 2, "==": 2, "+": 3, "-": 3, "*": 5, "/": 9, "**": 7 };
const COUNTS = { i: "D", j: "H", k: "K" };
const SIGNS = { "*": "·", "-": "−", "==": "=" };
const within = (text, own, around) => (own < around ? row(sign("(") + text + sign(")")) : text);

// The letter of a size; of several samples of each example there are more rows than N.
function sizeOf(tree) {
  const letter = COUNTS[tree[1]], length = engine.value(tree, {});
  return letter || length === engine.examples ? `<mi>${letter ?? "N"}</mi>` : `<mn>${length}</mn>`;
}

function math(tree, around) {
  if (typeof tree === "number") return `<mn>${tree === Math.PI ? "π" : exact(tree)}</mn>`;
  const [kind, one, two] = tree;
  if (kind === "at") return quantity(one, two);
  if (kind === "index") return `<mi>${one}</mi>`;
  if (kind === "size") return sizeOf(tree);
  if (kind === "call") {
    const inside = two.map((part) => math(part, -1)).join(sign(","));
    if (one === "sqrt") return `<msqrt>${inside}</msqrt>`;
    return one === "abs" ? row(sign("|") + inside + sign("|")) : row(`<mi>${one}</mi>${sign("(")}${inside}${sign(")")}`);
  }
  if (kind === "if") {
    const lines = [[two, "if&#160;", math(one, -1)], [tree[3], "else", ""]];
    const left = (inside) => `<mtd style="text-align: left">${inside}</mtd>`;
    const cases = lines.map(([value, word, when]) => `<mtr>${left(math(value, -1))}${left(`<mtext>${word}</mtext>${when}`)}</mtr>`);
    return row(`${sign("{")}<mtable>${cases.join("")}</mtable>`);
  }
  if (AGGREGATES.has(kind)) {
    const big = kind === "max" ? "<mi>max</mi>" : "<mo>∑</mo>";
    const mean = kind === "mean" ? `<mfrac><mn>1</mn><mi>${COUNTS[one] ?? "N"}</mi></mfrac>` : "";
    return within(row(`${mean}<munder>${big}<mi>${one}</mi></munder>${math(two, 4)}`), 4, around);
  }
  if (kind === "/") return quotient(one, two, around);
  if (kind === "**") return `<msup>${row(math(one, 8))}${row(math(two, -1))}</msup>`;
  if (kind === "-" && one === 0) return within(sign("−") + math(two, 6), 6, around);
  const own = BINDING[kind];
  return within(math(one, own) + sign(SIGNS[kind] || kind) + math(two, own + (kind === "-" ? 1 : 0)), own, around);
}

// As one writes it by hand: no fraction within the numerator of another, as in 1/N (1/a − b), or a/(b N).
function quotient(one, two, around) {
  if (one[0] === "/") return quotient(one[1], ["*", one[2], two], around);
  if (one[0] === "-" && one[1] === 0) return math(["-", 0, ["/", one[2], two]], around);
  const [upper, lower] = [one, two].map((part) => row(math(part, -1)));
  if (!upper.includes("<mfrac>")) return `<mfrac>${upper}${lower}</mfrac>`;
  const own = AGGREGATES.has(one[0]) ? 4 : BINDING["*"];
  return within(`<mfrac><mn>1</mn>${lower}</mfrac>${one[0] === "*" ? sign("·") : ""}${math(one, 4)}`, own, around);
}

const formula = (step) =>
  `<math display="block">${row(quantity(step.name, step.indices) + sign("=") + math(step.tree, -1))}</math>`;

// The arithmetic of one entry, with the numbers put in; long sums are shortened

// What comes after a sign, a minus at its head in parentheses: (−2)·3, but all of (−exp(1)).
function afterSign(text) {
  if (!text.startsWith("−")) return text;
  const digits = /^−[\d.]+(?:e[−+]?\d+)?(?=·| |$)/.exec(text);
  return digits ? `(${digits[0]})${text.slice(digits[0].length)}` : `(${text})`;
}

function arithmetic(tree, place, around) {
  const bracket = (text, own) => (own < around ? `(${text})` : text);
  if (typeof tree === "number") return tree === Math.PI ? "π" : exact(tree);
  const [kind, one, two] = tree;
  if (kind === "at" || kind === "index" || kind === "size") {
    const number = engine.value(tree, place);
    return bracket(show(number), number < 0 ? 6 : 9);
  }
  if (kind === "call") {
    const inside = two.map((part) => arithmetic(part, place, -1)).join(", ");
    return one === "abs" ? `|${inside}|` : `${one === "sqrt" ? "√" : one}(${inside})`;
  }
  if (kind === "if") return arithmetic(engine.value(one, place) ? two : tree[3], place, around);
  if (AGGREGATES.has(kind)) {
    const length = engine.length(tree), all = [...Array(length).keys()];
    const some = length > 12 ? [...all.slice(0, 9), null, length - 1] : all;
    const tight = kind === "max" || length === 1 ? -1 : 3;
    const terms = some.map((i) => (i === null ? "…" : arithmetic(two, { ...place, [one]: i }, tight)));
    if (kind === "max") return `max(${terms.join(", ")})`;
    const sum = terms.map((term, i) => (i ? afterSign(term) : term)).join(" + ");
    if (kind === "mean") return bracket(`${length > 1 ? `(${sum})` : sum} / ${length}`, 5);
    return length > 1 ? bracket(sum, 3) : arithmetic(two, { ...place, [one]: 0 }, around);
  }
  if (kind === "-" && one === 0) return bracket(`−${afterSign(arithmetic(two, place, 6))}`, 6);
  const own = { ...BINDING, "/": 5 }[kind];
  const left = arithmetic(one, place, kind === "**" ? 8 : own);
  if (kind === "**") return bracket(left + ({ 2: "²", 3: "³" }[two] || `^${arithmetic(two, place, 8)}`), own);
  const right = afterSign(arithmetic(two, place, own + (kind === "-" || kind === "/" ? 1 : 0)));
  return bracket(left + (kind === "*" ? "·" : ` ${SIGNS[kind] || kind} `) + right, own);
}

// The same, with the result at its end, and where there are two cases the reason for the one that it is.
function derived(step, place, result) {
  const sum = arithmetic(step.tree, place, -1), whole = sum === result ? sum : `${sum} = ${result}`;
  if (step.tree[0] !== "if") return whole;
  const given = { line: whole, condition: arithmetic(step.tree[1], place, -1) };
  return say(engine.value(step.tree[1], place) ? "since_holds" : "since_not", given);
}
