"""What a check of a student's file came to.

    the student's file -> reports -> Judgement -> Outcome(kind, ...) -> JSON between processes, text, codes for hints
"""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from aescratch.classroom.comparing import NO_PREDICTION, WRONG_PREDICTION
from aescratch.foundations.language import gettext, gettext_noop
from aescratch.inspection.gradcheck import Finding, Report
from aescratch.inspection.gradcheck.functions import MALFORMED
from aescratch.inspection.gradcheck.printing import FAIL, INCONCLUSIVE, PASS

STACK = ".stack"  # the ending of the file that is there when the checks begin, and says where a loop was
PASSED, WRONG, UNSURE, NOT_BEGUN = "passed", "wrong", "inconclusive", "not-begun"
SYNTAX_ERROR, MISSING, OTHER_ARGUMENTS = "syntax-error", "missing-function", "other-arguments"
RAISED, TIMED_OUT, DIED = "raised", "timed-out", "died"
LACKING, ASKING, RECURSION = "not-in-grading", "asks-for-input", "recursion"  # they raise, too
OF_EXCEPTIONS = {"NotInGrading": LACKING, "EOFError": ASKING, "RecursionError": RECURSION}
HEADLINES = {
    PASSED: gettext_noop("passed"),
    WRONG: gettext_noop("not right yet"),
    UNSURE: gettext_noop("can't be judged: what the checks found is neither right nor wrong"),
    NOT_BEGUN: gettext_noop("not begun yet"),
    SYNTAX_ERROR: gettext_noop("no Python yet"),
    MISSING: gettext_noop("a function is missing"),
    OTHER_ARGUMENTS: gettext_noop("a function takes other arguments than the checks give"),
    RAISED: gettext_noop("it raised an exception"),
    LACKING: gettext_noop("it uses a package that grading doesn't have"),
    ASKING: gettext_noop("it asks for input, and nobody is there to answer"),
    RECURSION: gettext_noop("it calls itself too often, or without an end"),
    TIMED_OUT: gettext_noop("it didn't come to an end"),
    DIED: gettext_noop("it ended before the checks did"),
}
AS_PLANTED = "as-planted"  # a finding's code: the file is as it was given
STILL_THERE = "bug-still-there"  # and another: something was changed, and the numbers are as they were
# How much a code tells; that a gradient doesn't depend on the upstream gradient is a cause as well, and the plainest.
RANKS = {"upstream-ignored": 0, "cause": 1, **dict.fromkeys(MALFORMED, 2), "wrong-values": 3, "described": 3}


@dataclass
class Outcome:
    """One check of one file."""

    kind: str  # one of `HEADLINES`
    message: str = ""  # one sentence, where there is more to say than the reports do
    line: int = 0  # of the student's file, that it is about
    reports: list[str] = field(default_factory=list)  # of the gradient checker, as text, those that didn't pass
    codes: list[str] = field(default_factory=list)  # of what was found, the most telling first: "scale@grad_b"
    verdicts: dict[str, str] = field(default_factory=dict)  # of each gradient
    printed: str = ""  # the beginning of what the student's code printed
    mistake: str = ""  # what tells this mistake from others: its code and what was found, as one code stands for many
    remarks: list[str] = field(default_factory=list)  # what the student should know besides: imports that grading lacks

    @property
    def passed(self) -> bool:
        """Whether everything is right."""
        return self.kind == PASSED

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values, ready for JSON."""
        return asdict(self)


@dataclass
class Judgement:
    """What checking a file came to: the outcome, and the reports on everything that was checked, in order."""

    outcome: Outcome
    reports: list[Report] = field(default_factory=list)
    quotients: str = ""  # what speaks for difference quotients in place of a formula, where anything does


class Ended(BaseException):  # an Exception would be taken for the student's own
    """The check of a file ends here: the kind of its outcome, and why."""

    def __init__(self, kind: str, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.kind, self.message, self.line = kind, message, line


def headline(kind: str) -> str:
    """Return a kind of outcome in words, in the language in force."""
    return gettext(HEADLINES[kind]) if kind in HEADLINES else kind


def stopped(kind: str, message: str, line: int = 0) -> Outcome:
    """Return the outcome of a check that came to no reports."""
    return Outcome(kind, message, line, codes=[kind], mistake=f"{kind}: {message}")


def still_running(seconds: float) -> str:
    """Return what is said when the time is up."""
    sentence = gettext("still running after {seconds:g} s, and stopped; look for a loop whose end is never reached")
    return sentence.format(seconds=seconds)


def outcome_of(reports: Sequence[Report]) -> Outcome:
    """Return what reports come to: passed if all pass, and not begun if one met a hole, or a bug as it was planted."""
    for report in reports:  # unless a prediction is right, nothing is told of the code
        for kind, code in ((NOT_BEGUN, NO_PREDICTION), (WRONG, WRONG_PREDICTION)):
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
        outcome.reports = failing if finding.cause else []
    elif any(report.verdict == "fail" for report in reports):
        outcome.kind = NOT_BEGUN if AS_PLANTED in by_code else WRONG
    return outcome


def _codes_of(reports: Sequence[Report]) -> list[str]:
    """Return what the reports found, the most telling first, each once; ``code@tensor`` where there is a tensor."""
    codes = []
    for finding in _most_telling_first(reports):  # before what raised, the change that mends the line, if one is known
        if finding.code != "cause" and finding.cause and "edit" in finding.evidence:
            codes.append(str(finding.evidence["edit"]))
        codes.append(code_of(finding))
    return list(dict.fromkeys(codes))


def _verdicts_of(reports: Sequence[Report]) -> dict[str, str]:
    """Return the worst verdict of each tensor in all reports; one that couldn't be compared has failed."""
    found: dict[str, set[str]] = {}
    for report in reports:
        for tensor in report.tensors:
            found.setdefault(tensor.name, set()).add(tensor.verdict)
        for finding in report.findings:
            if finding.code in MALFORMED and finding.severity == "error" and finding.tensor:
                found.setdefault(finding.tensor, set()).add(FAIL)
    return {name: next(each for each in (FAIL, INCONCLUSIVE, PASS) if each in those) for name, those in found.items()}


def _mistake_of(reports: Sequence[Report]) -> str:
    """Return what tells the mistake that reports show from others: by its cause, or its text, or its numbers."""
    first = next(iter(_most_telling_first(reports)), None)
    if first is None:
        return ""
    without_place = re.sub(r" \(\S+:\d+\)", "", first.message)
    tensors = [tensor for report in reports for tensor in report.tensors if tensor.verdict != "pass"]
    numbers = ", ".join(f"{tensor.name} off by {tensor.max_relative_error:.3g}" for tensor in tensors)
    return f"{code_of(first)}: {first.cause or numbers or without_place}"


def _most_telling_first(reports: Sequence[Report]) -> list[Finding]:
    """Return what to tell of: a cause first, then what keeps a gradient from being compared, then values."""
    findings = [f for report in reports if report.verdict != "pass" for f in report.sorted_findings()]
    return sorted((f for f in findings if f.severity != "note" or f.code == "described"),
                  key=lambda finding: RANKS.get(finding.code, 4))  # fmt: skip


def code_of(finding: Finding) -> str:
    """Return the code of a finding, with its tensor where there is one: ``"scale@grad_b"``."""
    code = finding.code
    if code == "cause":  # then that of its hypothesis, or of the change that mends the wrong line
        code = str(finding.evidence.get("hypothesis", finding.evidence.get("edit", code)))
    return f"{code}@{finding.tensor}" if finding.tensor else code
