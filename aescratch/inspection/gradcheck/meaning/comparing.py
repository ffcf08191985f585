"""A formula against the same quantity computed another way, and what it computes instead if the two differ.

    Oracle: cases, expected --compared with--> forward's result --> Look, a row of the report, and a Finding
                                               other readings that fit to rounding --> the cause

A cause is claimed only if a reading fits every case to rounding and no other reading is near.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from aescratch.backend import Array
from aescratch.foundations.language import Sentence, gettext, told
from aescratch.inspection.gradcheck.numeric import largest_size
from aescratch.inspection.gradcheck.printing import FAIL, INCONCLUSIVE, PASS, Finding, Printable, shown

Entries = Callable[..., Array]
Mistakes = Mapping[str, Entries]  # formulas of the arguments, entry by entry, by the statement of what they do
TOLERANCE = 1e-6  # of the largest value of a case: an erf by polynomial, or a clipped logarithm, is not another formula
WORTH_COMPARING = 1e-4  # times the largest value of all cases: a case that should be 0 is compared with this
FITS, NEAR = 1e-9, 1e-7  # the same, for readings: a fitting one is claimed only if no other is near


@dataclass
class Reading:
    """Another formula, which forward may compute instead: what it does, as a statement, and its values."""

    cause: str
    values: Callable[..., Any]
    cost: int = 1  # the number of slips; of equal formulas the simplest reading is claimed

    def __post_init__(self) -> None:
        if not isinstance(self.cause, Sentence):
            self.cause = Sentence(self.cause)


def readings(others: Mapping[str, Callable[..., Any]]) -> list[Reading]:
    """Return readings from formulas by the statement of what they do."""
    return [Reading(cause, values) for cause, values in others.items()]


@dataclass
class Oracle:
    """What a forward should compute.

    `claim` states it in the table; `expected` computes it from the inputs of a case; `readings` are tried if the
    results differ; `question` is the next question to ask.
    """

    claim: str
    expected: Callable[..., Any]
    cases: Sequence[tuple[Any, ...]]
    readings: Iterable[Reading]
    question: str


@dataclass
class Look:
    """One comparison: the part, what was expected of it, the difference, and a verdict.

    The difference is relative to the expected value, or that of a statistic; None if there is no number.
    """

    part: str
    claim: str
    difference: float | None
    verdict: str = PASS

    @property
    def shown(self) -> str:
        """The difference as a text."""
        return "-" if self.difference is None else f"{self.difference:.0e}" if self.difference else "0"


@dataclass(repr=False)
class MeaningReport(Printable):
    """The result of `aescratch.check_meaning`; print it.

    Attributes
    ----------
    title : str
        What was checked.
    looks : list of Look
        A row for each comparison.
    findings : list of Finding
        What is wrong, uncertain, or could not be checked.
    """

    title: str
    looks: list[Look] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def verdict(self) -> str:
        """``"pass"``, ``"fail"`` or ``"inconclusive"``."""
        verdict = self._verdict_of_findings()
        return INCONCLUSIVE if verdict == PASS and not self.looks else verdict

    def add(self, look: Look, finding: Finding | None = None) -> None:
        """Add a row, and its finding, if any."""
        self.looks.append(look)
        self.findings += [] if finding is None else [finding]

    def rows(self) -> list[tuple[str, ...]]:
        """Return the table as texts, the head first."""
        head = (gettext("part"), gettext("what it should compute"), gettext("difference"), gettext("verdict"))
        return [head, *((told(look.part), look.claim, look.shown, look.verdict) for look in self.looks)]

    def summary(self) -> str:
        """Return the last line: the verdict, and how many comparisons are right."""
        right = sum(look.verdict == PASS for look in self.looks)
        said = gettext("{right} of {count} computations are right").format(right=right, count=len(self.looks))
        return f"{shown(self.verdict)}: {said}"

    def to_dict(self) -> dict[str, Any]:
        """Return title, verdict, looks and findings as plain values, ready for JSON."""
        return self._plain(looks=[vars(look) for look in self.looks])


def compare(
    report: MeaningReport, part: str, forward: Callable[..., Any], oracle: Oracle, *, row_if_right: bool = True
) -> bool:
    """Compare forward with the oracle, case by case; add the result to the report, and return whether they agree."""
    claim = gettext(oracle.claim)
    try:
        found = [np.array(forward(*copy.deepcopy(case)), float) for case in oracle.cases]
    except Exception as error:
        message = gettext("{part} raised {kind} when it was called alone: {error}")
        message = message.format(part=told(part), kind=type(error).__name__, error=error)
        report.add(Look(part, claim, None, INCONCLUSIVE), Finding("raised", part, INCONCLUSIVE, message))
        return False
    wanted = [np.asarray(oracle.expected(*case), float) for case in oracle.cases]
    floor = _floor(wanted)
    differences = [_difference(a, b, floor) for a, b in zip(found, wanted, strict=True)]
    worst = int(np.argmax(differences))
    if differences[worst] <= TOLERANCE:
        report.looks += [Look(part, claim, differences[worst])] if row_if_right else []
        return True
    message, evidence = _numbers(told(part), claim, found[worst], wanted[worst])
    cause = explain(found, oracle)
    finding = Finding("wrong-meaning", part, "error", message, evidence, cause, gettext(oracle.question))
    report.add(Look(part, claim, differences[worst], FAIL), finding)
    return False


def expect(
    report: MeaningReport, part: str, forward: Callable[..., Any], given: tuple[Any, ...], claim: str, wanted: Any,
    question: str, mistakes: Mapping[str, Any] | None = None,
) -> bool:  # fmt: skip
    """Compare forward of what it is given with a value, and with the values that mistakes would lead to."""
    others = [Reading(cause, lambda *_, value=value: value) for cause, value in (mistakes or {}).items()]
    return compare(report, part, forward, Oracle(claim, lambda *_: wanted, [given], others, question))


def explain(found: Sequence[Any], oracle: Oracle) -> str:
    """Return the single reading that fits the result, or an empty text; two with equally many slips are both given."""
    floor = _floor([*found, *(oracle.expected(*case) for case in oracle.cases)])
    scored = []
    for reading in oracle.readings:
        with np.errstate(all="ignore"):
            values = [np.asarray(_value(reading.values, case), float) for case in oracle.cases]
        scored.append((max(_difference(a, b, floor) for a, b in zip(found, values, strict=True)), reading))
    fitting = [reading for residual, reading in scored if residual <= FITS]
    if not fitting or any(FITS < residual <= NEAR for residual, _ in scored):
        return ""
    least = min(reading.cost for reading in fitting)
    causes = dict.fromkeys(reading.cause for reading in fitting if reading.cost == least)
    return gettext(", or ").join(map(gettext, causes)) if len(causes) < 3 else ""


def _value(formula: Callable[..., Any], case: tuple[Any, ...]) -> Any:
    try:
        return formula(*case)
    except (ValueError, ArithmeticError, TypeError):  # such as log(−1): not this formula
        return np.nan


def _floor(values: Sequence[Any]) -> float:
    """Return the least size to which a difference is relative, since a case may be 0."""
    return WORTH_COMPARING * max(map(largest_size, values))


def _difference(found: Any, wanted: Any, floor: float) -> float:
    """Return the largest difference relative to the largest wanted value; infinite if they can't be compared."""
    if found.shape != wanted.shape or not np.isfinite(found).all() or not np.isfinite(wanted).all():
        return float("inf")
    largest, distance = max(largest_size(wanted), floor), largest_size(found - wanted)
    return distance / largest if largest else float("inf") if distance else 0.0


def _numbers(part: str, claim: str, found: Any, wanted: Any) -> tuple[str, dict[str, Any]]:
    """Return the sentence with the numbers, and the numbers."""
    if found.shape != wanted.shape:
        message = gettext("{part}: expected shape {wanted}, got shape {found}, for {claim}")
        message = message.format(part=part, wanted=wanted.shape, found=found.shape, claim=claim)
        return message, {"shape": found.shape, "expected_shape": wanted.shape}
    with np.errstate(invalid="ignore"):
        at = np.unravel_index(int(np.argmax(np.nan_to_num(np.abs(found - wanted), nan=np.inf))), found.shape)
    message = gettext("{part}: expected {claim}, which is {expected:.9g}; forward gives {got:.9g}")
    if found.ndim:
        message = gettext("{part}: expected {claim}, which at {place} is {expected:.9g}; forward gives {got:.9g}")
    got, expected = float(found[at]), float(wanted[at])
    expected = 0.0 if abs(expected) < 1e-12 * abs(got) else expected  # it is 0 to rounding
    message = message.format(part=part, claim=claim, place=tuple(int(i) for i in at), expected=expected, got=got)
    if expected and np.isfinite(got):
        message += gettext(", {ratio:.6g} times it").format(ratio=got / expected)
    return message, {"found": got, "expected": expected}
