// The sections of the steps, under the picture: each with its formula, its lines of code, and its arrays. What the optimiser
// does is one step, which unfolds into its operations.

const HEADINGS = { given: "heading_given", forward: "heading_forward", backward: "heading_backward", update: "heading_update" };

// The list of all that can be walked to. Steps have the numbers of Python's trace[0], trace[1], ...; what is given
// stands before them, and the update as a whole before its operations.

const updates = data.steps.filter((step) => step.which === "update");
const passes = data.steps.filter((step) => step.which !== "update");
const reads = (steps, of) => steps.some((step) => step.from.includes(of));
const givenNames = Object.keys(data.quantities).filter((of) => data.quantities[of].kind in GIVEN);
const settings = givenNames.filter((of) => reads(updates, of) && !reads(passes, of) && data.quantities[of].kind !== "parameter");
const numbersLast = (names) => [...names].sort((one, other) => isNumber(one) - isNumber(other));
const isNumber = (of) => !data.quantities[of].shape.length;
const given = {
  which: "given", id: "given", get title() { return say("heading_given"); }, get says() { return say("given_says"); },
  from: numbersLast(givenNames.filter((of) => !settings.includes(of))), made: [],
};
const update = {
  which: "update", id: "update", get title() { return say("update_by", { rule: updates.at(-1).rule }); },
  get says() { return inLanguage(data.says[updates.at(-1).says]); },
  from: numbersLast(settings), made: updates.map((step) => step.name).filter((name) => name.endsWith("_new")),
};
const inLanguage = (texts) => texts[language.language] ?? texts.en;
const asListed = (step) => {
  const { which, name, from } = step, number = engine.made.get(name), title = `${number}  ${data.quantities[name].label}`;
  return { step, which, id: `step-${number}`, title, from, made: [name], get says() { return inLanguage(data.says[step.says]); } };
};
const all = [given, ...passes.map(asListed), update, ...updates.map(asListed)];
const foldable = new Set(all.slice(all.indexOf(update) + 1));
let folded = true;

// The lines that compute a quantity; they unfold into the whole function as it was, with its lines' numbers.
function codeOf({ code, where }) {
  const own = [make("code", code.includes("\n") ? { class: "lines" } : {}, code), ` ${where}`];
  if (!(where in data.sources)) return make("p", { class: "where" }, ...own);
  const [top, text] = data.functions[data.sources[where]], [first, last = first] = /[\d-]+$/.exec(where)[0].split("-").map(Number);
  const lines = text.split("\n").map((line, i) => {
    const number = top + i, read = number >= first && number <= last;
    return make("span", read ? { class: "own" } : {}, make("i", { "aria-hidden": "true" }, String(number)), `${line}\n`);
  });
  return make("details", { class: "where" }, make("summary", {}, ...own), make("pre", {}, ...lines));
}

function sectionOf(listed) {
  const { step } = listed, section = make("section", { id: listed.id, tabindex: -1 });
  section.append(make("h2"));
  if (isKnown(step)) {
    const box = make("div", { class: "formula", role: "img", "aria-label": step.formula });
    section.append(box);
    writeFormula(step, box);
  } else if (step) {
    section.append(language.tell(make("p"), "not_the_formula"));
  }
  if (listed.says) section.append(make("p", { class: "says" }));
  if (listed === update) section.append(make("div", { class: "acts" }, unfold));
  if (step?.code) section.append(codeOf(step));
  const figures = [...listed.from.map((of) => figure(of, section, false)), ...listed.made.map((of) => figure(of, section, true))];
  section.append(make("div", { class: "arrays" }, ...figures));
  describe(section, listed);
  return section;
}

// A step's formula; while another is in its place by mistake, both.
function writeFormula(step, box) {
  const right = rightTrees.get(step.name), wrong = step.tree !== right;
  const both = () => `<div class="off">✗ ${formula(step)}</div><div>✓ ${formula({ ...step, tree: right })}</div>`;
  box.innerHTML = wrong ? both() : formula(step);
  box.classList.toggle("wrong", wrong);
  box.setAttribute("aria-label", wrong ? say("wrong_formula", { right: step.formula }) : step.formula);
}

// The words of a section and of the link to it.
function describe(section, listed) {
  const { step, title, says } = listed, link = linkOf.get(listed);
  const small = step ? [make("small", {}, [say(`which_${step.which}`), step.part].filter(Boolean).join(", "))] : [];
  section.setAttribute("aria-label", title);
  section.querySelector("h2").replaceChildren(title, ...small);
  if (says) section.querySelector(".says").textContent = says;
  const [head, share] = title.split(/(?= \()/); // ∂J/∂h1 and (sparsity)
  link.replaceChildren(head, ...(share ? [make("small", {}, share)] : []));
}

const unfold = make("button", { type: "button", id: "unfold" });
const linkOf = new Map(all.map((listed) => [listed, make("a", { href: `#${listed.id}` })]));
const sections = all.map(sectionOf), links = [...linkOf.values()];
byId("main").append(...sections);
for (const which of Object.keys(HEADINGS)) {
  const mine = links.filter((_, place) => all[place].which === which);
  if (which === "forward" || which === "backward") byId("steps").append(language.tell(make("h2"), HEADINGS[which]));
  byId("steps").append(make("ol", {}, ...mine.map((link) => make("li", {}, link))));
}

// Fold the optimiser's operations into their one step, or unfold them.
function fold(whether) {
  folded = whether;
  all.forEach((listed, place) => {
    if (!foldable.has(listed)) return;
    sections[place].hidden = folded;
    links[place].parentElement.hidden = folded;
  });
  if (!folded) windows.forEach(({ lenses }) => lenses.forEach((lens) => lens.show()));
  language.tell(unfold, folded ? "unfold" : "fold", { n: updates.length });
  unfold.setAttribute("aria-expanded", !folded);
}
unfold.addEventListener("click", () => fold(!folded));
fold(true);

// What of a page is wider than its place can be scrolled to by keys.
const reachable = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    const over = target.scrollWidth > target.clientWidth + 1 || target.scrollHeight > target.clientHeight + 1;
    if (over) target.tabIndex = 0;
    else target.removeAttribute("tabindex");
  }
});
