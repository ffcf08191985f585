// What is seen: the sections of the steps, the panel about one number, keys, links and edits.

const data = JSON.parse(document.getElementById("data").textContent);
for (const array of Object.values(data.quantities)) array.data = array.data.map((number) => (number === null ? NaN : number));
const engine = new Engine(data);
const first = new Map(Object.entries(data.quantities).map(([name, array]) => [name, [...array.data]]));
const cells = new Map(); // of every quantity: lists of its cells, one list for every place where it is shown
const GIVEN = { input: "given: the batch", parameter: "given: a parameter", state: "given: a running statistic", noise: "given: drawn at random", setting: "given: a setting" };
const HEADINGS = { given: "Given", forward: "Forward", backward: "Backward", update: "Update" };
let current = 0, chosen = null, kept = false;

const byId = (id) => document.getElementById(id);
const make = (tag, attributes = {}, ...inside) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...inside);
  return element;
};

// Numbers and names

const show = (number) => (Number.isNaN(number) ? "nan" : String(Number(number.toPrecision(4)) + 0).replace("-", "−"));
const exact = (number) => String(number).replace("-", "−");
const entry = (name, flat) => {
  const place = engine.place(name, flat);
  return place.length ? `${name}[${place.join(",")}]` : name;
};

// Formulas as MathML

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

function math(tree, around) {
  if (typeof tree === "number") return `<mn>${tree === Math.PI ? "π" : exact(tree)}</mn>`;
  const [kind, one, two] = tree;
  if (kind === "at") return quantity(one, two);
  if (kind === "index") return `<mi>${one}</mi>`;
  if (kind === "size") return "<mi>N</mi>";
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
  if (kind === "/") return `<mfrac>${row(math(one, -1))}${row(math(two, -1))}</mfrac>`;
  if (kind === "**") return `<msup>${row(math(one, 8))}${row(math(two, -1))}</msup>`;
  if (kind === "-" && one === 0) return within(sign("−") + math(two, 6), 6, around);
  const own = BINDING[kind];
  return within(math(one, own) + sign(SIGNS[kind] || kind) + math(two, own + (kind === "-" ? 1 : 0)), own, around);
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
  return `${whole}, since ${arithmetic(step.tree[1], place, -1)} ${engine.value(step.tree[1], place) ? "holds" : "does not hold"}`;
}

// The sections

function figure(of, section, made) {
  const array = data.quantities[of], columns = array.shape.at(-1) ?? 1, mine = [];
  const size = array.shape.length ? array.shape.join(" × ") : "a number";
  const table = make("table", { role: "grid", "aria-label": `${array.label}, ${size}` });
  for (let start = 0; start < array.data.length; start += columns) {
    const line = make("tr");
    for (let flat = start; flat < start + columns; flat++) {
      const cell = make("td", { tabindex: flat ? -1 : 0, role: "gridcell" });
      if (array.kind in GIVEN) cell.classList.add("given");
      Object.assign(cell, { of, flat, section, mine, columns });
      mine.push(cell);
      line.append(cell);
    }
    table.append(line);
  }
  if (!cells.has(of)) cells.set(of, []);
  cells.get(of).push(mine);
  const caption = make("figcaption", {}, `${array.label} `, make("span", {}, array.label === of ? size : `${of}, ${size}`));
  return make("figure", made ? { class: "made" } : {}, caption, table);
}

function sectionOf(step, place) {
  const section = make("section", { id: idOf(place), tabindex: -1, "aria-label": title(place) });
  const head = make("h2", {}, title(place));
  if (step.name) head.append(make("small", {}, [step.which, step.part].filter(Boolean).join(", ")));
  section.append(head);
  if (step.tree) {
    const box = make("div", { class: "formula", role: "img", "aria-label": step.formula });
    box.innerHTML = formula(step);
    section.append(box);
  } else if (step.name) {
    section.append(make("p", {}, "What the code computes here is not the formula of the sheet, so these numbers stay as they were recorded."));
  }
  if (step.says) section.append(make("p", { class: "says" }, step.says));
  if (step.code) {
    const code = make("code", step.code.includes("\n") ? { class: "lines" } : {}, step.code);
    section.append(make("p", { class: "where" }, code, ` ${step.where}`));
  }
  const figures = step.from.map((of) => figure(of, section, false));
  if (step.name) figures.push(figure(step.name, section, true));
  section.append(make("div", { class: "arrays" }, ...figures));
  return section;
}

const givenNames = Object.keys(data.quantities).filter((of) => data.quantities[of].kind in GIVEN);
const start = { name: "", which: "given", from: givenNames, says: "What the step starts from. Every number here can be edited." };
const all = [start, ...data.steps];
// Steps have the numbers of Python's trace[0], trace[1], ...; what is given stands before them.
const idOf = (place) => (place ? `step-${place - 1}` : "given");
const title = (place) => (place ? `${place - 1}  ${data.quantities[all[place].name].label}` : "Given");
const sections = all.map(sectionOf);
byId("main").append(...sections);

const links = all.map((step, place) => {
  const [head, share] = title(place).split(/(?= \()/); // ∂J/∂h1 and (sparsity)
  return make("a", { href: `#${idOf(place)}` }, head, ...(share ? [make("small", {}, share)] : []));
});
for (const which of Object.keys(HEADINGS)) {
  const mine = links.filter((_, place) => all[place].which === which);
  if (which !== "given") byId("steps").append(make("h2", {}, HEADINGS[which]));
  byId("steps").append(make("ol", {}, ...mine.map((link) => make("li", {}, link))));
}

function write() {
  for (const [of, places] of cells) {
    const numbers = data.quantities[of].data, largest = Math.max(...numbers.map(Math.abs)) || 1;
    for (const mine of places) for (const cell of mine) {
      const number = numbers[cell.flat], text = show(number);
      if (cell.textContent !== text) cell.textContent = text;
      cell.classList.toggle("plus", number > 0);
      cell.classList.toggle("minus", number < 0);
      cell.style.setProperty("--share", Math.abs(number) / largest || 0);
    }
  }
}

// Going from step to step

function go(place, moves = true, addressed = true) {
  current = Math.max(0, Math.min(all.length - 1, place));
  sections.forEach((section, i) => section.classList.toggle("current", i === current));
  links.forEach((link, i) => (i === current ? link.setAttribute("aria-current", "step") : link.removeAttribute("aria-current")));
  byId("back").disabled = current === 0;
  byId("next").disabled = current === all.length - 1;
  const here = current ? `step ${title(current)}, of ${all.length - 2}` : "Given";
  if (byId("here").textContent !== here) byId("here").textContent = here;
  if (moves) {
    sections[current].scrollIntoView({ block: "start", behavior: "instant" });
    sections[current].focus({ preventScroll: true });
  }
  const list = byId("steps"), link = links[current];
  if (list.offsetHeight) list.scrollTop = link.offsetTop - list.offsetTop - list.offsetHeight / 2;
  if (!addressed) return; // an address given while the page loads is scrolled to when it has
  try {
    history.replaceState(null, "", current ? `#${idOf(current)}` : location.pathname + location.search);
  } catch { /* a page inside of another one has no address of its own */ }
}

function stepInSight() {
  const line = byId("here").parentElement.getBoundingClientRect().bottom + 40;
  const below = sections.findIndex((section) => section.getBoundingClientRect().top > line);
  return (below === -1 ? sections.length : Math.max(1, below)) - 1;
}

// Scrolling to a step by a key puts it in sight, if the page is long enough; only scrolling by hand changes the step.
let moved = false;
addEventListener("scroll", () => {
  if (moved) { moved = false; return; }
  const seen = stepInSight();
  if (seen !== current) go(seen, false);
}, { passive: true });
function jump(place) {
  const before = scrollY;
  go(place);
  moved = scrollY !== before;
}
addEventListener("hashchange", () => follow(location.hash));
function follow(hash) {
  const place = sections.findIndex((section) => `#${section.id}` === hash);
  if (place !== -1 && place !== current) jump(place);
}
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href^='#']");
  if (!link) return;
  event.preventDefault();
  jump(sections.findIndex((section) => `#${section.id}` === link.getAttribute("href")));
});
byId("back").addEventListener("click", () => jump(current - 1));
byId("next").addEventListener("click", () => jump(current + 1));

// One number

function light(cell) {
  document.querySelectorAll("td.lit, td.chosen").forEach((other) => other.classList.remove("lit", "chosen"));
  if (!cell) return;
  cell.classList.add("chosen");
  const step = engine.step(cell.of);
  if (!step?.tree) return;
  const shown = new Map();
  for (const [of, places] of cells) shown.set(of, places.find((mine) => mine[0].section === cell.section));
  engine.value(step.tree, engine.indices(step, cell.flat), (of, flat) => {
    const other = shown.get(of)?.[flat];
    if (other && other !== cell) other.classList.add("lit");
  });
}

function check(of, flat) {
  const name = engine.whole.get(of);
  if (!name || !(of in data.quantities)) return null;
  if (engine.byRule.has(of)) {
    const text = `${entry(name, flat)} passes a backward that is declared not to be the derivative, but a rule in its place: `;
    return make("p", { class: "check" }, text + "no difference quotient of the loss stands beside it.");
  }
  const gradient = data.quantities[name].data[flat], quotient = engine.quotient(of, flat);
  const off = Math.abs(gradient - quotient), fine = off <= 1e-6 * Math.max(1, Math.abs(gradient));
  const text = Number.isNaN(quotient)
    ? `Gradient check: the loss has a kink here, so there is no difference quotient beside ${entry(name, flat)} = ${show(gradient)}.`
    : `Gradient check: ${entry(name, flat)} = ${exact(Number(gradient.toPrecision(9)))}, and the difference quotient ` +
      `(J(${of} + h) − J(${of} − h)) / 2h = ${exact(Number(quotient.toPrecision(9)))}, ${show(off)} away.`;
  return make("p", { class: `check${fine || Number.isNaN(quotient) ? "" : " off"}` }, text);
}

function tell(cell) {
  if (cell !== chosen) say("");
  chosen = cell;
  light(cell);
  const told = byId("told");
  byId("edit").hidden = !cell || !(data.quantities[cell.of].kind in GIVEN);
  if (!cell) return told.replaceChildren(make("p", { class: "hint" }, "Point at a number."));
  const { of, flat } = cell, array = data.quantities[of], step = engine.step(of);
  const lines = [make("p", { class: "value" }, `${entry(of, flat)} = ${exact(Number(array.data[flat].toPrecision(7)))}`)];
  if (step) {
    const place = engine.made.get(of);
    const where = make("p", {}, `computed in `, make("a", { href: `#step-${place}` }, `step ${place}`), `: ${step.formula}`);
    lines.push(where);
    if (step.tree) {
      lines.push(make("p", { class: "sum" }, `${entry(of, flat)} = ${derived(step, engine.indices(step, flat), show(array.data[flat]))}`));
    }
  } else {
    const limited = Object.keys(array.limit).length > 1; // and not any number at all
    lines.push(make("p", {}, limited ? `${GIVEN[array.kind]}, ${array.limit.text}` : GIVEN[array.kind]));
    byId("value").value = String(array.data[flat]);
  }
  if (step?.share) {
    const whole = engine.whole.get(step.of), place = engine.made.get(whole);
    lines.push(make("p", {}, `A share of ${whole}, which is whole in `, make("a", { href: `#step-${place}` }, `step ${place}`), "."));
  }
  const checked = !step?.share && check(step?.of ?? of, flat);
  if (checked) lines.push(checked);
  return told.replaceChildren(...lines);
}

const cellOf = (event) => event.target.closest?.("td") ?? null;
document.addEventListener("mouseover", (event) => {
  const cell = cellOf(event);
  if (cell && !kept && cell !== chosen) tell(cell);
});
document.addEventListener("focusin", (event) => {
  const cell = cellOf(event);
  if (!cell) return;
  cell.mine.forEach((other) => (other.tabIndex = other === cell ? 0 : -1));
  kept = false;
  if (cell !== chosen) tell(cell);
});
document.addEventListener("click", (event) => {
  const cell = cellOf(event);
  if (!cell) return;
  if (cell !== chosen) tell(cell);
  kept = true;
});

// Edits

function say(text, refused = false) {
  const said = byId("said");
  said.classList.toggle("refused", refused);
  if (said.textContent !== text) said.textContent = text;
  byId("value").setAttribute("aria-invalid", refused);
}

// Whether a number, or what was typed for it, is none of those that this quantity may have.
function outside(of, number) {
  const { whole, least, most, above, below } = data.quantities[of].limit;
  return !Number.isFinite(number) || (whole && !Number.isInteger(number)) ||
    number < least || number > most || number <= above || number >= below;
}

const broken = () => Object.values(data.quantities).reduce((sum, { data }) => sum + data.filter((n) => !Number.isFinite(n)).length, 0);

// Set one number and compute everything anew, or leave all as it is and return why.
function edit(of, flat, number) {
  const numbers = data.quantities[of].data, before = numbers[flat], already = broken();
  if (outside(of, number)) return `expected ${data.quantities[of].limit.text}`;
  numbers[flat] = number;
  engine.compute();
  const spoils = broken() > already;
  if (spoils) {
    numbers[flat] = before;
    engine.compute();
  }
  write();
  if (spoils) return "with it, some results would be no finite numbers";
  byId("reset").hidden = false;
  tell(chosen);
  return "";
}
// No form: the frame of a notebook may not send one, and then tells nobody that it was to be sent.
function set() {
  if (!chosen) return;
  const { of, flat } = chosen, J = data.quantities.J, loss = J.data[0], before = data.quantities[of].data[flat];
  const typed = byId("value").value.trim(), text = typed.replace("−", "-").replace(",", ".");
  const why = edit(of, flat, text === "" ? NaN : Number(text));
  if (why) say(`${typed === "" ? "An empty field" : `“${typed}”`} is refused: ${why}. ${entry(of, flat)} is still ${show(before)}.`, true);
  else say(`${entry(of, flat)} was ${show(before)}, and is ${show(data.quantities[of].data[flat])} now. J went from ${show(loss)} to ${show(J.data[0])}.`);
}
byId("set").addEventListener("click", set);
byId("value").addEventListener("keydown", (event) => {
  if (event.key === "Enter") set();
});
byId("reset").addEventListener("click", () => {
  for (const [of, numbers] of first) data.quantities[of].data = [...numbers];
  write();
  byId("reset").hidden = true;
  tell(chosen);
  say(`All edits are undone: every number is as it was recorded, and J is ${show(data.quantities.J.data[0])} again.`);
  sections[current].focus({ preventScroll: true });
});

// Keys

const AROUND = { ArrowLeft: () => -1, ArrowRight: () => 1, ArrowUp: (c) => -c, ArrowDown: (c) => c };
document.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  const cell = cellOf(event), typing = event.target.closest?.("input");
  if (event.key === "Escape") {
    kept = false;
    tell(null);
    sections[current].focus({ preventScroll: true });
  } else if (typing) {
    return;
  } else if (cell && event.key in AROUND) {
    const to = cell.flat + AROUND[event.key](cell.columns);
    const sameRow = Math.floor(to / cell.columns) === Math.floor(cell.flat / cell.columns);
    if (cell.mine[to] && (sameRow || event.key === "ArrowUp" || event.key === "ArrowDown")) cell.mine[to].focus();
  } else if (cell && (event.key === "Enter" || event.key === " ")) {
    kept = true;
    if (!byId("edit").hidden) byId("value").select();
  } else if (!cell && (event.key === "ArrowLeft" || event.key === "ArrowRight")) {
    jump(current + (event.key === "ArrowRight" ? 1 : -1));
  } else {
    return;
  }
  event.preventDefault();
});

// The page computes everything once and compares it with what Python recorded.
engine.compute();
let difference = 0;
for (const [of, numbers] of first) numbers.forEach((number, i) => {
  const mine = data.quantities[of].data[i];
  const off = Math.abs(number - mine) / Math.max(1, Math.abs(number));
  if (!(Number.isNaN(number) && Number.isNaN(mine))) difference = Math.max(difference, Number.isNaN(off) ? Infinity : off);
});
document.documentElement.dataset.selftest = String(difference);
for (const [of, numbers] of first) data.quantities[of].data = [...numbers];
write();
byId("main").append(make("p", { class: "how" }, `Computed again in this page: every number agrees with Python's to ${show(difference)}.`));
const asked = location.hash;
go(0, false, false);
follow(asked);
window.aescratch = { engine, edit, cells };
