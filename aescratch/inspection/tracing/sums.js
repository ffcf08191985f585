// A gradient as a sum over the next units, as a table: in each row what comes through one of them, for every example, or
// where there is only one, as the slope times the gradient that came from there.

const MOST_ROWS = 10, MOST_EXAMPLES = 3;

function sumOf(of, flat) {
  const found = paths.gathered(of, flat);
  if (!found) return null;
  const rows = shownFirst(found.rows), shown = rows.slice(0, MOST_ROWS), rest = rows.slice(MOST_ROWS);
  const examples = examplesIn(rows), widest = Math.max(...rows.map((row) => Math.abs(row.sum))) || 1;
  const sum = total(rows), away = Math.abs(sum - found.value);
  const write = alike([sum, ...rows.flatMap((row) => [row.sum, ...(examples[0] === null ? [] : row.byExample.values())])]);
  const line = (name, inside, sum) => lineOfSum(name, inside, write(sum), sum / widest);
  const lines = shown.map((row) => line(nameOf(row), insideOf(row, examples, write), row.sum));
  if (rest.length) lines.push(line(say("others", { n: rest.length }), examples.map(() => ""), total(rest)));
  const head = [say("through"), ...examples.map((n) => (n === null ? say("slope_next") : `n = ${n}`)), say("share")];
  const table = make("table", { class: "shares" },
    make("caption", {}, say("gathered", { gradient: labelled(found.name, flat) })),
    make("thead", {}, make("tr", {}, ...head.map((text) => make("th", { scope: "col" }, text)))),
    make("tbody", {}, ...lines),
    make("tfoot", {}, make("tr", {}, make("th", { scope: "row", colspan: head.length - 1 }, say("the_sum")), make("td", { class: "total" }, write(sum)))));
  const given = { gradient: entry(found.name, flat), value: exact(Number(found.value.toPrecision(9))), away: show(away) };
  const beside = make("p", {}, say(away ? "sum_away" : "sum_same", given));
  return make("div", { class: "gathered", "data-sum": String(sum) }, table, beside);
}

// Numbers of one table end at the same decimal, with three digits of the largest, so that a reader can add them up.
function alike(numbers) {
  const decimals = 2 - Math.floor(Math.log10(Math.max(...numbers.map(Math.abs))));
  if (!(decimals >= 0 && decimals <= 5)) return (number) => (number ? number.toExponential(1).replaceAll("-", "−") : "0");
  return (number) => number.toFixed(decimals).replace(/^-(?=[0.]+$)/, "").replace("-", "−");
}

const total = (rows) => rows.reduce((sum, row) => sum + row.sum, 0);

// In their order, or where they are too many, the largest first.
const shownFirst = (rows) => (rows.length > MOST_ROWS ? [...rows].sort((one, other) => Math.abs(other.sum) - Math.abs(one.sum)) : rows);

// The examples that have a column each; [null] where one column says how the only number comes about.
function examplesIn(rows) {
  const found = [...new Set(rows.flatMap((row) => [...row.byExample.keys()]))].filter((n) => n !== null);
  return found.length > 1 && found.length <= MOST_EXAMPLES ? found.sort((one, other) => one - other) : [null];
}

function insideOf(row, examples, write) {
  if (examples[0] !== null) return examples.map((n) => (row.byExample.has(n) ? write(row.byExample.get(n)) : ""));
  const [{ factor, upstream }, ...more] = row.pieces;
  return [more.length || row.part ? "" : `${short(factor)} · ${afterSign(short(upstream))}`];
}

const nameOf = ({ part, of, unit }) => (part === LOSS ? say("the_loss") : part) || data.quantities[of].label + (unit.length ? `[${unit.join(",")}]` : "");

function lineOfSum(name, inside, written, share) {
  const bar = make("span", { class: `bar-of ${share < 0 ? "minus" : "plus"}`, "aria-hidden": "true" });
  bar.style.setProperty("--share", Math.abs(share));
  const cells = inside.map((text) => make("td", {}, text));
  return make("tr", {}, make("th", { scope: "row" }, name), ...cells, make("td", { class: "total" }, written, bar));
}
