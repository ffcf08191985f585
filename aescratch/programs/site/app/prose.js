// Prose: Markdown with formulas between $, set as MathML, which needs no fonts.

import { MarkdownIt, katex } from "../vendored/prose.js";

const markdown = new MarkdownIt({ html: false, linkify: false });
markdown.use(katex.default ?? katex, { output: "mathml", throwOnError: false });

export function show(node, text) {
  node.innerHTML = markdown.render(text); // text of the site's own, without HTML in it: html is false
}
