"""The result of checking a student's file.

    the student's file -> reports -> Judgement -> Outcome(kind, ...) -> JSON between processes, text, codes for hints
"""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from aescratch.classroom.comparing import NO_PREDICTION, NO_SUCH_LETTER, WRONG_PREDICTION
from aescratch.foundations.language import gettext, gettext_noop
from aescratch.inspection.gradcheck import Finding, Report
from aescratch.inspection.gradcheck.printing import FAIL, INCONCLUSIVE, PASS
from aescratch.inspection.gradcheck.report import MALFORMED

KEPT = 2000  # bytes of the output that are kept
STACK = ".stack"  # suffix of the file that exists once the checks begin, and that names the line of an endless loop
PASSED, WRONG, UNSURE, NOT_BEGUN = "passed", "wrong", "inconclusive", "not-begun"
SYNTAX_ERROR, MISSING, OTHER_ARGUMENTS = "syntax-error", "missing-function", "other-arguments"
RAISED, TIMED_OUT, DIED = "raised", "timed-out", "died"
LACKING, ASKING, RECURSION = "not-in-grading", "asks-for-input", "recursion"  # exceptions, too
OF_EXCEPTIONS = {"NotInGrading": LACKING, "EOFError": ASKING, "RecursionError": RECURSION}
HEADLINES = {
    PASSED: gettext_noop("passed"),
    WRONG: gettext_noop("not right yet"),
    UNSURE: gettext_noop("inconclusive: the checks can't tell whether it is right"),
    NOT_BEGUN: gettext_noop("not begun yet"),
    SYNTAX_ERROR: gettext_noop("not valid Python yet"),
    MISSING: gettext_noop("a function is missing"),
    OTHER_ARGUMENTS: gettext_noop("a function takes the wrong arguments"),
    RAISED: gettext_noop("it raised an exception"),
    LACKING: gettext_noop("it uses a package that is not available in grading"),
    ASKING: gettext_noop("it asks for input, but nobody can answer during a check"),
    RECURSION: gettext_noop("the recursion is too deep, or never ends"),
    TIMED_OUT: gettext_noop("it didn't finish in time"),
    DIED: gettext_noop("it ended before the checks finished"),
}
AS_PLANTED = "as-planted"  # a finding's code: the file is unchanged
STILL_THERE = "bug-still-there"  # another one: the file was changed, but its numbers are the same
# The most informative codes first. "upstream-ignored" is a cause, too, and the plainest.
RANKS = {"upstream-ignored": 0, "cause": 1, **dict.fromkeys(MALFORMED, 2), "wrong-values": 3, "described": 3}


@dataclass
class Outcome:
    """One check of one file."""

    kind: str  # one of `HEADLINES`
    message: str = ""  # one sentence, if there is more to say than the reports do
    line: int = 0  # of the student's file, to which the message refers
    reports: list[str] = field(default_factory=list)  # of the gradient checker, as text: those that didn't pass
    codes: list[str] = field(default_factory=list)  # of the findings, the most informative first: "scale@grad_b"
    verdicts: dict[str, str] = field(default_factory=dict)  # of each gradient
    printed: str = ""  # the beginning of what the student's code printed
    mistake: str = ""  # identifies this mistake: its code and what was found, since many mistakes share a code
    remarks: list[str] = field(default_factory=list)  # further advice to the student: imports not available in grading

    @property
    def passed(self) -> bool:
        """Whether everything is right."""
        return self.kind == PASSED

    def to_dict(self) -> dict[str, Any]:
        """Return the outcome as plain values, ready for JSON."""
        return asdict(self)


@dataclass
class Judgement:
    """The result of checking a file: the outcome, and the reports on everything that was checked, in order."""

    outcome: Outcome
    reports: list[Report] = field(default_factory=list)
    quotients: str = ""  # evidence of difference quotients in place of a formula, if any


class Ended(BaseException):  # an Exception would look like the student's own
    """Ends the check of a file; carries the kind of its outcome, and the reason."""

    def __init__(self, kind: str, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.line = line


def headline(kind: str) -> str:
    """Return a kind of outcome in words, in the language in force."""
    return gettext(HEADLINES[kind]) if kind in HEADLINES else kind


def stopped(kind: str, message: str, line: int = 0) -> Outcome:
    """Return the outcome of a check that produced no reports."""
    return Outcome(kind, message, line, codes=[kind], mistake=f"{kind}: {message}")


def still_running(seconds: float) -> str:
    """Return the message for a check whose time is up."""
    sentence = gettext("still running after {seconds:g} s, so it was stopped; look for a loop that never ends")
    return sentence.format(seconds=seconds)


def outcome_of(reports: Sequence[Report]) -> Outcome:
    """Return the outcome of reports: passed if all pass, not begun if the hole or the planted bug is unchanged."""
    for report in reports:  # until the prediction is right, the code's results are not shown
        for kind, code in ((NOT_BEGUN, NO_PREDICTION), (WRONG, NO_SUCH_LETTER), (WRONG, WRONG_PREDICTION)):
            if code in {finding.code for finding in report.findings}:
                return Outcome(kind, "", 0, [str(report)], [code], mistake=code)
    verdicts = _verdicts_of(reports)
    failing = [str(report) for report in reports if report.verdict != "pass"]
    if reports and not failing:
        return Outcome(PASSED, verdicts=verdicts)
    outcome = Outcome(UNSURE, "", 0, failing, _codes_of(reports), verdicts, mistake=_mistake_of(reports))
    by_code = {finding.code: finding for report in reports for finding in report.findings}
    if finding := by_code.get("not-implemented", by_code.get("raised")):
        kind = NOT_BEGUN if finding.code == "not-implemented" else RAISED
        outcome.kind = OF_EXCEPTIONS.get(finding.evidence.get("exception", ""), kind)
        outcome.message, outcome.line = finding.message, int(finding.evidence.get("line", 0))
        outcome.reports = failing if finding.cause or finding.question else []
    elif any(report.verdict == "fail" for report in reports):
        outcome.kind = NOT_BEGUN if AS_PLANTED in by_code else WRONG
    return outcome


def _codes_of(reports: Sequence[Report]) -> list[str]:
    """Return the codes of the findings, the most informative first, each once; ``code@tensor`` if it has a tensor."""
    codes = []
    for finding in _most_telling_first(reports):  # for an exception, first the change that would fix it, if known
        if finding.code != "cause" and finding.cause and "edit" in finding.evidence:
            codes.append(str(finding.evidence["edit"]))
        codes += [code for code in ("misfit", "truth-value") if code in finding.evidence]
        if "law" in finding.evidence:  # of the chain rule, which the cause breaks
            codes.append(f"{finding.evidence['law']}@{finding.tensor}")
        codes.append(code_of(finding))
    return list(dict.fromkeys(codes))


def _verdicts_of(reports: Sequence[Report]) -> dict[str, str]:
    """Return the worst verdict of each tensor in all reports; a tensor that couldn't be compared has failed."""
    found: dict[str, set[str]] = {}
    for report in reports:
        for tensor in report.tensors:
            found.setdefault(tensor.name, set()).add(tensor.verdict)
        for finding in report.findings:
            if finding.code in MALFORMED and finding.severity == "error" and finding.tensor:
                found.setdefault(finding.tensor, set()).add(FAIL)
    return {name: next(each for each in (FAIL, INCONCLUSIVE, PASS) if each in those) for name, those in found.items()}


def _mistake_of(reports: Sequence[Report]) -> str:
    """Return a text that identifies the mistake in reports: by its cause, or else its numbers, or its message."""
    first = next(iter(_most_telling_first(reports)), None)
    if first is None:
        return ""
    without_place = re.sub(r" \(\S+:\d+\)", "", first.message)
    tensors = [tensor for report in reports for tensor in report.tensors if tensor.verdict != "pass"]
    numbers = ", ".join(f"{tensor.name} off by {tensor.max_relative_error:.3g}" for tensor in tensors)
    return f"{code_of(first)}: {first.cause or numbers or without_place}"


def _most_telling_first(reports: Sequence[Report]) -> list[Finding]:
    """Return the findings to show: causes first, then malformed gradients, then wrong values."""
    findings = [f for report in reports if report.verdict != "pass" for f in report.sorted_findings()]
    return sorted((f for f in findings if f.severity != "note" or f.code == "described"),
                  key=lambda finding: RANKS.get(finding.code, 4))  # fmt: skip


def code_of(finding: Finding) -> str:
    """Return the code of a finding, with its tensor if it has one: ``"scale@grad_b"``."""
    code = finding.code
    if code == "cause":  # use the code of its hypothesis, or of the change that fixes the wrong line
        code = str(finding.evidence.get("hypothesis", finding.evidence.get("edit", code)))
    return f"{code}@{finding.tensor}" if finding.tensor else code
