// What the picture shows at the current step. On the way forward a unit shows its number, on the way back what has come
// of J's gradient; in the update the weights show by how much they move. Sizes are seen as sizes and widths; below 0 a
// unit is hollow and a line is dashed, besides being of another colour. Around it, the ways of the number that is chosen.

const signed = (element, number) => {
  element.classList.toggle("plus", number > 0);
  element.classList.toggle("minus", number < 0);
};
const mark = (element, classes) => Object.entries(classes).forEach(([name, on]) => element.classList.toggle(name, Boolean(on)));

function paint() {
  if (!geometry) return;
  const { which, step } = all[current], target = step?.of ?? step?.name, way = wayOf(chosen);
  const shown = new Map(drawn.map((of) => [of, shownOf(of)]));
  const weights = new Map([...new Set([...parts.lines.map(({ edge }) => edge.weightOf), ...tiles.map(({ weight }) => weight)])].filter(Boolean).map((of) => [of, weightNow(of)]));
  mark(scene, { choosing: way });
  parts.labels.forEach((label, of) => paintLabel(of, label, of === target));
  parts.units.forEach((unit, key) => paintUnit(unit, key, way, which !== "update" && unit.node.of === target, shown));
  for (const line of parts.lines) paintLine(line, weights, way, target);
  for (const pixel of parts.pixels) paintPixel(pixel, weights.get(pixel.of), way);
  for (const sheet of parts.sheets) paintSheet(sheet, weights.get(sheet.weight), way);
  parts.shares.replaceChildren(...shareTexts());
  const caption = captionOf(all[current]), lit = geometry.blocks.get(target);
  Object.assign(byId("caption"), { textContent: caption, title: caption });
  if (lit && !chosen) byId("view").scrollLeft = lit.x - byId("view").clientWidth / 2;
}

// What a quantity shows at the current step: nothing yet, itself, or the latest of its gradient.
function shownOf(of) {
  const { which, step } = all[current], now = step ? engine.made.get(step.name) : -1;
  if (which === "given") return engine.made.has(of) ? null : of;
  if (which === "forward") return (engine.made.get(of) ?? -1) <= now ? of : null;
  if (which === "update") return of;
  const gradients = passes.filter(({ name, of: target }) => target === of && engine.made.get(name) <= now);
  return gradients.length ? gradients.at(-1).name : of;
}

// What a weight shows: itself, its gradient in the step that computes it, and in the update by how much it moves.
function weightNow(of) {
  const { which, step, made } = all[current], own = data.quantities[of].data;
  const moved = which === "update" && made.find((name) => name === `${of}_new`);
  const isGradient = which === "backward" && step.of === of;
  let numbers = own;
  if (isGradient) numbers = data.quantities[step.name].data;
  if (moved) numbers = data.quantities[moved].data.map((number, flat) => number - own[flat]);
  return { numbers, most: largest(numbers), lit: isGradient || moved || step?.name === of, of: isGradient ? step.name : moved };
}

function paintLabel(of, label, lit) {
  const name = shownOf(of), noise = drawnWith(of).map((source) => data.quantities[source].label).join(", ");
  const own = data.quantities[name ?? of].label.replace(/ \(.*/, "");
  label.textContent = noise && name === of ? say("with_noise", { label: own, noise }) : own;
  mark(label, { lit, "not-yet": !name });
}

function paintUnit({ group, core, node }, key, way, lit, shown) {
  const name = shown.get(node.of), number = name ? data.quantities[name].data[node.flat] : NaN;
  if (core) {
    resize(core, node, name ? Math.abs(number) / largestOf(name) : 0);
    signed(core, number);
  } else group.querySelector("text").textContent = name ? show(number) : "";
  const says = name ? `${labelled(name, node.flat)} = ${show(number)}` : say("not_yet", { what: labelled(node.of, node.flat) });
  group.setAttribute("aria-label", says);
  mark(group, { lit, wrong: name && isWrong(name, node.flat), gradient: name && name !== node.of, "not-yet": !name, way: way?.has(key), chosen: key === way?.start });
}

// A number is as large as an area: that of a disc, or of a square where many stand close to each other.
function resize(core, { x, y, size, close }, share) {
  const half = size * Math.sqrt(share || 0);
  fill(core, close ? { x: x - half, y: y - half, width: 2 * half, height: 2 * half } : { r: half }, []);
}

// A line is as wide as its weight is large, or as the root of the mean square of the weights that are drawn as one.
function paintLine({ edge, path, weight }, weights, way, target) {
  const { which, step } = all[current], by = edge.weights, now = by.length ? weights.get(edge.weightOf) : null;
  const size = now && Math.sqrt(by.reduce((sum, flat) => sum + now.numbers[flat] ** 2, 0) / by.length) / now.most;
  path.style.strokeWidth = now ? `${0.03 + 0.22 * size}rem` : "";
  signed(path, weight && now ? now.numbers[weight.flat] : 0);
  const enters = which === "forward" && edge.to.of === target;
  const returns = which === "backward" && edge.from.of === target && (!step.part || engine.step(edge.to.of).part === step.part);
  const wrongIn = now?.of && wrong.has(now.of) && by.some((flat) => isWrong(now.of, flat));
  mark(path, { weight: now, wrong: wrongIn, lit: now?.lit || enters || returns, way: way && leads(edge, way) });
}

// The number in whose place a gradient's entry stands, if it is one.
const subject = ({ of, flat }) => (engine.step(of)?.which === "backward" ? { of: engine.step(of).of, flat } : { of, flat });

// Every entry that the chosen one leads to, if it leads to J at all.
function wayOf(cell) {
  const { of, flat } = cell ? subject(cell) : {};
  const way = of ? paths.onTheWay(of, flat) : null;
  return way?.has("J 0") ? Object.assign(way, { start: `${of} ${flat}` }) : null;
}

// Whether a line is on the way: what reads an entry of the way is on it, too.
function leads({ starts, weightOf, weights }, way) {
  const [of, flat] = way.start.split(" ");
  return [...starts].some((start) => way.has(start)) || (weightOf === of && weights.includes(Number(flat)));
}

// Beside each next unit, what comes through it of the chosen number's gradient.
function shareTexts() {
  const { of, flat } = chosen ? subject(chosen) : {}, found = of ? paths.gathered(of, flat) : null;
  return (found?.rows ?? []).filter((row) => row.sum).flatMap((row) => {
    const node = [...geometry.nodes.values()].find((node) => isUnitOf(node, row));
    if (!node || node.close) return [];
    const { x, y, size, block: { half, scalar } } = node;
    const place = scalar ? { x: x + half, y: y + 1.9 * size } : { x: x - half - reach(node.of, -1) - 4, y };
    const text = draw("text", place, (row.sum > 0 ? "+" : "") + short(row.sum, 2));
    signed(text, row.sum);
    return [text];
  });
}
const isUnitOf = ({ of, flat }, row) =>
  (row.part ? of === row.part : of === row.of && String(paths.unitOf(of, flat)) === String(row.unit));

function captionOf({ which, step, title }) {
  const labels = (step?.from ?? []).map((of) => data.quantities[of].label), before = labels.slice(0, -1).join(", ");
  const names = before ? say("and", { before, last: labels.at(-1) }) : labels.join("");
  const way = wayOf(chosen), made = title.replace(/^\d+ +/, "");
  const [of, flat] = way?.start.split(" ") ?? [];
  if (way) return say(engine.whole.has(of) ? "caption_way_shares" : "caption_way", { what: labelled(of, flat) });
  if (which === "given") return say("caption_given");
  if (which === "update") return step ? say("caption_operation", { made }) : say("caption_update");
  return say(which === "forward" ? "caption_forward" : "caption_backward", { made, names });
}
