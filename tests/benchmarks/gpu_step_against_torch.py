"""One training step on a GPU against PyTorch's, eager and as a CUDA graph, as ratios in one run on one card.

Run as ``python tests/benchmarks/gpu_step_against_torch.py`` where CuPy and PyTorch both find the same NVIDIA GPU. A round
is a hundred steps and one wait; the sides take turns, and medians are compared. Both compute in float32 proper (TF32 off).
Wanted: at most 0.8 of the eager step, and 1.2 of the graphed one.
"""

import statistics
import time

import numpy as np

import aescratch as ae
from aescratch.backend import move

CASES = [([64, 32, 8], 64), ([784, 128, 32], 256), ([784, 1000, 500, 250, 30], 256), ([784, 1000, 500, 250, 30], 1000)]
STEPS, ROUNDS = 100, 15


def our_steps(widths, activation, x, backend="cupy"):
    """A function that takes STEPS training steps on the backend, and waits for them."""
    model = ae.Autoencoder(widths, activation=activation, rng=0).to(backend)
    state = ae.Adam(1e-3).start(model.parameters)
    batch = move(x, backend)

    def steps():
        with model.trusting_batches(), model.training():
            for _ in range(STEPS):
                loss = model.loss(batch)
                model.backward()
                state.step(1e-3)
        return float(loss)

    return steps


def torch_steps(torch, widths, activation, x, device="cuda", graphed=False):
    """The same in PyTorch, with its fused Adam; graphed replays one captured step."""
    path, layers = [*widths, *widths[-2::-1]], []
    for n_in, n_out in zip(path[:-1], path[1:], strict=True):
        layers += [torch.nn.Linear(n_in, n_out), activation()]
    model = torch.nn.Sequential(*layers[:-1]).to(device)
    adam = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True, capturable=graphed)
    batch = torch.from_numpy(x).to(device)

    def step():
        adam.zero_grad(set_to_none=not graphed)
        loss = 0.5 * ((model(batch) - batch) ** 2).sum() / len(batch)
        loss.backward()
        adam.step()
        return loss

    take = step
    if graphed:
        side = torch.cuda.Stream()
        with torch.cuda.stream(side):
            for _ in range(3):
                step()
        torch.cuda.current_stream().wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            loss = step()

        def take():
            graph.replay()
            return loss

    def steps():
        for _ in range(STEPS):
            loss = take()
        return loss.item()

    return steps


def median_seconds(sides, rounds):
    for steps in sides:
        steps()
    times = [[] for _ in sides]
    for _ in range(rounds):
        for steps, taken in zip(sides, times, strict=True):
            started = time.perf_counter()
            steps()
            taken.append((time.perf_counter() - started) / STEPS)
    return [statistics.median(taken) for taken in times]


def main():
    import cupy
    import torch

    torch.backends.cuda.matmul.allow_tf32 = False
    card = cupy.cuda.runtime.getDeviceProperties(0)["name"].decode()
    driver = cupy.cuda.runtime.driverGetVersion()
    print(f"{time.strftime('%Y-%m-%d')}  {card}, driver for CUDA {driver // 1000}.{driver % 1000 // 10}")
    print(f"CuPy {cupy.__version__}, PyTorch {torch.__version__}, NumPy {np.__version__}")
    for widths, batch in CASES:
        x = np.random.default_rng(0).random((batch, widths[0]), np.float32)
        for ours, theirs in ((ae.ReLU, torch.nn.ReLU), (ae.GELU, torch.nn.GELU)):
            sides = [
                our_steps(widths, ours, x),
                torch_steps(torch, widths, theirs, x),
                torch_steps(torch, widths, theirs, x, graphed=True),
            ]
            a, eager, graphed = median_seconds(sides, ROUNDS)
            print(
                f"{'-'.join(map(str, widths)):24} batch {batch:4} {ours.__name__}: ours {1e6 * a:7.0f} us, "
                f"eager {1e6 * eager:7.0f} us ({a / eager:.2f}), graphed {1e6 * graphed:7.0f} us ({a / graphed:.2f})"
            )


if __name__ == "__main__":
    main()
