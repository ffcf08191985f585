"""The table: one row per comparison, with its ratio, and whether the target is met."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aescratch.foundations.columns import columns_of, padded
from aescratch.foundations.language import gettext, gettext_noop, told

HEAD = (
    gettext_noop("question"), gettext_noop("case"), gettext_noop("ours"), gettext_noop("compiled"),
    gettext_noop("theirs"), gettext_noop("against"), gettext_noop("ratio"), gettext_noop("compiled"),
    gettext_noop("target"),
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """Our figure against another one, in a unit, or without unit if the figures are ratios.

    The question is the kind of comparison (``"step"``, ``"floor"``, ...), the case is the network, and the target is
    the largest acceptable ratio, if any. If formulas can be compiled, `ours` uses NumPy only, and `compiled` is the
    figure with compiled formulas, to which the target then applies.

    Examples
    --------
    >>> row = Row("step", "64-32-8 ReLU, batch 64", 0.1, 0.4, "PyTorch", "ms", target=1.0)
    >>> row.ratio, row.verdict
    (0.25, 'met')
    """

    question: str
    case: str
    ours: float
    theirs: float
    against: str
    unit: str
    target: float | None = None
    compiled: float | None = None

    @property
    def ratio(self) -> float:
        """Ours divided by theirs; below 1 is better."""
        return self.ours / self.theirs

    @property
    def ratio_compiled(self) -> float | None:
        """The same with compiled formulas, if measured."""
        return None if self.compiled is None else self.compiled / self.theirs

    @property
    def verdict(self) -> str:
        """``"met"``, ``"missed"``, or an empty text without a target; from the two printed decimals."""
        if self.target is None:
            return ""
        best = self.ratio if self.ratio_compiled is None else self.ratio_compiled
        return gettext_noop("met") if round(best, 2) <= self.target else gettext_noop("missed")

    def to_dict(self) -> dict[str, Any]:
        """Return the row for JSON."""
        return {**vars(self), "ratio": self.ratio, "ratio_compiled": self.ratio_compiled, "verdict": self.verdict}


def as_text(rows: Sequence[Row]) -> str:
    """Return the table, a heading and one line per row.

    Examples
    --------
    >>> print(as_text([Row("step", "64-32-8 ReLU, batch 64", 0.1, 0.4, "PyTorch", "ms", target=1.0)]))
    question  case                    ours      theirs    against  ratio  target
    step      64-32-8 ReLU, batch 64  0.100 ms  0.400 ms  PyTorch  0.25   1.00 met
    """
    lines = [[gettext(name) for name in HEAD]]
    for row in rows:
        target = "" if row.target is None else f"{row.target:.2f} {gettext(row.verdict)}"
        figures = ["" if x is None else _figure(x, row.unit) for x in (row.ours, row.compiled, row.theirs)]
        ratios = ["" if ratio is None else f"{ratio:.2f}" for ratio in (row.ratio, row.ratio_compiled)]
        lines.append([row.question, told(row.case), *figures, told(row.against), *ratios, target])
    if all(row.compiled is None for row in rows):
        lines = [[word for word, name in zip(line, HEAD, strict=True) if name != "compiled"] for line in lines]
    wide = [max(map(columns_of, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(padded(word, width) for word, width in zip(line, wide, strict=True)).rstrip() for line in lines
    )


def _figure(value: float, unit: str) -> str:
    """Return a figure with three digits, or more before the decimal point."""
    digits = 0 if value >= 100 else 1 if value >= 10 else 2 if value >= 1 else 3
    return f"{value:.{digits}f} {unit}".rstrip()
