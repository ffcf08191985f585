// The words of a page, in the language in force, and the button that changes it.
//
//   new Words({en: {name: text}, ko: ...}, first) -> say(name, values)
//   <h2 data-say="name" data-values="{...}"> -> its text    data-say-label, data-say-title -> its label, its tooltip
//
// The language is the one that the address asks for, ?language=ko, as pages do that frame this one; or the one chosen
// before on any of our pages, or the one that the page was made in, or the browser's.

const LANGUAGE = "aescratch language";

class Words {
  constructor(texts, first = null) {
    this.texts = texts;
    const asked = new URLSearchParams(location.search).get("language");
    const known = [asked, this.#kept(), first, ...navigator.languages.map((each) => each.slice(0, 2))];
    this.language = known.find((each) => each in texts) ?? "en";
    this.say = this.say.bind(this);
  }

  // The text of this name, with the values in their places.
  say(name, values = {}) {
    return this.texts[this.language][name].replace(/\{(\w+)\}/g, (_, key) => String(values[key]));
  }

  // Give an element the text of a name, now and whenever the language changes.
  tell(node, name, values = {}) {
    node.dataset.say = name;
    node.dataset.values = JSON.stringify(values);
    this.#show(node);
    return node;
  }

  // The same for its label.
  label(node, name, values = {}) {
    node.dataset.sayLabel = name;
    node.dataset.values = JSON.stringify(values);
    this.#show(node);
    return node;
  }

  // Show all words of the page, or of a part of it.
  show(part = document) {
    document.documentElement.lang = this.language;
    for (const node of part.querySelectorAll("[data-say], [data-say-label], [data-say-title]")) this.#show(node);
  }

  // Make a button change the language: its text is the other language's name. `changed` is called afterwards.
  bind(button, changed) {
    const names = { en: "English", ko: "한국어" };
    const other = () => Object.keys(names).find((each) => each !== this.language);
    const name = () => {
      button.textContent = names[other()];
      button.lang = other();
    };
    button.addEventListener("click", () => {
      this.language = other();
      this.#keep();
      name();
      this.show();
      changed();
    });
    name();
  }

  #show(node) {
    const { say, sayLabel, sayTitle, values } = node.dataset, given = values ? JSON.parse(values) : {};
    if (sayLabel) node.setAttribute("aria-label", this.say(sayLabel, given));
    if (sayTitle) node.setAttribute("title", this.say(sayTitle, given));
    if (!say) return;
    const parts = this.say(say, given).split("`"); // what stands between backticks is code
    node.replaceChildren(...parts.map((part, i) => (i % 2 ? Object.assign(document.createElement("code"), { textContent: part }) : part)));
  }

  // A page in another one, or a browser that keeps nothing, refuses its storage.
  #kept() {
    try {
      return localStorage.getItem(LANGUAGE);
    } catch {
      return null;
    }
  }

  #keep() {
    try {
      localStorage.setItem(LANGUAGE, this.language);
    } catch { /* the choice holds for this visit */ }
  }
}
