// Other numbers: one at a time is set, everything is computed anew, and every edit can be undone and done again.

const done = [], undone = []; // edits: {of, flat, before, after}

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

// Show the numbers as they are now, in tables and picture, and J beside what it was. Tables may grow by it; the step
// that is looked at stays where it is.
function refresh() {
  const top = sections[current].getBoundingClientRect().top, before = scrollY;
  paths.read();
  write();
  build();
  scrollBy({ top: sections[current].getBoundingClientRect().top - top, behavior: "instant" });
  moved ||= scrollY !== before;
  const J = data.quantities.J.data[0], was = recorded.get("J")[0];
  byId("loss").replaceChildren("J = ", ...(show(J) === show(was) ? [] : [make("del", { "aria-label": `before ${show(was)}` }, show(was)), " → "]), show(J));
  byId("undo").disabled = byId("reset").disabled = !done.length;
  byId("redo").disabled = !undone.length;
  for (const id of ["undo", "redo", "reset"]) byId(id).hidden = !done.length && !undone.length;
}

// Set one number and compute everything anew, or leave all as it is and return why.
function edit(of, flat, number) {
  const numbers = data.quantities[of].data, before = numbers[flat], already = broken();
  if (outside(of, number)) return `expected ${data.quantities[of].limit.text}`;
  numbers[flat] = number;
  engine.compute();
  if (broken() > already) {
    numbers[flat] = before;
    engine.compute();
    return "with it, some results would be no finite numbers";
  }
  done.push({ of, flat, before, after: number });
  undone.length = 0;
  refresh();
  tell(chosen);
  return "";
}

// Take the last edit back, or make the last one that was taken back.
function again(from, to, which) {
  const last = from.pop();
  if (!last) return;
  to.push(last);
  const J = data.quantities.J.data[0];
  data.quantities[last.of].data[last.flat] = last[which];
  if (done.length) engine.compute();
  else restore();
  refresh();
  tell(chosen);
  say(`${entry(last.of, last.flat)} is ${show(last[which])} ${which === "before" ? "again" : "once more"}. J went from ${show(J)} to ${show(data.quantities.J.data[0])}.`);
}
const undo = () => again(done, undone, "before"), redo = () => again(undone, done, "after");

function restore() {
  for (const [of, numbers] of recorded) data.quantities[of].data = [...numbers];
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
byId("undo").addEventListener("click", undo);
byId("redo").addEventListener("click", redo);
byId("reset").addEventListener("click", () => {
  restore();
  done.length = undone.length = 0;
  refresh();
  tell(chosen);
  say(`All edits are undone: every number is as it was recorded, and J is ${show(data.quantities.J.data[0])} again.`);
  sections[current].focus({ preventScroll: true });
});
