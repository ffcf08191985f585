// The interpreter of a page, in a worker of its own, so that the page stays responsive and can end it.
//
//   in:   {id, call: "load", arguments: {pyodide, integrity, sizes, wheel, packages, course, files, env}}
//         {id, call: "packages", arguments: [names]}      {id, call: a method of runner.py's Tab, arguments: [...]}
//   out:  {id, result, memory}, {id, error}, or {id, fatal} when the interpreter broke down
//         {progress: {bytes, of, what}} while something arrives, {ready: true}, {line} of the student's file, running now,
//         {printed: the text that it printed, as far as it is kept}
//
// Everything that is fetched goes through `arriving`, which counts bytes and verifies hashes.

const COURSE = "/home/course"; // where the exercises lie
const MOST_MEMORY = 2 ** 30; // bytes: Python raises MemoryError beyond
const PAGE = 65536; // bytes in which memory grows
const OFTEN = 100; // milliseconds between two reports of progress
const UNPACK = `
import pathlib, site, zipfile

def unpack(archive, folder):
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(folder or site.getsitepackages()[0])
    pathlib.Path(archive).unlink()
`;

const fetched = self.fetch.bind(self);
const grow = WebAssembly.Memory.prototype.grow;
let python = null, runner = null;

WebAssembly.Memory.prototype.grow = function (pages) {
  if (this.buffer.byteLength + pages * PAGE > MOST_MEMORY) throw new RangeError("the memory of a tab is used up");
  return grow.call(this, pages);
};

const counted = { bytes: 0, of: 0, what: "", sizes: {}, last: 0 };

function report(now = performance.now()) {
  if (now - counted.last < OFTEN) return;
  counted.last = now;
  const { bytes, of, what } = counted;
  self.postMessage({ progress: { bytes, of: Math.max(bytes, of), what } });
}

const nameOf = (url) => new URL(url, self.location.href).pathname.split("/").pop();

// A response whose bytes are counted as they are read; Pyodide compiles the interpreter while it arrives.
async function arriving(url, options = {}) {
  const response = await fetched(url, options);
  if (!response.ok) throw new Error(`${url} can't be fetched: ${response.status} ${response.statusText}`);
  const name = nameOf(url), known = counted.sizes[name];
  const told = response.headers.get("content-encoding") ? 0 : Number(response.headers.get("content-length") ?? 0);
  if (!known) counted.of += told;
  counted.what = name;
  const stream = response.body.pipeThrough(new TransformStream({
    transform(chunk, out) {
      counted.bytes += chunk.byteLength;
      report();
      out.enqueue(chunk);
    },
  }));
  const { status, statusText, headers } = response;
  return new Response(stream, { status, statusText, headers });
}

// What Pyodide will ask for is fetched at once, side by side, and handed out when it asks.
const ahead = new Map();

function begin(url, integrity) {
  const response = arriving(url, integrity ? { integrity } : {});
  response.catch(() => {}); // whoever waits for it is told
  ahead.set(new URL(url, self.location.href).href, response);
  return response;
}

self.fetch = (url, options) => {
  const href = new URL(url.url ?? url, self.location.href).href, begun = ahead.get(href);
  ahead.delete(href);
  return begun ?? arriving(url, options);
};

const bytesOf = async (response) => new Uint8Array(await (await response).arrayBuffer());

// A module is taken from the bytes whose hash was verified; without a hash it is imported as usual.
async function module(url, integrity) {
  if (!integrity) return import(url);
  const blob = await (await begin(url, integrity)).blob();
  const place = URL.createObjectURL(new Blob([blob], { type: "text/javascript" }));
  try {
    return await import(place);
  } finally {
    URL.revokeObjectURL(place);
  }
}

const hashOf = (hex) => `sha256-${btoa(String.fromCharCode(...hex.match(/../g).map((pair) => parseInt(pair, 16))))}`;

function needed(lock, names) {
  const found = new Map();
  const add = (name) => {
    const about = lock.packages[name.toLowerCase()];
    if (!about || found.has(name)) return;
    found.set(name, about);
    about.depends.forEach(add);
  };
  names.forEach(add);
  return [...found.values()];
}

async function load({ pyodide, integrity, sizes, wheel, packages = ["numpy"], course, files = {}, env = {} }) {
  counted.sizes = sizes ?? {};
  counted.of = Object.values(counted.sizes).reduce((sum, size) => sum + size, 0);
  const base = new URL(pyodide.endsWith("/") ? pyodide : `${pyodide}/`, self.location.href).href;
  const hash = (name) => integrity?.[name] ?? null;
  const lock = await (await begin(`${base}pyodide-lock.json`, hash("pyodide-lock.json"))).text();
  for (const name of ["pyodide.asm.wasm", "python_stdlib.zip"]) begin(base + name, hash(name));
  for (const about of needed(JSON.parse(lock), packages)) begin(new URL(about.file_name, base).href, hashOf(about.sha256));
  const archives = [[wheel, hash(nameOf(wheel)), null], ...(course ? [[course, hash(nameOf(course)), COURSE]] : [])];
  const arrived = archives.map(([url, check]) => bytesOf(begin(url, check)));
  await module(`${base}pyodide.asm.js`, hash("pyodide.asm.js"));
  const { loadPyodide } = await module(`${base}pyodide.mjs`, hash("pyodide.mjs"));
  ahead.set(`${base}pyodide-lock.json`, Promise.resolve(new Response(lock)));
  python = await loadPyodide({
    indexURL: base, packages, env: { HOME: "/home/pyodide", MPLBACKEND: "agg", ...env }, stdin: () => null,
  });
  python.runPython(UNPACK);
  python.FS.mkdirTree(COURSE);
  for (const [place, [, , folder]] of archives.entries()) {
    python.FS.writeFile("/arrived.zip", await arrived[place]);
    python.globals.get("unpack")("/arrived.zip", folder);
  }
  for (const [name, text] of Object.entries(files)) {
    const path = `${COURSE}/${name}`;
    python.FS.mkdirTree(path.slice(0, path.lastIndexOf("/")));
    python.FS.writeFile(path, text);
  }
  counted.what = "";
  counted.last = 0;
  report();
  runner = python.pyimport("aescratch.classroom.tab.runner");
  return ask("open_course", [COURSE]);
}

const tell = (what, value) => self.postMessage({ [what]: value });

function ask(name, values) {
  const answer = JSON.parse(runner.call(name, JSON.stringify(values), tell));
  if ("error" in answer) throw Object.assign(new Error(answer.error), { isSentence: true });
  return answer.result;
}

const calls = {
  load,
  packages: async ([names]) => (await python.loadPackage(names, { messageCallback: () => {} })).length,
};

self.onmessage = async ({ data: { id, call, arguments: values } }) => {
  try {
    const result = await (calls[call] ?? ((given) => ask(call, given)))(values);
    self.postMessage({ id, result, memory: python._module.HEAP8.length });
    if (call === "load") self.postMessage({ ready: true });
  } catch (error) {
    const known = error.isSentence || error.type || call in calls; // a PythonError has the type of its exception
    self.postMessage({ id, [known ? "error" : "fatal"]: error.message ?? String(error) });
  }
};
