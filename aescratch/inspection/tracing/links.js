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

// Make the page as a link says: from the recorded numbers on, one change after the other.
function follow(hash) {
  frame(hash);
  const [id, ...parts] = hash.slice(1).split("&"), place = placeOf(id);
  if (parts.some((part) => part && part !== "embed")) restoreState(parts.map((part) => part.split("=")));
  if (place !== -1 && place !== current) jump(place);
}

function restoreState(parts) {
  done.length = undone.length = 0;
  switchIn(null);
  const asked = new Map(), refused = [];
  for (const [key, text = ""] of parts) {
    const value = textOf(text), [, of, flat] = /^(.+)\.(\d+)$/.exec(key) ?? [];
    if (key === "train") trainAsLinked(value, refused);
    else if (of) {
      const given = data.quantities[of]?.kind in GIVEN && Number(flat) < data.quantities[of].data.length;
      if (!given || edit(of, Number(flat), value === "" ? NaN : Number(value))) refused.push(key);
    } else asked.set(key, value);
  }
  if (mistakeById.has(asked.get("wrong"))) switchIn(mistakeById.get(asked.get("wrong")));
  else if (asked.has("wrong")) refused.push(asked.get("wrong"));
  if (Number(asked.get("example")) < engine.examples) example.value = asked.get("example");
  choose(asked.get("at") ?? "");
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

function trainAsLinked(value, refused) {
  const [, steps, by] = /^(\d+)(?:@(.+))?$/.exec(value) ?? [];
  if (!plain || !(steps >= 1 && steps <= 1000) || (by && !mistakeById.has(by))) return refused.push(`train=${value}`);
  if ((mistake?.id ?? undefined) !== by) switchIn(mistakeById.get(by) ?? null);
  return train(Number(steps));
}

function choose(name) {
  const [, of, flat] = /^(.+)\.(\d+)$/.exec(name) ?? [], cell = cells.get(of)?.[0][Number(flat)];
  tell(cell ?? null);
  keep(Boolean(cell));
}

addEventListener("hashchange", () => {
  if (decodeURIComponent(location.hash) !== decodeURIComponent(fragment())) follow(location.hash);
});

// Copied, or where the browser doesn't let a page copy, shown to be copied.
async function copyLink() {
  const link = location.href.split("#")[0] + fragment();
  try {
    await navigator.clipboard.writeText(link);
    announce(say("link_copied"));
  } catch {
    announce(say("link_shown", { link }));
  }
}
byId("copy").addEventListener("click", copyLink);
byId("copy").hidden = location.protocol === "about:";
