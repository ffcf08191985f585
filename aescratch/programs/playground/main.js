// The page: from the user's choices to a training, and from there, frame by frame, to the views.
//
//   controls -> state -> Training, Scene -> frame: some steps, then all views

const content = JSON.parse(document.getElementById("content").textContent);
const language = new Words(content.words, content.language), { say } = language;
const element = (id) => document.getElementById(id);
const views = ["network", "loss", "output", "code", "decoded"];
const boards = Object.fromEntries(views.map((name) => [name, new Board(element(`${name}-canvas`))]));
const hits = {}; // the meaning of places on each canvas, from the last drawing
const BUDGET = 7; // milliseconds of a frame that are spent on steps
const REST = 4; // computing the views of all data takes about one part in four of the time
const SLOW = 12; // frames for a step
const IN_SIGHT = 0.25; // share of the page, from which on it trains
const WORSE = 3; // times the error at the start, above which training has failed
const SETTINGS = ["weight", "rho", "beta", "k", "sigma", "p"];
const LIVE = new Set(["rate", ...SETTINGS]); // settings that change without a restart
const WORDS = ["data", "variant", "activation", "rule"];
// The settings that are kept when one of these changes; all others return to their defaults.
const KEPT_WITH = {
  data: ["rate", "batch"], variant: ["rate", "batch", "hidden"], rule: ["batch", "hidden", "code", "K", ...SETTINGS],
};
for (const set of content.sets) open(set);

const asked = () => location.hash || location.search;
let state, refused, embed;
let seed = 1, training, scene, curve;
let running = false, warned = false, pending = 0, frames = 0;
let wanted = !matchMedia("(prefers-reduced-motion: reduce)").matches; // whether to train while the page is in sight
let looked = { at: 0, cost: 0 }, told = { frames: 0, steps: 0, at: 0 };

// A set's numbers, from text: bytes, or pairs of bytes.
function open(set) {
  const bytes = Uint8Array.from(atob(set.x), (sign) => sign.charCodeAt(0));
  const whole = set.levels > 255 ? new Uint16Array(bytes.buffer) : bytes;
  [set.n, set.d] = set.shape;
  set.x = Float64Array.from(whole, (value) => set.least + (value / set.levels) * (set.most - set.least));
  set.labels = Array.from(set.labels, Number);
  set.shown = Array.from({ length: 10 }, (_, label) => set.labels.indexOf(label)); // one of each
}

// Take the state from the address. A page that frames this one lists what it shows: embed=output,code,particular
function follow() {
  ({ state, refused } = stateFrom(content, asked()));
  embed = new URLSearchParams(asked().slice(1)).get("embed");
  const parts = [...document.querySelectorAll(".panel, #settings div[id]")], named = parts.map((part) => part.id);
  const listed = embed?.split(",") ?? named;
  document.documentElement.classList.toggle("embed", embed !== null);
  for (const part of parts) (part.closest("fieldset") ?? part).hidden = !listed.includes(part.id);
  for (const value of listed.filter((each) => !named.includes(each))) {
    refused.push(say("refused_word", { name: "embed", words: named.join(", "), value }));
  }
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
    program: content.programs[name], rule: content.rules[state.rule], data: set, batch: state.batch, seed,
    hidden: state.hidden ?? 1, code: state.code, entries: state.K ?? 1,
  });
  settle();
  scene = new Scene(set, variant, training, amounts);
  curve = new Curve();
  curve.add(0, scene.error, NaN);
  trouble("");
  warned = false;
  describe();
  const formulas = [...content.programs[name].formulas, ...content.rules[state.rule].formulas];
  element("formula-list").replaceChildren(...formulas.map((formula) => {
    const item = document.createElement("li");
    item.textContent = formula;
    return item;
  }));
  draw();
}

// What is said of the data, the variant and the views.
function describe() {
  element("says").textContent = `${say(`variant_${state.variant}_says`)} ${say(`data_${state.data}_says`)}`;
  for (const [view, note] of [["network", noteNetwork], ["output", noteOutput], ["code", noteCodes]]) {
    element(`${view}-note`).textContent = note(scene);
    boards[view].canvas.setAttribute("aria-label", note(scene));
  }
  makeHeld(element("held-sliders"), scene, draw);
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
  if (name in KEPT_WITH) {
    const kept = [...WORDS, ...KEPT_WITH[name]].filter((key) => key in state);
    state = stateFrom(content, String(new URLSearchParams(kept.map((key) => [key, state[key]])))).state;
    controls();
  }
  history.replaceState(null, "", `#${new URLSearchParams({ ...state, ...(embed !== null && { embed }) })}`);
  if (!LIVE.has(name) || training.broken) {
    start();
    return;
  }
  settle();
  scene.measure();
  if (!running) draw();
}

function slider(name) {
  const found = choicesOf(content, state).numbers.find((each) => each.name === name), word = `slider_${found.says || name}`;
  return makeSlider({ ...found, label: say(word), says: say(`${word}_says`) }, state[name], change);
}

function particular() {
  const own = choicesOf(content, state).variant.sliders.map((each) => slider(each.name)), none = document.createElement("p");
  none.className = "none";
  none.textContent = say("particular_none");
  element("particular").replaceChildren(...(own.length ? own : [none]));
}

// Set all controls from the state; the focus stays.
function controls() {
  const { variant } = choicesOf(content, state), focused = document.activeElement?.name;
  makeChips(element("data"), "data", content.sets, state.data, change);
  makeChips(element("variant"), "variant", content.variants, state.variant, change);
  particular();
  const { words } = choicesOf(content, state), named = (name) => words[name].map((word) => [word, say(`${name}_${word}`)]);
  element("sizes").replaceChildren(...(variant.deep
    ? [slider("hidden"), slider("code"), makeSelect("activation", say("activation"), named("activation"), state.activation, change)]
    : [slider("code")]));
  const rule = makeSelect("rule", say("rule"), named("rule"), state.rule, change);
  element("rule").replaceChildren(rule, slider("rate"), slider("batch"));
  if (focused) document.querySelector(`#settings [name="${focused}"]:is(:checked, select)`)?.focus();
}

function draw() {
  const seen = (view) => boards[view].canvas.clientWidth > 0, pca = scene.pca.error(scene.numbers);
  if (seen("output")) hits.output = drawOutput(boards.output, scene);
  if (seen("code")) hits.code = drawCodes(boards.code, scene);
  if (seen("decoded")) drawDecoded(boards.decoded, scene);
  if (seen("network")) drawNetwork(boards.network, scene);
  if (seen("loss")) drawLoss(boards.loss, curve, pca);
  scene.showHeld();
  element("loss-note").textContent = noteLoss(scene, pca);
  boards.loss.canvas.setAttribute("aria-label", noteLoss(scene, pca));
  element("terms").textContent = training.steps ? say("loss_terms", { terms: termsOf(scene) }) : say("loss_untrained");
}

function take(steps, until = Infinity) {
  for (let i = 0; i < steps && performance.now() < until; i++) {
    training.step(state.rate, amounts());
    if (training.broken) {
      stop();
      const value = say(`broken_${training.broken}`);
      trouble(say("broken", { step: training.steps + 1, value, rate: number(state.rate) }));
      return;
    }
  }
}

function report(now) {
  if (now - told.at < 700) return;
  const each = (count) => Math.round((1000 * Math.max(0, count)) / (now - told.at)).toLocaleString("en");
  const given = {
    step: training.steps.toLocaleString("en"), epoch: number(Math.floor(training.epoch), 6),
    frames: each(frames - told.frames), steps: each(training.steps - told.steps),
  };
  element("count").textContent = say(running ? "where_and_speed" : "where", given);
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
    if (running) pending = requestAnimationFrame(frame);
  }
  report(now);
}

// Update codes and reconstructions of all data, and add a point to the curve. Finite numbers may still be useless: the
// page says so if the error grows.
function look() {
  const before = performance.now();
  scene.refresh();
  curve.add(training.steps, scene.error, training.network.arrays.J[0]);
  looked = { at: before, cost: performance.now() - before };
  const worse = scene.error / curve.points[0].error, grows = worse > WORSE && !training.broken;
  if (grows) trouble(say("worse", { times: number(worse, 2) }));
  else if (warned) trouble("");
  warned = grows;
}

function go() {
  if (training.broken) start();
  running = true;
  language.tell(element("run"), "pause");
  told.at = performance.now();
  told.steps = training.steps;
  told.frames = frames;
  pending = requestAnimationFrame(frame);
}

function pause() {
  running = false;
  cancelAnimationFrame(pending);
  language.tell(element("run"), "train");
  look();
}

// Pause until the reader wants more, even if the page comes into sight again.
function stop() {
  wanted = false;
  pause();
}

element("run").addEventListener("click", () => {
  if (running) {
    stop();
    return;
  }
  wanted = true;
  go();
});
element("step").addEventListener("click", () => {
  stop();
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
  follow();
  controls();
  start();
  if (refused.length) trouble(say("refused", { what: refused.join("; ") }));
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => draw());

language.show();
follow();
language.bind(element("language"), () => {
  controls();
  describe();
  draw();
  if (!running) report(Infinity);
  told.at = performance.now();
});
controls();
start();
report(Infinity);
told.at = performance.now();
if (refused.length) trouble(say("refused", { what: refused.join("; ") }));
new IntersectionObserver((places) => {
  const inSight = places[places.length - 1].isIntersecting;
  if (inSight && wanted && !running) go();
  else if (!inSight && running) pause();
}, { threshold: IN_SIGHT }).observe(document.querySelector("main"));
// For tests and for users of the console.
window.playground = {
  get training() { return training; }, get scene() { return scene; }, get state() { return state; },
  pause, take, look, draw,
};
