// On to the next training steps: the parameters become what the update made of them, and everything is computed anew, on
// the same batch and with the same noise. Where the optimiser or the model remembers more than the parameters, as Adam
// remembers its moments, the page doesn't know the next step, and offers none.

const stateless = givenNames.every((of) => data.quantities[of].kind !== "state");
const plain = stateless && updates.every((step) => ["SGD", "clip"].includes(step.rule));
const trained = Object.keys(data.quantities).filter((of) => `${of}_new` in data.quantities);
const byName = (names) => Object.fromEntries(names.map((of) => [of, data.quantities[of].data.slice()]));

function train(steps) {
  const before = byName(trained), from = data.quantities.J.data[0], losses = [];
  for (let n = 0; n < steps; n++) {
    const last = byName(trained), already = broken();
    for (const of of trained) data.quantities[of].data = data.quantities[`${of}_new`].data.slice();
    if (!accepted(last, already)) break;
    losses.push(data.quantities.J.data[0]);
  }
  if (!losses.length) return announce(say("not_taken"), true);
  const what = say(losses.length > 1 ? "took_many" : "took_one", { n: losses.length });
  return note({ what, before, after: byName(trained), from, losses, by: mistake?.id });
}

// J before the first step and after each that was taken and not undone.
function drawCurve() {
  const first = done.find((made) => made.losses), losses = done.flatMap((made) => made.losses ?? []);
  curve.toggleAttribute("hidden", !first);
  curveSays.textContent = "";
  if (!first) return;
  const heights = [first.from, ...losses], low = Math.min(...heights, 0), span = Math.max(...heights) - low || 1;
  const points = heights.map((J, n) => `${(100 * n) / losses.length},${40 - (40 * (J - low)) / span}`);
  const given = { n: losses.length, first: show(first.from), last: show(losses.at(-1)) };
  const says = say(losses.length > 1 ? "curve_many" : "curve_one", given);
  curve.setAttribute("aria-label", says);
  curve.replaceChildren(draw("polyline", { points: points.join(" "), "vector-effect": "non-scaling-stroke" }));
  curveSays.textContent = says;
}

const curve = draw("svg", { id: "curve", role: "img", viewBox: "0 0 100 40", preserveAspectRatio: "none" });
const curveSays = make("p", { class: "says" });
if (plain) {
  const one = language.tell(make("button", { type: "button", id: "train" }), "take_one");
  const many = language.tell(make("button", { type: "button", id: "train-on" }), "take_many", { n: 20 });
  one.addEventListener("click", () => train(1));
  many.addEventListener("click", () => train(20));
  unfold.after(one, many);
  unfold.parentElement.after(curve, curveSays);
}

// What takes more than a second says so on its button; a step takes so many seconds.
function tellTime(step) {
  const waits = [[byId("train-on"), "take_many_slow", { n: 20 }, 20 * step], [byId("compare"), "compare_slow", {}, 2 * COMPARED * step]];
  for (const [button, name, given, seconds] of waits) {
    if (button && seconds > 1) language.tell(button, name, { ...given, seconds: Math.ceil(seconds) });
  }
}
