"""A hypothesis: one way to get a gradient wrong, and the array that would be returned then.

    predict(look, name) -> candidates;   returned = offset + factor · array, with at most one fitted factor
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from aescratch.backend import Array
from aescratch.foundations.language import Phrase, gettext_noop
from aescratch.inspection.gradcheck.causes.looks import Look


class Candidate(NamedTuple):
    """One prediction: words for its particulars, the array, and the offset that is added without a factor.

    An array that is costly is given as a function that computes it.
    """

    words: str
    array: Array | Callable[[], Array]
    offset: Array | None = None


# The words for a term that is the same in every entry, and for a factor that contains no size.
CONSTANT = gettext_noop("a constant")

Predict = Callable[[Look, str], Iterable[Candidate]]


class Hypothesis(NamedTuple):
    """One way to get a gradient wrong.

    In the statement of the cause, {tensor} is the gradient's name, {what} the candidate's words, {times} a comma and
    the factor unless that is 1, and {added} the words as an added term.
    """

    code: str  # a name for programs
    cause: str
    question: str  # the next question to ask, without the formula
    predict: Predict
    cost: float  # of two equivalent statements, the one with the smaller cost is made
    fitted: bool = True  # whether the prediction may be multiplied by a factor, the same at every look of one size
    whole: bool = False  # about the right gradient as a whole; for other hypotheses a multiple of it doesn't count
    questions: Mapping[str, str] = MappingProxyType({})  # replaces the question, by a candidate's words, or CONSTANT


def of_the_right_one(change: Callable[[Array], Iterable[tuple[str, Array]]]) -> Predict:
    """Return a prediction from a function that yields words and array for each change of the right gradient."""
    return lambda look, name: (Candidate(words, array) for words, array in change(look.truth(name)))


ROW, COLUMN, ENTRY = Phrase("row"), Phrase("column"), Phrase("entry")
FIRST, LAST = Phrase("first"), Phrase("last")
ALL_OF: dict[str, str] = {ROW: Phrase("rows"), COLUMN: Phrase("columns"), ENTRY: Phrase("entries")}


def lines_of(array: Array) -> list[tuple[str, str]]:
    """Return, for each axis of the array, the words for one of its lines and for all of them."""
    return [(line, ALL_OF[line]) for line in ((ROW, COLUMN) if array.ndim == 2 else (ENTRY,) * array.ndim)]
