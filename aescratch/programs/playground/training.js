// Training: random numbers, batches, and steps until the loss is no longer finite.
//
//   data in random order -> batch, noise -> network.run() -> loss and gradients -> rule.step(rate)

// Random numbers from a seed, so that a run can be repeated: sfc32, and normal ones by Box and Muller.
class Random {
  constructor(seed) {
    this.state = [0x9e3779b9, 0x243f6a88, 0xb7e15162, seed >>> 0];
    for (let i = 0; i < 20; i++) this.uniform();
  }

  uniform() {
    let [a, b, c, d] = this.state;
    const sum = (a + b + d) | 0;
    this.state = [b ^ (b >>> 9), (c + (c << 3)) | 0, (((c << 21) | (c >>> 11)) + sum) | 0, (d + 1) | 0];
    return (sum >>> 0) / 4294967296;
  }

  normal() {
    return Math.sqrt(-2 * Math.log(1 - this.uniform())) * Math.cos(2 * Math.PI * this.uniform());
  }

  shuffled(count) {
    const order = Array.from({ length: count }, (_, i) => i);
    for (let i = count - 1; i > 0; i--) {
      const j = Math.floor(this.uniform() * (i + 1));
      [order[i], order[j]] = [order[j], order[i]];
    }
    return order;
  }
}

class Training {
  // chosen: program, rule, data {x, n, d}, hidden, code, entries, batch, seed
  constructor(chosen) {
    this.data = chosen.data;
    const { batch, hidden: H, code: C, entries: K } = chosen;
    const sizes = { N: Math.min(batch, this.data.n), D: this.data.d, H, C, K };
    this.random = new Random(chosen.seed);
    this.network = new Network(chosen.program, sizes);
    this.draw();
    this.rule = new Rule(chosen.rule, this.network);
    this.looking = this.network.view(this.data.n);
    this.steps = 0;
    this.order = [];
    this.broken = "";
  }

  // Weights begin with the package's default, Xavier uniform numbers; biases with 0.
  draw() {
    for (const name of this.network.parameters) {
      const shape = this.network.shape(name);
      if (shape.length < 2) continue;
      const limit = Math.sqrt(6 / (shape[0] + shape[1]));
      this.network.arrays[name].forEach((_, i, values) => { values[i] = limit * (2 * this.random.uniform() - 1); });
    }
  }

  get epoch() {
    return (this.steps * this.network.sizes.N) / this.data.n;
  }

  batch() {
    const { N, D } = this.network.sizes;
    if (this.order.length < N) this.order = this.random.shuffled(this.data.n);
    this.order.splice(0, N).forEach((example, n) => {
      this.network.arrays.x.set(this.data.x.subarray(example * D, (example + 1) * D), n * D);
    });
  }

  // Draw the noise of a step; its name in the step tells its kind.
  noise({ sigma = 0, p = 0 }, network = this.network, random = this.random) {
    const draws = {
      eps: () => random.normal(), noise: () => sigma * random.normal(), keep: () => (random.uniform() < p ? 0 : 1),
    };
    for (const name of network.program.noise) {
      const values = network.arrays[name];
      for (let i = 0; i < values.length; i++) values[i] = draws[name]();
    }
  }

  // One step. If the loss is not finite, set `broken` to what it is, and leave the parameters unchanged.
  step(rate, amounts) {
    this.batch();
    this.noise(amounts);
    this.network.run();
    const loss = this.network.arrays.J[0];
    if (!Number.isFinite(loss) || this.network.gradients.some((value) => !Number.isFinite(value))) {
      this.broken = Number.isNaN(loss) ? "nan" : "infinite";
      return loss;
    }
    this.rule.step(rate);
    this.steps += 1;
    return loss;
  }

  // Codes and reconstructions of all examples, and their error.
  look() {
    const code = this.looking.encode(this.data.x);
    this.looking.decode(code);
    return this.looking.error();
  }
}
