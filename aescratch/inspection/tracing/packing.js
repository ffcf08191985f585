// The numbers of the step as packing.py writes them: a small array is there, a large one is decoded, or computed from the
// others by its formula. Of what was computed, some of Python's numbers are there to be compared with.

function decoded({ bytes, size }) {
  const text = atob(bytes), raw = new Uint8Array(text.length);
  for (let i = 0; i < raw.length; i++) raw[i] = text.charCodeAt(i);
  return Array.from(size === 4 ? new Float32Array(raw.buffer) : new Float64Array(raw.buffer));
}

function unpacked(array) {
  if (array.data) return array.data.map((number) => (number === null ? NaN : number));
  return array.bytes ? decoded(array) : Array(array.shape.reduce((product, length) => product * length)).fill(NaN);
}

// By how much numbers differ at most, those above 1 in proportion.
function difference(numbers, others) {
  return numbers.reduce((most, number, i) => {
    const off = Math.abs(number - others[i]) / Math.max(1, Math.abs(number));
    return Number.isNaN(number) && Number.isNaN(others[i]) ? most : Math.max(most, Number.isNaN(off) ? Infinity : off);
  }, 0);
}

// The numbers of a computed array that Python's sample stands for.
const sampled = ({ sample, every }, numbers) => sample.map((_, i) => numbers[i * every]);
