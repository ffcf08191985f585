"""What a hypothesis is: one way to get a gradient wrong, and what would be returned then.

    predict(look, name) -> candidates;   returned = offset + factor · array, with one factor to be fitted at most
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from aescratch.backend import Array
from aescratch.inspection.gradcheck.causes.looks import Look


class Candidate(NamedTuple):
    """One prediction: words for what is special about it, the array, and what is added without a factor.

    A costly array is given as a function that computes it.
    """

    words: str
    array: Array | Callable[[], Array]
    offset: Array | None = None


CONSTANT = "a constant"  # the words of a term that is the same in every entry, and of a factor without any size in it

Predict = Callable[[Look, str], Iterable[Candidate]]


class Hypothesis(NamedTuple):
    """One way to get a gradient wrong.

    In the statement of the cause {tensor} is the gradient's name, {what} the candidate's words, {times} the factor
    behind a comma, if it isn't 1, and {added} the words as a term that is added.
    """

    code: str  # a name for programs
    cause: str
    question: str  # what to ask oneself next, without the formula
    predict: Predict
    cost: float  # of two statements that say the same, the one with the smaller cost is made
    fitted: bool = True  # whether the prediction may be multiplied by a factor, the same at every look of one size
    whole: bool = False  # about the right gradient as a whole: for any other a multiple of that doesn't count
    told_beside: bool = True  # whether it is told as a second statement beside a simpler one
    questions: Mapping[str, str] = MappingProxyType({})  # in place of the one, by a candidate's words, or CONSTANT


def of_the_right_one(change: Callable[[Array], Iterable[tuple[str, Array]]]) -> Predict:
    """Return what predicts a change of the right gradient, from a function that gives words and array of each."""
    return lambda look, name: (Candidate(words, array) for words, array in change(look.truth(name)))


def lines_of(array: Array) -> list[tuple[str, str]]:
    """Return what the array is made of along each of its axes, in words: one of them, and all."""
    words = [("row", "rows"), ("column", "columns")]
    return words if array.ndim == 2 else [("entry", "entries")] * array.ndim
