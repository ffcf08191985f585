// The picture above the numbers: the network as units and weights, drawn once for a size, an example and the numbers as
// they are. What it shows at a step is painted by painting.js.

const scene = byId("scene"), example = byId("example");
const MOST_REDUCED = 1.3;
let geometry = null, parts = null;

for (let n = 0; n < engine.examples; n++) example.append(language.tell(make("option", { value: n }), "example", { n }));
example.hidden = engine.examples === 1;
example.addEventListener("change", build);
new ResizeObserver(() => {
  const { clientWidth, clientHeight } = byId("view");
  if (geometry?.room !== clientWidth || geometry?.height !== clientHeight) build();
}).observe(byId("network"));

function build() {
  const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
  const { clientWidth: room, clientHeight: height } = byId("view");
  document.documentElement.style.setProperty("--network", `${byId("network").offsetHeight}px`);
  if (!room || !height) return;
  geometry = { room, height, ...fittedLayout(room, height, rem) };
  parts = { lines: [], units: new Map(), labels: new Map(), pixels: [], sheets: [], shares: draw("g", { class: "shares" }) };
  const lines = geometry.edges.map((edge) => lineOf(edge, geometry.tall));
  const frames = [...geometry.blocks.values()].filter(({ frame }) => frame).map(({ frame }) => draw("rect", { class: "frame", ...frame }));
  const units = [...geometry.nodes].map(([key, node]) => unitOf(key, node));
  const labels = [...geometry.blocks].map(([of, block]) => labelOf(of, block, rem));
  fill(scene, { viewBox: `0 0 ${geometry.width} ${geometry.tall}`, width: geometry.shown, height }, []);
  scene.replaceChildren(
    draw("g", { class: "lines" }, ...lines), draw("g", { class: "units" }, ...frames, ...units, ...tiles.flatMap(tileOf)),
    draw("g", { class: "labels" }, ...labels), parts.shares,
  );
  parts.units.values().next().value.group.setAttribute("tabindex", 0);
  paint();
}

// As wide as its place: a picture that is a little too wide is drawn larger and shown smaller; one that is much too wide
// would be too small to read, and is scrolled.
function fittedLayout(room, height, rem) {
  const layout = (scale) => layoutOf(Number(example.value), room * scale, height * scale, rem);
  const scale = layout(1).width / room;
  if (scale === 1 || scale > MOST_REDUCED) return { ...layout(1), tall: height, shown: layout(1).width };
  return { ...layout(scale), tall: height * scale, shown: room };
}

function labelOf(of, block, rem) {
  const label = draw("text", { x: Math.max(block.x, 0.8 * rem), y: block.top - 0.35 * rem });
  parts.labels.set(of, label);
  return label;
}

// How far a unit's weights, drawn as an image, reach from it; lines begin and end there.
const reach = (of, side) => (hasTile(of, side) ? geometry.blocks.get(of).tile + 4 : 0);

// Where a line touches a unit, or what is drawn as one with it, on its left (-1) or its right (1).
function touching(node, single, side) {
  const { frame, scalar, half, x, top, high } = node.block;
  if (scalar) return { x: node.x + side * half, y: node.y };
  if (single) return { x: node.x + side * (node.size + reach(node.of, side)), y: node.y };
  if (!frame) return { x, y: top + high };
  return { x: frame.x + (side < 0 ? 0 : frame.width) + side * reach(node.of, side), y: frame.y + frame.height / 2 };
}

function lineOf(edge, height) {
  const { far, weightOf: of, weights } = edge, start = touching(edge.from, !edge.from.block.gathered && !far, 1);
  const end = touching(edge.to, !edge.to.block.gathered && !far, -1), middle = (start.x + end.x) / 2;
  // Over other columns it goes below them, or above them from a term to J.
  const aside = edge.from.block.scalar && start.y <= end.y ? start.y - 28 : height - 3;
  const bends = far ? [start.x + 30, aside, end.x - 50, aside] : [middle, start.y, middle, end.y];
  const path = draw("path", { d: `M${start.x},${start.y} C${bends.join(" ")} ${end.x},${end.y}` });
  const weight = edge.starts.size === 1 && weights.length === 1 ? { of, flat: weights[0] } : null;
  Object.assign(path, weight); // so that it can be pointed at like a number
  parts.lines.push({ edge, path, weight });
  return path;
}

function unitOf(key, node) {
  const { x, y, size, close, block } = node;
  const group = draw("g", { class: block.scalar ? "unit term" : "unit", role: "button", tabindex: -1 });
  if (block.scalar) {
    const shell = { x: x - block.half, y: y - size, width: 2 * block.half, height: 2 * size, rx: size / 2 };
    group.append(draw("rect", { class: "shell", ...shell }), draw("text", { x, y }));
  } else if (close) {
    const shell = { x: x - size, y: y - size, width: 2 * size, height: 2 * size };
    group.append(draw("rect", { class: "shell", ...shell }), draw("rect", { class: "core" }));
  } else {
    group.append(draw("circle", { class: "shell", cx: x, cy: y, r: size }), draw("circle", { class: "core", cx: x, cy: y }));
  }
  Object.assign(group, { of: node.of, flat: node.flat });
  parts.units.set(key, { group, core: group.querySelector(".core"), node });
  return group;
}
