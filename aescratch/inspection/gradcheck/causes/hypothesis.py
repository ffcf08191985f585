"""What a hypothesis is: one way to get a gradient wrong, and what would be returned then.

    predict(look, name) -> candidates;   returned = offset + factor · array, with one factor to be fitted at most
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
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


CONSTANT = "a constant"  # the words of a term that is the same in every entry

Predict = Callable[[Look, str], Iterable[Candidate]]


@dataclass(frozen=True)
class Hypothesis:
    """One way to get a gradient wrong.

    Attributes
    ----------
    code : str
        A name for programs.
    cause : str
        The statement: {tensor} is the gradient's name, {input} that of the input, {what} the candidate's words,
        {times} the factor behind a comma, if it isn't 1, {added} the words as a term that is added.
    question : str
        What to ask oneself next, without the formula.
    predict : callable
        From a look and the name of an input to candidates.
    cost : float
        Of two statements that say the same, the one with the smaller cost is made.
    fitted : bool
        Whether the prediction may be multiplied by a factor that is the same at every look of one size.
    whole : bool
        Whether it is about the right gradient as a whole: a prediction of any other that is a multiple of the right
        gradient doesn't count.
    told_beside : bool
        Whether it is told as a second statement beside a simpler one.
    """

    code: str
    cause: str
    question: str
    predict: Predict
    cost: float
    fitted: bool = True
    whole: bool = False
    told_beside: bool = True
