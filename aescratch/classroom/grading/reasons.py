"""Findings and outcomes as sentences for students, in the language in force, without any number of the right answers.

    Finding -> one sentence;   Outcome -> why a part wasn't checked;   Judgement -> the answer as a text
"""

import re
from pathlib import PurePath

from aescratch.classroom.exercise import Exercise
from aescratch.classroom.outcome import LACKING, NOT_BEGUN, PASSED, UNSURE, WRONG, Outcome, code_of, headline
from aescratch.foundations.language import Phrase, gettext, gettext_noop, told
from aescratch.inspection.gradcheck import Finding, Report
from aescratch.inspection.gradcheck.printing import ASK_YOURSELF, LIKELY_CAUSE
from aescratch.inspection.gradcheck.printing import shown as in_words

LONGEST = 300  # characters of a sentence, since a student's exception may be long
LONGEST_ANSWER = 2000
PRINTED_LINES = 5
AT_LINE = gettext_noop(" (line {line})")
HOLE_ONLY = {"not-implemented"}  # the codes of a report on a hole, which the answer has mentioned already


def plain(text: str, longest: int = LONGEST) -> str:
    """Return text on one line, without control characters, shortened to the given length.

    Examples
    --------
    >>> plain("one\\ntwo\\x1b[31m")
    'one two [31m'
    """
    words = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return words if len(words) <= longest else words[: longest - 4] + " ..."


def sentence(finding: Finding, report: Report) -> str:
    """Return a finding as a sentence, without the right values."""
    if finding.code == "wrong-values":
        tensor = next((tensor for tensor in report.tensors if tensor.name == finding.tensor), None)
        wrong, size = finding.evidence.get("entries"), tensor.verdicts.size if tensor is not None else None
        if wrong is None:
            words = gettext("{tensor}: some entries are wrong")
            of = gettext("{tensor}: some of {size} entries are wrong")
        else:
            words, of = gettext("{tensor}: {n} entries are wrong"), gettext("{tensor}: {n} of {size} entries are wrong")
        return (words if size is None else of).format(tensor=finding.tensor, n=wrong, size=size)
    if finding.code == "cause" and finding.cause:
        return plain(f"{gettext(LIKELY_CAUSE)} {told(finding.cause)}")
    return plain(_without_folders(told(finding.message)))


def first_sentence(report: Report) -> str:
    """Return the first finding of a report as a sentence."""
    if report.verdict == "pass":
        return gettext("right")
    telling = [finding for finding in report.findings if finding.severity != "note"]
    return sentence(telling[0], report) if telling else plain(report.summary())


def not_checked(outcome: Outcome) -> tuple[str, tuple[str, ...], bool]:
    """Return why a part wasn't checked: a sentence, codes, and whether a person has to look."""
    if outcome.kind in (WRONG, PASSED):
        return gettext("not checked, since an earlier check must pass first"), ("not-reached",), False
    said = plain(_without_folders(told(outcome.message)))
    at = gettext(AT_LINE).format(line=outcome.line) if outcome.line else ""
    text = headline(outcome.kind) + (f": {said}" if said else "") + at
    return text, (outcome.kind,), outcome.kind == UNSURE


def mistake(outcome: Outcome, reports: list[Report]) -> tuple[str, str]:
    """Return a code for the mistake of a submission, and words that distinguish it from others with this code."""
    if outcome.kind in (WRONG, UNSURE):
        for report in reports:
            telling = [finding for finding in report.findings if finding.severity != "note"]
            if report.verdict != "pass" and telling:
                first = next((finding for finding in telling if finding.code == "cause"), telling[0])
                return code_of(first), first.cause if first.code == "cause" else ""
    package = re.search(r"\buses (\w+), which is not available in grading", outcome.message)
    used = package if outcome.kind == LACKING else None
    return outcome.kind, Phrase("uses {package}, which is not available in grading", package=used[1]) if used else ""


def answer_of(exercise: Exercise, outcome: Outcome, reports: list[Report]) -> str:
    """Return the answer to a submission, like that of `aescratch exercises check`, but without the right values."""
    lines = [f"{exercise.name}: {headline(outcome.kind)}"]
    if outcome.kind == NOT_BEGUN and not outcome.reports:  # with reports, it has a question or a bug, but no hole
        lines.append(f"  {gettext('it still has raise NotImplementedError where the code should be')}")
    elif outcome.message:
        lines.append(f"  {plain(_without_folders(told(outcome.message)))}")
    if outcome.line:
        place = f"{exercise.file_name}:{outcome.line}"
        lines.append(f"  {gettext('at {place}').format(place=place)}")
    for report in reports:
        if report.verdict != "pass" and {finding.code for finding in report.findings} != HOLE_ONLY:
            lines.append(f"  {plain(told(report.title))}")
            lines += [f"    {tensor.name}: {in_words(tensor.verdict)}" for tensor in report.tensors]
            for finding in report.findings:
                if finding.severity != "note" or finding.code == "described":
                    lines.append(f"    {sentence(finding, report)}")
                    if finding.question:
                        lines.append(f"      {gettext(ASK_YOURSELF)} {plain(told(finding.question))}")
    if outcome.printed.strip():
        lines.append(f"  {gettext('your code printed:')}")
        lines += [f"    | {plain(line, 100)}" for line in outcome.printed.strip().splitlines()[:PRINTED_LINES]]
    return "\n".join(lines)[:LONGEST_ANSWER]


def _without_folders(text: str) -> str:
    """Return text with each path shortened to its file's name, since folders differ from run to run."""
    return re.sub(r"(?:[A-Za-z]:)?(?:[/\\][\w.+~-]+){2,}", lambda match: PurePath(match.group()).name, text)
