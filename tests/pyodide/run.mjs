// Run pytest, or a Python file, under Pyodide in Node: the interpreter that a browser has, without a browser.
//
//   node run.mjs DISTRIBUTION REPOSITORY SITE pytest ARGUMENT...     SITE holds pytest and what it needs, as pip installs it
//   node run.mjs DISTRIBUTION REPOSITORY SITE FILE ARGUMENT...
//
// Folders are mounted, nothing is copied. The exit status is Python's; at the end stand seconds and bytes of memory.

import { pathToFileURL } from "node:url";
import path from "node:path";
import process from "node:process";

const [distribution, repository, site, file, ...rest] = process.argv.slice(2);
const packages = (process.env.AESCRATCH_PYODIDE_PACKAGES ?? "numpy").split(",");
const folder = path.resolve(distribution) + path.sep;
const { loadPyodide } = await import(pathToFileURL(folder + "pyodide.mjs"));
const began = performance.now();
const env = { HOME: "/home/pyodide", PYTHONDONTWRITEBYTECODE: "1", MPLBACKEND: "agg" };
const python = await loadPyodide({ indexURL: folder, packages, env, messageCallback() {} });
python.FS.mkdirTree("/repository");
python.FS.mount(python.FS.filesystems.NODEFS, { root: path.resolve(repository) }, "/repository");
python.FS.mkdirTree("/site");
python.FS.mount(python.FS.filesystems.NODEFS, { root: path.resolve(site) }, "/site");
python.globals.set("_words", python.toPy([file, ...rest]));
const loaded = performance.now();
let status = 1;
try {
  status = python.runPython(`
import os, runpy, sys

sys.path[:0] = ["/repository", "/repository/tests"]
sys.path.append("/site")
os.chdir("/repository")
status = 0
if _words[0] == "pytest":
    import pytest

    status = int(pytest.main(list(_words)[1:]))
else:
    sys.argv[:] = list(_words)
    try:
        runpy.run_path(_words[0], run_name="__main__")
    except SystemExit as end:
        status = end.code or 0
status
`);
} catch (error) {
  console.error(error.message ?? error); // without the interpreter's own text around it
}
const seconds = (from) => ((performance.now() - from) / 1000).toFixed(1);
console.log(`pyodide: status ${status}, ${((loaded - began) / 1000).toFixed(1)} s until Python ran, ` +
  `${seconds(loaded)} s in Python, ${python._module.HEAP8.length} bytes of memory`);
process.exitCode = status;
