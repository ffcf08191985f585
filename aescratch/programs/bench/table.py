"""The table: one row per comparison, with its ratio, and whether it is as good as was aimed at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Row:
    """Our figure against another's, in a unit, or in none where the figures are ratios themselves.

    The question is what is compared (``"step"``, ``"floor"``, ...), the case on which network; the target is the
    largest ratio that was aimed at, if any was.

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

    @property
    def ratio(self) -> float:
        """Ours through theirs; below 1 is better."""
        return self.ours / self.theirs

    @property
    def verdict(self) -> str:
        """``"met"``, ``"missed"``, or nothing without a target; at the two decimals that are printed."""
        if self.target is None:
            return ""
        return "met" if round(self.ratio, 2) <= self.target else "missed"

    def to_dict(self) -> dict[str, Any]:
        """Return the row for JSON."""
        return {**vars(self), "ratio": self.ratio, "verdict": self.verdict}


def as_text(rows: Sequence[Row]) -> str:
    """Return the table, a heading and one line per row.

    Examples
    --------
    >>> print(as_text([Row("step", "64-32-8 ReLU, batch 64", 0.1, 0.4, "PyTorch", "ms", target=1.0)]))
    question  case                    ours      theirs    against  ratio  target
    step      64-32-8 ReLU, batch 64  0.100 ms  0.400 ms  PyTorch  0.25   1.00 met
    """
    lines = [["question", "case", "ours", "theirs", "against", "ratio", "target"]]
    for row in rows:
        target = "" if row.target is None else f"{row.target:.2f} {row.verdict}"
        figures = [_figure(row.ours, row.unit), _figure(row.theirs, row.unit)]
        lines.append([row.question, row.case, *figures, row.against, f"{row.ratio:.2f}", target])
    wide = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(word.ljust(width) for word, width in zip(line, wide, strict=True)).rstrip() for line in lines
    )


def _figure(value: float, unit: str) -> str:
    """Return a figure to three digits, or more before the point."""
    digits = 0 if value >= 100 else 1 if value >= 10 else 2 if value >= 1 else 3
    return f"{value:.{digits}f} {unit}".rstrip()
