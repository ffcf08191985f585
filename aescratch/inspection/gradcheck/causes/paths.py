"""Mistakes in a sum: only some rows, a mean or a maximum for a sum, one path of several, another upstream gradient."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from aescratch.backend import Array
from aescratch.foundations.language import Phrase, gettext_noop
from aescratch.inspection.gradcheck.binding import is_float_array
from aescratch.inspection.gradcheck.causes.hypothesis import (
    ALL_OF,
    COLUMN,
    FIRST,
    LAST,
    ROW,
    Candidate,
    Hypothesis,
    lines_of,
    of_the_right_one,
)
from aescratch.inspection.gradcheck.causes.looks import Look, Unusable

EVERYTHING = Phrase("summed over everything")
Parts = list[tuple[str, Array]]


def contributions(look: Look, name: str) -> Parts:
    """Return what each row, and each column, of the output contributes to the right gradient, along a first axis."""

    def make() -> Parts:
        product = look.upstream.reshape(look.upstream.shape + (1,) * look.inputs[name].ndim) * look.jacobian(name)
        axes = range(look.output.ndim)
        return [
            (line, product.sum(axis=tuple(other for other in axes if other != axis)))
            for axis, line in zip(axes, (ROW, COLUMN), strict=False)
        ]

    return look.remember(("contributions", name), make)


def _some_only(look: Look, name: str) -> Iterator[Candidate]:
    for line, parts in contributions(look, name):
        total = parts.sum(0)
        if len(parts) > 1:
            ends = (LAST, parts[-1]), (FIRST, parts[0])
            for place, part in ends:
                yield Candidate(Phrase("only the {place} {line} of the output counts", place=place, line=line), part)
            for place, part in ends:
                words = Phrase("the {place} {line} of the output is left out", place=place, line=line)
                yield Candidate(words, total - part)


def _averaged(truth: Array) -> Iterator[tuple[str, Array]]:
    for axis, (_, lines) in enumerate(lines_of(truth)):
        whole = truth.sum(axis, keepdims=True)
        yield Phrase("summed over its {lines}, and repeated", lines=lines), np.broadcast_to(whole, truth.shape)
    yield from ((EVERYTHING, truth.sum().reshape(shape)) for shape in ((), (1,)))


def _not_summed(look: Look, name: str) -> Iterator[Candidate]:
    truth, u = look.truth(name), look.upstream
    for line, parts in contributions(look, name):
        words = Phrase("not summed over the {lines} of the output", lines=ALL_OF[line])
        yield Candidate(words, parts)
        yield Candidate(words, np.moveaxis(parts, 0, -1))
    if u.ndim == 2 and truth.shape == u.shape[1:] and np.allclose(truth, u.sum(0), 1e-8, 1e-8 * np.abs(truth).max()):
        yield Candidate(Phrase("summed over the columns of the output, not over its rows"), u.sum(1))


def _of_the_batch(look: Look, name: str) -> dict[str, Array]:
    """Return the inputs that have as many rows as this one."""
    rows = len(look.inputs[name])
    return {k: v for k, v in look.inputs.items() if isinstance(v, np.ndarray) and v.ndim and len(v) == rows}


def _by_row_alone(look: Look, name: str) -> Iterator[Candidate]:
    """Gradients of forward on one row at a time: the result of taking a statistic of the batch per example."""
    if look.inputs[name].ndim != 2:
        return
    arrays, found = _of_the_batch(look, name), []
    for row in range(len(look.inputs[name])):
        here = slice(row, row + 1)
        upstream = look.upstream[here] if look.output.ndim else None
        try:
            found.append(look.altered({k: v[here] for k, v in arrays.items()}, upstream).truth(name)[0])
        except Unusable:
            return
    yield Candidate("", np.stack(found))


def _direct_paths(look: Look, name: str) -> Iterator[Candidate]:
    shape = look.inputs[name].shape
    if look.output.ndim != 2 or len(shape) != 2 or look.output.shape[0] != shape[0] or shape[0] < 2:
        return
    own = _row_by_row(look, name)
    yield Candidate(Phrase("only the path from each row of the input to the same row of the output is followed"),
                    np.einsum("nk,nkj->nj", look.upstream, own))  # fmt: skip
    yield Candidate(Phrase("the statistics of the batch are held constant"), partial(_held_constant, look, name))
    if look.output.shape == shape:
        words = Phrase("only the path from each entry of the input to the same entry of the output is followed")
        yield Candidate(words, look.upstream * np.einsum("njj->nj", own))


def _row_by_row(look: Look, name: str) -> Array:
    """Return the derivative of each row of the output with respect to the same row of the input."""
    rows = np.arange(len(look.inputs[name]))
    return np.asarray(look.jacobian(name)[rows, :, rows, :])


def _held_constant(look: Look, name: str) -> Array:
    """Return the gradient without the paths through means over the batch.

    In a batch that is repeated, such means stay the same, and a row moves them half as much. So A follows from A + B
    and A + B/2, the derivatives of a row's output.
    """
    arrays = {k: np.concatenate([v, v]) for k, v in _of_the_batch(look, name).items()}
    twice = look.altered(arrays, np.concatenate([look.upstream] * 2))
    diluted = _row_by_row(twice, name)[: len(look.inputs[name])]
    return np.einsum("nk,nkj->nj", look.upstream, 2 * diluted - _row_by_row(look, name))


def _other_upstream(look: Look, name: str) -> Iterator[Candidate]:
    u = look.upstream
    if not u.ndim:
        return
    replaced: dict[str, Any] = {
        Phrase("ones"): np.ones_like(u), Phrase("its squares"): u * u, Phrase("its positive part"): np.maximum(u, 0),
        Phrase("its rows in reverse order"): u[::-1], Phrase("forward's output"): look.output,
        Phrase("its signs"): np.sign(u), Phrase("its mean over the rows"): u.mean(0),
    }  # fmt: skip
    for words, array in replaced.items():
        yield Candidate(words, look.pull(name, np.broadcast_to(array, u.shape)))


def _upstream_times(look: Look, name: str) -> Iterator[Candidate]:
    if look.upstream.ndim:
        words = look.pair.output_name or Phrase("forward's output")
        yield Candidate(words, look.pull(name, look.upstream * look.output))


def _upstream_itself(look: Look, name: str) -> Iterator[Candidate]:
    if look.upstream.ndim and look.upstream.shape == look.inputs[name].shape:  # else it wasn't summed: not this one
        yield Candidate("", look.upstream)


def elementwise_slope(look: Look, name: str) -> Array | None:
    """Return forward's derivative entry by entry, or None if an output depends on more than its own input entry."""
    if not look.output.ndim or look.output.shape != look.inputs[name].shape:
        return None
    square = look.jacobian(name).reshape(look.output.size, -1)
    diagonal = np.diag(square)
    apart = np.abs(square - np.diag(diagonal)).max()
    return diagonal.reshape(look.output.shape) if apart <= 1e-9 * np.abs(diagonal).max() else None


TWICE, INVERTED = Phrase("multiplied in twice"), Phrase("replaced by one minus itself")
ADDED, UNSIGNED = Phrase("added, not multiplied"), Phrase("used without its sign")
OF_A_SLOPE: dict[str, str] = {
    TWICE: gettext_noop(
        "How often does the forward apply the function, and how often do you multiply by its derivative?"
    ),
    INVERTED: gettext_noop(
        "At which entries does the output move when the input does, and which entries does your gradient keep?"
    ),
    ADDED: gettext_noop("By which operation does the chain rule join the derivative with what comes back?"),
    UNSIGNED: gettext_noop("Where does the output fall when the input grows, and which sign has your gradient there?"),
}


def _slope_twice(look: Look, name: str) -> Iterator[Candidate]:
    slope = elementwise_slope(look, name)
    if slope is not None:
        yield Candidate(TWICE, look.upstream * slope * slope)
        yield Candidate(INVERTED, look.upstream * (1 - slope))
        yield Candidate(ADDED, slope, look.upstream)
        yield Candidate(UNSIGNED, look.upstream * np.abs(slope))


def _other_inputs(look: Look, name: str) -> Iterator[Candidate]:
    arrays = {k: v for k, v in look.inputs.items() if is_float_array(v)}
    changes: dict[str, dict[str, Array]] = {}
    for first, value in arrays.items():
        if value.ndim == 2 and value.shape[0] == value.shape[1]:
            changes[Phrase("{first} is transposed", first=first)] = {first: value.T}
        if value.shape == look.output.shape:
            changes[_instead(look.pair.output_name or Phrase("the output"), first)] = {first: look.output}
        if value.shape == look.upstream.shape and look.upstream.ndim:
            changes[_instead(Phrase("the upstream gradient"), first)] = {first: look.upstream}
        changes[Phrase("{first} has the other sign", first=first)] = {first: -value}
        changes[Phrase("{first} is used without its signs", first=first)] = {first: np.abs(value)}
        changes[Phrase("{first} is squared", first=first)] = {first: value * value}
        for second, other in arrays.items():
            if second != first and value.shape == other.shape:
                changes[_instead(second, first)] = {first: other}
                if first < second:
                    exchanged = Phrase("{first} and {second} are exchanged", first=first, second=second)
                    changes[exchanged] = {first: other, second: value}
        if value.ndim == 2 and len(value) > 1:
            mean = np.broadcast_to(value.mean(0), value.shape)
            changes[_instead(Phrase("the mean over its rows"), first)] = {first: mean}
    for words, change in changes.items():
        yield Candidate(words, partial(_altered_gradient, look, name, change))


def _instead(wrong: str, right: str) -> Phrase:
    return Phrase("{wrong} stands where {right} belongs", wrong=wrong, right=right)


def _altered_gradient(look: Look, name: str, change: dict[str, Array]) -> Array:
    """Return the gradient at other inputs; raise Unusable if three entries already differ from the returned one."""
    altered, returned = look.altered(change), look.returned[name]
    if returned.shape == look.inputs[name].shape and returned.size > 3:
        some = [0, returned.size // 2, returned.size - 1]
        found, seen = altered.entries(name, some), returned.reshape(-1)[some]
        factor = (found * seen).sum() / max((found * found).sum(), 1e-300)
        if np.abs(seen - factor * found).max() > 1e-6 * np.abs(returned).max():
            raise Unusable
    return altered.truth(name)


PATH_HYPOTHESES = (
    Hypothesis("some-examples", "in {tensor}, {what}{times}",
               "Which rows does this input act on, and which of them reach your sum?", _some_only, 2.0),
    Hypothesis("collapsed", "{tensor} is the right gradient {what}{times}",
               "Which indices must the result still have? Sum or average over the others only.",
               of_the_right_one(_averaged), 2.5),
    Hypothesis("not-summed", "{tensor} holds the parts of the right gradient, {what}{times}",
               "Which index of the forward's result must this gradient not have, and how does an index disappear?",
               _not_summed, 2.0),
    Hypothesis("per-example",
               "{tensor} is the gradient of each row by itself{times}, but forward takes a statistic of the batch",
               "Over what does the forward average before it applies the next function?", _by_row_alone, 2.0),
    Hypothesis("path-missing", "in {tensor}, {what}{times}",
               "On what else does each output depend? Draw every path from input to output.", _direct_paths, 2.0),
    Hypothesis("other-upstream",
               "{tensor} is what the right formula gives{times}, with {what} in place of the upstream gradient",
               "What is the first thing that the chain rule asks of a backward function?", _other_upstream, 2.0),
    Hypothesis("upstream-times",
               "in {tensor}, the upstream gradient is multiplied by {what}{times}: a factor too many",
               "Where does each factor of your formula come from? Which one has no reason to be there?",
               _upstream_times, 2.2),
    Hypothesis("slope-missing", "{tensor} is the upstream gradient itself{times}; forward's own derivative is missing",
               "What does the forward do to this input, and by how much does its output move when the input does?",
               _upstream_itself, 1.5),
)  # fmt: skip
SLOPE_HYPOTHESES = (
    Hypothesis("slope-misused", "in {tensor}, forward's derivative is {what}{times}",
               "How does forward's derivative enter your gradient: where, how often, and by which operation?",
               _slope_twice, 1.9, questions=OF_A_SLOPE),
)  # fmt: skip
COSTLY_PATHS = (
    Hypothesis("other-inputs", "{tensor} is the gradient of the right formula at wrong values: {what}",
               "At which values must each derivative be taken? Check every name in your formula.",
               _other_inputs, 3.0, fitted=False),
)  # fmt: skip
