// Shows one slide at a time, scaled to the window. Keys: → Space PageDown, ← PageUp, Home, End; N notes below, S notes in a
// window of their own, F full screen. Without this script all slides stand below one another.
"use strict";
const slides = [...document.querySelectorAll("section")];
let now = 0, speaker = null, begun = null;

function fit() {
  const scale = Math.min(innerWidth / 1280, innerHeight / 720), style = document.documentElement.style;
  style.setProperty("--scale", scale);  // the style sheet uses them on the screen, and not on paper
  style.setProperty("--left", `${(innerWidth - 1280 * scale) / 2}px`);
  style.setProperty("--top", `${(innerHeight - 720 * scale) / 2}px`);
}

function show(number) {
  now = Math.max(0, Math.min(slides.length - 1, number));
  slides.forEach((slide, place) => slide.classList.toggle("now", place === now));
  history.replaceState(null, "", `#${now + 1}`);
  for (const page of slides[now].querySelectorAll("iframe:not([src])")) page.src = page.dataset.src;  // laid out once it has a size
  tell();
}

function fromAddress() { show((parseInt(location.hash.slice(1), 10) || 1) - 1); }

function tell() {
  if (!speaker || speaker.closed) return;
  const next = slides[now + 1], minutes = Math.floor((Date.now() - begun) / 60000);
  speaker.document.body.innerHTML = `<p>${now + 1} / ${slides.length} · ${minutes} min</p>`
    + slides[now].querySelector("h1, h2").outerHTML + slides[now].querySelector(".notes").innerHTML
    + (next ? `<hr>→ ${next.querySelector("h1, h2").innerHTML}` : "");
}

function openNotes() {
  speaker = window.open("", "notes", "width=760,height=560");
  if (!speaker) return;
  begun = begun || Date.now();
  speaker.document.title = document.title;
  for (const sheet of document.querySelectorAll("link[rel=stylesheet]")) {
    const link = speaker.document.createElement("link");
    link.rel = "stylesheet";
    link.href = sheet.href;
    speaker.document.head.append(link);
  }
  speaker.document.body.style = "background: #fff; padding: 24px; font-size: 22px; line-height: 1.5; overflow: auto";
  speaker.onkeydown = pressed;
  tell();
}

function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const keys = {
    ArrowRight: () => show(now + 1), PageDown: () => show(now + 1), " ": () => show(now + 1),
    ArrowLeft: () => show(now - 1), PageUp: () => show(now - 1), Home: () => show(0), End: () => show(slides.length - 1),
    n: () => document.documentElement.classList.toggle("noted"), s: openNotes,
    f: () => document.documentElement.requestFullscreen(),
  };
  const action = keys[event.key.length > 1 ? event.key : event.key.toLowerCase()];
  if (action) {
    event.preventDefault();
    action();
  }
}

document.documentElement.classList.add("running");
addEventListener("keydown", pressed);
addEventListener("resize", fit);
addEventListener("hashchange", fromAddress);
setInterval(tell, 30000);
fit();
fromAddress();
