// Steps on paper: the chosen ones, each with the picture of the network above it if it is the only one. Without a choice,
// the browser's own command prints the whole page.

const choice = byId("choice"), printNow = byId("print-now"), boxes = all.map((_, place) => make("input", { type: "checkbox", value: place }));

function openChoice() {
  const lines = all.map(({ title }, place) => make("label", {}, boxes[place], ` ${title}`));
  byId("choices").replaceChildren(...lines.filter((_, place) => walkable(place)));
  boxes.forEach((box, place) => (box.checked = place === current));
  choice.showModal();
  allowPrinting();
}

const allowPrinting = () => (printNow.disabled = !boxes.some((box) => box.checked && box.isConnected));

// Mark what is printed: sections by themselves, and on the page that there is a choice.
function printed(places) {
  sections.forEach((section, place) => section.classList.toggle("printed", places.includes(place)));
  document.documentElement.classList.toggle("choosing-steps", places.length > 0);
}

byId("print").addEventListener("click", openChoice);
choice.addEventListener("change", allowPrinting);
byId("print-all").addEventListener("click", () => {
  boxes.forEach((box) => (box.checked = true));
  allowPrinting();
});
byId("print-cancel").addEventListener("click", () => choice.close());
printNow.addEventListener("click", () => {
  choice.close();
  printed(boxes.filter((box) => box.checked && box.isConnected).map((box) => Number(box.value)));
  window.print();
});
addEventListener("afterprint", () => printed([]));
