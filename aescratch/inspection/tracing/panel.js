// One number: where it comes from, where it goes, and whether its gradient is right.

let chosen = null, kept = false;

// The entries that the chosen one is computed from, by quantity, in the section where it was chosen.
let lit = new Map();
const isLit = (cell) => cell !== chosen && cell.section === lit.section && Boolean(lit.get(cell.of)?.has(cell.flat));
const lensesIn = (section) => [...windows.values()].flatMap(({ lenses }) => lenses.filter(({ mine }) => mine.section === section));

function light(cell) {
  const before = lit, step = cell && engine.step(cell.of);
  document.querySelectorAll("td.lit, td.chosen").forEach((other) => other.classList.remove("lit", "chosen"));
  lit = Object.assign(new Map(), { section: cell?.section });
  cell?.classList.add("chosen");
  if (isKnown(step)) {
    engine.value(step.tree, engine.indices(step, cell.flat), (of, flat) => {
      if (!lit.has(of)) lit.set(of, new Set());
      lit.get(of).add(flat);
    });
  }
  for (const [of, flats] of lit) {
    const mine = cells.get(of).find(({ section }) => section === cell.section);
    if (!mine) continue;
    // A window moves to what is lit, except that of the chosen number itself.
    const { lens } = mine, follows = lens && lens.window !== cell.mine.lens?.window;
    if (follows && ![...flats].some((flat) => lens.has(flat))) lens.reveal(flats.values().next().value);
    cellsIn(mine).forEach((other) => other.classList.toggle("lit", isLit(other)));
  }
  new Set([...lensesIn(before.section), ...lensesIn(lit.section)]).forEach((lens) => lens.paint());
}

function check(of, flat) {
  const name = engine.whole.get(of);
  if (!name || !(of in data.quantities)) return null;
  if (engine.byRule.has(of)) {
    return make("p", { class: "check" }, say("by_rule", { gradient: entry(name, flat) }));
  }
  const gradient = data.quantities[name].data[flat], quotient = engine.quotient(of, flat), q = entry(of, flat);
  const off = Math.abs(gradient - quotient), fine = off <= 1e-6 * Math.max(1, Math.abs(gradient));
  const nine = (number) => exact(Number(number.toPrecision(9))), own = entry(name, flat);
  const text = Number.isNaN(quotient)
    ? say("check_kink", { gradient: own, value: show(gradient) })
    : say("check", { gradient: own, value: nine(gradient), q, quotient: nine(quotient), off: show(off) });
  return make("p", { class: `check${fine || Number.isNaN(quotient) ? "" : " off"}` }, text);
}

// The sum is the right one, which a mistake's gradient stands beside.
const rightSumOf = (of, flat) => (mistake ? withBackward(null, () => sumOf(of, flat)) : sumOf(of, flat));

// The picture shows the example that the number is of.
function showExampleOf(cell) {
  const n = cell && paths.exampleOf(subject(cell).of ?? cell.of, cell.flat);
  if (n === null || n === Number(example.value)) return;
  example.value = n;
  build();
}

const linkTo = (place) => make("a", { href: `#step-${place}` }, say("step", { n: place }));

function tell(cell) {
  if (cell !== chosen) announce("");
  chosen = cell;
  light(cell);
  showExampleOf(cell);
  paint();
  const told = byId("told");
  byId("edit").hidden = !cell || !(data.quantities[cell.of].kind in GIVEN);
  told.replaceChildren(...(embedded ? [] : [byId("hint").content.cloneNode(true)]));
  language.show(told);
  if (!cell) return;
  const { of, flat } = cell, array = data.quantities[of], step = engine.step(of);
  const lines = [make("p", { class: "value" }, `${entry(of, flat)} = ${exact(Number(array.data[flat].toPrecision(7)))}`)];
  if (done.length && show(array.data[flat]) !== show(recorded.get(of)[flat])) lines.push(make("p", { class: "was" }, say("before_edits", { number: show(recorded.get(of)[flat]) })));
  if (step) {
    const place = engine.made.get(of);
    const made = step.tree === rightTrees.get(of) ? step.formula : titleOf(mistake);
    lines.push(make("p", {}, `${say("computed_in")} `, linkTo(place), `: ${made}`));
    if (isWrong(of, flat)) lines.push(make("p", { class: "off" }, say("right_is", { number: show(wrong.get(of)[flat]) })));
    if (isKnown(step)) {
      lines.push(make("p", { class: "sum" }, `${entry(of, flat)} = ${derived(step, engine.indices(step, flat), show(array.data[flat]))}`));
    }
  } else {
    const limited = Object.keys(array.limit).length > 0; // and not any number at all
    lines.push(make("p", {}, limited ? `${say(GIVEN[array.kind])}, ${limitOf(of)}` : say(GIVEN[array.kind])));
    byId("value").value = String(array.data[flat]);
    aim(cell);
  }
  if (step?.share) {
    const whole = engine.whole.get(step.of), place = engine.made.get(whole);
    lines.push(make("p", {}, `${say("share_of", { whole })} `, linkTo(place), "."));
  }
  if (!step?.share) lines.push(...[rightSumOf(step?.of ?? of, flat), check(step?.of ?? of, flat)].filter(Boolean));
  told.replaceChildren(...lines);
  told.querySelectorAll(".gathered").forEach((box) => reachable.observe(box));
}

// A unit or a weight of the picture is the same number as in a table: in the current step's, or where it is first shown.
const pointed = (event) => {
  const found = event.target.closest?.("td, svg [role=button], svg path, svg .core, .sheet");
  if (event.clientX !== undefined) found?.aim?.(event);
  if (!found || found.flat === undefined) return null;
  if (found.matches("td")) return found;
  return cellFor(found.matches("[role=button]") ? shownOf(found.of) ?? found.of : found.of, found.flat);
};
function cellFor(name, flat) {
  const places = cells.get(name);
  return cellIn(places.find(({ section }) => section === sections[current]) ?? places[0], flat);
}
// What is kept stays in the panel, and in the page's address.
function keep(on) {
  kept = on;
  mark(document.documentElement, { kept });
  address();
}
function release() {
  keep(false);
  tell(null);
}
function point(event) {
  const cell = kept ? null : pointed(event);
  if (cell && cell !== chosen) tell(cell);
}
document.addEventListener("mouseover", point);
document.addEventListener("mousemove", (event) => event.target.aim && point(event));
byId("network").addEventListener("mouseleave", () => {
  if (!kept && chosen) release();
});
document.addEventListener("focusin", (event) => {
  const cell = pointed(event);
  if (!cell) return;
  if (event.target.matches("td")) cellsIn(cell.mine).forEach((other) => (other.tabIndex = other === cell ? 0 : -1));
  if (kept) keep(false);
  if (cell !== chosen) tell(cell);
});
document.addEventListener("click", (event) => {
  const cell = pointed(event);
  if (!cell) return;
  if (cell !== chosen) tell(cell);
  keep(true);
});
