"""The gradient check against PyTorch's: every entry of the same model, in float64, on one thread.

    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python tests/benchmarks/gradcheck_against_torch.py

prints a table: the median of interleaved rounds of `ae.check_gradients` and of `torch.autograd.gradcheck` (slow mode,
which differences every entry), and their ratio, for 12 examples and growing widths. Both call the model right, and
PyTorch's calls one with a wrong entry wrong, or the script ends with an error.
"""

from __future__ import annotations

import statistics
import sys
import time

import numpy as np
import torch

import aescratch as ae

N_EXAMPLES = 12
ROUNDS = 5
WIDTHS = ([16, 8, 4], [32, 16, 8], [64, 32, 8], [96, 64, 16])
ACTIVATIONS = {"ReLU": (ae.ReLU, torch.relu), "GELU": (ae.GELU, torch.nn.functional.gelu)}


class Off(torch.autograd.Function):
    """The identity, with one wrong entry in its gradient."""

    @staticmethod
    def forward(context, x):
        return x.clone()

    @staticmethod
    def backward(context, grad):
        grad = grad.clone()
        grad.view(-1)[0] += 0.01
        return grad


def model_and_batch(widths, activation):
    """Return our model, its biases away from 0, and a batch."""
    model = ae.Autoencoder(widths, activation=activation, dtype="float64", rng=0)
    rng = np.random.default_rng(0)
    for parameter in model.parameters:
        if parameter.value.ndim == 1:
            parameter.value = rng.normal(0, 0.1, parameter.shape)
    return model, rng.random((N_EXAMPLES, widths[0]))


def torch_objective(model, x, activation, wrong=False):
    """Return the same objective as a function of tensors, and the tensors."""
    parameters = [torch.tensor(parameter.value, requires_grad=True) for parameter in model.parameters]
    batch, n_layers = torch.tensor(x), len(parameters) // 2

    def objective(*values):
        h = batch
        for layer in range(n_layers):
            W = Off.apply(values[0]) if wrong and layer == 0 else values[2 * layer]
            h = h @ W + values[2 * layer + 1]
            h = h if layer == n_layers - 1 else activation(h)
        return 0.5 * ((h - batch) ** 2).sum(1).mean()

    return objective, parameters


def seconds(call):
    start = time.perf_counter()
    result = call()
    return time.perf_counter() - start, result


def compare(widths, name):
    """Return the number of entries, and the median seconds of both sides."""
    ours, theirs = ACTIVATIONS[name]
    model, x = model_and_batch(widths, ours)
    objective, parameters = torch_objective(model, x, theirs)
    assert np.isclose(float(objective(*parameters).detach()), float(model.loss(x)), rtol=1e-12)
    wrong, _ = torch_objective(model, x, theirs, wrong=True)
    assert not torch.autograd.gradcheck(wrong, parameters, raise_exception=False)
    times = []
    for _ in range(ROUNDS):
        mine, report = seconds(lambda: ae.check_gradients(model, x))
        yours, right = seconds(lambda: torch.autograd.gradcheck(objective, parameters, raise_exception=False))
        assert report.verdict == "pass", report
        assert right
        times.append((mine, yours))
    mine, yours = (statistics.median(column) for column in zip(*times, strict=True))
    return model.n_parameters, mine, yours


def main():
    torch.set_num_threads(1)
    print(f"numpy {np.__version__}, torch {torch.__version__}, {N_EXAMPLES} examples, float64, medians of {ROUNDS}")
    print(f"{'widths':<14}{'':<6}{'entries':>8}{'ours, s':>10}{'torch, s':>10}{'ratio':>8}")
    for widths in WIDTHS:
        for name in ACTIVATIONS:
            entries, mine, yours = compare(widths, name)
            print(f"{'-'.join(map(str, widths)):<14}{name:<6}{entries:>8}{mine:>10.3f}{yours:>10.3f}{mine / yours:>8.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
