// What the files of this page share: the recorded step, the engine that computes it, and how a number, an entry and an
// element of the page are written. The files come one after the other into one function, in this order:
//
//     engine.js    computes the recorded formulas        closures.js  the same for whole arrays
//     packing.js   the numbers in the page               elements.js  this file
//     paths.js     which way a number goes to J          formulas.js  formulas, and their arithmetic with numbers
//     tables.js    arrays as tables of numbers           lens.js      a large one as a picture with a window
//     sections.js  the sections of the steps             graph.js     the network: what is drawn, and connected by what
//     layout.js    where its units and lines are         network.js   draws them
//     tiles.js     the weights of its units as images    painting.js  what they show at a step
//     walking.js   from step to step                     sums.js      a gradient as a sum over the next units
//     panel.js     all about one number                  editing.js   other numbers, undo and redo
//     training.js  on to the next training steps         mistakes.js  right against wrong
//     links.js     a link to the page as it is           printing.js  steps on paper
//     keys.js      keys, and the start

const data = JSON.parse(document.getElementById("data").textContent);
for (const array of Object.values(data.quantities)) array.data = unpacked(array);
const engine = new Engine(data);
engine.compute(({ name }) => data.quantities[name].sample);
const recorded = new Map(Object.entries(data.quantities).map(([name, array]) => [name, array.data.slice()]));
const rightTrees = new Map(data.steps.map((step) => [step.name, step.tree])); // a mistake puts others in their places
const language = new Words(data.words, data.language), { say } = language;
const GIVEN = {
  input: "given_input", parameter: "given_parameter", state: "given_state", noise: "given_noise", setting: "given_setting",
};

const byId = (id) => document.getElementById(id);
const make = (tag, attributes = {}, ...inside) => fill(document.createElement(tag), attributes, inside);
const draw = (tag, attributes = {}, ...inside) => fill(document.createElementNS(byId("scene").namespaceURI, tag), attributes, inside);

function fill(element, attributes, inside) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...inside);
  return element;
}

const show = (number) => (Number.isNaN(number) ? "nan" : String(Number(number.toPrecision(4)) + 0).replace("-", "−"));
const short = (number, digits = 3) => show(Number(number.toPrecision(digits)));
const exact = (number) => String(number).replace("-", "−");
const entry = (name, flat) => {
  const place = engine.place(name, flat);
  return place.length ? `${name}[${place.join(",")}]` : name;
};
// The same as it is read: ∂J/∂h1[0,2].
const labelled = (name, flat) => {
  const place = engine.place(name, flat), { label } = data.quantities[name];
  return place.length ? `${label}[${place.join(",")}]` : label;
};
