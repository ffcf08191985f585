"""The report of a gradient check: a table with one row per tensor, findings, and a verdict.

entries -> TensorResult (verdict per tensor) -> Report (verdict of all) -> text, dict, exit status
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from aescratch.backend import Array
from aescratch.foundations.language import Phrase, gettext, gettext_noop
from aescratch.inspection.gradcheck.numeric import NEXT_TO_NOTHING, TRUSTED, WORTH_COMPARING, Estimate
from aescratch.inspection.gradcheck.pictures import draw
from aescratch.inspection.gradcheck.printing import (
    FAIL,
    INCONCLUSIVE,
    PASS,
    Finding,
    GradientCheckError,
    Printable,
    shown,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["FAIL", "INCONCLUSIVE", "PASS", "Finding", "GradientCheckError", "Report", "TensorResult", "judge"]

DIFFERENCES = gettext_noop("the difference quotient")  # what a gradient is usually compared with
MOST_KINKS = 0.1  # a tensor with a larger share of entries at kinks counts as not checked
MALFORMED = ("wrong-count", "wrong-type", "wrong-shape", "wrong-dtype", "not-finite")  # can't be compared
UNCHECKED = "unchecked"  # in place of the verdict of an entry that was not checked
ZERO_TO_ROUNDING = 1e-9  # of the largest gradient of all tensors: the error that an estimate of 0 may have
CLEAR = 3.0  # times the estimate's error bound: the analytic value is wrong only if it is further away


@dataclass
class TensorResult:
    """The check of one tensor, entry by entry.

    Attributes
    ----------
    name : str
        The parameter or argument.
    analytic, numeric : array
        The gradients, of one shape; numeric is NaN where there was a kink.
    verdicts : array of str
        ``"pass"``, ``"fail"``, ``"inconclusive"`` or ``"kink"``, per entry; ``"unchecked"`` for entries that were not
        checked.
    slopes : array
        The slopes left and right of an entry at a kink, along a last axis of 2; NaN elsewhere.
    rule : str
        The declared rules that the numeric gradient follows instead of derivatives; may be empty.
    numeric_is : str
        The name of the numeric gradient.
    zero_is_meant : bool
        Whether 0 is the expected result: for a gradient that is 0 at other inputs too, or a value that isn't a
        gradient.
    is_zero : array of bool, or None
        Where both gradients are 0 to rounding, relative to larger ones of other tensors; None for nowhere.
    """

    name: str
    analytic: Array
    numeric: Array
    verdicts: Array
    slopes: Array
    rule: str = ""
    numeric_is: str = Phrase(DIFFERENCES)
    zero_is_meant: bool = False
    is_zero: Array | None = None

    @property
    def relative_error(self) -> Array:
        """|analytic − numeric| / max(|analytic|, |numeric|, a thousandth of the tensor's largest entry).

        It is infinite where analytic is NaN.
        """
        sizes = np.maximum(np.abs(self.analytic), np.abs(self.numeric))
        largest = float(np.nanmax(sizes, initial=0.0))
        with np.errstate(invalid="ignore", divide="ignore"):
            error = np.abs(self.analytic - self.numeric) / np.maximum(sizes, WORTH_COMPARING * largest)
        error = np.where(np.isfinite(self.analytic) | (self.verdicts == UNCHECKED), error, np.inf)
        return np.where((sizes == 0) | (False if self.is_zero is None else self.is_zero), 0.0, error)

    @property
    def max_relative_error(self) -> float:
        """The largest relative error of the tensor; 0 if every entry was at a kink."""
        return float(np.nanmax(self.relative_error, initial=0.0))

    @property
    def worst(self) -> tuple[int, ...]:
        """The index of the entry with the largest relative error."""
        flat = int(np.argmax(np.nan_to_num(self.relative_error, nan=-1.0, posinf=np.inf)))
        return tuple(int(i) for i in np.unravel_index(flat, self.analytic.shape))

    @property
    def is_untested(self) -> bool:
        """Whether every entry lies at a kink or is exactly 0 on both sides, so that nothing is tested."""
        compared = (self.verdicts != "kink") & (self.verdicts != UNCHECKED)
        sides = self.analytic[compared], np.nan_to_num(self.numeric[compared])
        return not (any(side.any() for side in sides) or self.zero_is_meant)

    def count(self, verdict: str) -> int:
        """Return the number of entries with this verdict."""
        return int(np.sum(self.verdicts == verdict))

    @property
    def verdict(self) -> str:
        """``"fail"`` if an entry fails, ``"inconclusive"`` if one is, too many are at kinks, or none was tested."""
        if self.count(FAIL):
            return FAIL
        looked_at = self.verdicts.size - self.count(UNCHECKED)
        if self.count(INCONCLUSIVE) or self.count("kink") > MOST_KINKS * looked_at or self.is_untested:
            return INCONCLUSIVE
        return PASS


def judge(
    name: str, analytic: Array, estimates: Sequence[Estimate], tolerance: float, largest_of_all: float = 0.0,
    entries: Array | None = None,
) -> TensorResult:  # fmt: skip
    """Return the verdict of each entry of a tensor, from its analytic values and their numeric estimates.

    A value may be 0 to rounding relative to `largest_of_all`, the largest gradient of all tensors. A value that is too
    small to be seen where nothing changes passes; its numeric value is NaN, and its slopes are 0. If the estimates are
    those of some entries, in flat order, the others are unchecked.
    """
    analytic = np.asarray(analytic, dtype=np.float64)
    scale = max((abs(e.value) for e in estimates if np.isfinite(e.value)), default=0.0)
    numeric, slopes = np.full(analytic.size, np.nan), np.full((analytic.size, 2), np.nan)
    verdicts, is_zero = np.full(analytic.size, UNCHECKED, "<U12"), np.zeros(analytic.size, bool)
    values = analytic.ravel().tolist()
    for i, e in zip(range(analytic.size) if entries is None else entries, estimates, strict=True):
        is_zero[i] = _is_zero(values[i], e, largest_of_all)
        verdicts[i] = PASS if is_zero[i] or e.unseen else _judge_entry(values[i], e, tolerance, scale)
        if e.unseen or e.kink is not None:
            slopes[i] = e.kink or 0.0
        else:
            numeric[i] = e.value
    shape = analytic.shape
    return TensorResult(
        name, analytic, numeric.reshape(shape), verdicts.reshape(shape), slopes.reshape(*shape, 2),
        is_zero=is_zero.reshape(shape),
    )  # fmt: skip


def _is_zero(analytic: float, found: Estimate, largest_of_all: float) -> bool:
    """Whether a gradient is 0 to rounding on both sides, like that of a bias before batch normalisation."""
    if found.kink is not None or analytic == found.value == 0 or abs(analytic) > NEXT_TO_NOTHING * largest_of_all:
        return False
    return abs(found.value) <= found.error <= ZERO_TO_ROUNDING * largest_of_all


def _judge_entry(analytic: float, found: Estimate, tolerance: float, scale: float) -> str:
    floor = WORTH_COMPARING * scale
    if found.kink is not None:
        return "kink" if found.settles(analytic, tolerance, floor) else FAIL
    if not np.isfinite(found.value):
        return INCONCLUSIVE
    difference = abs(analytic - found.value)
    allowed = tolerance * max(abs(analytic), abs(found.value), floor)
    trusted = found.error <= TRUSTED * max(scale, abs(analytic)) or analytic == found.value == 0
    if difference <= allowed + found.error:
        return PASS if trusted else INCONCLUSIVE
    return FAIL if difference > allowed + CLEAR * found.error else INCONCLUSIVE


@dataclass(repr=False)
class Report(Printable):
    """The result of a gradient check; print it.

    Attributes
    ----------
    title : str
        What was checked, and how.
    tensors : list of TensorResult
        One per parameter or argument.
    findings : list of Finding
        What is wrong or uncertain.
    tolerance : float
        The relative difference that was allowed, in addition to the numeric estimate's own error.
    """

    title: str
    tensors: list[TensorResult]
    findings: list[Finding]
    tolerance: float
    agreement: ClassVar[str] = gettext_noop(
        "{agree} of {entries} entries agree within {tolerance:g} plus the rounding error of the difference quotient"
    )

    @property
    def verdict(self) -> str:
        """``"pass"``, ``"fail"`` or ``"inconclusive"``."""
        verdicts = {tensor.verdict for tensor in self.tensors} | {self._verdict_of_findings()}
        if FAIL in verdicts:
            return FAIL
        return INCONCLUSIVE if INCONCLUSIVE in verdicts or not self.tensors else PASS

    @property
    def max_relative_error(self) -> float:
        """The largest relative error over all tensors; NaN if none could be compared."""
        return max((tensor.max_relative_error for tensor in self.tensors), default=float("nan"))

    def to_dict(self) -> dict[str, Any]:
        """Return title, verdict, tensors and findings as plain values, ready for JSON; NaN and infinity become None."""
        rows = [
            {
                "name": tensor.name, "shape": list(tensor.analytic.shape), "entries": int(tensor.verdicts.size),
                "kinks": tensor.count("kink"), "max_relative_error": tensor.max_relative_error,
                "worst": list(tensor.worst), "verdict": tensor.verdict,
                **({"declared_rule": tensor.rule} if tensor.rule else {}),
            }
            for tensor in self.tensors
        ]  # fmt: skip
        return self._plain(tolerance=self.tolerance, tensors=rows)

    def plot(self) -> Figure:
        """Return a figure with the analytic gradient, the numeric one and their difference, a row for each tensor."""
        return draw(self.title, self.tensors)

    @property
    def nearest_first(self) -> list[str]:
        """The names of the table's tensors from the loss backward, the last ones first."""
        return [tensor.name for tensor in reversed(self.tensors)]

    def rows(self) -> list[tuple[str, ...]]:
        """Return the table as texts, the header first."""
        head = (
            gettext("tensor"), gettext("shape"), gettext("entries"), gettext("kinks"), gettext("relative error"),
            gettext("at"), gettext("verdict"),
        )  # fmt: skip
        rows: list[tuple[str, ...]] = [head]
        rows += [
            (t.name + (f" [{t.rule}]" if t.rule else ""), str(t.analytic.shape), str(t.verdicts.size),
             str(t.count("kink")), f"{t.max_relative_error:.1e}", str(t.worst), t.verdict)
            for t in self.tensors
        ]  # fmt: skip
        return rows

    def summary(self) -> str:
        """Return the last line: the verdict, and the number of entries that agree."""
        entries = sum(tensor.verdicts.size for tensor in self.tensors)
        agree = sum(tensor.count(PASS) for tensor in self.tensors)
        kinks = sum(tensor.count("kink") for tensor in self.tensors)
        verdict = shown(self.verdict)
        all_pass = agree + kinks == entries and all(tensor.verdict == PASS for tensor in self.tensors)
        if self.verdict != PASS and (agree == entries or all_pass):
            compared = {None, *(tensor.name for tensor in self.tensors)}
            apart = dict.fromkeys(f.tensor for f in self.findings if f.code in MALFORMED and f.tensor not in compared)
            said = gettext("the values of {agree} of {entries} entries agree; see above")
            if not entries:
                said = gettext("no entry was compared; see above")
            elif apart:
                said = gettext(
                    "the values of {agree} of {entries} entries agree, but {names} can't be compared; see above"
                )
            elif kinks:
                said = gettext(
                    "the values of {agree} of {entries} entries agree, and {kinks} lie at kinks; see above"
                )
            names = ", ".join(map(str, apart))
            return f"{verdict}: {said.format(agree=agree, entries=entries, names=names, kinks=kinks)}"
        said = gettext(self.agreement)
        by_rule = sum(tensor.verdicts.size for tensor in self.tensors if tensor.rule)
        if self.tensors and not any(tensor.numeric_is.startswith(DIFFERENCES) for tensor in self.tensors):
            said, by_rule = gettext("{agree} of {entries} entries agree within {tolerance:g} with the declared rule"), 0
        text = said.format(agree=agree, entries=entries, tolerance=self.tolerance)
        text += gettext(", {count} of them by a declared rule").format(count=by_rule) if by_rule else ""
        text += gettext(", {count} at kinks").format(count=kinks) if kinks else ""
        return f"{verdict}: {text}"
