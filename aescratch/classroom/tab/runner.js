// How a page talks to the Python in its worker: calls with a time limit, after which the worker is ended and begun anew.
//
//   const runner = new Runner({pyodide, integrity, sizes, wheel, packages, course, files, env, worker});
//   const course = await runner.start();
//   const found = await runner.call("check", name, text, {seconds: 10});
//
// Events, with their details: progress {bytes, of, what}, ready. What was written and reached is kept in `files`, by path,
// for the next worker; nothing is lost with a worker.

const GRACE = 5; // seconds more than Python has, which stops loops by itself and knows their line
const MOST_MEMORY = 400e6; // bytes; memory of an interpreter never shrinks, so one with more is begun anew
const TIMED = new Set(["check", "run_cell"]); // Tab's methods that take seconds last
const PROGRESS = "progress.json";

export class Runner extends EventTarget {
  constructor(settings) {
    super();
    this.settings = settings;
    this.files = { ...settings.files };
    this.places = {}; // where an exercise's file lies, by the exercise's name
    this.extra = []; // packages that were loaded later
    this.waiting = new Map();
    this.last = 0;
    this.turn = Promise.resolve(); // calls come one after the other
    this.line = this.memory = 0; // the line that runs, as far as is known, and bytes
    this.printed = ""; // by what runs
  }

  // Begin the interpreter, and return the course as runner.py's `Tab.course` does.
  start() {
    this.started ??= this.#begin();
    return this.started;
  }

  // Call a method of runner.py's `Tab`; options may come last: {seconds} for a check or a cell.
  call(name, ...values) {
    const last = values.at(-1);
    const options = last !== null && typeof last === "object" && "seconds" in last ? values.pop() : {};
    const result = this.turn.then(() => this.#timed(name, values, options.seconds ?? 10));
    this.turn = result.catch(() => {});
    return result;
  }

  // Load further packages of the distribution, such as matplotlib for a tutorial.
  packages(...names) {
    this.extra.push(...names.filter((name) => !this.extra.includes(name)));
    const result = this.turn.then(async () => {
      await this.start();
      return this.#send("packages", [names]);
    });
    this.turn = result.catch(() => {});
    return result;
  }

  // End the interpreter.
  end() {
    this.worker?.terminate();
    this.worker = this.started = null;
  }

  async #begin() {
    const { worker = new URL("worker.js", import.meta.url), ...settings } = this.settings;
    this.worker = new Worker(worker, { type: "module" });
    this.worker.onmessage = ({ data }) => this.#arrived(data);
    this.worker.onerror = (event) => this.#broken(event.message ?? "the worker can't be loaded");
    const packages = [...(settings.packages ?? ["numpy"]), ...this.extra];
    try {
      const course = await this.#send("load", { ...settings, packages, files: this.files });
      this.#keep(course);
      return course;
    } catch (error) {
      this.end(); // so that it can be tried again
      throw error;
    }
  }

  async #again() {
    this.#broken("the interpreter was ended");
    this.end();
    await this.start();
  }

  async #timed(name, values, seconds) {
    await this.start();
    this.line = 0;
    this.printed = "";
    const [exercise, text] = values;
    if (["check", "write"].includes(name)) this.#write(exercise, text);
    if (!TIMED.has(name)) return this.#keep(await this.#send(name, values), exercise);
    const over = Symbol("over");
    let timer = 0;
    const late = new Promise((resolve) => {
      timer = setTimeout(() => resolve(over), 1000 * (seconds + GRACE));
    });
    let result;
    try {
      result = await Promise.race([this.#send(name, [...values, seconds]), late]);
    } catch (error) {
      if (!error.isFatal) throw error;
      return this.#after(name, values, "died", error.message);
    } finally {
      clearTimeout(timer);
    }
    if (result === over) return this.#after(name, values, "stopped", seconds);
    this.#keep(result, exercise);
    // What the cells of a page share is kept; a check begins with nothing.
    if (name === "check" && this.memory > MOST_MEMORY) await this.#again();
    return result;
  }

  // A worker that gave no answer is replaced, and the answer given by the next, with what was told until then.
  async #after(name, [exercise, text], how, why) {
    const { line, printed } = this;
    await this.#again();
    if (name === "check") return this.#keep(await this.#send(how, [exercise, text, why, line, printed]), exercise);
    const words = how === "stopped" ? `it didn't finish within ${why} s` : `Python ended: ${why}`;
    const error = `${line ? `line ${line}: ` : ""}${words}; the cells before it have to be run again`;
    return { printed, figures: [], error, restarted: true };
  }

  #send(call, values) {
    const id = ++this.last;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.worker.postMessage({ id, call, arguments: values });
    });
  }

  #arrived(data) {
    if ("line" in data) this.line = data.line;
    else if ("printed" in data) this.printed += data.printed;
    else if ("progress" in data) this.#tell("progress", data.progress);
    else if ("ready" in data) this.#tell("ready", {});
    else {
      const waits = this.waiting.get(data.id);
      this.waiting.delete(data.id);
      if ("memory" in data) this.memory = data.memory;
      if ("result" in data) waits?.resolve(data.result);
      else waits?.reject(Object.assign(new Error(data.error ?? data.fatal), { isFatal: "fatal" in data }));
    }
  }

  #broken(message) {
    const all = [...this.waiting.values()];
    this.waiting.clear();
    all.forEach(({ reject }) => reject(new Error(message)));
  }

  // Note what a result says of files.
  #keep(result, exercise) {
    for (const each of result?.exercises ?? []) {
      this.places[each.name] = this.places[each.short] = each.file;
      if (each.started) this.files[each.file] = each.text;
    }
    if (result?.kept) {
      this.files[result.kept] = result.before; // by a reset
      this.#write(exercise, result.text);
    }
    if (result?.progress) this.files[PROGRESS] = result.progress;
    return result;
  }

  #write(exercise, text) {
    if (this.places[exercise]) this.files[this.places[exercise]] = text;
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
