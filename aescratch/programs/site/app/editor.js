// The editor: CodeMirror for Python, which tells of every change, and in which a line can be shown.

import {
  Decoration, EditorState, EditorView, HighlightStyle, StateEffect, StateField, bracketMatching, defaultKeymap, drawSelection,
  highlightActiveLine, history, historyKeymap, indentOnInput, indentUnit, indentWithTab, keymap, lineNumbers, python,
  syntaxHighlighting, tags,
} from "../vendored/editor.js";

const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.bool, tags.null], color: "var(--keyword)" },
  { tag: tags.string, color: "var(--string)" },
  { tag: tags.number, color: "var(--number)" },
  { tag: tags.comment, color: "var(--faint)", fontStyle: "italic" },
  { tag: tags.definition(tags.variableName), color: "var(--link)" },
]);
const theme = EditorView.theme({
  ".cm-gutters": { background: "var(--shade)", color: "var(--faint)", border: "none" },
  ".cm-activeLine": { background: "color-mix(in srgb, var(--shade) 60%, transparent)" },
  ".cm-content": { caretColor: "var(--ink)" },
  ".cm-cursor": { borderLeftColor: "var(--ink)" },
  ".cm-line.named": { background: "var(--mark)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    background: "color-mix(in srgb, var(--link) 30%, transparent)",
  },
});

// Lines that an answer names, until the text changes.
const nameLines = StateEffect.define();
const namedLines = StateField.define({
  create: () => Decoration.none,
  update(marks, change) {
    if (change.docChanged) return Decoration.none;
    for (const effect of change.effects) if (effect.is(nameLines)) return effect.value;
    return marks;
  },
  provide: (field) => EditorView.decorations.from(field),
});

export class Editor {
  // `changed` is called with the text after every change, `entered` on Ctrl+Enter.
  constructor(parent, { label, text = "", changed = () => {}, entered = () => {}, numbers = true }) {
    const enter = () => (entered(), true);
    this.extensions = [
      numbers ? lineNumbers() : [], history(), drawSelection(), indentOnInput(), bracketMatching(), highlightActiveLine(),
      EditorView.lineWrapping, indentUnit.of("    "), python(), syntaxHighlighting(colours), theme, namedLines,
      keymap.of([{ key: "Mod-Enter", run: enter }, { key: "Ctrl-Enter", run: enter }, indentWithTab, ...defaultKeymap, ...historyKeymap]),
      EditorView.contentAttributes.of({ "aria-label": label, tabindex: "0", spellcheck: "false", autocapitalize: "off", autocorrect: "off" }),
      EditorView.updateListener.of((update) => update.docChanged && changed(update.state.doc.toString())),
    ];
    this.view = new EditorView({ parent, state: this.#state(text) });
  }

  get text() {
    return this.view.state.doc.toString();
  }

  // Replace the text, as one change that can be undone.
  put(text) {
    if (text !== this.text) this.view.dispatch({ changes: { from: 0, to: this.view.state.doc.length, insert: text } });
  }

  // Mark the lines that an answer names.
  name(lines) {
    const { doc } = this.view.state;
    const there = [...new Set(lines)].filter((line) => line >= 1 && line <= doc.lines).sort((a, b) => a - b);
    const marks = there.map((line) => Decoration.line({ class: "named" }).range(doc.line(line).from));
    this.view.dispatch({ effects: nameLines.of(Decoration.set(marks)) });
  }

  // Put the cursor where this text is, if it is there, and scroll to it inside the editor; the page stays where it is.
  begin(text) {
    const at = this.text.indexOf(text);
    if (at < 0) return;
    this.view.dispatch({ selection: { anchor: at } });
    this.view.requestMeasure({
      read: (view) => view.lineBlockAt(at).bottom - view.scrollDOM.clientHeight,
      write: (top, view) => (view.scrollDOM.scrollTop = top + view.defaultLineHeight),
    });
  }

  // Put the cursor on a line.
  go(number) {
    const line = this.view.state.doc.line(Math.min(Math.max(number, 1), this.view.state.doc.lines));
    this.view.dispatch({
      selection: { anchor: line.from + line.text.search(/\S|$/) },
      effects: EditorView.scrollIntoView(line.from, { y: "center" }),
    });
    this.view.focus();
  }

  remove() {
    this.view.destroy();
  }

  #state(doc) {
    return EditorState.create({ doc, extensions: this.extensions });
  }
}
