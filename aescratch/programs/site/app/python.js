// Python in this tab, by the package's runner: begun once the service worker can keep what it loads, told of in the header.
//
//   start() -> Runner (tab/runner.js) -> worker     call(name, values, options) waits until it is there

import { Runner } from "../tab/runner.js";
import { content, element, say, tellTrouble, words } from "./strings.js";

const TOP = new URL("..", import.meta.url);
const PATIENCE = 5000; // milliseconds for a service worker; Python is loaded without one all the same
const megabytes = (bytes) => (bytes / 1e6).toFixed(1);

export class Python {
  constructor(saved, packages) {
    this.saved = saved;
    this.packages = packages;
    this.ready = this.kept = false;
    this.begun = new Promise((resolve) => (this.begin = resolve));
  }

  async start() {
    this.#tell(say("starting"), 0);
    this.kept = await keptForLater();
    const { pyodide, wheel, course, integrity, sizes } = content.python;
    const at = (name) => new URL(name, TOP).href;
    this.runner = new Runner({
      pyodide: at(pyodide), wheel: at(wheel), course: at(course), integrity, sizes, packages: this.packages,
      files: this.saved.folder(), env: { AESCRATCH_LANGUAGE: words.language },
    });
    this.runner.addEventListener("progress", ({ detail }) => this.#arriving(detail));
    this.runner.addEventListener("ready", () => this.#arrived());
    this.begin();
    await this.runner.start().catch((error) => this.#failed(error));
  }

  async call(name, values, options) {
    await this.begun;
    return this.runner.call(name, ...values, ...(options ? [options] : []));
  }

  #arriving({ bytes, of, what }) {
    if (what && bytes < of) this.#tell(say("loading", { done: megabytes(bytes), of: megabytes(of), what }), bytes / of);
    else this.#tell(say("starting"), 1);
  }

  #arrived() {
    const again = this.ready;
    this.ready = true;
    tellTrouble("");
    this.#tell(say(again ? "restarted" : this.kept ? "offline_ready" : "ready"), null);
    navigator.serviceWorker?.controller?.postMessage("keep the rest");
  }

  #failed(error) {
    this.#tell("", null);
    tellTrouble(say("load_failed", { why: error.message }));
  }

  // Say how far it is; the bar goes when there is nothing to wait for.
  #tell(text, share) {
    element("loading-text").textContent = text;
    element("loaded").hidden = share === null;
    if (share !== null) element("loaded").value = share;
  }
}

// Whether a service worker keeps what is loaded from now on.
async function keptForLater() {
  const { serviceWorker } = navigator;
  if (!serviceWorker) return false; // a page from a file, or from a host without https
  try {
    const controlled = new Promise((resolve) => serviceWorker.addEventListener("controllerchange", resolve, { once: true }));
    await serviceWorker.register(new URL("sw.js", TOP));
    if (!serviceWorker.controller) await Promise.race([controlled, new Promise((resolve) => setTimeout(resolve, PATIENCE))]);
    return Boolean(serviceWorker.controller);
  } catch {
    return false;
  }
}
