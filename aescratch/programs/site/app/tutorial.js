// A tutorial's page: prose, and cells of code that can be changed and run, each after those before it.
//
//   content.cells -> prose.js, Editor     Run -> run_cell in Python's worker -> what it prints, figures, an error

import { Editor } from "./editor.js";
import { show } from "./prose.js";
import { Python } from "./python.js";
import { Saved } from "./saved.js";
import { content, element, made, say, tellTrouble, words } from "./strings.js";

const SECONDS = 600; // for a cell; a training that takes seconds elsewhere takes a minute here, and longer on a phone

// Run while one reads: the first import takes seconds, and says so; figures stand below their cell without show().
const BEGINNING = `
import warnings
import matplotlib.pyplot

warnings.filterwarnings("ignore", "FigureCanvasAgg")`;

class Cell {
  constructor(number, text, page) {
    this.number = number;
    this.done = false;
    this.output = made("div", { className: "output" });
    this.output.setAttribute("role", "region");
    this.output.setAttribute("aria-live", "polite");
    this.output.setAttribute("aria-label", say("output_label", { n: number }));
    this.button = made("button", { type: "button" }, say("run"));
    this.button.addEventListener("click", () => page.runTo(this));
    const place = made("div", {});
    this.node = made("div", { className: "cell" }, place, made("p", { className: "row" }, this.button), this.output);
    this.editor = new Editor(place, {
      label: say("cell_label", { n: number }), text, numbers: false, changed: () => (this.done = false),
      entered: () => page.runTo(this),
    });
  }

  async run(python) {
    this.button.textContent = say("running");
    try {
      const result = await python.call("run_cell", [this.editor.text], { seconds: SECONDS });
      this.done = !result.error;
      this.#show(result);
      return result;
    } finally {
      this.button.textContent = say("run");
    }
  }

  #show({ printed, figures, error }) {
    this.output.replaceChildren();
    if (printed) this.output.append(made("pre", { className: "printed", tabIndex: 0 }, printed));
    figures.forEach((data, i) => {
      const alt = say("figure_label", { n: i + 1, cell: this.number });
      this.output.append(made("img", { src: `data:image/png;base64,${data}`, alt }));
    });
    if (error) this.output.append(made("pre", { className: "error", tabIndex: 0 }, error));
  }
}

class Page {
  constructor(python) {
    this.python = python;
    this.cells = [];
    this.running = false;
    for (const { kind, text } of content.cells) {
      if (kind === "markdown") {
        const prose = made("div", { className: "prose" });
        show(prose, text);
        element("cells").append(prose);
      } else {
        const cell = new Cell(this.cells.length + 1, text, this);
        this.cells.push(cell);
        element("cells").append(cell.node);
      }
    }
    element("run-all").addEventListener("click", () => this.runTo(this.cells.at(-1)));
  }

  // Run a cell after those before it that haven't run as they stand now; an error ends it.
  async runTo(last) {
    if (this.running) return;
    this.running = true;
    try {
      const wanted = this.cells.slice(0, this.cells.indexOf(last) + 1);
      for (const cell of wanted.filter((each) => each === last || !each.done)) {
        const { error, restarted } = await cell.run(this.python);
        if (restarted) this.cells.forEach((each) => (each.done = false));
        if (error) break;
      }
    } catch (error) {
      tellTrouble(say("problem", { why: error.message }));
    } finally {
      this.running = false;
    }
  }
}

const practised = content.practised[words.language];
element("practise").hidden = practised.length === 0;
for (const [name, title] of practised) {
  element("practise").lastElementChild.append(made("li", {}, made("a", { href: `../index.html#${name}` }, title)));
}
const saved = await new Saved().open();
const python = new Python(saved, [...content.python.packages, ...content.python.for_tutorials]);
new Page(python);
python.start();
python.call("run_cell", [BEGINNING], { seconds: SECONDS }).catch(() => {}); // why it failed is said above
