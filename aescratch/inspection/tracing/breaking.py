"""The mistakes that can be put into a recorded step: wrong lines with the quantities of the step in place of names.

    operations --mistakes_in--> Mistake("encoder.dense1", "dense_backward", "b averaged", trees={"grad_b1": tree})
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from aescratch.inspection.tracing.arrays import Quantity
from aescratch.inspection.tracing.language import Equation, Tree, names_in, read, replace
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
