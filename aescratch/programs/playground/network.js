// A network: the arrays of one recorded step, and the calls of loops that fill them.
//
//   program, from recording.py + sizes {N, D, H, C, K} -> arrays by their names;   run(calls) computes
//
// LOOPS contains the loops, written by Python from the recorded formulas; nothing here depends on what they compute. All
// parameters are in one array, and all gradients in a second one, as in the package itself.

class Network {
  constructor(program, sizes, other = null) {
    this.program = program;
    this.sizes = sizes;
    this.arrays = {};
    const parameters = Object.keys(program.quantities).filter((name) => program.quantities[name][0] === "parameter");
    const length = (name) => program.quantities[name][1].reduce((product, size) => product * (sizes[size] ?? size), 1);
    const count = parameters.reduce((sum, name) => sum + length(name), 0);
    this.parameters = parameters;
    this.values = other ? other.values : new Float64Array(count);
    this.gradients = new Float64Array(count);
    let start = 0;
    for (const name of parameters) {
      this.arrays[name] = this.values.subarray(start, start + length(name));
      this.arrays[`grad_${name}`] = this.gradients.subarray(start, start + length(name));
      start += length(name);
    }
    for (const [name, [kind]] of Object.entries(program.quantities)) {
      if (kind === "setting") this.arrays[name] = other ? other.arrays[name] : Float64Array.of(program.settings[name]);
      else this.arrays[name] ??= new Float64Array(length(name));
    }
    this.calls = program.calls.map(([loop, to, reads, names]) => [
      LOOPS[loop], [this.arrays[to], ...reads.map((name) => this.arrays[name]), ...names.map((name) => sizes[name])],
    ]);
    this.all = this.calls.map((_, place) => place);
  }

  // The same network for other examples: parameters and settings are shared.
  view(examples) {
    return new Network(this.program, { ...this.sizes, N: examples }, this);
  }

  shape(name) {
    return this.program.quantities[name][1].map((size) => this.sizes[size] ?? size);
  }

  run(places = this.all) {
    for (const place of places) {
      const [loop, given] = this.calls[place];
      loop(...given);
    }
  }

  // From examples to their codes, with clean data in place of damaged ones, and the mean in place of a sample.
  encode(x) {
    this.arrays.x.set(x);
    if (this.program.entered !== "x") this.arrays[this.program.entered].set(x);
    this.run(this.program.encode);
    return this.arrays[this.program.code];
  }

  decode(code) {
    this.arrays[this.program.decoded].set(code);
    this.run(this.program.decode);
    return this.arrays.x_hat;
  }

  // The reconstruction's error, without the penalties, after encode and decode.
  error() {
    this.run(this.program.error);
    return this.arrays[this.program.error_name][0];
  }
}

// An optimiser: the recorded rule, applied to all parameters at once. In its lines, m_0 is m of the step before.
class Rule {
  constructor(rule, network) {
    const count = network.values.length;
    this.arrays = { q: network.values, g: network.gradients, eta: Float64Array.of(0), t: Float64Array.of(1) };
    for (const [name, value] of Object.entries(rule.settings)) this.arrays[name] = Float64Array.of(value);
    const names = rule.calls.flatMap(([, to, reads]) => [to, ...reads]);
    for (const name of names) this.arrays[name] ??= new Float64Array(count);
    this.calls = rule.calls.map(([loop, to, reads]) => [LOOPS[loop], [to, ...reads].map((name) => this.arrays[name])]);
    this.moments = rule.calls.map(([, to]) => to).filter((name) => `${name}_0` in this.arrays);
    this.count = count;
  }

  step(rate) {
    this.arrays.eta[0] = rate;
    for (const [loop, given] of this.calls) loop(...given, this.count);
    for (const name of this.moments) this.arrays[`${name}_0`].set(this.arrays[name]);
    this.arrays.q.set(this.arrays.new);
    this.arrays.t[0] += 1;
  }
}
