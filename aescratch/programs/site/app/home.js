// The first page: where to begin or go on, and how far one is.

import { content, element, made, say } from "./strings.js";

export function stateOf(saved, exercise) {
  const entry = saved.entry(exercise.name);
  if (entry.passed) return entry.gave_up ? "seen" : "passed";
  const text = saved.files.get(exercise.file);
  return text !== undefined && text !== exercise.stub ? "started" : "new";
}

export class Home {
  constructor(saved) {
    this.saved = saved;
  }

  show() {
    const states = new Map(content.exercises.map((exercise) => [exercise, stateOf(this.saved, exercise)]));
    this.#begin(states);
    const done = [...states.values()].filter((state) => state === "passed" || state === "seen").length;
    const total = content.exercises.length;
    element("passed-text").textContent = say("passed_count", { n: done, total });
    element("passed").max = total;
    element("passed").value = done;
    const chapters = grouped(content.exercises);
    element("exercises").replaceChildren(
      ...[...chapters].flatMap(([chapter, exercises]) => [
        made("h3", {}, chapter),
        made("ul", { className: "list" }, ...exercises.map((each) => this.#row(each, states.get(each)))),
      ]),
    );
  }

  #row(exercise, state) {
    const words = state === "new" ? say("minutes", { n: exercise.minutes }) : say(`state_${state}`);
    return made(
      "li", {}, made("a", { href: `#${exercise.name}` }, `${exercise.number}. ${exercise.title}`),
      made("span", { className: `state ${state}` }, words),
    );
  }

  // The way on leads to what was worked at last, if it doesn't pass yet, or else to the next one that doesn't.
  #begin(states) {
    const left = content.exercises.filter((exercise) => ["new", "started"].includes(states.get(exercise)));
    const last = left.find((exercise) => exercise.name === this.saved.get("current"));
    const first = last ?? left[0] ?? content.exercises[0];
    const untouched = [...states.values()].every((state) => state === "new");
    const title = `${first.number}. ${first.title}`;
    element("begin").textContent = say(left.length === 0 ? "all_done" : untouched ? "begin" : "go_on", { title });
    element("begin").href = `#${first.name}`;
  }
}

function grouped(exercises) {
  const chapters = new Map();
  for (const each of exercises) chapters.set(each.chapter, [...(chapters.get(each.chapter) ?? []), each]);
  return chapters;
}
