"""One training step (loss, backward, Adam) against the same step in PyTorch eager, as ratios in one run.

Run as ``python tests/benchmarks/step_against_torch.py`` where PyTorch is installed. The sides take turns, and medians
are compared; PyTorch uses its fused Adam. Both run on as many threads as OMP_NUM_THREADS says.
"""

import statistics
import time

import numpy as np
import torch

import aescratch as ae

CASES = [([64, 32, 8], 64), ([784, 1000, 500, 250, 30], 256)]
ACTIVATIONS = {"ReLU": (ae.ReLU, torch.nn.ReLU), "GELU": (ae.GELU, torch.nn.GELU)}


def our_step(widths, activation, x):
    model = ae.Autoencoder(widths, activation=activation, rng=0)
    state = ae.Adam(1e-3).start(model.parameters)

    def step():
        model.loss(x)
        model.backward()
        state.step(1e-3)

    return step


def torch_step(widths, activation, x):
    layers = []
    path = [*widths, *widths[-2::-1]]
    for n_in, n_out in zip(path[:-1], path[1:], strict=True):
        layers += [torch.nn.Linear(n_in, n_out), activation()]
    model = torch.nn.Sequential(*layers[:-1])
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)
    batch = torch.from_numpy(x)

    def step():
        optimizer.zero_grad()
        loss = 0.5 * ((model(batch) - batch) ** 2).sum() / len(batch)
        loss.backward()
        optimizer.step()

    return step


def median_seconds(steps, rounds):
    for step in steps:
        step()
        step()
    times = [[] for _ in steps]
    for _ in range(rounds):
        for step, taken in zip(steps, times, strict=True):
            started = time.perf_counter()
            step()
            taken.append(time.perf_counter() - started)
    return [statistics.median(taken) for taken in times]


def main():
    print(f"NumPy {np.__version__}, PyTorch {torch.__version__}, {torch.get_num_threads()} threads")
    for widths, batch in CASES:
        x = np.random.default_rng(0).random((batch, widths[0]), np.float32)
        rounds = 300 if widths[0] < 100 else 30
        for name, (ours, theirs) in ACTIVATIONS.items():
            a, b = median_seconds([our_step(widths, ours, x), torch_step(widths, theirs, x)], rounds)
            shape = "-".join(map(str, widths))
            print(f"{shape:26} batch {batch:4} {name}: ours {1e3 * a:8.3f} ms, PyTorch {1e3 * b:8.3f} ms, ratio {a / b:.2f}")


if __name__ == "__main__":
    main()
