"""One training step of every variant, recorded by `ae.trace`, as calls of loops that a page can repeat.

    a model of small prime widths -> ae.trace -> equations -> calls;   settings, noise, sizes: set by the page

Since the widths are different primes, the length of an axis tells what it counts, and the calls work for any widths. To
show a network, the page also needs parts of the step: from data to their codes, from codes to decoded data, and their
error. These parts are subsets of the same calls.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

import aescratch as ae
from aescratch.inspection.tracing.arrays import Quantity
from aescratch.inspection.tracing.formulas import RULES
from aescratch.inspection.tracing.language import Equation, Tree, names_in, read, replace
from aescratch.inspection.tracing.loops import Call, Loops, Size
from aescratch.inspection.tracing.operation import Operation, named_equation
from aescratch.programs.playground.variants import ACTIVATIONS, VARIANTS, Variant

# Examples, inputs, hidden units, code units, entries of a codebook; a code is one vector.
SIZES: dict[int, Size] = {7: "N", 5: "D", 11: "H", 3: "C", 13: "K", 1: 1}
RATE = "eta"


def programs(loops: Loops) -> dict[str, Any]:
    """Return the step of every variant with every possible activation, by "variant activation"."""
    return {
        f"{variant.name} {activation}": program(variant, activation, loops)
        for variant in VARIANTS
        for activation in (ACTIVATIONS if variant.deep else ["tanh"])
    }


def program(variant: Variant, activation: str, loops: Loops) -> dict[str, Any]:
    """Return a variant's step as plain values, and add its loops to `loops`.

    ``quantities`` has kind and shape of every array, ``calls`` has the step in order, and ``encode``, ``decode`` and
    ``error`` have the numbers of the calls that lead from ``entered`` to ``code``, from ``decoded`` to x_hat, and from
    there to the reconstruction's error.
    """
    widths = [5, 11, 3] if variant.deep else [5, 3]
    model = variant.make(widths, ACTIVATIONS[activation])
    step = ae.trace(model, np.random.default_rng(0).random((7, 5)), optimizer=ae.SGD(0.1))
    operations = [operation for operation in step if operation.which != "update"]
    given = [quantity for quantity in step.given_quantities if quantity.name != RATE]
    quantities = {quantity.name: quantity for quantity in [*given, *(o.quantity for o in operations)]}
    shapes = {name: _shape(quantity) for name, quantity in quantities.items()}
    calls = [loops.call(operation.function, _equation(operation), shapes) for operation in operations]
    by_part = {operation.part: operation for operation in operations if operation.which == "forward"}
    entered, decoded = (names_in(_equation(by_part[f"{stack}.dense1"]).tree)[0] for stack in ("encoder", "decoder"))
    code, error = variant.code or decoded, by_part["reconstruction"].name
    return {
        "quantities": {name: [quantity.kind, shapes[name]] for name, quantity in quantities.items()},
        "calls": [[call.loop, call.to, call.reads, call.sizes] for call in calls],
        "formulas": [operation.formula for operation in operations],
        "entered": entered, "code": code, "decoded": decoded, "error_name": error,
        "encode": _between(calls, entered, code), "decode": _between(calls, decoded, "x_hat"),
        "error": _between(calls, "x_hat", error), "terms": _terms(operations),
        "settings": {q.name: float(q.value) for q in given if q.kind == "setting"},
        "noise": [quantity.name for quantity in given if quantity.kind == "noise"],
        "layers": _layers(operations),
    }  # fmt: skip


def rules(loops: Loops) -> dict[str, Any]:
    """Return the rules of SGD and Adam for all parameters at once, stored in one array."""
    found = {}
    for name, optimizer in (("sgd", ae.SGD(0.1)), ("adam", ae.Adam())):
        rule = type(optimizer).__name__
        lines = [read(line) for line in RULES[rule]]
        arrays = {"q", "g", "m_0", "v_0", *(line.name for line in lines)}
        of_entries = [Equation(line.name, ("i",), _by_entries(line.tree, arrays)) for line in lines]
        shapes: dict[str, list[Size]] = {name: ["P"] for name in arrays}
        shapes |= {name: [] for line in lines for name in names_in(line.tree) if name not in arrays}
        settings = {"beta1": "beta1", "beta2": "beta2", "epsilon": "eps"}
        found[name] = {
            "calls": [[c.loop, c.to, c.reads] for c in (loops.call(rule, line, shapes) for line in of_entries)],
            "settings": {name: getattr(optimizer, own) for name, own in settings.items() if name in shapes},
            "formulas": RULES[rule],
        }  # fmt: skip
    return found


def _by_entries(tree: Tree, arrays: set[str]) -> Tree:
    return replace(tree, lambda name, _: ["at", name, ["i"] if name in arrays else []])


def _equation(operation: Operation) -> Equation:
    equation = named_equation(operation.quantity)
    if equation is None or not operation.agrees:
        raise ValueError(f"expected a formula that agrees with the code of {operation.name}, got {operation.formula!r}")
    return equation


def _shape(quantity: Quantity) -> list[Size]:
    return [SIZES[length] for length in quantity.value.shape]


def _between(calls: Sequence[Call], start: str, end: str) -> list[int]:
    """Return the numbers of the calls that lead from one quantity to another."""
    needed, chosen = {end}, []
    for place, call in reversed(list(enumerate(calls))):
        if call.to in needed and call.to != start:
            chosen.append(place)
            needed |= set(call.reads)
    return chosen[::-1]


def _terms(operations: Sequence[Operation]) -> list[str]:
    """Return the names of the terms whose sum is J."""
    found, sums = [], ["J"]
    by_name = {operation.name: operation for operation in operations}
    while sums:
        operation = by_name[sums.pop()]
        if operation.function == "add":
            sums += [*operation.inputs][::-1]
        else:
            found.append(operation.name)
    return found


def _layers(operations: Sequence[Operation]) -> list[dict[str, str]]:
    """Return the dense layers on the way of the data: the input and the weights of each."""
    found = []
    for operation in operations:
        if operation.which == "forward" and operation.function == "dense" and operation.part != "log_variance":
            given, weights, _ = operation.inputs
            found.append({"from": given, "weights": weights})
    return found
