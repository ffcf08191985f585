// The third view: the loss, step by step, beside PCA's. The scale is logarithmic: halving looks the same everywhere.

const MOST_TICKS = 8; // powers of ten
const KEPT = 400; // points of the curve; when it is full, every second point is removed

class Curve {
  constructor() {
    this.points = [];
    this.every = 1;
    this.next = 0;
  }

  add(step, error, objective) {
    if (step < this.next) return;
    this.next = step + this.every;
    this.points.push({ step, error, objective });
    if (this.points.length > KEPT) {
      this.points = this.points.filter((_, i) => i % 2 === 0);
      this.every *= 2;
    }
  }
}

function drawLoss(board, curve, pca) {
  board.begin();
  const shown = (value) => value > 1e-9 && Number.isFinite(value);
  const known = curve.points.filter((point) => point.error > 0);
  const values = [...known.flatMap((point) => [point.error, point.objective]), pca].filter(shown);
  if (!values.length) return;
  const least = Math.log10(Math.min(...values)) - 0.1, most = Math.log10(Math.max(...values)) + 0.1;
  const left = 3.6 * board.letter + 6, last = Math.max(1, known.length ? known[known.length - 1].step : 1);
  const plane = board.plane(0, last, least, most, left, 6, board.width - left - 8, board.height - 26);
  const ticks = [];
  const apart = Math.ceil((most - least) / MOST_TICKS);
  for (let power = Math.floor(least); power <= most; power += apart) {
    for (const digit of most - least < 1.6 ? [1, 2, 5] : [1]) ticks.push(digit * 10 ** power);
  }
  for (const tick of ticks) {
    const y = plane.y(Math.log10(tick));
    if (y < 4 || y > plane.top + plane.high) continue;
    board.line([[left, y], [board.width - 8, y]], board.colour("line"), 1);
    board.text(number(tick), left - 6, y + 4, board.colour("faint"), "right");
  }
  board.text(say("loss_step", { step: number(plane.x1, 6) }), board.width - 8, board.height - 5, board.colour("faint"), "right");
  const along = (name) => known.filter((point) => shown(point[name])).map(
    (point) => [plane.x(point.step), plane.y(Math.log10(point[name]))],
  );
  board.line(along("objective"), board.colour("point"), 1);
  if (pca > 1e-9) {
    const y = plane.y(Math.log10(pca));
    board.line([[left, y], [board.width - 8, y]], board.colour("pca"), 2, [7, 5]);
    board.text("PCA", left + 4, y + (y < plane.top + plane.high / 2 ? 14 : -5), board.colour("pca"));
  }
  board.line(along("error"), board.colour("accent"), 2.5);
  board.ink.fillStyle = board.colour("paper");
  board.ink.fillRect(board.width - 14 * board.letter, 4, 14 * board.letter, 2.6 * board.letter);
  [[say("loss_error"), "accent"], [say("loss_objective"), "point"]].forEach(([text, colour], i) => {
    const y = 16 + 1.3 * board.letter * i;
    board.text(text, board.width - 30, y, board.colour("faint"), "right");
    board.line([[board.width - 26, y - 4], [board.width - 10, y - 4]], board.colour(colour), 3 - 1.5 * i);
  });
}

// The terms of the last batch's objective.
function termsOf({ network: { arrays }, program: { terms } }) {
  const partOf = (name) => `${say(`term_${name}`)} ${number(arrays[name][0])}`;
  return `J ${number(arrays.J[0])}${terms.length > 1 ? ` = ${terms.map(partOf).join(" + ")}` : ""}`;
}

// The state of the curves, in words.
function noteLoss(scene, pca) {
  const { error, numbers: n } = scene, ratio = error / pca;
  const given = { error: number(error), pca: number(pca), n, n_numbers: say(n > 1 ? "number_many" : "number_one") };
  if (pca < 1e-4) return say("loss_wide", given);
  if (ratio > 2) return say("loss_times", { ...given, times: number(ratio, 2) });
  if (ratio > 1.005) return say("loss_more", { ...given, percent: Math.round(100 * (ratio - 1)) });
  if (ratio < 0.995) return say("loss_less", { ...given, percent: Math.round(100 * (1 - ratio)) });
  return say("loss_same", given);
}
