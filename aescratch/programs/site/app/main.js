// The page of the exercises: what its address names is shown, the first page or an exercise; Python loads meanwhile.
//
//   #name -> Desk (exercise.js)     otherwise -> Home (home.js), at the section of this name
//   what is written -> saved.js     what is asked -> python.js     files in and out -> work.js

import { Desk } from "./exercise.js";
import { Home } from "./home.js";
import { Python } from "./python.js";
import { Saved } from "./saved.js";
import { content, element, say, tellTrouble, words } from "./strings.js";
import { bindWork } from "./work.js";

const [saved, exercises, stubs] = await Promise.all([
  new Saved().open(),
  fetch(`exercises.${words.language}.json`).then((response) => response.json()),
  fetch(`stubs.${words.language}.txt`).then((response) => response.text()),
]);
const [, ...parts] = stubs.split(/^=== (.+)\n/m);
for (const exercise of exercises) exercise.stub = parts[parts.indexOf(exercise.file) + 1];
content.exercises = exercises;
const python = new Python(saved, content.python.packages);
const home = new Home(saved);
const desk = new Desk(saved, python);

function route() {
  const name = decodeURIComponent(location.hash.slice(1));
  const exercise = exercises.find((each) => each.name === name);
  const moved = document.body.dataset.shown !== undefined;
  document.body.dataset.shown = exercise ? name : "";
  element("home").hidden = Boolean(exercise);
  element("exercise").hidden = !exercise;
  if (exercise) {
    desk.show(exercise);
    document.title = `${exercise.number}. ${exercise.title}`;
    scrollTo(0, 0);
    if (moved) element("exercise-title").focus({ preventScroll: true });
  } else {
    home.show();
    document.title = say("title");
    if (name) element(name)?.scrollIntoView();
    else scrollTo(0, 0);
  }
}

// Another tab with this course would save over what this one saves.
function watchOtherTabs(tries = 3) {
  navigator.locks?.request(`aescratch ${location.pathname}`, { ifAvailable: true }, (lock) => {
    if (lock) return new Promise(() => {}); // held for as long as this page is open
    if (tries) setTimeout(() => watchOtherTabs(tries - 1), 700); // a page that was just reloaded lets go a little later
    else tellTrouble(say("two_tabs"));
  });
}

addEventListener("hashchange", route);
addEventListener("error", (event) => tellTrouble(say("problem", { why: event.message })));
addEventListener("unhandledrejection", (event) => tellTrouble(say("problem", { why: event.reason?.message ?? event.reason })));
bindWork(saved, python, () => (home.show(), desk.reload()));
route();
if (saved.problem) tellTrouble(say("no_storage", { why: saved.problem }));
watchOtherTabs();
python.start();
