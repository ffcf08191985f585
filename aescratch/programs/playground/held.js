// Sliders for the held code, which do for the keyboard what dragging does on the canvas. There is a slider for each of one
// or two units; for more units, one chooses the unit and one moves it. The last slider holds the code of an example.
//
//   sliders -> scene.hold(code), scene.follow(example) -> draw();   scene.showHeld() -> sliders

function makeHeld(box, scene, draw) {
  const few = scene.units <= 2;
  const slider = (name, label, says, range, act) => {
    const made = makeSlider({ name, label, says, ...range }, range.least, (_, value) => {
      act(value);
      draw();
    });
    box.append(made);
    return made.querySelector("input");
  };
  const anywhere = { least: 0, most: 1, scale: "linear" };
  const move = (unit, value) => scene.hold(scene.held.map((own, j) => (j === unit ? value : own)));
  box.replaceChildren();
  const chooser = few ? null : slider("unit", say("held_unit"), say("held_unit_says"),
    { least: 1, most: scene.units, scale: "whole" }, (value) => { scene.unit = value - 1; });
  const labels = { 1: [say("held_code")], 2: [1, 2].map((n) => say("held_nth", { n })) }[scene.units] ?? [say("held_value")];
  const movers = labels.map((label, place) => slider(`held${place}`, label, say("held_moves"),
    anywhere, (value) => move(few ? place : scene.unit, value)));
  const example = slider("example", say("held_example"), say("held_example_says"),
    { least: 1, most: scene.set.n, scale: "whole" }, (value) => scene.follow(value - 1));

  const show = (input, value, text) => {
    input.value = value;
    input.previousElementSibling.textContent = text;
    input.setAttribute("aria-valuetext", text);
  };
  scene.showHeld = () => {
    if (chooser) show(chooser, scene.unit + 1, String(scene.unit + 1));
    movers.forEach((input, place) => {
      const unit = few ? place : scene.unit, value = scene.held[unit];
      const least = Math.min(scene.least[unit], value), most = Math.max(scene.most[unit], value, least + 1e-3);
      Object.assign(input, { min: least, max: most, step: (most - least) / 200 });
      show(input, value, number(value));
    });
    const followed = scene.example !== null;
    show(example, followed ? scene.example + 1 : example.value, followed ? String(scene.example + 1) : say("held_none"));
  };
}
