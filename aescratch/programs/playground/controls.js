// The controls, made from tables: chips for choices, sliders for numbers, and the address, which stores both.
//
//   content.variants[...].sliders -> inputs;   an input -> change(name, value);   state <-> #data=ring&variant=vae&...

const RANGE = 1000; // positions of a logarithmic slider

// A slider's position, and its number.
function numberAt(slider, place) {
  if (slider.scale !== "log") return place;
  return Number((slider.least * (slider.most / slider.least) ** (place / RANGE)).toPrecision(2));
}

function placeOf(slider, value) {
  if (slider.scale !== "log") return value;
  return Math.round(RANGE * (Math.log(value / slider.least) / Math.log(slider.most / slider.least)));
}

function makeSlider(slider, value, change) {
  const [label, input, output] = ["label", "input", "output"].map((name) => document.createElement(name));
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
  box.replaceChildren(...options.map(({ name: word }) => {
    const label = document.createElement("label"), input = document.createElement("input");
    Object.assign(input, { type: "radio", name, value: word, checked: word === value });
    label.title = say(`${name}_${word}_says`);
    input.addEventListener("change", () => change(name, word));
    label.append(input, document.createTextNode(say(`${name}_${word}`)));
    return label;
  }));
}

// All settings with their limits, for the address and the sliders.
function choicesOf(content, state) {
  const set = content.sets.find((each) => each.name === state.data);
  const variant = content.variants.find((each) => each.name === state.variant);
  const words = {
    data: content.sets.map((each) => each.name), variant: content.variants.map((each) => each.name),
    activation: ["tanh", "relu", "linear"], rule: ["sgd", "adam"],
  };
  const points = set.look === "point";
  const wide = points ? { least: 2, most: 24, start: 8 } : { least: 2, most: 48, start: 24 };
  const narrow = { least: 1, most: points ? 3 : 8, start: set.code };
  const numbers = [
    {
      name: "rate", least: 1e-4, most: 3, start: state.rule === "adam" ? 0.01 : 0.1, scale: "log",
    },
    {
      name: "batch", least: 1, most: 200, start: 32, scale: "whole",
    },
    {
      name: "code", ...(variant.deep ? narrow : wide), scale: "whole",
    },
  ];
  if (variant.deep) {
    numbers.push({ name: "hidden", least: 1, most: 64, start: set.hidden, scale: "whole" });
  }
  for (const slider of variant.sliders) {
    const most = slider.name === "k" ? Math.min(slider.most, state.code ?? slider.most) : slider.most;
    numbers.push({ ...slider, most });
  }
  return { set, variant, words, numbers };
}

// The state in the address, after # or ?; invalid values are ignored, and reported.
function stateFrom(content, address) {
  const asked = new URLSearchParams(address.replace(/^[#?]/, "")), refused = [];
  const state = { data: "ring", variant: "vanilla", activation: "tanh", rule: "adam" };
  for (const [name, words] of Object.entries(choicesOf(content, state).words)) {
    if (!asked.has(name)) continue;
    if (words.includes(asked.get(name))) state[name] = asked.get(name);
    else refused.push(say("refused_word", { name, words: words.join(", "), value: asked.get(name) }));
  }
  for (const { name, least, most, start, scale } of choicesOf(content, state).numbers) {
    const value = asked.has(name) ? Number(asked.get(name)) : start, whole = scale === "whole";
    const right = value >= least && value <= most && (!whole || Number.isInteger(value));
    if (!right) refused.push(say(whole ? "refused_whole" : "refused_number", { name, least, most, value: asked.get(name) }));
    state[name] = right ? value : start;
  }
  if (state.k > state.code) {
    refused.push(say("refused_k", { code: state.code, k: state.k }));
    state.k = state.code;
  }
  return { state, refused };
}
