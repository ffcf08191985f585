// Right against wrong: a known mistake is switched in, and stands in the place of the right formula until another is
// chosen. The page computes both backward passes. It marks every number that leaves the right one, tells which is the
// first and what the checker says about the mistake, and trains with both from the same parameters.

const COMPARED = 50; // training steps
let mistake = null;
let wrong = new Map(); // what the right backward would give, by the name of a quantity that isn't right

// A text in the page's language; English names tell mistakes apart in links, in any language of the page.
const textAt = (place, language) => data.texts[place][language === "ko" ? 1 : 0];
const titleOf = ({ name, about }, inWhich = language.language) => textAt(name, inWhich).replace("{}", about);

// A wrong tree, with the right one where it reads that.
const withTree = (tree, right) =>
  !Array.isArray(tree) ? tree : tree[0] === "right" ? right : tree.map((part) => withTree(part, right));

const mistakes = Object.entries(data.mistakes).flatMap(([part, listed]) =>
  listed.map(([of, name, cause, question, wrongTrees, about]) => {
    const trees = Object.entries(wrongTrees).map(([step, tree]) => [step, withTree(tree, rightTrees.get(step))]);
    const made = { part, function: of, name, cause, question, about, trees: Object.fromEntries(trees) };
    return Object.assign(made, { id: `${part || "model"}:${titleOf(made, "en")}` });
  }));
const mistakeById = new Map(mistakes.map((each) => [each.id, each]));

const leavesRight = (number, right) => !(Math.abs(number - right) <= 1e-12 * Math.max(1, Math.abs(right)));
const isWrong = (of, flat) => wrong.has(of) && leavesRight(data.quantities[of].data[flat], wrong.get(of)[flat]);

function putIn(which) {
  for (const step of data.steps) step.tree = which?.trees[step.name] ?? rightTrees.get(step.name);
}

// Run something with a mistake in the backward pass, or with none, and leave the numbers as they were.
function withBackward(which, run) {
  const now = Object.entries(data.quantities).map(([of, array]) => [of, array.data]);
  for (const [of, numbers] of now) data.quantities[of].data = numbers.slice();
  putIn(which);
  engine.compute(({ which: pass }) => pass !== "forward");
  const result = run();
  putIn(mistake);
  for (const [of, numbers] of now) data.quantities[of].data = numbers;
  return result;
}

// Find every quantity that isn't what the right backward would give.
function findWrong() {
  wrong = new Map();
  if (!mistake) return;
  const right = withBackward(null, () => data.steps.filter(({ which }) => which !== "forward").map(({ name }) => [name, data.quantities[name].data]));
  for (const [of, numbers] of right) {
    if (numbers.some((number, flat) => leavesRight(data.quantities[of].data[flat], number))) wrong.set(of, numbers);
  }
}

// The right number stands above a wrong one.
function markWrong(cell, of) {
  const off = isWrong(of, cell.flat);
  cell.classList.toggle("wrong", off);
  if (off) cell.dataset.right = show(wrong.get(of)[cell.flat]);
  else delete cell.dataset.right;
}

function switchIn(which) {
  mistake = which;
  putIn(mistake);
  byId("mistake").value = mistake?.id ?? "";
  mark(document.documentElement, { mistaken: mistake });
  computeAgain();
  writeFormulas();
  compared.replaceChildren();
  refresh();
  tell(chosen);
}

function writeFormulas() {
  for (const [place, { step }] of all.entries()) if (isKnown(step)) writeFormula(step, sections[place].querySelector(".formula"));
}

// The first wrong step, and its entry that is furthest from the right one.
function firstWrong() {
  const step = passes.find(({ name }) => wrong.has(name));
  if (!step) return null;
  const away = wrong.get(step.name).map((right, flat) => Math.abs(data.quantities[step.name].data[flat] - right) || 0);
  const flat = away.reduce((most, off, place) => (off > away[most] ? place : most), 0);
  return { step, flat, right: wrong.get(step.name)[flat], number: data.quantities[step.name].data[flat] };
}

// What the panel tells about the mistake; the links of wrong steps are marked.
function tellMistake() {
  all.forEach(({ step }, place) => links[place].classList.toggle("wrong", Boolean(step && wrong.has(step.name))));
  const verdict = byId("verdict"), first = mistake && firstWrong();
  byId("compare").hidden = !mistake || !plain;
  if (!mistake) return verdict.replaceChildren();
  if (!first) return verdict.replaceChildren(make("p", {}, say("wrong_nowhere")));
  const [off, fine] = parametersOffAndFine(), ofSheet = mistake.function.endsWith("_backward");
  const given = { what: entry(first.step.name, first.flat), number: show(first.number), right: show(first.right) };
  const lines = [
    make("p", { class: "off" }, say("wrong_first", given), " ", linkTo(engine.made.get(first.step.name))),
    make("p", {}, fine.length ? say("wrong_and_right", { off: off.join(", "), fine: fine.join(", ") }) : say("wrong_all")),
    make("p", {}, say(ofSheet ? "checker_says" : "checker_says_model", mistake), " ", make("q", {}, textAt(mistake.cause, language.language))),
  ];
  const question = textAt(mistake.question, language.language);
  if (question) lines.push(make("p", { class: "asks" }, question));
  return verdict.replaceChildren(...lines);
}

// Which parameters' gradients are wrong, with the number of their wrong entries, and which are right.
function parametersOffAndFine() {
  const off = [], fine = [];
  for (const of of trained) {
    const name = engine.whole.get(of), flats = name ? [...data.quantities[of].data.keys()] : [];
    const count = flats.filter((flat) => isWrong(name, flat)).length, { label } = data.quantities[of];
    if (count) off.push(say("wrong_of", { label, count, n: flats.length }));
    else if (name) fine.push(label);
  }
  return [off, fine];
}

// J of some training steps with one of the two backward passes, from the numbers as they are now.
const lossesOf = (which, steps) => withBackward(which, () => {
  const losses = [data.quantities.J.data[0]];
  while (losses.length <= steps) {
    for (const of of trained) data.quantities[of].data = data.quantities[`${of}_new`].data.slice();
    engine.compute();
    const J = data.quantities.J.data[0];
    if (!Number.isFinite(J)) break;
    losses.push(J);
  }
  return losses;
});

// Train with both, and draw J beside J: the right one drawn through, the wrong one dashed.
const compared = byId("compared");
function compare() {
  const right = lossesOf(null, COMPARED), off = lossesOf(mistake, COMPARED);
  const low = Math.min(0, ...right), high = 1.5 * Math.max(right[0], ...right) || 1;
  const lineOf = (losses, name) => draw("polyline", {
    class: name, "vector-effect": "non-scaling-stroke",
    points: losses.map((J, n) => `${(100 * n) / COMPARED},${40 - (40 * (Math.min(J, high) - low)) / (high - low)}`).join(" "),
  });
  const ended = (losses) =>
    losses.length > COMPARED ? say("compared_J", { n: COMPARED, J: show(losses.at(-1)) }) : say("compared_broken", { n: losses.length });
  const says = say("compared", { right: ended(right), wrong: ended(off) });
  const picture = draw("svg", { role: "img", viewBox: "0 0 100 40", preserveAspectRatio: "none", "aria-label": says });
  picture.append(lineOf(right, "right"), lineOf(off, "off"));
  compared.replaceChildren(picture, make("p", {}, says));
  Object.assign(compared, { right, off });
}

// The menu, part by part in the order of the backward pass.
function listMistakes() {
  const groups = new Map(mistakes.map(({ part }) => [part, make("optgroup", { label: part || say("mistake_model") })]));
  for (const each of mistakes) groups.get(each.part).append(make("option", { value: each.id }, titleOf(each)));
  byId("mistake").replaceChildren(make("option", { value: "" }, say("mistake_none")), ...groups.values());
  byId("mistake").value = mistake?.id ?? "";
}
byId("mistake").addEventListener("change", () => switchIn(mistakeById.get(byId("mistake").value) ?? null));
byId("compare").addEventListener("click", compare);
byId("wrong").hidden = !mistakes.length;
