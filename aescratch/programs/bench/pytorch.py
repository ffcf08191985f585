"""The other side: the same network, step, training and gradient check in eager PyTorch, written as in its manual.

PyTorch is imported on demand, and is not a requirement of the package.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from aescratch.backend import Array
from aescratch.foundations.language import gettext_noop
from aescratch.programs.bench.cases import RATE, Case, random_data

ADAMS = {"plain": {"foreach": False}, "foreach": {"foreach": True}, "fused": {"fused": True}}
MISSING = gettext_noop(
    "PyTorch is not installed, so comparisons with it are left out; install it beside aescratch (pip install torch) "
    "to have them in the table"
)


def is_installed() -> bool:
    """Whether PyTorch can be imported."""
    return importlib.util.find_spec("torch") is not None


def import_torch() -> Any:
    """Return torch."""
    return importlib.import_module("torch")


def make_network(case: Case, dtype: str = "float32") -> Any:
    """Return the network of a case, with PyTorch's own initial values."""
    torch = import_torch()
    torch.manual_seed(0)
    layers: list[Any] = []
    for n_in, n_out in zip(case.path[:-1], case.path[1:], strict=True):
        layers += [torch.nn.Linear(n_in, n_out), getattr(torch.nn, case.activation)()]
    return torch.nn.Sequential(*layers[:-1]).to(getattr(torch, dtype))


def squared_error(x_hat: Any, x: Any) -> Any:
    """Return our loss: ½ Σ (x_hat − x)², mean over the batch."""
    return 0.5 * ((x_hat - x) ** 2).sum() / len(x)


def torch_training(case: Case, **kind: bool) -> Callable[[Any], None]:
    """Return one training step on a batch, with an Adam of this kind."""
    network = make_network(case)
    optimizer = import_torch().optim.Adam(network.parameters(), lr=RATE, **kind)

    def step(x: Any) -> None:
        optimizer.zero_grad()
        squared_error(network(x), x).backward()
        optimizer.step()

    return step


def torch_step(case: Case, adam: str) -> Callable[[], None]:
    """Return one training step with an Adam of this kind, of `ADAMS`."""
    x = import_torch().from_numpy(random_data(case.batch, case.widths[0]))
    return partial(torch_training(case, **ADAMS[adam]), x)


def torch_fit(case: Case, x: Array, epochs: int) -> Callable[[], None]:
    """Return a training on x in shuffled batches."""
    torch = import_torch()
    step, data = torch_training(case, fused=True), torch.from_numpy(x)

    def train() -> None:
        for _ in range(epochs):
            for rows in torch.randperm(len(data)).split(case.batch):
                step(data[rows])

    return train


def torch_check(case: Case) -> Callable[[], None]:
    """Return the numeric check of every entry of every parameter's gradient, in float64."""
    torch = import_torch()
    network = make_network(case, "float64")
    x = torch.from_numpy(random_data(case.batch, case.widths[0]).astype(np.float64))
    names, values = zip(*network.named_parameters(), strict=True)

    def loss(*parameters: Any) -> Any:
        replaced = dict(zip(names, parameters, strict=True))
        return squared_error(torch.func.functional_call(network, replaced, (x,)), x)

    return lambda: torch.autograd.gradcheck(loss, values)
