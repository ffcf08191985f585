// What the page was told by whoever built it: settings, and every word that it says, in the language in force.

import { Words } from "./words.js";

export const content = JSON.parse(document.getElementById("content").textContent);

export const words = new Words(content.words, content.language);
export const { say } = words;
words.show();
words.bind(document.getElementById("language"), () => location.reload()); // Python begins anew, in the other language

export const element = (id) => document.getElementById(id);

// A new element with text or elements in it.
export function made(kind, attributes, ...inside) {
  const node = Object.assign(document.createElement(kind), attributes);
  node.append(...inside);
  return node;
}

export function tellTrouble(text) {
  element("trouble").textContent = text;
  element("trouble").hidden = !text;
}
