// Work that leaves the tab, or comes back into it: the hand-in, progress.json, and single files.

import { content, element, say } from "./strings.js";

export function bindWork(saved, python, changed) {
  const said = element("work-said");
  const doing = (work) => async (event) => {
    said.textContent = say("working");
    try {
      said.textContent = await work(event);
    } catch (error) {
      said.textContent = say("not_brought", { why: error.message });
    }
  };

  element("hand-in").addEventListener("click", doing(async () => {
    for (const { name, file } of content.exercises) {
      if (saved.files.has(file)) await python.call("write", [name, saved.files.get(file)]);
    }
    const { name, base64 } = await python.call("hand_in", []);
    download(name, bytesOf(base64), "application/zip");
    return "";
  }));

  element("progress").addEventListener("click", doing(async () => {
    const text = saved.files.get("progress.json") ?? (await python.call("progress", []));
    download("progress.json", text, "application/json");
    return "";
  }));

  element("bring").addEventListener("change", doing(async (event) => {
    const files = [...event.target.files];
    const known = new Map(content.exercises.map((each) => [each.file, each]));
    const strange = files.find(({ name }) => !known.has(name) && !name.endsWith(".zip") && name !== "progress.json");
    if (strange) throw new Error(say("unknown_file", { name: strange.name, example: content.exercises[0].file }));
    const brought = [];
    for (const file of files) brought.push(...(await take(file, known.get(file.name))));
    event.target.value = "";
    changed();
    return say("brought", { what: brought.join(", ") });
  }));

  // Take in a file, and return what came with it, in words.
  async function take(file, exercise) {
    if (exercise) {
      const text = await file.text();
      await python.call("write", [exercise.name, text]);
      saved.replace(file.name, text);
      return [file.name];
    }
    if (file.name === "progress.json") {
      const text = await file.text();
      await python.call("set_progress", [text]);
      saved.keep(file.name, text);
      return [file.name];
    }
    const course = await python.call("take_hand_in", [base64Of(new Uint8Array(await file.arrayBuffer()))]);
    for (const each of course.exercises.filter(({ file: name }) => course.taken.includes(name))) saved.replace(each.file, each.text);
    saved.keep("progress.json", course.progress);
    return [...course.taken, ...course.remarks];
  }
}

function download(name, data, type) {
  const address = URL.createObjectURL(new Blob([data], { type }));
  const link = Object.assign(document.createElement("a"), { href: address, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

const bytesOf = (base64) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));

function base64Of(bytes) {
  let text = "";
  for (let i = 0; i < bytes.length; i += 0x8000) text += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  return btoa(text);
}
