// Other numbers: one at a time is set, everything is computed anew, and every edit can be undone and done again.

// Edits: {what, before, after}, the latter two with the numbers of the quantities that they change, by name.
const done = [], undone = [];

function announce(text, refused = false) {
  const said = byId("said");
  said.classList.toggle("refused", refused);
  if (said.textContent !== text) said.textContent = text;
  byId("value").setAttribute("aria-invalid", refused);
}

// What this quantity's numbers may be, in words.
function limitOf(of) {
  const { whole, least, most, above, below } = data.quantities[of].limit;
  const given = { kind: say(whole ? "limit_whole" : "limit_number"), least, most, above, below };
  if (most !== undefined) return say("limit_range", given);
  if (below !== undefined) return say(least === undefined ? "limit_between" : "limit_below", given);
  if (above !== undefined) return say("limit_above", given);
  return say(least === undefined ? "limit_any" : "limit_least", given);
}

// Whether a number, or what was typed for it, is none of those that this quantity may have.
function outside(of, number) {
  const { whole, least, most, above, below } = data.quantities[of].limit;
  return !Number.isFinite(number) || (whole && !Number.isInteger(number)) ||
    number < least || number > most || number <= above || number >= below;
}

const broken = () => Object.values(data.quantities).reduce((sum, { data }) => sum + data.filter((n) => !Number.isFinite(n)).length, 0);

// Show the numbers as they are now, in tables and picture, and J beside what it was. Tables may grow by it; the step
// that is looked at stays where it is.
function refresh() {
  const top = sections[current].getBoundingClientRect().top, before = scrollY;
  paths.read();
  findWrong();
  write();
  build();
  scrollBy({ top: sections[current].getBoundingClientRect().top - top, behavior: "instant" });
  moved ||= scrollY !== before;
  const J = data.quantities.J.data[0], was = recorded.get("J")[0];
  const from = show(J) === show(was) ? [] : [make("del", {}, show(was)), " → "];
  byId("loss").replaceChildren("J = ", ...from, show(J));
  byId("undo").disabled = byId("reset").disabled = !done.length;
  byId("redo").disabled = !undone.length;
  for (const id of ["undo", "redo", "reset"]) byId(id).hidden = !done.length && !undone.length;
  drawCurve();
  tellMistake();
  if (!done.at(-1)?.dragged) address();
}

// Whether numbers that were just put in leave every result as good as it was; if not, they are taken out again.
function accepted(before, already) {
  engine.compute();
  if (broken() <= already) return true;
  put(before);
  engine.compute();
  return false;
}

// Set one number and compute everything anew, or leave all as it is and return why. What is dragged is one edit.
function edit(of, flat, number, dragged = false) {
  const numbers = data.quantities[of].data, before = { [of]: { [flat]: numbers[flat] } }, already = broken();
  if (outside(of, number)) return say("expected", { what: limitOf(of) });
  numbers[flat] = number;
  if (!accepted(before, already)) return say("not_finite");
  const what = say("edit_of", { what: entry(of, flat), number: show(number) }), after = { [of]: { [flat]: number } };
  note({ what, before, after, place: `${of}.${flat}`, number, dragged });
  return "";
}

// Keep an edit, so that it can be undone, and show what it made.
function note(made) {
  const last = done.at(-1);
  if (made.dragged && last?.dragged && last.place === made.place) Object.assign(last, { ...made, before: last.before });
  else done.push(made);
  undone.length = 0;
  refresh();
  tell(chosen);
}

// Put numbers into their places: all of a quantity, or some by their places.
function put(numbers) {
  for (const [of, own] of Object.entries(numbers)) {
    if (Array.isArray(own)) data.quantities[of].data = own.slice();
    else Object.assign(data.quantities[of].data, own);
  }
}

// Take the last edit back, or make the last one that was taken back.
function again(from, to, which) {
  const last = from.pop(), J = data.quantities.J.data[0];
  if (!last) return;
  to.push(last);
  put(last[which]);
  computeAgain();
  refresh();
  tell(chosen);
  const now = show(data.quantities.J.data[0]);
  announce(say(which === "before" ? "undone" : "redone", { what: last.what, before: show(J), now }));
}
const undo = () => again(done, undone, "before"), redo = () => again(undone, done, "after");

function restore() {
  for (const [of, numbers] of recorded) data.quantities[of].data = numbers.slice();
}

// Where nothing was changed, the recorded numbers, to the last digit.
function computeAgain() {
  if (!done.length) restore();
  if (done.length || mistake) engine.compute();
}

// No form: the frame of a notebook may not send one, and then tells nobody that it was to be sent.
function set() {
  if (!chosen) return;
  const { of, flat } = chosen, J = data.quantities.J, loss = J.data[0], before = data.quantities[of].data[flat];
  const typed = byId("value").value.trim(), text = typed.replace("−", "-").replace(",", ".");
  const why = edit(of, flat, text === "" ? NaN : Number(text));
  const what = entry(of, flat), now = show(data.quantities[of].data[flat]), shown = typed === "" ? say("empty") : `“${typed}”`;
  if (why) announce(say("refused_still", { typed: shown, why, what, number: show(before) }), true);
  else announce(say("was_set", { what, before: show(before), now, loss: show(loss), J: show(J.data[0]) }));
}
byId("set").addEventListener("click", set);

// A slider, from one end to the other of what the number may be, or to both sides of what it was.
const slider = byId("slider");
function aim({ of, flat }) {
  const { whole, least, most, above, below } = data.quantities[of].limit, was = recorded.get(of)[flat];
  const span = whole ? 10 : Math.max(1, 2 * Math.abs(was)), little = span / 1000;
  const low = least ?? (above === undefined ? was - span : above + little);
  const high = most ?? (below === undefined ? was + span : below - little);
  Object.assign(slider, { min: low, max: high, step: whole ? 1 : (high - low) / 200, value: data.quantities[of].data[flat] });
}
slider.addEventListener("input", () => {
  const why = edit(chosen.of, chosen.flat, Number(slider.value), true);
  announce(why ? say("refused", { typed: slider.value, why }) : "", Boolean(why));
});
slider.addEventListener("change", () => {
  if (done.length) done.at(-1).dragged = false;
  address();
});
byId("value").addEventListener("keydown", (event) => {
  if (event.key === "Enter") set();
});
byId("undo").addEventListener("click", undo);
byId("redo").addEventListener("click", redo);
byId("reset").addEventListener("click", () => {
  done.length = undone.length = 0;
  computeAgain();
  refresh();
  tell(chosen);
  announce(say("all_undone", { J: show(data.quantities.J.data[0]) }));
  sections[current].focus({ preventScroll: true });
});
