// An exercise at work: its task, the student's code, and the answers to it.
//
//   every change -> saved     Check -> python -> answer, progress.json -> saved     Hint, Start again: the same way

import { hanging, showAnswer } from "./answer.js";
import { Editor } from "./editor.js";
import { stateOf } from "./home.js";
import { show } from "./prose.js";
import { content, element, made, say } from "./strings.js";

const SECONDS = 20; // of a check: twice those of the command line, as Python is slower in a browser
const HEADER = 64; // pixels at the top and the bottom, where an answer's first line isn't read
const PAUSE = 900; // milliseconds without a key, after which what is typed is checked
const HOLE = "raise NotImplementedError";
const COMMAND = /[^.?]*aescratch exercises hint \S+ --answer[^.?]*$/; // a button does it here
const PREDICTION = /^PREDICTION\s*=.*$/m;
const GIVEN = /^PREDICTION\s*=\s*["'](\w)["']/m;

export class Desk {
  constructor(saved, python) {
    this.saved = saved;
    this.python = python;
    this.editor = null;
    this.exercise = null;
    this.checking = false;
    this.timer = 0;
    element("check").addEventListener("click", () => this.check(true));
    element("hint").addEventListener("click", () => this.hint(false));
    element("reset").addEventListener("click", () => this.reset());
    element("bring-again").addEventListener("click", () => this.bringAgain());
    element("version").addEventListener("change", () => this.#version());
    element("watch").checked = saved.get("watch") === "yes";
    element("watch").addEventListener("change", (event) => {
      saved.set("watch", event.target.checked ? "yes" : "no");
      if (event.target.checked) this.check(false);
    });
  }

  show(exercise) {
    if (this.exercise === exercise) return;
    this.exercise = exercise;
    clearTimeout(this.timer);
    const { number, title, file, name, tutorial } = exercise;
    element("exercise-title").textContent = `${number}. ${title}`;
    element("file").textContent = file;
    element("taught").hidden = !tutorial;
    if (tutorial) [element("tutorial").href, element("tutorial").textContent] = tutorial;
    show(element("statement"), exercise.task);
    this.#state();
    this.#neighbours();
    this.editor?.remove();
    this.editor = new Editor(element("editor"), {
      label: say("editor_label", { file }), text: this.saved.files.get(file) ?? exercise.stub,
      changed: (text) => this.#changed(text), entered: () => this.check(true),
    });
    this.editor.begin(HOLE);
    this.#prediction();
    this.#earlier();
    this.#forget();
    element("exercise").dataset.name = name;
  }

  // What was brought from elsewhere takes the place of what is shown.
  reload() {
    if (!this.exercise) return;
    this.editor.put(this.saved.files.get(this.exercise.file) ?? this.exercise.stub);
    this.#state();
    this.#earlier();
    this.#forget();
  }

  async check(asked) {
    clearTimeout(this.timer);
    if (this.checking) {
      this.again = true;
      return;
    }
    const { exercise, editor } = this;
    const text = editor.text;
    this.#keep(text);
    this.#busy(true);
    if (asked && !this.python.ready) this.#say(say("waiting"));
    try {
      const result = await this.python.call("check", [exercise.name, text], { seconds: SECONDS });
      if (result.progress) this.saved.keep("progress.json", result.progress);
      if (this.exercise === exercise) this.#answer(result, asked, text);
    } catch (error) {
      if (this.exercise === exercise) this.#say(error.message);
    } finally {
      this.#busy(false);
    }
    if (this.again) {
      this.again = false;
      this.check(false);
    }
  }

  async hint(answer) {
    if (this.hinting) return;
    const { exercise, editor } = this;
    const text = editor.text;
    this.#keep(text);
    this.hinting = true; // a disabled button would lose the keyboard's focus
    try {
      await this.python.call("write", [exercise.name, text]);
      const result = await this.python.call("hint", [exercise.name, answer]);
      if (result.progress) this.saved.keep("progress.json", result.progress);
      if (this.exercise === exercise) this.#showHint(result);
    } finally {
      this.hinting = false;
    }
  }

  async reset() {
    if (!confirm(say("reset_question"))) return;
    const { exercise } = this;
    this.saved.keep(exercise.file, this.editor.text);
    await this.python.call("write", [exercise.name, this.editor.text]);
    const result = await this.python.call("reset", [exercise.name]);
    this.saved.keep("progress.json", result.progress);
    this.saved.replace(exercise.file, exercise.stub);
    if (this.exercise === exercise) this.reload();
  }

  // Put an earlier text back, and keep what is there now, unless it is how the exercise begins.
  bringAgain() {
    const { exercise, editor, saved } = this, text = saved.files.get(element("version").value);
    if (editor.text !== exercise.stub) {
      saved.keep(exercise.file, editor.text);
      saved.replace(exercise.file, text);
    }
    editor.put(text);
    this.#earlier();
    this.#forget();
  }

  #changed(text) {
    this.#keep(text);
    this.#letter(text);
    this.#state();
    clearTimeout(this.timer);
    if (element("watch").checked) this.timer = setTimeout(() => this.check(false), PAUSE);
  }

  #answer(result, asked, text) {
    const { exercise, editor } = this;
    const node = element("answer");
    const named = showAnswer(node, result.text, exercise.file, (line) => editor.go(line));
    node.className = result.passed ? "passed" : "wrong";
    if (editor.text === text) editor.name(named);
    if (result.passed) {
      node.append(this.#onward());
      element("hints").replaceChildren();
    }
    this.#state();
    const { top } = node.getBoundingClientRect();
    if (asked && (top < HEADER || top > innerHeight - HEADER)) element("answers").scrollIntoView({ block: "start" });
  }

  // Save the code; the first page leads back to the exercise that was worked at last.
  #keep(text) {
    this.saved.set("current", this.exercise.name);
    this.saved.keep(this.exercise.file, text);
  }

  #onward() {
    const after = content.exercises.filter((each) => each.number > this.exercise.number);
    const following = after.find((each) => !this.saved.entry(each.name).passed);
    const line = made("p", { className: "row" }, say("passes"));
    if (following) {
      const title = `${following.number}. ${following.title}`;
      line.append(made("a", { href: `#${following.name}`, className: "button main" }, say("next_exercise", { title })));
    }
    return line;
  }

  #showHint(result) {
    const lines = result.text.split("\n").map((line) => line.replace(COMMAND, ""));
    const shown = made("section", {}, made("pre", {}, ...lines.map((line) => hanging(line, [line]))));
    if (element("hints").childElementCount === 0) element("hints").append(made("h2", {}, say("hints_title")));
    if (COMMAND.test(result.text)) {
      element("hints").querySelector("button")?.parentElement.remove(); // the same, asked for before
      const button = made("button", { type: "button" }, say("hint_answer"));
      button.addEventListener("click", () => (shown.remove(), this.hint(true)));
      shown.append(button);
    }
    element("hints").append(shown);
    shown.scrollIntoView({ block: "nearest" });
  }

  #say(text) {
    element("answer").className = "";
    element("answer").replaceChildren(made("p", {}, text));
  }

  #forget() {
    const planted = !this.exercise.stub.includes(HOLE), begun = !this.editor.text.includes(HOLE);
    this.#say(say(planted ? "answer_planted" : begun ? "answer_begun" : "answer_none"));
    element("hints").replaceChildren();
  }

  #busy(yes) {
    this.checking = yes;
    element("check").disabled = false; // Ctrl+Enter and a click while it runs ask for another check afterwards
    element("check").textContent = say(yes ? "checking" : "check");
    element("answers").setAttribute("aria-busy", String(yes));
  }

  #state() {
    const { chapter, minutes } = this.exercise;
    const state = say(`state_${stateOf(this.saved, this.exercise)}`);
    element("exercise-about").textContent = say("about", { chapter, minutes, state });
  }

  // What was kept of this exercise, the last first.
  #earlier() {
    const kept = this.saved.backups(this.exercise.file), last = kept.length;
    element("earlier").hidden = last === 0;
    element("earlier").open &&= last > 0;
    element("earlier-title").textContent = say("earlier_title", { n: last });
    const options = kept.map((path, i) => made("option", { value: path }, say("version", { n: i + 1 })));
    element("version").replaceChildren(...options.reverse());
    this.#version();
  }

  #version() {
    element("before").textContent = this.saved.files.get(element("version").value) ?? "";
  }

  #neighbours() {
    const place = content.exercises.indexOf(this.exercise);
    for (const [id, other] of [["previous", content.exercises[place - 1]], ["next", content.exercises[place + 1]]]) {
      element(id).hidden = !other;
      if (other) element(id).href = `#${other.name}`;
      if (other) element(id).textContent = `${say(id)}: ${other.number}. ${other.title}`;
    }
  }

  #prediction() {
    const { prediction } = this.exercise;
    element("prediction").hidden = !prediction;
    if (!prediction) return;
    element("question").textContent = prediction.question.replace(say("prediction_title"), "").trim(); // it is the legend
    element("choices").replaceChildren(
      ...Object.entries(prediction.choices).map(([letter, text]) => {
        const choice = made("input", { type: "radio", name: "prediction", value: letter });
        choice.addEventListener("change", () => this.#predict(letter));
        return made("label", {}, choice, made("span", {}, text));
      }),
    );
    this.#letter(this.editor.text);
  }

  #predict(letter) {
    const { text } = this.editor;
    const line = `PREDICTION = "${letter}"`;
    this.editor.put(PREDICTION.test(text) ? text.replace(PREDICTION, line) : `${line}\n${text}`);
  }

  // Show the letter that stands in the code.
  #letter(text) {
    const given = GIVEN.exec(text)?.[1];
    for (const choice of element("choices").querySelectorAll("input")) choice.checked = choice.value === given;
  }
}
