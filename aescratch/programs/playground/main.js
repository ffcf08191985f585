// The page at work: from what is chosen to a training, and from there, frame by frame, to what is seen.
//
//   controls -> state -> Training, Scene -> frame: some steps, then all views

const content = JSON.parse(document.getElementById("content").textContent);
const element = (id) => document.getElementById(id);
const boards = Object.fromEntries(["network", "loss", "output", "code", "decoded"].map((name) => [name, new Board(element(`${name}-canvas`))]));
const hits = {}; // what a place on a canvas means, as the last drawing has it
const BUDGET = 7; // milliseconds of a frame that are spent on steps
const REST = 4; // looking at all data may take one part in so many of the time
const SLOW = 12; // frames for a step
const LIVE = new Set(["rate", "weight", "rho", "beta", "k", "sigma", "p"]); // what changes without a new start
const KEPT_WITH = { data: ["rate", "batch"], variant: ["rate", "batch", "hidden"], rule: ["batch", "hidden", "code", "weight", "rho", "beta", "k", "sigma", "p", "K"] };
for (const set of content.sets) open(set);

let { state, refused } = stateFrom(content, location.hash);
let looked = { at: 0, cost: 0 };
let seed = 1, training, scene, curve, running = false, frames = 0, since = performance.now(), told = { frames: 0, steps: 0, at: 0 };

// A set's numbers, from text: bytes, or pairs of bytes.
function open(set) {
  const bytes = Uint8Array.from(atob(set.x), (sign) => sign.charCodeAt(0));
  const whole = set.levels > 255 ? new Uint16Array(bytes.buffer) : bytes;
  [set.n, set.d] = set.shape;
  set.x = Float64Array.from(whole, (value) => set.least + (value / set.levels) * (set.most - set.least));
  set.labels = Array.from(set.labels, Number);
  set.shown = Array.from({ length: 10 }, (_, label) => set.labels.indexOf(label)).map((example, label) => Math.max(example, 0) || label);
}

function amounts() {
  return { sigma: state.sigma, p: state.p };
}

function trouble(text) {
  element("trouble").textContent = text;
  element("trouble").hidden = !text;
}

function start() {
  const { set, variant } = choicesOf(content, state);
  const name = `${variant.name} ${variant.deep ? state.activation : "tanh"}`;
  training = new Training({
    program: content.programs[name], rule: content.rules[state.rule], data: set, hidden: state.hidden ?? 1, code: state.code,
    entries: state.K ?? 1, batch: state.batch, seed,
  });
  settle();
  scene = new Scene(set, variant, training, amounts);
  curve = new Curve();
  curve.add(0, scene.error, NaN);
  trouble("");
  element("says").textContent = `${variant.says} ${set.says}`;
  for (const [view, note] of [["network", noteNetwork], ["output", noteOutput], ["code", noteCodes]]) {
    element(`${view}-note`).textContent = note(scene);
    boards[view].canvas.setAttribute("aria-label", note(scene));
  }
  element("formula-list").replaceChildren(...[...content.programs[name].formulas, ...content.rules[state.rule].formulas].map((formula) => {
    const item = document.createElement("li");
    item.textContent = formula;
    return item;
  }));
  held();
  draw();
}

// Settings of the step take the numbers of their sliders.
function settle() {
  for (const name of Object.keys(training.network.program.settings)) {
    if (name in state) training.network.arrays[name][0] = state[name];
  }
}

function change(name, value) {
  state[name] = value;
  if (name === "code" && "k" in state) {
    state.k = Math.min(state.k, value);
    particular();
  }
  history.replaceState(null, "", `#${new URLSearchParams(state)}`);
  if (LIVE.has(name)) {
    settle();
    if (training.broken) start();
    else if (!running) draw();
    return;
  }
  if (["data", "variant", "rule"].includes(name)) {
    const kept = ["data", "variant", "activation", "rule", ...KEPT_WITH[name]].filter((key) => key in state);
    state = stateFrom(content, String(new URLSearchParams(kept.map((key) => [key, state[key]])))).state;
    controls();
  }
  start();
}

function slider(name) {
  return makeSlider(choicesOf(content, state).numbers.find((each) => each.name === name), state[name], change);
}

function particular() {
  element("particular").replaceChildren(...choicesOf(content, state).variant.sliders.map((each) => slider(each.name)));
}

// All controls as the state has them; what has the focus keeps it.
function controls() {
  const { variant } = choicesOf(content, state), focused = document.activeElement?.name;
  makeChips(element("data"), "data", content.sets.map((set) => [set.name, set.label, set.says]), state.data, change);
  makeChips(element("variant"), "variant", content.variants.map((each) => [each.name, each.label, each.says]), state.variant, change);
  particular();
  const activations = [["tanh", "tanh"], ["relu", "ReLU"], ["linear", "none: linear"]];
  element("sizes").replaceChildren(
    ...(variant.deep ? [slider("hidden")] : []), slider("code"), ...(variant.deep ? [makeSelect("activation", "activation", activations, state.activation, change)] : []),
  );
  element("rule").replaceChildren(
    makeSelect("rule", "optimiser", [["sgd", "gradient descent"], ["adam", "Adam"]], state.rule, change), slider("rate"), slider("batch"),
  );
  if (focused) document.querySelector(`#settings [name="${focused}"]:checked, #settings select[name="${focused}"]`)?.focus();
}

// Sliders for the code that is held: one each for one or two units, else one for the unit that is chosen.
function held() {
  const box = element("held-sliders"), few = scene.units <= 2, sliders = [];
  const add = (label, name, set) => {
    const made = makeSlider({ name, label, says: "Moves the code that is decoded.", least: 0, most: 1, start: 0 }, 0, set);
    sliders.push(made);
    return made.querySelector("input");
  };
  const move = (unit, value) => scene.hold(scene.held.map((own, j) => (j === unit ? value : own)));
  const values = few
    ? Array.from({ length: scene.units }, (_, j) => add(scene.units > 1 ? `code unit ${j + 1}` : "code", `held${j}`, (_, value) => { move(j, value); draw(); }))
    : [add("its value", "held", (_, value) => { move(scene.unit, value); draw(); })];
  if (!few) {
    sliders.unshift(makeSlider({ name: "unit", label: "code unit", says: "Which unit the slider below moves.", least: 1, most: scene.units, scale: "whole" }, 1,
      (_, value) => { scene.unit = value - 1; draw(); }));
  }
  sliders.push(makeSlider({ name: "example", label: "or the code of example", says: "Holds the code of this example.", least: 1, most: scene.set.n, scale: "whole" }, 1,
    (_, value) => { scene.follow(value - 1); draw(); }));
  const example = sliders[sliders.length - 1].querySelector("input");
  box.replaceChildren(...sliders);
  scene.showHeld = () => {
    if (scene.example !== null) example.value = scene.example + 1;
    const shown = scene.example === null ? "none" : String(scene.example + 1);
    example.previousElementSibling.textContent = shown;
    example.setAttribute("aria-valuetext", shown);
    values.forEach(showValue);
  };
  const showValue = (input, place) => {
    const unit = few ? place : scene.unit, value = scene.held[unit];
    const [least, most] = [Math.min(scene.least[unit], value), Math.max(scene.most[unit], value, scene.least[unit] + 1e-3)];
    Object.assign(input, { min: least, max: most, step: (most - least) / 200, value });
    input.setAttribute("aria-valuetext", number(value));
    input.previousElementSibling.textContent = number(value);
    if (!few) box.querySelector("[name=unit]").value = scene.unit + 1;
    if (!few) box.querySelector("[name=unit]").previousElementSibling.textContent = scene.unit + 1;
  };
}

function draw() {
  hits.output = drawOutput(boards.output, scene);
  hits.code = drawCodes(boards.code, scene);
  drawDecoded(boards.decoded, scene);
  drawNetwork(boards.network, scene);
  const pca = scene.pca.error(scene.units);
  drawLoss(boards.loss, curve, pca);
  scene.showHeld();
  const arrays = scene.network.arrays, terms = scene.program.terms;
  element("loss-note").textContent = noteLoss(scene, pca);
  boards.loss.canvas.setAttribute("aria-label", noteLoss(scene, pca));
  element("terms").textContent = training.steps
    ? `last batch: J ${number(arrays.J[0])}${terms.length > 1 ? ` = ${terms.map((name) => `${name.replace(/_/g, " ")} ${number(arrays[name][0])}`).join(" + ")}` : ""}` : "not trained yet";
}

function take(steps, until = Infinity) {
  for (let i = 0; i < steps && performance.now() < until; i++) {
    training.step(state.rate, amounts());
    if (training.broken) {
      const causes = `learning rate ${number(state.rate)}${state.weight ? `, λ ${number(state.weight)}` : ""}`;
      trouble(`${training.broken} The training has diverged (${causes}). Lower the learning rate: it then starts anew.`);
      pause();
      return;
    }
  }
}

function report(now) {
  if (now - told.at < 700) return;
  const seconds = (now - told.at) / 1000, speed = running ? `, ${Math.round((frames - told.frames) / seconds)} frames and ${Math.round(Math.max(0, training.steps - told.steps) / seconds).toLocaleString("en")} steps a second` : "";
  element("count").textContent = `step ${training.steps.toLocaleString("en")}, epoch ${number(Math.floor(training.epoch), 6)}${speed}`;
  told = { frames, steps: training.steps, at: now };
}

function frame(now) {
  if (running) {
    frames += 1;
    const speed = element("speed").value;
    if (speed === "full") take(Infinity, performance.now() + BUDGET);
    else if (speed === "one" || frames % SLOW === 0) take(1);
    if (now - looked.at > REST * looked.cost) look();
    draw();
    if (running) requestAnimationFrame(frame);
  }
  report(now);
}

// Codes and reconstructions of all data, anew, and a place more on the curve.
function look() {
  const before = performance.now();
  scene.refresh();
  curve.add(training.steps, scene.error, training.network.arrays.J[0]);
  looked = { at: before, cost: performance.now() - before };
}

function go() {
  if (training.broken) start();
  running = true;
  element("run").textContent = "Pause";
  told.at = performance.now();
  told.steps = training.steps;
  told.frames = frames;
  requestAnimationFrame(frame);
}

function pause() {
  running = false;
  element("run").textContent = "Train";
  look();
}

element("run").addEventListener("click", () => (running ? pause() : go()));
element("step").addEventListener("click", () => {
  pause();
  if (training.broken) start();
  take(1);
  look();
  draw();
  report(Infinity);
  told.at = performance.now();
});
element("anew").addEventListener("click", () => {
  seed += 1;
  start();
  report(Infinity);
  told.at = performance.now();
});

// A place on a canvas, from a pointer of any kind.
function onPlace(canvas, act) {
  const tell = (event) => {
    const box = canvas.getBoundingClientRect();
    act(event.clientX - box.left, event.clientY - box.top);
    if (!running) draw();
  };
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    tell(event);
  });
  canvas.addEventListener("pointermove", (event) => { if (event.buttons) tell(event); });
}

onPlace(boards.code.canvas, (x, y) => scene.hold(Float64Array.from(hits.code.code(x, y))));
onPlace(boards.output.canvas, (x, y) => {
  if (hits.output.example) {
    const example = hits.output.example(x, y);
    if (example !== undefined) scene.follow(example);
    return;
  }
  const [px, py] = hits.output.plane.at(x, y), { set } = scene;
  let nearest = 0;
  const distance = (i) => (set.x[2 * i] - px) ** 2 + (set.x[2 * i + 1] - py) ** 2;
  for (let i = 1; i < set.n; i++) if (distance(i) < distance(nearest)) nearest = i;
  scene.follow(nearest);
});
window.addEventListener("resize", () => draw());
window.addEventListener("hashchange", () => {
  ({ state, refused } = stateFrom(content, location.hash));
  controls();
  start();
  if (refused.length) trouble(`The address asks for what there isn't: ${refused.join("; ")}.`);
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => draw());

controls();
start();
report(Infinity);
told.at = performance.now();
if (refused.length) trouble(`The address asks for what there isn't: ${refused.join("; ")}.`);
if (!matchMedia("(prefers-reduced-motion: reduce)").matches) go();
window.playground = { get training() { return training; }, get scene() { return scene; }, get state() { return state; }, pause, take, look, draw };
