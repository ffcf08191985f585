// A link to the page as it is: what stands behind the # holds the step, what was done in its order, the mistake that is
// switched in, and the chosen number. The page reads it when it opens, and keeps it up to date.
//
//     #step-12&x.5=0.25&train=20&wrong=encoder.dense1:b averaged&at=h1.2&example=1&embed
//
// Training with a mistake is train=20@its-name. "embed" shows one step without the page's frame, for slides.

let embedded = false;
function frame(hash) {
  embedded = /[#&]embed(&|$)/.test(hash);
  mark(document.documentElement, { embed: embedded });
}
frame(location.hash);

function state() {
  const made = done.map(({ place, number, losses, by }) =>
    losses ? ["train", `${losses.length}${by ? `@${by}` : ""}`] : [place, String(number)]);
  if (mistake) made.push(["wrong", mistake.id]);
  if (chosen && kept) made.push(["at", `${chosen.of}.${chosen.flat}`]);
  if (example.value !== "0") made.push(["example", example.value]);
  const written = made.map(([key, value]) => `${key}=${encodeURIComponent(value)}`);
  return [...written, ...(embedded ? ["embed"] : [])];
}

function fragment() {
  const parts = state();
  return current || parts.length ? `#${[all[current].id, ...parts].join("&")}` : "";
}

let started = false; // an address given while the page loads is read before it is written
const asked = location.hash;
function address() {
  if (!started) return;
  try {
    history.replaceState(null, "", fragment() || location.pathname + location.search);
  } catch { /* a page inside of another one has no address of its own */ }
}

// Make the page as a link says: from the recorded numbers on, one change after the other. A link without changes has none.
function follow(hash) {
  frame(hash);
  const parts = hash.slice(1).split("&").filter((part) => part && part !== "embed").map(textOf);
  const place = placeOf(parts.find((part) => placeOf(part) !== -1));
  const changes = parts.filter((part) => placeOf(part) === -1);
  if (changes.length || state().some((part) => part !== "embed")) restoreState(changes);
  if (place !== -1 && place !== current) jump(place);
}

function restoreState(parts) {
  done.length = undone.length = 0;
  switchIn(null);
  const asked = new Map(), refused = [];
  for (const part of parts) {
    const [, key, value] = /^([^=]*)=(.*)$/s.exec(part) ?? [], [, of, flat] = /^(.+)\.(\d+)$/.exec(key) ?? [];
    const takes = { wrong: mistakeById.has(value), at: Boolean(cellOf(value)), example: /^\d+$/.test(value) && Number(value) < engine.examples };
    if (key === "train" ? !trainAsLinked(value) : of ? !editAsLinked(of, Number(flat), value) : !takes[key]) refused.push(part);
    else asked.set(key, value);
  }
  switchIn(mistakeById.get(asked.get("wrong")) ?? null);
  example.value = String(Number(asked.get("example") ?? 0));
  tell(cellOf(asked.get("at")) ?? null);
  keep(asked.has("at"));
  build();
  if (refused.length) announce(say("link_refused", { what: refused.join(", ") }), true);
}

function textOf(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

// Whether the page could train so; a link may ask for a thousand steps in all.
function trainAsLinked(value) {
  const [, steps, by] = /^(\d+)(?:@(.+))?$/.exec(value) ?? [], before = done.flatMap(({ losses }) => losses ?? []).length;
  if (!plain || !(steps >= 1 && before + Number(steps) <= 1000) || (by && !mistakeById.has(by))) return false;
  if (mistake?.id !== by) switchIn(mistakeById.get(by) ?? null);
  train(Number(steps));
  return true;
}

function editAsLinked(of, flat, value) {
  const given = data.quantities[of]?.kind in GIVEN && flat < data.quantities[of].data.length;
  return given && !edit(of, flat, value === "" ? NaN : Number(value));
}

function cellOf(name) {
  const [, of, flat] = /^(.+)\.(\d+)$/.exec(name) ?? [];
  return Number(flat) < data.quantities[of]?.data.length ? cellIn(cells.get(of)[0], Number(flat)) : undefined;
}

addEventListener("hashchange", () => {
  if (textOf(location.hash) !== textOf(fragment())) follow(location.hash);
});

// Copied, or where the browser doesn't let a page copy, shown to be copied.
async function copyLink() {
  if (byId("copy").hidden) return;
  const link = location.href.split("#")[0] + fragment();
  try {
    await navigator.clipboard.writeText(link);
    announce(say("link_copied"));
  } catch {
    announce(say("link_shown", { link }));
  }
}
byId("copy").addEventListener("click", copyLink);
byId("copy").hidden = byId("print").hidden = location.protocol === "about:"; // a notebook's frame permits neither
