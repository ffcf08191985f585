#!/usr/bin/env bash
# Makes editor.js, prose.js and LICENSES.txt from packages of npm: CodeMirror, which students write in, and markdown-it
# with KaTeX, which sets prose and formulas (as MathML, which needs no fonts). Run it to take newer versions; it needs
# Node.js and a network. What it writes is committed, so that nobody else needs either.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --no-package-lock --prefix . esbuild@0.28.2 \
    @codemirror/view@6.43.15 @codemirror/state@6.7.6 @codemirror/commands@6.11.1 @codemirror/language@6.13.1 \
    @codemirror/lang-python@6.2.1 @lezer/highlight@1.2.5 markdown-it@15.0.3 @vscode/markdown-it-katex@1.1.2

cat > editor.js << 'END'
export { Decoration, EditorView, drawSelection, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view";
export { EditorState, StateEffect, StateField } from "@codemirror/state";
export { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
export { HighlightStyle, bracketMatching, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
export { python } from "@codemirror/lang-python";
export { tags } from "@lezer/highlight";
END
cat > prose.js << 'END'
export { default as MarkdownIt } from "markdown-it";
export { default as katex } from "@vscode/markdown-it-katex";
END
for name in editor prose; do
    npx esbuild "$name.js" --bundle --minify --format=esm --target=es2021 --legal-comments=none --log-level=warning \
        --metafile="$name.json" --outfile="$here/$name.js"
done
node -e '
const { readFileSync, readdirSync } = require("fs");
const inputs = ["editor", "prose"].flatMap((name) => Object.keys(JSON.parse(readFileSync(name + ".json")).inputs));
const packages = new Set(inputs.flatMap((path) => path.match(/^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/)?.[0] ?? []));
console.log("editor.js and prose.js hold these packages of npm, bundled by make.sh.");
for (const folder of [...packages].sort()) {
  const { name, version, license } = JSON.parse(readFileSync(`${folder}/package.json`));
  const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
  if (!file && license !== "MIT") throw new Error(`expected a licence in ${name}, got none`);
  console.log(`\n${"=".repeat(80)}\n${name} ${version} (${license})\n\n${file ? readFileSync(`${folder}/${file}`, "utf8").trim() : "MIT licence"}`);
}' > "$here/LICENSES.txt"
