// The weights of every unit of a layer to or from an image, as images beside the units: a square for every weight, or for
// many weights points, which are drawn on one sheet for the layer.

const isMany = (weight) => data.quantities[weight].data.length > data.largestTable;

// The place of a weight in its array: of a unit's image, the one at a pixel.
function weightAt(weight, unit, pixel) {
  const columns = data.quantities[weight].shape[1];
  return images.get(weight) ? unit * columns + pixel : pixel * columns + unit;
}

function tileOf({ weight, at, side }) {
  const [tall, wide] = data.image, nodes = [...geometry.nodes.values()].filter(({ of }) => of === at);
  const places = nodes.map((node) => {
    const { frame, tile } = node.block, cell = (node.close ? 2 * node.size : tile) / Math.max(tall, wide);
    const middle = node.x + side * (node.close ? frame.width + 6 : node.size + 4 + tile / 2), [unit] = paths.unitOf(at, node.flat);
    return { node, unit, cell, left: middle - (cell * wide) / 2, top: node.y - (cell * tall) / 2 };
  });
  const frames = places.map(({ left, top, cell }) =>
    draw("rect", { class: "frame", x: left, y: top, width: cell * wide, height: cell * tall }));
  return isMany(weight) ? [...frames, sheetOf(weight, places)] : [...frames, ...places.flatMap((place) => pixelsOf(weight, side, place))];
}

function pixelsOf(weight, side, { node, unit, cell, left, top }) {
  const [tall, wide] = data.image;
  return Array.from({ length: tall * wide }, (_, pixel) => {
    const flat = weightAt(weight, unit, pixel), core = Object.assign(draw("rect", { class: "core" }), { of: weight, flat });
    const x = left + ((pixel % wide) + 0.5) * cell, y = top + (Math.floor(pixel / wide) + 0.5) * cell;
    parts.pixels.push({ core, of: weight, flat, unit: `${node.of} ${node.flat}`, side, place: { x, y, size: 0.46 * cell, close: true } });
    return core;
  });
}

function paintPixel({ core, of, flat, place }, { numbers, most, lit, of: shown }, way) {
  resize(core, place, Math.abs(numbers[flat]) / most);
  signed(core, numbers[flat]);
  mark(core, { lit, wrong: shown && isWrong(shown, flat), chosen: `${of} ${flat}` === way?.start });
}

const FINE = 2; // points of a sheet for a pixel of the screen

// All tiles of a layer on a sheet; where it is pointed at, it has the place of a weight, as a square has.
function sheetOf(weight, places) {
  const [tall, wide] = data.image, [{ cell }] = places, lefts = places.map((place) => place.left), tops = places.map((place) => place.top);
  const left = Math.min(...lefts), width = Math.max(...lefts) - left + cell * wide;
  const top = Math.min(...tops), height = Math.max(...tops) - top + cell * tall;
  const canvas = make("canvas", { class: "sheet", width: Math.ceil(FINE * width), height: Math.ceil(FINE * height) });
  Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` });
  canvas.aim = ({ offsetX, offsetY }) => {
    const pixelIn = (tile) => [Math.floor((top + offsetY - tile.top) / cell), Math.floor((left + offsetX - tile.left) / cell)];
    const tile = places.find((place) => isInside({ height: tall, width: wide }, ...pixelIn(place))), [row, column] = tile ? pixelIn(tile) : [];
    canvas.flat = tile && weightAt(weight, tile.unit, row * wide + column);
  };
  parts.sheets.push({ weight, canvas: Object.assign(canvas, { of: weight }), places, left, top });
  return draw("foreignObject", { x: left, y: top, width, height }, canvas);
}

function paintSheet({ weight, canvas, places, left, top }, { numbers, most, of: shown }, way) {
  const [tall, wide] = data.image, sheet = canvas.getContext("2d"), one = new ImageData(wide, tall);
  const { plus, minus, bad } = palette(), drawn = new OffscreenCanvas(wide, tall), [of, start] = way?.start.split(" ") ?? [];
  sheet.clearRect(0, 0, canvas.width, canvas.height);
  for (const { unit, cell, ...place } of places) {
    const x = FINE * (place.left - left), y = FINE * (place.top - top), side = FINE * cell;
    for (let pixel = 0; pixel < tall * wide; pixel++) {
      const flat = weightAt(weight, unit, pixel), number = numbers[flat], off = shown && isWrong(shown, flat);
      putPoint(one, pixel, off ? bad : number < 0 ? minus : plus, off ? 1 : Math.abs(number) / most);
    }
    drawn.getContext("2d").putImageData(one, 0, 0);
    sheet.drawImage(drawn, x, y, side * wide, side * tall);
    for (let pixel = 0; of === weight && pixel < tall * wide; pixel++) {
      if (weightAt(weight, unit, pixel) !== Number(start)) continue;
      sheet.strokeStyle = getComputedStyle(canvas).color;
      sheet.strokeRect(x + (pixel % wide) * side - 2, y + Math.floor(pixel / wide) * side - 2, side + 4, side + 4);
    }
  }
}

// A unit's weights on one side, if they are on a sheet: the cell of the first one.
function firstOnSheet({ of, flat }, right) {
  const tile = tiles.find((each) => each.at === of && each.side === (right ? 1 : -1) && isMany(each.weight));
  return tile && cellFor(tile.weight, weightAt(tile.weight, paths.unitOf(of, flat)[0], 0));
}
