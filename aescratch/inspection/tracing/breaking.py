"""The mistakes that can be put into a recorded step: wrong lines with the quantities of the step in place of names.

    operations --mistakes_in--> Mistake("encoder.dense1", "dense_backward", "b averaged", trees={"grad_b1": tree})
    "dense_backward", "b averaged" --mistaken--> a backward function with this mistake, for the checker
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from aescratch import functions
from aescratch.backend import Array
from aescratch.inspection.tracing.arrays import Quantity
from aescratch.inspection.tracing.formulas import FORMULAS
from aescratch.inspection.tracing.language import Equation, Tree, evaluate, names_in, read, replace
from aescratch.inspection.tracing.mistakes import MISTAKES, OF_MODELS, Lines
from aescratch.inspection.tracing.naming import label
from aescratch.inspection.tracing.operation import Operation

# Mistakes in an operation between two functions of the sheet; {} is the label of what they are about.
LEFT_OUT, OVERWRITTEN, SUBTRACTED = "museum: {} left out", "museum: {} overwritten", "{} subtracted"
WITHOUT_WEIGHT = "weight {} missing"
RIGHT = ["right"]  # stands in a wrong formula for the right one


class Mistake(NamedTuple):
    """A mistake in the backward of one part, or between parts."""

    part: str  # empty for the model's own lines
    function: str
    name: str  # in English
    about: str  # what stands in the place of {} in the name
    trees: dict[str, Tree]  # the wrong formula of every gradient that it changes; `RIGHT` in it is the right one


def mistakes_in(operations: Sequence[Operation]) -> list[Mistake]:
    """Return every known mistake that applies to the step's backward pass, in its order.

    Examples
    --------
    >>> step = ae.trace(ae.Autoencoder([4, 2], rng=0), np.ones((2, 4)))
    >>> found = next(mistake for mistake in mistakes_in(step) if mistake.name == "b times 4")
    >>> found.part, found.trees
    ('decoder.dense1', {'grad_b2': ['*', 4, ['right']]})
    """
    known = {source.name: source for operation in operations for source in operation.quantity.inputs}
    calls: dict[tuple[str, str], list[Quantity]] = {}
    for operation in operations:
        if operation.which == "backward" and operation.agrees:
            calls.setdefault((operation.part, operation.function), []).append(operation.quantity)
    found = []
    for (part, function), computed in calls.items():
        for name, lines in MISTAKES.get(function, {}).items():
            found.append(Mistake(part, function, name, "", _trees(computed, lines, known)))
        if function in ("add", "multiply"):
            found += [mistake for quantity in computed for mistake in _between(quantity)]
    for name, changes in OF_MODELS.items():
        if all(place in calls for place in changes):
            trees = [_trees(calls[place], lines, known) for place, lines in changes.items()]
            found.append(Mistake("", "model", name, "", {key: tree for part in trees for key, tree in part.items()}))
    return [mistake for mistake in found if mistake.trees]


def _trees(computed: Sequence[Quantity], lines: Lines, known: Mapping[str, Quantity]) -> dict[str, Tree]:
    """Return the wrong trees of a call's gradients, except those that this step doesn't compute."""
    trees = {}
    for line in map(read, lines):
        for quantity in computed:
            tree = _bound(line, quantity, known) if quantity.wish == line.name else None
            if tree is not None:
                trees[quantity.name] = tree
    return trees


def _bound(line: Equation, quantity: Quantity, known: Mapping[str, Quantity]) -> Tree | None:
    """Return a wrong line's tree with the names of the step; None if the step lacks something that it reads."""

    def entry(name: str, indices: list[Any]) -> Tree:
        if name == "right":
            return RIGHT
        source, turned = quantity.references.get(name) or (known.get(name), False)
        return ["at", source.name if source else "", indices[::-1] if turned else indices]

    tree = replace(line.tree, entry)
    return None if "" in names_in(tree) else tree


def with_right(tree: Tree, right: Tree) -> Tree:
    """Return a wrong tree with the right one in the place of `RIGHT`."""
    if not isinstance(tree, list):
        return tree
    return right if tree == RIGHT else [with_right(part, right) for part in tree]


def _between(quantity: Quantity) -> Iterator[Mistake]:
    """Yield the mistakes of a sum of gradients, or of a gradient times its weight."""
    assert quantity.equation is not None
    tree = replace(quantity.equation.tree, lambda of, indices: ["at", of.name, indices])
    first, second = tree[1:]
    one, other = quantity.inputs if len(quantity.inputs) == 2 else (None, None)
    if one is None or other is None:
        return

    def mistake(name: str, about: Quantity, wrong: Tree) -> Mistake:
        return Mistake(quantity.part, quantity.function, name, label(about), {quantity.name: wrong})

    if quantity.function == "add":
        yield mistake(LEFT_OUT, other, first)
        yield mistake(OVERWRITTEN, one, second)
        yield mistake(SUBTRACTED, other, ["-", first, second])
    elif "setting" in (one.kind, other.kind):
        weight, rest = (one, second) if one.kind == "setting" else (other, first)
        yield mistake(WITHOUT_WEIGHT, weight, rest)


def mistaken(function: str, name: str) -> Callable[..., Any]:
    """Return a backward function with a mistake: it takes the arguments of the right one and of its forward, by name.

    Examples
    --------
    >>> wrong = mistaken("relu_backward", "mask turned round")
    >>> wrong(grad_y=np.ones((1, 2)), a=np.array([[-1.0, 2.0]]))
    array([[1., 0.]])
    """
    right = getattr(functions, function)
    wrong = {line.name: line for line in map(read, MISTAKES[function][name])}
    lines = [read(line) for line in FORMULAS[function]]
    forward = inspect.signature(functions.AS_WRITTEN[function.removesuffix("_backward")]).parameters

    def backward(**arguments: Any) -> Any:
        returned = right(**{key: arguments[key] for key in inspect.signature(right).parameters})
        results = list(returned) if isinstance(returned, tuple) else [returned]
        values = {key: np.asarray(value) for key, value in arguments.items()}
        for line in lines:
            values[line.name] = evaluate(line, values, _shape(lines, line, results))
        for place, line in enumerate(lines[-len(results) :]):
            if line.name in wrong:
                values["right"] = values[line.name]
                results[place] = evaluate(wrong[line.name], values, np.shape(results[place]))
        return tuple(results) if isinstance(returned, tuple) else results[0]

    own = inspect.signature(functions.AS_WRITTEN[function]).parameters
    read_too = {name for line in (*lines, *wrong.values()) for name in names_in(line.tree)}.intersection(forward)
    wanted = [*own, *(name for name in forward if name in read_too and name not in own)]
    backward.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in wanted]
    )
    backward.__name__ = function
    return backward


def _shape(lines: Sequence[Equation], line: Equation, results: Sequence[Array]) -> tuple[int, ...] | None:
    """Return the shape of the result that a line computes, None for an intermediate quantity."""
    place = lines.index(line) - len(lines) + len(results)
    return np.shape(results[place]) if place >= 0 else None
