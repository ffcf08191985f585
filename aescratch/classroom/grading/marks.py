"""From a judgement to points: one entry for each declared part, whatever the submission does.

    declared parts + the reports on a submission -> entries(exercise, judgement)

Zeros obey two laws as well as right gradients do: arguments are unchanged, and the gradient is linear. So both laws
count in proportion to the values that are right.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from aescratch.classroom.exercise import Exercise
from aescratch.classroom.grading.parts import COMPARING, HUNDREDTHS, Expected, Part, declared, expected, share_of
from aescratch.classroom.grading.reasons import first_sentence, not_checked, sentence
from aescratch.classroom.outcome import Judgement, code_of
from aescratch.foundations.language import gettext, told
from aescratch.inspection.gradcheck import Finding, Report
from aescratch.inspection.gradcheck.report import MALFORMED

NOT_LINEAR = ("not-linear", "upstream-ignored")
IMPURE = ("changed-argument", "shared-memory", "not-repeatable", "changed-random-state")
OF_VALUES = ("wrong-values", "cause", "described")
INSTEAD_OF_VALUES = (*MALFORMED, "not-implemented", "raised", "timed-out")
LAW_HOLDS = "law-without-values"  # it earns less than its points only because values are wrong


class Entry(NamedTuple):
    """The points of one declared part."""

    part: str  # its name in English, a key
    called: str  # its name in the language in force
    points: Fraction  # in whole hundredths, as `of` is
    of: Fraction
    reason: str  # one sentence
    codes: tuple[str, ...] = ()  # of the findings; empty if all is right
    flagged: bool = False  # whether a person has to decide, because the checks are inconclusive

    @property
    def row(self) -> list[Any]:
        """The entry of a record, without the name that depends on the language."""
        points, of = (int(value * HUNDREDTHS) for value in (self.points, self.of))
        return [self.part, points, of, self.reason, list(self.codes), self.flagged]

    @classmethod
    def of_row(cls, row: Sequence[Any], called: str, reason: str) -> Entry:
        """Return the entry of a row, with the part's name and the reason in the language in force."""
        part, points, of, _, codes, flagged = row
        return cls(part, called, Fraction(points, HUNDREDTHS), Fraction(of, HUNDREDTHS), reason, tuple(codes), flagged)


class Credit(NamedTuple):
    """The share that a part earns, between 0 and 1, and the reason."""

    share: Fraction
    reason: str
    codes: tuple[str, ...] = ()
    flagged: bool = False


def entries(exercise: Exercise, judgement: Judgement) -> list[Entry]:
    """Return the points of every declared part, always the same parts in the same order."""
    looks = expected(exercise)
    reports = _matched(looks, judgement.reports)
    right = [len(_right(report) & set(look.sought)) for look, report in zip(looks, reports, strict=True)]
    sought = sum(len(look.sought) for look in looks)
    overall = Fraction(sum(right), sought) if sought else Fraction(1)
    found = []
    for part in declared(exercise):
        look, report = looks[part.report], reports[part.report]
        share = Fraction(right[part.report], len(look.sought)) if look.sought else overall
        if report is None:
            credit = Credit(Fraction(0), *not_checked(judgement.outcome))
        else:
            credit = _credit(part, look, report, share if look.sort in COMPARING else _answered(report))
        found.append(_entry(part, credit))
    return found


def without_points(exercise: Exercise, reason: str, code: str) -> list[Entry]:
    """Return the entries of an exercise that was not checked at all, for example because its file is missing."""
    return [_entry(part, Credit(Fraction(0), reason, (code,))) for part in declared(exercise)]


def _entry(part: Part, credit: Credit) -> Entry:
    name, called, earned = str(part.name), str(told(part.name)), share_of(part.of, credit.share)
    return Entry(name, called, earned, part.of, str(credit.reason), credit.codes, credit.flagged)


def _matched(looks: Sequence[Expected], reports: Iterable[Report]) -> list[Report | None]:
    """Return the submission's report for each expected one, in the same order; None where it is missing."""
    matched: list[Report | None] = [None] * len(looks)
    waiting = iter(enumerate(looks))
    for report in reports:
        names = {tensor.name for tensor in report.tensors}
        for number, look in waiting:
            if type(report).__name__ == look.sort and names <= set(look.tensors):
                matched[number] = report
                break
    return matched


def _right(report: Report | None) -> set[str]:
    """Return the names of the tensors whose values are right."""
    return {tensor.name for tensor in report.tensors if tensor.verdict == "pass"} if report is not None else set()


def _answered(report: Report) -> Fraction:
    """Return 1 minus the shares of wrong answers to each kind of question, so that a constant answer earns nothing."""
    wrong = [1 - Fraction(tensor.count("pass"), tensor.verdicts.size) for tensor in report.tensors]
    return max(Fraction(0), 1 - sum(wrong, Fraction(0))) if wrong else Fraction(0)


def _credit(part: Part, look: Expected, report: Report, share: Fraction) -> Credit:
    """Return the credit of a part from a report; `share` is the share of the student's values that are right."""
    if part.kind == "whole":
        if report.verdict == "inconclusive":
            return _unsure(report.findings)
        return _because(Fraction(report.verdict == "pass"), report)
    if part.kind == "answers":
        return _because(share, report)
    if part.kind == "values":
        return _values(part.tensor, report)
    if part.kind == "shapes":
        return _shapes(look, report)
    if part.kind == "kept":
        if lost := sorted(set(look.given) - _right(report)):
            words = gettext("{tensors} was right in the original file, but is wrong now")
            return Credit(Fraction(0), words.format(tensors=", ".join(lost)), ("not-kept",))
        return _law(share)
    about = [f for f in report.findings if f.severity == "error" and _is_about(f, part.kind, report)]
    if not about:
        return _law(share)
    spared = set(look.sought) - {f.tensor for f in about}
    if part.kind == "linear" and all(f.tensor for f in about) and spared:
        return _because(Fraction(len(spared & _right(report)), len(look.sought)), report, about)
    return _because(Fraction(0), report, about)


def _is_about(finding: Finding, kind: str, report: Report) -> bool:
    """Whether a finding breaks a law; an unknown finding counts, unless wrong values explain it."""
    if kind == "linear" or finding.code in NOT_LINEAR:
        return kind == "linear" and finding.code in NOT_LINEAR
    if finding.code in IMPURE:
        return True
    values_are_right = bool(report.tensors) and all(tensor.verdict == "pass" for tensor in report.tensors)
    return values_are_right and finding.code not in (*OF_VALUES, *INSTEAD_OF_VALUES)


def _law(share: Fraction) -> Credit:
    """Return the credit of a law that holds."""
    if share == 1:
        return Credit(share, gettext("right"))
    some, none = gettext("counts only for the values that are right"), gettext("counts only if values are right")
    return Credit(share, some if share else none, (LAW_HOLDS,))


def _values(name: str, report: Report) -> Credit:
    tensor = next((tensor for tensor in report.tensors if tensor.name == name), None)
    if tensor is None:
        about = [f for f in report.findings if f.tensor in (name, None) and f.severity != "note"]
        if about and all(finding.severity == "inconclusive" for finding in about):
            return _unsure(about)
        return _because(Fraction(0), report, about)
    if tensor.verdict == "pass":
        return Credit(Fraction(1), gettext("right"))
    about = [f for f in report.findings if f.tensor == name and f.code in (*OF_VALUES, *INSTEAD_OF_VALUES)]
    if tensor.verdict == "inconclusive":
        return _unsure([f for f in report.findings if f.severity == "inconclusive"])
    credit = _because(Fraction(0), report, about)
    causes = [finding for finding in about if finding.code == "cause"]
    return credit._replace(reason=sentence(causes[0], report)) if causes else credit


def _unsure(findings: Sequence[Finding]) -> Credit:
    code = findings[0].code if findings else "inconclusive"
    why = f": {told(findings[0].message)}" if findings else ""
    words = gettext("the checks can't tell; look at this one yourself{why}").format(why=why)
    return Credit(Fraction(0), words, (code,), True)


def _shapes(look: Expected, report: Report) -> Credit:
    """Return the credit of the shapes; an array with equal entries is no evidence, unless its values are right."""
    fine = [
        t.name for t in report.tensors
        if t.name in look.tensors and (t.verdict == "pass" or (t.analytic != t.analytic.flat[0]).any())
    ]  # fmt: skip
    share = Fraction(len(set(fine)), len(look.tensors))
    if share == 1:
        return Credit(share, gettext("right"))
    about = [f for f in report.findings if f.code in INSTEAD_OF_VALUES]
    if not about:
        constant = ", ".join(name for name in look.tensors if name not in fine)
        words = gettext("{tensors}: all entries are equal, so the shape proves nothing").format(tensors=constant)
        return Credit(share, words, ("constant",))
    return _because(share, report, about)


def _because(share: Fraction, report: Report, about: Sequence[Finding] = ()) -> Credit:
    """Return a credit with its reason from some findings, or by default from the whole report."""
    reason = sentence(about[0], report) if about else first_sentence(report)
    telling = [finding for finding in about or report.findings if finding.severity != "note"]
    codes = dict.fromkeys(map(code_of, telling) if report.verdict != "pass" else ())
    return Credit(share, reason, tuple(codes))
