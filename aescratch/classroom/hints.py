"""Hints in three levels, chosen by the findings: the numbers first, then the idea, and the formula last.

    # scale@grad_b sign@grad_b     the codes that a hint is for, optionally with the tensor
    1. ...                         a question
    2. ...                         the idea
    3. ...                         the formula
    # *                            for all other findings
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from aescratch.foundations.language import gettext, gettext_noop

LEVELS = 3
FALLBACK = "*"
UPSTREAM, ANSWER = "{upstream}", "{answer}"  # what the general hints leave to the exercise
KEPT_BACK = gettext_noop("Your teacher keeps this level: ask for it when the idea alone doesn't help.")
SPOKEN = {
    "raised": gettext_noop("the exception"),
    "timed-out": gettext_noop("the time limit"),
    "died": gettext_noop("the early exit"),
    "syntax-error": gettext_noop("the syntax"),
    "misfit": gettext_noop("the two shapes"),
    "truth-value": gettext_noop("the condition"),
    "wrong-shape": gettext_noop("the shape"),
    "wrong-type": gettext_noop("what is returned"),
    "wrong-count": gettext_noop("what is returned"),
    "wrong-values": gettext_noop("the values"),
    "described": gettext_noop("the values"),
    "scale": gettext_noop("the factor"),
    "other-gradient": gettext_noop("the order"),
    "order-of-results": gettext_noop("the order"),
    "factor-missing": gettext_noop("the missing factor"),
    "factor-extra": gettext_noop("the extra factor"),
    "number-missing": gettext_noop("the missing factor"),
    "constant-missing": gettext_noop("the missing number"),
    "count-missing": gettext_noop("the mean"),
    "mean-or-sum": gettext_noop("the mean"),
    "divisor-extra": gettext_noop("the extra divisor"),
    "slope-missing": gettext_noop("the missing slope"),
    "square-missing": gettext_noop("the missing square"),
    "one-minus-missing": gettext_noop("the slope"),
    "path-missing": gettext_noop("the missing path"),
    "term-missing": gettext_noop("the missing term"),
    "not-summed": gettext_noop("the missing sum"),
    "sum-missing": gettext_noop("the missing sum"),
    "term": gettext_noop("the terms"),
    "sign-of-term": gettext_noop("the sign of a term"),
    "exchanged": gettext_noop("what is exchanged"),
    "other-name": gettext_noop("which array is used"),
    "function-missing": gettext_noop("the missing function"),
    "transpose-missing": gettext_noop("what is transposed"),
    "transpose-extra": gettext_noop("what is transposed"),
    "wrong-product": gettext_noop("the product"),
    "index": gettext_noop("which entries are taken"),
    "axis": gettext_noop("the axis"),
    "kept-axis": gettext_noop("the axis"),
    "no-prediction": gettext_noop("the prediction"),
    "no-such-letter": gettext_noop("the prediction"),
    "wrong-prediction": gettext_noop("the prediction"),
    "wrong-dtype": gettext_noop("the dtype"),
    "wrong-argument": gettext_noop("where the slope is taken"),
    "changed-argument": gettext_noop("the changed argument"),
    "shared-memory": gettext_noop("the shared memory"),
    "not-repeatable": gettext_noop("the changing results"),
    "recursion": gettext_noop("the recursion"),
    "missing-function": gettext_noop("the missing function"),
    "other-arguments": gettext_noop("the arguments"),
    "asks-for-input": gettext_noop("the input"),
    "not-in-grading": gettext_noop("the package"),
    "upstream-ignored": gettext_noop("the upstream gradient"),
    "other-upstream": gettext_noop("the upstream gradient"),
    "not-linear": gettext_noop("the upstream gradient"),
    "sign": gettext_noop("the sign"),
    "uphill": gettext_noop("the sign"),
    "zeros": gettext_noop("the values"),
    "not-finite": gettext_noop("infinite or undefined values"),
    "derivative-replaced": gettext_noop("the derivative"),
    "other-derivative": gettext_noop("the derivative"),
    "slope-misused": gettext_noop("the slope"),
    "slope-at-zero": gettext_noop("the slope at 0"),
    "factor-replaced": gettext_noop("the factor"),
    "weight-missing": gettext_noop("the missing factor"),
    "no-mean": gettext_noop("the mean"),
    "other-inputs": gettext_noop("which array is used"),
    "transposed": gettext_noop("what is transposed"),
    "rearranged": gettext_noop("which entries are taken"),
    "extra-axis": gettext_noop("the axis"),
    "collapsed": gettext_noop("the axis"),
    "sum-extra": gettext_noop("the axis"),
    "not-deterministic": gettext_noop("the changing results"),
    "changed-random-state": gettext_noop("the changing results"),
    "prints": gettext_noop("what is printed"),
}
HintTable = dict[str, tuple[str, ...]]


def read_hints(text: str) -> HintTable:
    """Return the levels by code; raise `ValueError` if a code doesn't have three.

    Examples
    --------
    >>> read_hints('''# sign scale
    ... 1. Which way?
    ... 2. Downhill.
    ... 3. -x''')["scale"]
    ('Which way?', 'Downhill.', '-x')
    """
    table: HintTable = {}
    for section in re.split(r"^# ", text, flags=re.MULTILINE)[1:]:
        codes, _, body = section.partition("\n")
        levels = tuple(" ".join(part.split()) for part in re.split(r"^\d\. ", body, flags=re.MULTILINE)[1:])
        if len(levels) != LEVELS:
            raise ValueError(f"expected {LEVELS} levels of hints for {codes}, got {len(levels)}")
        table.update(dict.fromkeys(codes.split(), levels))
    return table


def filled(general: HintTable, own: HintTable, upstream: str) -> HintTable:
    """Return the general hints with the name of an exercise's upstream gradient, and with its answer.

    The upstream gradient is spelled out if it is empty, as in an exercise whose forward returns the loss.

    Examples
    --------
    >>> own = {"*": ("Which slope?", "Two factors.", "y (1 - y)")}
    >>> filled({"upstream-ignored": ("Double {upstream}.", "...", "Multiply. {answer}")}, own, "grad_z")
    {'upstream-ignored': ('Double grad_z.', '...', 'Multiply. y (1 - y)')}
    """
    answer = own[FALLBACK][-1] if FALLBACK in own else ""
    words = {
        UPSTREAM: upstream or gettext(SPOKEN["upstream-ignored"]),
        ANSWER: "" if answer in (KEPT_BACK, gettext(KEPT_BACK)) else answer,
    }

    def with_words(level: str) -> str:
        for place, word in words.items():
            level = level.replace(place, word)
        return level.rstrip()

    return {code: tuple(map(with_words, levels)) for code, levels in general.items()}


def about(key: str) -> str:
    """Return the subject of a hint, in words.

    An exercise's own code has words only in a translation, among the exercise's sentences. Without any, the subject is
    the tensor, or empty.

    Examples
    --------
    >>> about("scale@grad_b"), about("*"), about("no-bias@y"), about("no-bias")
    ('on the factor of grad_b', 'in general', 'on y', '')
    """
    if key == FALLBACK:
        return gettext("in general")
    code, _, tensor = key.partition("@")
    own = code.replace("-", " ")
    what = gettext(SPOKEN.get(code, own))
    if code not in SPOKEN and what == own:
        return gettext("on {what}").format(what=tensor) if tensor else ""
    sentence = gettext("on {what} of {tensor}") if tensor else gettext("on {what}")
    return sentence.format(what=what, tensor=tensor)


@dataclass(frozen=True)
class Hints:
    """The hints of an exercise, and those that every exercise shares."""

    own: HintTable
    general: HintTable

    def choose(self, codes: Sequence[str]) -> tuple[str, tuple[str, ...]]:
        """Return the key and the levels of the first hint that exists; the most informative codes come first."""
        for code in codes:
            for table in (self.own, self.general):
                for key in (code, code.partition("@")[0]):  # scale@grad_b, scale
                    if key in table:
                        return key, table[key]
        return FALLBACK, self.own[FALLBACK]
