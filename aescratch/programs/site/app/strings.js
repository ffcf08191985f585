// What the page was told by whoever built it: settings, and every word that it says.

export const content = JSON.parse(document.getElementById("content").textContent);

// The words of this name, with what stands in braces filled in.
export function say(name, values = {}) {
  return content.strings[name].replace(/\{(\w+)\}/g, (_, key) => String(values[key]));
}

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
