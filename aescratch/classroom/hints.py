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

LEVELS = 3
FALLBACK = "*"
SPOKEN = {
    "raised": "the exception", "timed-out": "the time limit", "died": "the early exit", "syntax-error": "the syntax",
    "wrong-shape": "the shape", "wrong-type": "what is returned", "wrong-count": "what is returned",
    "wrong-values": "the values", "described": "the values", "scale": "the factor", "other-gradient": "the order",
    "order-of-results": "the order", "factor-missing": "the missing factor", "factor-extra": "the extra factor",
    "number-missing": "the missing factor", "constant-missing": "the missing number",
    "count-missing": "the mean", "mean-or-sum": "the mean", "divisor-extra": "the extra divisor",
    "slope-missing": "the missing slope", "square-missing": "the missing square",
    "one-minus-missing": "the slope", "path-missing": "the missing path", "term-missing": "the missing term",
    "not-summed": "the missing sum", "sum-missing": "the missing sum", "term": "the terms",
    "sign-of-term": "the sign of a term", "exchanged": "what is exchanged", "other-name": "which array is used",
    "function-missing": "the missing function", "transpose-missing": "what is transposed",
    "transpose-extra": "what is transposed", "wrong-product": "the product", "index": "which entries are taken",
    "axis": "the axis", "kept-axis": "the axis", "no-prediction": "the prediction",
    "wrong-prediction": "the prediction", "wrong-dtype": "the dtype",
    "wrong-argument": "where the slope is taken", "changed-argument": "the changed argument",
    "shared-memory": "the shared memory", "not-repeatable": "the changing results", "recursion": "the recursion",
    "missing-function": "the missing function", "other-arguments": "the arguments", "asks-for-input": "the input",
    "not-in-grading": "the package", "upstream-ignored": "the upstream gradient",
}  # fmt: skip
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


def about(key: str) -> str:
    """Return the subject of a hint, in words.

    Examples
    --------
    >>> about("scale@grad_b"), about("*")
    ('on the factor of grad_b', 'in general')
    """
    if key == FALLBACK:
        return "in general"
    code, at, tensor = key.partition("@")
    return f"on {SPOKEN.get(code, code.replace('-', ' '))}{' of ' if at else ''}{tensor}"


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
