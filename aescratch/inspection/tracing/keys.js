// Keys, and the start: the page computes everything once and compares it with what Python recorded.

const AROUND = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
const SCROLLING = ".formula, .where pre, figure"; // sideways, if they are too wide
const STEPS = { ArrowLeft: -1, ArrowRight: 1, PageUp: -1, PageDown: 1 }; // presenters send the latter two

// The unit beside another: in the next column the one at nearly the same height.
function unitBeside({ of, flat }, [down, right]) {
  const here = geometry.nodes.get(`${of} ${flat}`), units = [...geometry.nodes.values()];
  const away = ({ x, y }) => (right ? Math.abs(x - here.x) * 10 + Math.abs(y - here.y) : Math.abs(y - here.y) + 10 * Math.abs(x - here.x));
  const ahead = units.filter(({ x, y }) => (right ? (x - here.x) * right > 1 : (y - here.y) * down > 1 && Math.abs(x - here.x) < 1));
  const next = ahead.sort((one, other) => away(one) - away(other))[0];
  return next && parts.units.get(`${next.of} ${next.flat}`).group;
}

// From a unit to its weights on one side: its lines from top to bottom, or the pixels of the image that they are.
let fan = { elements: [] };
function fanOf(unit, right) {
  const key = `${unit.of} ${unit.flat}`, [own, other] = right ? ["from", "to"] : ["to", "from"];
  const pixels = parts.pixels.filter((pixel) => pixel.unit === key && pixel.side === (right ? 1 : -1)).map(({ core }) => core);
  if (pixels.length) return { unit, elements: pixels, columns: data.image[1] };
  const lines = parts.lines.filter(({ edge, weight }) => weight && `${edge[own].of} ${edge[own].flat}` === key);
  lines.sort((one, next) => one.edge[other].y - next.edge[other].y);
  return { unit, elements: lines.map(({ path }) => path), columns: 1, ends: lines.map(({ edge }) => edge) };
}

function focusWeight(element) {
  if (!element) return;
  fill(element, { tabindex: -1, role: "img", "aria-label": `${labelled(element.of, element.flat)} = ${show(data.quantities[element.of].data[element.flat])}` }, []);
  element.focus();
}

// Among the weights arrows move; from a line, left and right lead to the units at its ends.
function moveInFan(weight, [down, right], shift) {
  const place = fan.elements.indexOf(weight), end = right && fan.ends?.[place]?.[right > 0 ? "to" : "from"];
  if (end) parts.units.get(`${end.of} ${end.flat}`).group.focus();
  else if (shift) fan.unit.focus();
  else focusWeight(fan.elements[place + down * fan.columns + right]);
}

function fullScreen() {
  if (document.fullscreenElement) document.exitFullscreen();
  else document.documentElement.requestFullscreen?.().catch(() => announce(say("full_refused")));
}
byId("full").addEventListener("click", fullScreen);
byId("full").hidden = !document.fullscreenEnabled;

document.addEventListener("keydown", (event) => {
  if (choice.open) return;
  const typing = event.target.closest?.("input, select"), key = event.key.toLowerCase();
  if ((event.ctrlKey || event.metaKey) && !event.altKey && !typing && (key === "z" || key === "y")) {
    if (key === "y" || event.shiftKey) redo();
    else undo();
    return event.preventDefault();
  }
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  if (event.key in AROUND && event.target.matches?.(`:is(${SCROLLING})[tabindex="0"]`)) return; // the browser scrolls it
  const cell = event.target.closest?.("td[role=gridcell]"), unit = event.target.closest?.("svg [role=button]");
  const weight = fan.elements.includes(event.target) ? event.target : null;
  if (event.key === "Escape") {
    release();
    sections[current].focus({ preventScroll: true });
  } else if (event.key.startsWith("Page") && (!typing || event.target.id === "value")) {
    jump(beside(STEPS[event.key])); // also from the number that was just set
  } else if (typing) {
    return;
  } else if (cell && event.key in AROUND) {
    const [down, right] = AROUND[event.key];
    const row = cell.row + down, column = cell.column + right;
    if (isInside(cell.grid, row, column)) cellIn(cell.mine, cell.grid.flat(row, column)).focus();
  } else if (unit && event.shiftKey && AROUND[event.key]?.[1]) {
    const right = AROUND[event.key][1] > 0, cell = firstOnSheet(unit, right);
    fan = cell ? { elements: [] } : fanOf(unit, right);
    if (cell) cell.focus();
    else focusWeight(fan.elements[0]);
  } else if (weight && event.key in AROUND) {
    moveInFan(weight, AROUND[event.key], event.shiftKey);
  } else if (unit && event.key in AROUND) {
    unitBeside(unit, AROUND[event.key])?.focus();
  } else if ((cell || unit || weight) && (event.key === "Enter" || event.key === " ")) {
    keep(true);
    if (!byId("edit").hidden) byId("value").select();
  } else if (event.key in STEPS) {
    jump(beside(STEPS[event.key]));
  } else if (key === "f") {
    fullScreen();
  } else if (key === "p") {
    play();
  } else if (key === "l") {
    copyLink();
  } else {
    return;
  }
  event.preventDefault();
});

const began = performance.now();
engine.compute();
tellTime((performance.now() - began) / 1000);
const off = Math.max(...[...recorded].flatMap(([of, numbers]) => {
  const array = data.quantities[of], again = difference(numbers, array.data);
  return array.sample ? [again, difference(array.sample.map((number) => number ?? NaN), sampled(array, numbers))] : again;
}));
language.show();
language.bind(byId("language"), () => {
  sections.forEach((section, place) => describe(section, all[place]));
  listMistakes();
  writeFormulas();
  compared.replaceChildren();
  go(current, false, false);
  refresh();
  tell(chosen);
});
listMistakes();
tell(null);
document.documentElement.dataset.selftest = String(off);
restore();
refresh();
const samples = Object.values(data.quantities).flatMap(({ sample }) => sample?.length ?? []);
const checked = { difference: show(off), most: data.largestTable, n: Math.round(samples.reduce((sum, n) => sum + n, 0) / samples.length) };
byId("main").append(language.tell(make("p", { class: "how" }), samples.length ? "computed_large" : "computed_again", checked));
document.querySelectorAll(`${SCROLLING}, #panel, #steps`).forEach((element) => reachable.observe(element));
go(0, false, false);
started = true;
follow(asked);
window.aescratch = { engine, edit, cells, paths, printed, mistakes, withBackward };
