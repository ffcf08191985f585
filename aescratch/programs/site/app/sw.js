// Keeps the site for the next visit, so that it needs no network then: what was kept is given before the network is asked.
//
// Each state of the site has a cache of its own. A new one is taken once no tab shows the old one any more. The
// interpreter has another cache, which stays when the course changes, until the interpreter itself does.

const site = SITE_SETTINGS; // version, files, later, python, interpreter: written by `aescratch site`
const scope = self.registration.scope;
const python = new URL(site.python, scope).href;
const CACHE = `aescratch ${scope} ${site.version}`;
const PYTHON = `aescratch ${scope} python ${site.interpreter}`;

// A host may let the browser keep files for hours: it is asked whether those of a new state are still the same.
const fresh = (names) => names.map((name) => new Request(new URL(name, scope), { cache: "no-cache" }));

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(fresh(site.files))));
});

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    const own = (await caches.keys()).filter((name) => name.startsWith(`aescratch ${scope} `));
    await Promise.all(own.filter((name) => name !== CACHE && name !== PYTHON).map((name) => caches.delete(name)));
    await self.clients.claim();
  })());
});

// Once Python is there, the page asks for what else there is to read.
self.addEventListener("message", (event) => {
  if (event.data !== "keep the rest") return;
  event.waitUntil(caches.open(CACHE).then(async (cache) => {
    const there = new Set((await cache.keys()).map((request) => request.url));
    await cache.addAll(fresh(site.later.filter((name) => !there.has(new URL(name, scope).href))));
  }));
});

self.addEventListener("fetch", (event) => {
  const { method, url } = event.request;
  if (method !== "GET" || !(url.startsWith(python) || url.startsWith(scope))) return;
  event.respondWith(answer(event.request, url.startsWith(python) ? PYTHON : CACHE));
});

async function answer(request, name) {
  const cache = await caches.open(name);
  const asked = request.url.split(/[?#]/)[0] === scope ? new URL("index.html", scope).href : request;
  const kept = await cache.match(asked, { ignoreSearch: true, ignoreVary: true });
  if (kept) return kept;
  const response = await fetch(request);
  if (response.ok) await cache.put(asked, response.clone()).catch(() => {}); // where the disk is full, it still works
  return response;
}
