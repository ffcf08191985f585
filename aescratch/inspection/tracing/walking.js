// From step to step: by buttons, by links, by scrolling, and by itself.

let current = 0;
const walkable = (place) => all[place] !== undefined && !sections[place].hidden;

// The next place before or after the current one that isn't folded away; the current one where there is none.
function beside(direction) {
  let place = current + direction;
  while (all[place] && !walkable(place)) place += direction;
  return all[place] ? place : current;
}

function go(place, moves = true, addressed = true) {
  current = Math.max(0, Math.min(all.length - 1, place));
  if (foldable.has(all[current]) && folded) fold(false);
  sections.forEach((section, i) => section.classList.toggle("current", i === current));
  links.forEach((link, i) => (i === current ? link.setAttribute("aria-current", "step") : link.removeAttribute("aria-current")));
  byId("back").disabled = current === 0;
  byId("next").disabled = beside(1) === current;
  const last = all.filter(({ step }, at) => step && walkable(at)).length - 1; // without what is folded away
  const here = all[current].step ? say("here", { title: all[current].title, n: last }) : all[current].title;
  if (byId("here").textContent !== here) byId("here").textContent = here;
  paint();
  if (moves) {
    if (embedded) scrollTo(0, 0); // the page around it stays where it is, and keeps the focus
    else sections[current].scrollIntoView({ block: "start", behavior: "instant" });
    if (!embedded || document.hasFocus()) sections[current].focus({ preventScroll: true });
  }
  const list = byId("steps"), link = links[current];
  if (list.offsetHeight) list.scrollTop = link.offsetTop - list.offsetTop - list.offsetHeight / 2;
  if (addressed) address(); // one given while the page loads is scrolled to when it has
}

function stepInSight() {
  const line = byId("network").getBoundingClientRect().bottom + 40;
  const open = sections.filter((section) => !section.hidden);
  const below = open.findIndex((section) => section.getBoundingClientRect().top > line);
  return sections.indexOf(open[(below === -1 ? open.length : Math.max(1, below)) - 1]);
}

// Scrolling to a step by a key puts it in sight, if the page is long enough; only scrolling by hand changes the step.
let moved = false;
addEventListener("scroll", () => {
  if (moved) { moved = false; return; }
  if (embedded) return; // only the current step is there
  const seen = stepInSight();
  if (seen !== current) go(seen, false);
}, { passive: true });
function jump(place) {
  const before = scrollY;
  go(place);
  moved = scrollY !== before;
}
const placeOf = (id) => all.findIndex((listed) => listed.id === id);
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href^='#']");
  if (!link) return;
  event.preventDefault();
  jump(placeOf(link.getAttribute("href").slice(1)));
});
byId("back").addEventListener("click", () => jump(beside(-1)));
byId("next").addEventListener("click", () => jump(beside(1)));

// By itself: forward, backward, and the update, from the start again if it was at the end.
const PACE = 1200; // milliseconds for a step
let playing = null;
function play(on = playing === null) {
  clearInterval(playing);
  playing = null;
  language.tell(byId("play"), on ? "pause" : "play");
  if (!on) return;
  release();
  if (beside(1) === current) jump(0);
  playing = setInterval(() => {
    jump(beside(1));
    if (beside(1) === current) play(false);
  }, PACE);
}
byId("play").addEventListener("click", () => play());
