// What the student wrote, by its path in the folder of a terminal: kept in this browser, changed at every keystroke.
//
//   saved.files: Map of path -> text     keep(path, text) -> IndexedDB, at once
//
// The database has the site's own path in its name, since a host may carry several courses.

const SITE = new URL("..", import.meta.url).pathname;

export class Saved {
  constructor() {
    this.files = new Map();
    this.problem = null; // why nothing is kept, if nothing is
    this.database = null;
  }

  // Read everything that was kept.
  async open() {
    try {
      this.database = await this.#opened();
      const store = this.database.transaction("files").objectStore("files");
      const [paths, texts] = await Promise.all([finished(store.getAllKeys()), finished(store.getAll())]);
      paths.forEach((path, i) => this.files.set(path, texts[i]));
      navigator.storage?.persist?.().catch(() => {}); // asks that it isn't cleared when the disk is full
    } catch (error) {
      this.problem = error?.message || String(error);
    }
    return this;
  }

  keep(path, text) {
    if (this.files.get(path) === text) return;
    this.files.set(path, text);
    if (!this.database) return;
    const transaction = this.database.transaction("files", "readwrite");
    transaction.objectStore("files").put(text, path);
    transaction.onabort = () => (this.problem = transaction.error?.message || "the transaction was aborted");
  }

  // Put a text in place of another, which is kept under a new name in the folder of the command line's backups.
  replace(path, text) {
    const before = this.files.get(path);
    const kept = before !== undefined && before !== text && !this.backups(path).some((each) => this.files.get(each) === before);
    if (kept) {
      let number = 1;
      while (this.files.has(backup(path, number))) number++;
      this.keep(backup(path, number), before);
    }
    this.keep(path, text);
  }

  // The paths of what a file was before, in the order in which it was kept.
  backups(path) {
    const numberOf = (each) => Number(each.match(/\d+(?=\.py$)/)?.[0]);
    const own = [...this.files.keys()].filter((each) => each === backup(path, numberOf(each)));
    return own.sort((one, other) => numberOf(one) - numberOf(other));
  }

  // A setting of the page, which is no file of the folder.
  get(name) {
    return this.files.get(`.page/${name}`);
  }

  set(name, value) {
    this.keep(`.page/${name}`, value);
  }

  // The files of the folder, as Python gets them.
  folder() {
    return Object.fromEntries([...this.files].filter(([path]) => !path.startsWith(".page/")));
  }

  // What is known of an exercise, as progress.json has it.
  entry(name) {
    try {
      return JSON.parse(this.files.get("progress.json")).exercises[name] ?? {};
    } catch {
      return {};
    }
  }

  #opened() {
    const request = indexedDB.open(`aescratch ${SITE}`, 1);
    request.onupgradeneeded = () => request.result.createObjectStore("files");
    return finished(request);
  }
}

const backup = (path, number) => `backups/${path.replace(/\.py$/, "")}.${number}.py`;

function finished(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
