"""Mistakes of the whole array: a factor, a sign, an arrangement, another parameter's gradient, nothing at all."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from aescratch.inspection.gradcheck.causes.hypothesis import Candidate, Hypothesis
from aescratch.inspection.gradcheck.causes.looks import Look


def _right(look: Look, name: str) -> Iterator[Candidate]:
    yield Candidate("", look.truth(name))


def _negative(look: Look, name: str) -> Iterator[Candidate]:
    yield Candidate("", -look.truth(name))


def _zeros(look: Look, name: str) -> Iterator[Candidate]:
    yield Candidate("", np.zeros_like(look.truth(name)))


def _transposed(look: Look, name: str) -> Iterator[Candidate]:
    truth = look.truth(name)
    if truth.ndim == 2:
        yield Candidate("transposed", truth.T)
        yield Candidate("laid out column by column in memory where it is read row by row", truth.T.reshape(truth.shape))
        yield Candidate("reshaped where it should be transposed", truth.reshape(truth.shape[::-1]))
        yield Candidate("mirrored at its other diagonal", truth[::-1, ::-1].T)


def _rearranged(look: Look, name: str) -> Iterator[Candidate]:
    truth = look.truth(name)
    for axis, line in enumerate(("row", "column")[: truth.ndim] if truth.ndim == 2 else ("entry",) * truth.ndim):
        lines = "entries" if line == "entry" else f"{line}s"
        yield Candidate(f"with its {lines} in reverse order", np.flip(truth, axis))
        for shift in (1, -1):
            where = "one place on" if shift == 1 else "one place back"
            yield Candidate(f"with its {lines} shifted {where}", np.roll(truth, shift, axis))
            gone = np.roll(truth, shift, axis)
            np.moveaxis(gone, axis, 0)[0 if shift == 1 else -1] = 0
            yield Candidate(f"with its {lines} shifted {where} and a {line} of zeros put in", gone)
        yield Candidate(f"with its {lines} sorted by value", np.sort(truth, axis))


def _other_parameter(look: Look, name: str) -> Iterator[Candidate]:
    for other in look.names:
        if other != name:
            yield Candidate(other, look.truth(other))


def _kept_axis(look: Look, name: str) -> Iterator[Candidate]:
    truth = look.truth(name)
    for axis in range(truth.ndim + 1):
        yield Candidate("", np.expand_dims(truth, axis))
    if 1 in truth.shape:
        yield Candidate("", np.squeeze(truth))


PLAIN_HYPOTHESES = (
    Hypothesis("sign", "{tensor} has the wrong sign: it is minus the right gradient, everywhere",
               "If this input grows a little, does the loss rise or fall? And what does the sign of your gradient say?",
               _negative, 1.0, fitted=False, whole=True),
    Hypothesis("scale", "{tensor} is the right gradient{times}",
               "Which sums and which means does the forward take, over what, and where does each of them enter?",
               _right, 1.0, whole=True),
    Hypothesis("zeros", "{tensor} is zero everywhere, where the right gradient is not",
               "Does this input change the output? Then where does what you compute for it get lost?",
               _zeros, 0.0, fitted=False, whole=True),
    Hypothesis("transposed", "{tensor} is the right gradient {what}{times}",
               "Which index of this gradient counts what? Compare with the shape of what it belongs to.",
               _transposed, 2.0),
    Hypothesis("rearranged", "{tensor} is the right gradient {what}{times}",
               "Which entry of the input does each entry of your gradient belong to?", _rearranged, 1.9),
    Hypothesis("other-gradient", "{tensor} is the gradient that belongs to {what}{times}",
               "In which order does the forward take its arguments, and in which order do you return?",
               _other_parameter, 1.5),
    Hypothesis("extra-axis", "{tensor} has the right values in a wrong shape{times}",
               "What shape has the thing that this is the gradient of? Which axis is left over, or has gone?",
               _kept_axis, 1.0),
)  # fmt: skip
