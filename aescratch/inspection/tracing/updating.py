"""The optimiser's part of a step: what it made of every parameter, as operations like those of the passes.

    parameter, gradient --optimizer.start(...).step(rate)--> what really came out, beside the rule's own lines

A training begins here, so all moments are 0 before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from aescratch.backend import Array
from aescratch.inspection.tracing.arrays import Quantity
from aescratch.inspection.tracing.code import lines_of
from aescratch.inspection.tracing.formulas import RULES
from aescratch.inspection.tracing.language import Equation, Tree, evaluate, names_in, read, replace
from aescratch.inspection.tracing.recorder import MATRIX, Recorder
from aescratch.optimizers import Adam, AdamW, Optimizer, OptimizerState, rules

ATTRIBUTES = {"mu": "mu", "beta": "beta", "beta1": "beta1", "beta2": "beta2", "epsilon": "eps", "shrinkage": "decay"}
# The functions that hold the rules' arithmetic.
KERNELS = {
    "SGD": "_descend", "Momentum": "_roll", "Nesterov": "_roll_ahead", "RMSProp": "_scale_by_size", "Adam": "_adapt",
    "AdamW": "_adapt",
}  # fmt: skip
# The lines of Adam's rule in which the moments are corrected.
CORRECTIONS = {"m_hat": "m_hat_over_m", "v_hat": "root_v_hat_over_root_v"}


def update(
    recorder: Recorder, optimizer: Optimizer, parameters: Sequence[Any], known: Mapping[int, Quantity]
) -> Iterator[Quantity]:
    """Let the optimiser take its first step, and yield every quantity on the way, named."""
    gradients = {id(q.target): q for q in recorder.quantities if q.kind == "backward" and q.target is not None}
    rate = optimizer.schedule.rate(0, 1)
    state = optimizer.start(parameters)
    state.step(rate)
    scalars = {"eta": rate, "t": 1, "m_0": 0.0, "v_0": 0.0}
    scalars.update({name: getattr(optimizer, own) for name, own in ATTRIBUTES.items() if hasattr(optimizer, own)})
    if optimizer.clip_norm is not None:
        scalars["clip_norm"] = optimizer.clip_norm
    settings = _Settings(recorder, scalars, type(optimizer).__name__)
    of = {id(parameter): gradients.get(id(known[id(parameter)])) for parameter in parameters}
    if optimizer.clip_norm is not None:
        clipped = list(_clipping(optimizer, [of[id(p)] for p in parameters], settings))
        yield from clipped
        of = {**of, **{id(p): q for p, q in zip(parameters, clipped[2:], strict=True)}}
    moments = _moments(state, parameters)
    rule = RULES.get(type(optimizer).__name__, ()) if type(optimizer).__module__ == rules.__name__ else ()
    for parameter in parameters:
        value = known[id(parameter)]
        real = {**moments[id(parameter)], "new": parameter.value}
        if not rule:
            yield _after(optimizer, "new", value, np.array(parameter.value, np.float64), None)
            continue
        names: dict[str, Quantity] = {"q": value, "g": of[id(parameter)] or value}
        for line in rule:
            equation = _bound(read(line), names, settings, value.value.ndim)
            result = evaluate(equation, {q: q.value for q in names_in(equation.tree)}, value.value.shape)
            computed = real.get(read(line).name, result)
            quantity = _after(optimizer, read(line).name, value, np.array(computed, np.float64), equation)
            quantity.agrees = bool(np.allclose(quantity.value, result, rtol=1e-9, atol=1e-15))
            names[read(line).name] = quantity
            yield quantity


class _Settings:
    """The numbers of the rule, given when a line asks for one, and none of them the model's own of the same name."""

    def __init__(self, recorder: Recorder, values: Mapping[str, float], rule: str) -> None:
        self.recorder, self.values, self.rule = recorder, values, rule
        self.known: dict[str, Quantity] = {}

    def __getitem__(self, name: str) -> Quantity:
        if name not in self.known:
            # Adam's epsilon is nearly the letter of a variational autoencoder's noise.
            wish = f"eps_{self.rule}" if name == "epsilon" else name
            self.known[name] = Quantity(np.asarray(self.values[name], np.float64), "setting", wish, part="optimizer")
            self.recorder.given.append(self.known[name])
        return self.known[name]


def _bound(equation: Equation, names: Mapping[str, Quantity], settings: _Settings, ndim: int) -> Equation:
    letters = MATRIX[2 - ndim :]

    def entry(name: str, _: list[Any]) -> Tree:
        quantity = names[name] if name in names else settings[name]
        return ["at", quantity, list(letters) if quantity.value.ndim else []]

    return Equation("", letters, replace(equation.tree, entry))


def _after(optimizer: Optimizer, line: str, parameter: Quantity, value: Array, equation: Equation | None) -> Quantity:
    name = f"{parameter.name}_new" if line == "new" else f"{line}_{parameter.name}"
    kernel = getattr(rules, KERNELS.get(type(optimizer).__name__, ""), type(optimizer).rule)
    where, code = lines_of(kernel, {"new": "value"}.get(line, line))
    if line in CORRECTIONS:
        where, code = lines_of(Adam.rule, CORRECTIONS[line])
    elif line == "new" and type(optimizer) is AdamW:  # which shrinks first, and leaves the rest to Adam
        where, code = lines_of(AdamW.rule, "")
    return Quantity(
        value, "update", "", equation, part="optimizer", function=type(optimizer).__name__, where=where, code=code,
        name=name,
    )  # fmt: skip


def _moments(state: OptimizerState, parameters: Sequence[Any]) -> dict[int, dict[str, Array]]:
    """Return the moments of every parameter as the textbook has them; Adam keeps them without their factor."""
    optimizer = state.optimizer
    factors = {}
    if isinstance(optimizer, Adam):
        factors = {"m": 1 - optimizer.beta1, "v": 1 - optimizer.beta2}
    flat = {name: np.concatenate([run.moments[name] for run in state.runs]) for name in optimizer.moments}
    found: dict[int, dict[str, Array]] = {}
    start = 0
    for parameter in parameters:
        here = slice(start, start + parameter.size)
        found[id(parameter)] = {
            name: values[here].reshape(parameter.shape) * factors.get(name, 1.0) for name, values in flat.items()
        }
        start += parameter.size
    return found


def _clipping(optimizer: Optimizer, gradients: Sequence[Any], settings: _Settings) -> Iterator[Quantity]:
    """Yield the norm of all gradients, the scale, and every gradient scaled."""
    def quantity(name: str, equation: Equation) -> Quantity:
        value = evaluate(equation, {q: q.value for q in names_in(equation.tree)})
        where, code = lines_of(OptimizerState.clip, {"norm_of_gradients": "current"}.get(name, ""))
        return Quantity(
            value, "update", "", equation, part="optimizer", function="clip", where=where, code=code, name=name
        )

    squares: Tree = None
    for gradient in gradients:
        letters = list(MATRIX[2 - gradient.value.ndim :])
        term: Tree = ["**", ["at", gradient, letters], 2]
        for letter in letters[::-1]:
            term = ["sum", letter, term]
        squares = term if squares is None else ["+", squares, term]
    yield (norm := quantity("norm_of_gradients", Equation("", (), ["call", "sqrt", [squares]])))
    tree = ["call", "min", [1, ["/", ["at", settings["clip_norm"], []], ["at", norm, []]]]]
    yield (scale := quantity("scale", Equation("", (), tree)))
    for gradient in gradients:
        letters = list(MATRIX[2 - gradient.value.ndim :])
        tree = ["*", ["at", scale, []], ["at", gradient, letters]]
        yield quantity(f"clipped_{gradient.name}", Equation("", tuple(letters), tree))
