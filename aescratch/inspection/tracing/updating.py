"""The optimiser's part of a step: the update of every parameter, as operations like those of the passes.

    parameter, gradient --optimizer.start(...).step(rate)--> the actual result, with the rule's own lines

This is the first step of a training, so all moments are 0 before.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from aescratch.backend import Array
from aescratch.inspection.tracing.arrays import Quantity, outcome
from aescratch.inspection.tracing.code import lines_of
from aescratch.inspection.tracing.formulas import RULES
from aescratch.inspection.tracing.language import Equation, Tree, read, replace
from aescratch.inspection.tracing.recorder import MATRIX, Recorder
from aescratch.optimizers import Adam, AdamW, Optimizer, OptimizerState, rules

ATTRIBUTES = {"mu": "mu", "beta": "beta", "beta1": "beta1", "beta2": "beta2", "epsilon": "eps", "shrinkage": "decay"}
# The functions with the rules' arithmetic.
KERNELS = {
    "SGD": "_descend", "Momentum": "_roll", "Nesterov": "_roll_ahead", "RMSProp": "_scale_by_size", "Adam": "_adapt",
    "AdamW": "_adapt",
}  # fmt: skip
# The lines of Adam's rule with the bias correction.
CORRECTIONS = {"m_hat": "m_hat_over_m", "v_hat": "root_v_hat_over_root_v"}


def update(
    recorder: Recorder, optimizer: Optimizer, parameters: Sequence[Any], known: Mapping[int, Quantity]
) -> Iterator[Quantity]:
    """Let the optimiser take its first step, and yield every quantity of it, named."""
    gradients = {id(q.target): q for q in recorder.quantities if q.kind == "backward" and q.target is not None}
    rate = optimizer.schedule.rate(0, 1)
    state = optimizer.start(parameters)
    state.step(rate)
    name = type(optimizer).__name__
    scalars = {"eta": rate, "t": 1, "m_0": 0.0, "v_0": 0.0, "clip_norm": optimizer.clip_norm}
    scalars |= {letter: getattr(optimizer, own) for letter, own in ATTRIBUTES.items() if hasattr(optimizer, own)}
    settings = _Settings(recorder.given, scalars, name)
    of = [gradients.get(id(q)) or _no_gradient(recorder, q) for q in (known[id(p)] for p in parameters)]
    if optimizer.clip_norm is not None:
        clipped = list(_clipping(of, settings))
        yield from clipped
        of = [*clipped[2:]]  # follows the norm and the scale
    rule = RULES.get(name, ()) if getattr(rules, name, None) is type(optimizer) else ()
    for parameter, gradient in zip(parameters, of, strict=True):
        value = known[id(parameter)]
        real = {**_moments(state, parameter), "new": parameter.value}
        if not rule:
            yield _after(optimizer, "new", value, parameter.value, None)
        names: dict[str, Quantity] = {"q": value, "g": gradient}
        for line in map(read, rule):
            equation = _bound(line, names, settings, value.value.ndim)
            result = outcome(equation, value.value.shape)
            quantity = _after(optimizer, line.name, value, real.get(line.name, result), equation)
            quantity.agrees = bool(np.allclose(quantity.value, result, rtol=1e-9, atol=1e-15))
            names[line.name] = quantity
            yield quantity


def _no_gradient(recorder: Recorder, parameter: Quantity) -> Quantity:
    """Return the gradient of a parameter on which the loss doesn't depend: 0, given, since nothing computes it."""
    name = f"grad_{parameter.name}"
    zeros = Quantity(np.zeros_like(parameter.value), "state", name, name=name)
    recorder.given.append(zeros)
    return zeros


class _Settings(dict[str, Quantity]):
    """The settings of the rule, given when a line needs one; distinct from the model's numbers of the same name."""

    def __init__(self, given: list[Quantity], numbers: Mapping[str, Any], rule: str) -> None:
        self.given, self.numbers, self.rule = given, numbers, rule

    def __missing__(self, name: str) -> Quantity:
        # Adam's epsilon has almost the same letter as a variational autoencoder's noise.
        wish = f"eps_{self.rule}" if name == "epsilon" else name
        self[name] = Quantity(np.asarray(self.numbers[name], np.float64), "setting", wish, part="optimizer")
        self.given.append(self[name])
        return self[name]


def _bound(equation: Equation, names: Mapping[str, Quantity], settings: _Settings, ndim: int) -> Equation:
    letters = MATRIX[2 - ndim :]

    def entry(name: str, _: list[Any]) -> Tree:
        quantity = names[name] if name in names else settings[name]
        return ["at", quantity, list(letters) if quantity.value.ndim else []]

    return Equation("", letters, replace(equation.tree, entry))


def _updated(name: str, function: str, value: Array, equation: Equation | None, lines: tuple[str, str]) -> Quantity:
    where, code = lines
    value = np.array(value, np.float64)
    return Quantity(
        value, "update", "", equation, part="optimizer", function=function, where=where, code=code, name=name
    )


def _after(optimizer: Optimizer, line: str, parameter: Quantity, value: Array, equation: Equation | None) -> Quantity:
    name = f"{parameter.name}_new" if line == "new" else f"{line}_{parameter.name}"
    return _updated(name, type(optimizer).__name__, value, equation, _code_of(optimizer, line))


def _code_of(optimizer: Optimizer, line: str) -> tuple[str, str]:
    """Return the place and the code of a line of the rule."""
    if line in CORRECTIONS:
        return lines_of(Adam.rule, CORRECTIONS[line])
    if line == "new" and type(optimizer) is AdamW:  # AdamW shrinks first, and leaves the rest to Adam
        return lines_of(AdamW.rule, "")
    kernel = getattr(rules, KERNELS.get(type(optimizer).__name__, ""), type(optimizer).rule)
    return lines_of(kernel, "value" if line == "new" else line)


def _moments(state: OptimizerState, parameter: Any) -> dict[str, Array]:
    """Return a parameter's moments as in the textbook; Adam keeps them without their factor."""
    optimizer = state.optimizer
    factors = {"m": 1 - optimizer.beta1, "v": 1 - optimizer.beta2} if isinstance(optimizer, Adam) else {}
    (run,) = state.runs  # the copy's parameters are contiguous in one buffer
    here = slice(parameter.start, parameter.start + parameter.size)
    return {name: m[here].reshape(parameter.shape) * factors.get(name, 1.0) for name, m in run.moments.items()}


def _clipping(gradients: Sequence[Any], settings: _Settings) -> Iterator[Quantity]:
    """Yield the norm of all gradients, the scale, and every gradient scaled."""

    def clipped(name: str, wish: str, tree: Tree, letters: Sequence[str] = ()) -> Quantity:
        equation = Equation("", tuple(letters), tree)
        return _updated(name, "clip", outcome(equation), equation, lines_of(OptimizerState.clip, wish))

    entries = [["at", gradient, list(MATRIX[2 - gradient.value.ndim :])] for gradient in gradients]
    squares = [
        functools.reduce(lambda inside, letter: ["sum", letter, inside], entry[2][::-1], ["**", entry, 2])
        for entry in entries
    ]
    total = functools.reduce(lambda left, right: ["+", left, right], squares)
    yield (norm := clipped("norm_of_gradients", "current", ["call", "sqrt", [total]]))
    tree = ["call", "min", [1, ["/", ["at", settings["clip_norm"], []], ["at", norm, []]]]]
    yield (scale := clipped("scale", "", tree))
    for gradient, entry in zip(gradients, entries, strict=True):
        yield clipped(f"clipped_{gradient.name}", "", ["*", ["at", scale, []], entry], entry[2])
