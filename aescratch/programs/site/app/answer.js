// An answer of the checker as it stands in a terminal, with a button wherever it names a line of the student's.
//
// Lines of a table keep their columns, and are scrolled where they are too wide; all others are wrapped.

import { made, say } from "./strings.js";

const TABLE = /\S {2,}\S/;
const PLACE = /([\w.-]+\.py):(\d+)|\bline (\d+)\b|(\d+)번째 줄/g;

// Show the text in a node, and return the lines that it names; `go` is called with a line that is clicked.
export function showAnswer(node, text, file, go) {
  const [headline, ...rest] = text.split("\n");
  const named = [];
  node.replaceChildren(made("p", { className: "verdict" }, headline));
  let block = null;
  for (const line of rest) {
    const kind = TABLE.test(line.trim()) && !line.includes(`${file}:`) ? "table" : "text";
    if (!block || block.className !== kind) node.append((block = made("pre", { className: kind })));
    if (kind === "table") block.tabIndex = 0; // to be scrolled by keys
    if (kind === "table") block.append(made("code", {}, ...worded(line), "\n"));
    else block.append(hanging(line, linked(line, file, go, named)));
  }
  return named;
}

function linked(line, file, go, named) {
  const parts = [];
  let end = 0;
  for (const found of line.matchAll(PLACE)) {
    if (found[1] && found[1] !== file) continue;
    const number = Number(found[2] ?? found[3] ?? found[4]);
    const button = made("button", { type: "button", className: "place" }, found[0]);
    button.setAttribute("aria-label", `${found[0]}, ${say("line_label", { line: number })}`);
    button.addEventListener("click", () => go(number));
    named.push(number);
    parts.push(line.slice(end, found.index), button);
    end = found.index + found[0].length;
  }
  return [...parts, line.slice(end)];
}

// A line that is wrapped under its own beginning.
export function hanging(line, parts) {
  const span = made("span", {}, ...parts);
  const inset = line.search(/\S|$/) + 2;
  span.style.paddingLeft = `${inset}ch`;
  span.style.textIndent = `-${inset}ch`;
  return span;
}

// A row whose name and verdict are coloured: on a phone the verdict is beyond the edge.
function worded(line) {
  const found = /^(\s*)(\S+)(.*?)(pass|fail|통과|실패)\s*$/.exec(line);
  if (!found) return [line];
  const [, inset, name, between, verdict] = found, className = /pass|통과/.test(verdict) ? "pass" : "fail";
  const coloured = (text) => made("span", { className }, text);
  return [inset, coloured(name), between, coloured(verdict)];
}
