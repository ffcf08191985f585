"""What a gradient check found: a table with one row per tensor, then findings, and a verdict.

entries -> TensorResult (verdict per tensor) -> Report (verdict of all) -> text, dict, exit status
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from aescratch.backend import Array
from aescratch.gradcheck.numeric import TRUSTED, WORTH_COMPARING, Estimate

PASS, FAIL, INCONCLUSIVE = "pass", "fail", "inconclusive"
MOST_KINKS = 0.1  # a tensor of which more than this share lies at kinks hasn't been checked
CLEAR = 3.0  # times its own error bound an estimate must be off before the analytic value counts as wrong


class GradientCheckError(AssertionError):
    """A gradient check didn't pass; the message is the report."""


@dataclass
class Finding:
    """One thing that a check found.

    Attributes
    ----------
    code : str
        A name for programs, such as ``"wrong-values"``.
    tensor : str or None
        Which tensor it is about.
    severity : str
        ``"error"``, ``"inconclusive"`` or ``"note"``.
    message : str
        One sentence for people: what was seen, with its numbers.
    evidence : dict
        The numbers behind it.
    cause : str
        The likely cause, one plain statement; empty where none can be claimed.
    question : str
        What to ask oneself next, without the formula; empty where there is nothing to ask.
    """

    code: str
    tensor: str | None
    severity: str
    message: str
    evidence: dict[str, Any] = field(default_factory=dict)
    cause: str = ""
    question: str = ""


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
        ``"pass"``, ``"fail"``, ``"inconclusive"`` or ``"kink"``, per entry.
    slopes : array
        The slopes left and right of an entry at a kink, along a last axis of 2; NaN elsewhere.
    """

    name: str
    analytic: Array
    numeric: Array
    verdicts: Array
    slopes: Array

    @property
    def relative_error(self) -> Array:
        """|analytic − numeric| / max(|analytic|, |numeric|, a thousandth of the tensor's largest entry)."""
        sizes = np.maximum(np.abs(self.analytic), np.abs(self.numeric))
        largest = float(np.nanmax(sizes, initial=0.0))
        with np.errstate(invalid="ignore", divide="ignore"):
            error = np.abs(self.analytic - self.numeric) / np.maximum(sizes, WORTH_COMPARING * largest)
        return np.where(sizes == 0, 0.0, error)

    @property
    def max_relative_error(self) -> float:
        """The largest relative error of the tensor; 0 where every entry was at a kink."""
        return float(np.nanmax(self.relative_error, initial=0.0))

    @property
    def worst(self) -> tuple[int, ...]:
        """The index of the entry with the largest relative error."""
        flat = int(np.argmax(np.nan_to_num(self.relative_error, nan=-1.0, posinf=np.inf)))
        return tuple(int(i) for i in np.unravel_index(flat, self.analytic.shape))

    def count(self, verdict: str) -> int:
        """Return how many entries have this verdict."""
        return int(np.sum(self.verdicts == verdict))

    @property
    def verdict(self) -> str:
        """``"fail"`` if an entry fails, ``"inconclusive"`` if one is or too many lie at kinks, else ``"pass"``."""
        if self.count(FAIL):
            return FAIL
        if self.count(INCONCLUSIVE) or self.count("kink") > MOST_KINKS * self.verdicts.size:
            return INCONCLUSIVE
        return PASS


def judge(name: str, analytic: Array, estimates: Sequence[Estimate], tolerance: float) -> TensorResult:
    """Return the verdict of each entry of a tensor, from its analytic values and their numeric estimates."""
    analytic = np.asarray(analytic, dtype=np.float64)
    scale = max((abs(e.value) for e in estimates if np.isfinite(e.value)), default=0.0)
    verdicts = [_judge_entry(float(a), e, tolerance, scale) for a, e in zip(analytic.flat, estimates, strict=True)]
    numeric = [np.nan if e.kink is not None else e.value for e in estimates]
    slopes = [(np.nan, np.nan) if e.kink is None else e.kink for e in estimates]
    shape = analytic.shape
    return TensorResult(
        name, analytic, np.reshape(numeric, shape), np.reshape(np.array(verdicts, "<U12"), shape),
        np.reshape(slopes, (*shape, 2)),
    )  # fmt: skip


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


@dataclass
class Report:
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
        The relative difference that was allowed, beside the numeric estimate's own error.
    """

    title: str
    tensors: list[TensorResult]
    findings: list[Finding]
    tolerance: float

    @property
    def verdict(self) -> str:
        """``"pass"``, ``"fail"`` or ``"inconclusive"``."""
        verdicts = {tensor.verdict for tensor in self.tensors}
        severities = {finding.severity for finding in self.findings}
        if FAIL in verdicts or "error" in severities:
            return FAIL
        if INCONCLUSIVE in verdicts or INCONCLUSIVE in severities or not self.tensors:
            return INCONCLUSIVE
        return PASS

    @property
    def max_relative_error(self) -> float:
        """The largest relative error over all tensors; NaN if none could be compared."""
        return max((tensor.max_relative_error for tensor in self.tensors), default=float("nan"))

    def raise_if_failed(self) -> None:
        """Raise GradientCheckError, with the report as its message, unless the verdict is pass."""
        if self.verdict != PASS:
            raise GradientCheckError(str(self))

    def to_dict(self) -> dict[str, Any]:
        """Return title, verdict, tensors and findings as plain values, ready for JSON; NaN and infinity become None."""
        rows = [
            {
                "name": tensor.name, "shape": list(tensor.analytic.shape), "entries": int(tensor.verdicts.size),
                "kinks": tensor.count("kink"), "max_relative_error": tensor.max_relative_error,
                "worst": list(tensor.worst), "verdict": tensor.verdict,
            }
            for tensor in self.tensors
        ]  # fmt: skip
        findings = [asdict(finding) for finding in self.findings]
        plain: dict[str, Any] = _finite(
            {"title": self.title, "verdict": self.verdict, "tolerance": self.tolerance, "tensors": rows,
             "findings": findings}
        )  # fmt: skip
        return plain

    def __str__(self) -> str:
        lines = [self.title, *_table(self.tensors)]
        for finding in self.findings:
            lines.append(f"{finding.severity}: {finding.message}")
            lines += [f"  likely cause: {finding.cause}"] if finding.cause else []
            lines += [f"  ask yourself: {finding.question}"] if finding.question else []
        return "\n".join([*lines, self._summary()])

    def _summary(self) -> str:
        entries = sum(tensor.verdicts.size for tensor in self.tensors)
        agree = sum(tensor.count(PASS) for tensor in self.tensors)
        kinks = sum(tensor.count("kink") for tensor in self.tensors)
        if self.verdict != PASS and agree == entries:
            values = f"the values of {agree} of {entries} entries agree" if entries else "no entry was compared"
            return f"{self.verdict}: {values}; see the findings above"
        at_kinks = f", {kinks} at kinks" if kinks else ""
        bound = f"to {self.tolerance:g} and the rounding of the difference quotient"
        return f"{self.verdict}: {agree} of {entries} entries agree {bound}{at_kinks}"


def _finite(value: Any) -> Any:
    """Return value with None for every number in it that isn't finite, which JSON can't hold."""
    if isinstance(value, dict):
        return {name: _finite(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and not np.isfinite(value) else value


def _table(tensors: Sequence[TensorResult]) -> list[str]:
    """Return the rows of the table as aligned text, the head first."""
    rows = [("tensor", "shape", "entries", "kinks", "relative error", "at", "verdict")]
    rows += [
        (t.name, str(t.analytic.shape), str(t.verdicts.size), str(t.count("kink")), f"{t.max_relative_error:.1e}",
         str(t.worst), t.verdict)
        for t in tensors
    ]  # fmt: skip
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
