// One number: where it comes from, where it goes, and whether its gradient is right.

let chosen = null, kept = false;

function light(cell) {
  document.querySelectorAll("td.lit, td.chosen").forEach((other) => other.classList.remove("lit", "chosen"));
  if (!cell) return;
  cell.classList.add("chosen");
  const step = engine.step(cell.of);
  if (!isKnown(step)) return;
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
  const found = event.target.closest?.("td, svg [role=button], svg path, svg .core");
  if (!found || found.flat === undefined) return null;
  if (found.matches("td")) return found;
  const name = found.matches("[role=button]") ? shownOf(found.of) ?? found.of : found.of;
  return (cells.get(name).find((mine) => mine[0].section === sections[current]) ?? cells.get(name)[0])[found.flat];
};
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
document.addEventListener("mouseover", (event) => {
  const cell = pointed(event);
  if (cell && !kept && cell !== chosen) tell(cell);
});
byId("network").addEventListener("mouseleave", () => {
  if (!kept && chosen) release();
});
document.addEventListener("focusin", (event) => {
  const cell = pointed(event);
  if (!cell) return;
  if (event.target.matches("td")) cell.mine.forEach((other) => (other.tabIndex = other === cell ? 0 : -1));
  if (kept) keep(false);
  if (cell !== chosen) tell(cell);
});
document.addEventListener("click", (event) => {
  const cell = pointed(event);
  if (!cell) return;
  if (cell !== chosen) tell(cell);
  keep(true);
});
