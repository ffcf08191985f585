// The controls, made from tables: chips to choose one of several, sliders for numbers, and the address that keeps both.
//
//   content.variants[...].sliders -> inputs;   an input -> change(name, value);   state <-> #data=ring&variant=vae&...

const RANGE = 1000; // places of a logarithmic slider

// A slider's place and the number that stands for it.
function numberAt(slider, place) {
  if (slider.scale !== "log") return place;
  return Number((slider.least * (slider.most / slider.least) ** (place / RANGE)).toPrecision(2));
}

function placeOf(slider, value) {
  return slider.scale === "log" ? Math.round(RANGE * (Math.log(value / slider.least) / Math.log(slider.most / slider.least))) : value;
}

function makeSlider(slider, value, change) {
  const label = document.createElement("label"), input = document.createElement("input"), output = document.createElement("output");
  const log = slider.scale === "log";
  label.className = "control";
  label.title = slider.says;
  Object.assign(input, {
    type: "range", min: log ? 0 : slider.least, max: log ? RANGE : slider.most,
    step: log ? 1 : slider.scale === "whole" ? 1 : (slider.most - slider.least) / 100, name: slider.name,
  });
  input.value = placeOf(slider, value);
  const show = (shown) => {
    output.textContent = number(shown);
    input.setAttribute("aria-valuetext", number(shown));
  };
  show(value);
  input.addEventListener("input", () => {
    const chosen = numberAt(slider, Number(input.value));
    show(chosen);
    change(slider.name, chosen);
  });
  label.append(document.createTextNode(slider.label), output, input);
  return label;
}

function makeSelect(name, text, options, value, change) {
  const label = document.createElement("label"), select = document.createElement("select");
  label.className = "control";
  select.name = name;
  for (const [word, shown] of options) select.add(new Option(shown, word, false, word === value));
  select.addEventListener("change", () => change(name, select.value));
  label.append(document.createTextNode(text), select);
  return label;
}

function makeChips(box, name, options, value, change) {
  box.replaceChildren(...options.map(([word, shown, says]) => {
    const label = document.createElement("label"), input = document.createElement("input");
    Object.assign(input, { type: "radio", name, value: word, checked: word === value });
    label.title = says;
    input.addEventListener("change", () => change(name, word));
    label.append(input, document.createTextNode(shown));
    return label;
  }));
}

// Everything that can be chosen, with its limits: what the address may say, and what sliders are made of.
function choicesOf(content, state) {
  const set = content.sets.find((each) => each.name === state.data), variant = content.variants.find((each) => each.name === state.variant);
  const words = {
    data: content.sets.map((each) => each.name), variant: content.variants.map((each) => each.name),
    activation: ["tanh", "relu", "linear"], rule: ["sgd", "adam"],
  };
  const code = variant.deep
    ? { least: 1, most: set.look === "point" ? 3 : 8, start: set.code } : { least: 2, most: set.look === "point" ? 24 : 48, start: set.look === "point" ? 8 : 24 };
  const numbers = [
    { name: "rate", label: "learning rate η", says: "How far a step goes.", least: 1e-4, most: 3, start: state.rule === "adam" ? 0.01 : 0.1, scale: "log" },
    { name: "batch", label: "examples in a batch", says: "Of how many examples each step takes its gradient.", least: 1, most: 200, start: 32, scale: "whole" },
    ...(variant.deep ? [{ name: "hidden", label: "hidden units", says: "On each side of the code.", least: 1, most: 64, start: set.hidden, scale: "whole" }] : []),
    { name: "code", label: "code units", says: "How many numbers an example is told in.", ...code, scale: "whole" },
    ...variant.sliders.map((slider) => (slider.name === "k" ? { ...slider, most: Math.min(slider.most, state.code ?? slider.most) } : slider)),
  ];
  return { set, variant, words, numbers };
}

// The state as the address has it; what it can't be is left out, and told.
function stateFrom(content, hash) {
  const asked = new URLSearchParams(hash.replace(/^#/, "")), refused = [], state = { data: "ring", variant: "vanilla", activation: "tanh", rule: "adam" };
  for (const name of ["data", "variant", "activation", "rule"]) {
    if (!asked.has(name)) continue;
    if (choicesOf(content, state).words[name].includes(asked.get(name))) state[name] = asked.get(name);
    else refused.push(`${name} can be ${choicesOf(content, state).words[name].join(", ")}, not “${asked.get(name)}”`);
  }
  for (const { name, least, most, start, scale } of choicesOf(content, state).numbers) {
    const value = asked.has(name) ? Number(asked.get(name)) : start;
    const right = value >= least && value <= most && (scale !== "whole" || Number.isInteger(value));
    if (!right) refused.push(`${name} can be ${scale === "whole" ? "a whole number " : ""}from ${least} to ${most}, not “${asked.get(name)}”`);
    state[name] = right ? value : start;
  }
  if (state.k > state.code) {
    refused.push(`of ${state.code} code units at most ${state.code} can be kept, not ${state.k}`);
    state.k = state.code;
  }
  return { state, refused };
}
