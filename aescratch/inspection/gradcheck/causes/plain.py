"""Mistakes of the whole array: a factor, a sign, an arrangement, a limit, the gradient of another input."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from aescratch.backend import Array
from aescratch.foundations.language import Phrase, gettext_noop
from aescratch.inspection.gradcheck.causes.hypothesis import CONSTANT, Candidate, Hypothesis, lines_of, of_the_right_one
from aescratch.inspection.gradcheck.causes.looks import Look

Changed = Iterator[tuple[str, Array]]


def _transposed(truth: Array) -> Changed:
    if truth.ndim == 2:
        yield Phrase("transposed"), truth.T


def _rearranged(truth: Array) -> Changed:
    for axis, (_, lines) in enumerate(lines_of(truth)):
        yield Phrase("with its {lines} in reverse order", lines=lines), np.flip(truth, axis)
        for shift, where in ((1, Phrase("one place forward")), (-1, Phrase("one place back"))):
            yield Phrase("with its {lines} shifted {where}", lines=lines, where=where), np.roll(truth, shift, axis)


def _kept_axis(truth: Array) -> Changed:
    yield from (("", np.expand_dims(truth, axis)) for axis in range(truth.ndim + 1))
    if 1 in truth.shape:
        yield "", np.squeeze(truth)


def _other_parameter(look: Look, name: str) -> Iterator[Candidate]:
    yield from (Candidate(other, look.truth(other)) for other in look.names if other != name)


def _clipped(look: Look, name: str) -> Iterator[Candidate]:
    truth, returned = look.truth(name), look.returned[name]
    limit = float(np.abs(returned).max())
    reached = int(np.sum(np.abs(np.abs(returned) - limit) <= 1e-12 * limit))
    if 1 < reached < returned.size:  # one entry doesn't show a limit, and all at it are a size
        yield Candidate(f"{limit:.6g}", np.clip(truth, -limit, limit))


OF_A_CONSTANT = gettext_noop("Which constants appear in the forward, and what happens to each in a gradient?")
PLAIN_HYPOTHESES = (
    Hypothesis("sign", "{tensor} has the wrong sign: it is minus the right gradient, everywhere",
               "If this input grows a little, does the loss rise or fall? And what does the sign of your gradient "
               "say?", of_the_right_one(lambda truth: [("", -truth)]), 1.0, fitted=False, whole=True),
    Hypothesis("scale", "{tensor} is the right gradient{times}",
               "Over what does the forward sum, and over what does it take a mean? Where does each enter the "
               "gradient?",
               of_the_right_one(lambda truth: [("", truth)]), 1.0, whole=True, questions={CONSTANT: OF_A_CONSTANT}),
    Hypothesis("zeros", "{tensor} is zero everywhere, where the right gradient is not",
               "Does this input change the output? If so, where does your result for it get lost?",
               of_the_right_one(lambda truth: [("", 0 * truth)]), 0.0, fitted=False, whole=True),
    Hypothesis("transposed", "{tensor} is the right gradient {what}{times}",
               "What does each index of this gradient count? Compare its shape with that of the array that it "
               "belongs to.", of_the_right_one(_transposed), 2.0),
    Hypothesis("rearranged", "{tensor} is the right gradient {what}{times}",
               "Which entry of the input does each entry of your gradient belong to?",
               of_the_right_one(_rearranged), 1.9),
    Hypothesis("other-gradient", "{tensor} is the gradient that belongs to {what}{times}",
               "In which order does the forward take its arguments, and in which order do you return their "
               "gradients?", _other_parameter, 1.5),
    Hypothesis("extra-axis", "{tensor} has the right values in a wrong shape{times}",
               "What is the shape of the array that this gradient belongs to? Which axis is left over or missing?",
               of_the_right_one(_kept_axis), 1.0),
    Hypothesis("clipped", "{tensor} is the right gradient cut off at ±{what}",
               "Who decides how large a step is: the derivative, or the optimiser?",
               _clipped, 1.5, fitted=False, whole=True),
)  # fmt: skip
