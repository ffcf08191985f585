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
SUBJECTS = {  # of hints, in words, and the codes that each stands for
    gettext_noop("the exception"): "raised",
    gettext_noop("the time limit"): "timed-out",
    gettext_noop("the early exit"): "died",
    gettext_noop("the syntax"): "syntax-error",
    gettext_noop("the two shapes"): "misfit",
    gettext_noop("the condition"): "truth-value",
    gettext_noop("the shape"): "wrong-shape",
    gettext_noop("what is returned"): "wrong-type wrong-count",
    gettext_noop("the values"): "wrong-values described zeros",
    gettext_noop("the factor"): "scale factor-replaced",
    gettext_noop("the order"): "other-gradient order-of-results",
    gettext_noop("the missing factor"): "factor-missing number-missing weight-missing",
    gettext_noop("the extra factor"): "factor-extra",
    gettext_noop("the missing number"): "constant-missing",
    gettext_noop("the mean"): "count-missing mean-or-sum no-mean",
    gettext_noop("the extra divisor"): "divisor-extra",
    gettext_noop("the missing slope"): "slope-missing",
    gettext_noop("the missing square"): "square-missing",
    gettext_noop("the slope"): "one-minus-missing slope-misused",
    gettext_noop("the missing path"): "path-missing",
    gettext_noop("the missing term"): "term-missing",
    gettext_noop("the missing sum"): "not-summed sum-missing",
    gettext_noop("the terms"): "term",
    gettext_noop("the sign of a term"): "sign-of-term",
    gettext_noop("what is exchanged"): "exchanged",
    gettext_noop("which array is used"): "other-name other-inputs",
    gettext_noop("the missing function"): "function-missing missing-function",
    gettext_noop("what is transposed"): "transpose-missing transpose-extra transposed",
    gettext_noop("the product"): "wrong-product",
    gettext_noop("which entries are taken"): "index rearranged",
    gettext_noop("the axis"): "axis kept-axis extra-axis collapsed sum-extra",
    gettext_noop("the prediction"): "no-prediction no-such-letter wrong-prediction",
    gettext_noop("the dtype"): "wrong-dtype",
    gettext_noop("where the slope is taken"): "wrong-argument",
    gettext_noop("the changed argument"): "changed-argument",
    gettext_noop("the shared memory"): "shared-memory",
    gettext_noop("the changing results"): "not-repeatable not-deterministic changed-random-state",
    gettext_noop("the recursion"): "recursion",
    gettext_noop("the arguments"): "other-arguments",
    gettext_noop("the input"): "asks-for-input",
    gettext_noop("the package"): "not-in-grading",
    gettext_noop("the upstream gradient"): "upstream-ignored other-upstream not-linear",
    gettext_noop("the sign"): "sign uphill",
    gettext_noop("infinite or undefined values"): "not-finite",
    gettext_noop("the derivative"): "derivative-replaced other-derivative",
    gettext_noop("the slope at 0"): "slope-at-zero",
    gettext_noop("what is printed"): "prints",
}
SPOKEN = {code: words for words, codes in SUBJECTS.items() for code in codes.split()}
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
            message = gettext("expected {LEVELS} levels of hints for {codes}, got {count}")
            raise ValueError(message.format(LEVELS=LEVELS, codes=codes, count=len(levels)))
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
