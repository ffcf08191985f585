"""Judge the checker's answer to a planted mistake: named, described, or named falsely.

    mistake -> reports -> the leading cause, the first finding with one
        with a repair   -> put into the mistake's text; the right gradients at fresh draws and sizes?  named : false
        of arrays alone -> claimed again at other inputs, and listed as true of the operator?          named : false
        none at all     -> described

A cause at a line that is neither the broken one nor correctly repaired is false.
"""

import contextlib
import functools
import re
import time
from pathlib import Path
from typing import NamedTuple

from aescratch.inspection.gradcheck.causes.catalogue import HYPOTHESES
from aescratch.inspection.gradcheck.deadline import OutOfTime, limited

from . import operators
from .cases import CASES
from .checking import loaded, quietly
from .choosing import EQUAL, distance, right_gradients
from .codes import TRUE, TRUE_WIRING
from .drawing import SIZES

SECONDS = 60.0  # for a mistake: its check, which may take 20, and two more where a cause of arrays is claimed
FRESH = range(100, 103)  # draws for a repair, none of which chose the mistake
AGAIN = (1, 2)  # other seeds at which a cause must be claimed again
ACCEPTED, NAMED, DESCRIBED, FALSE, LATE = "accepted", "named", "described", "false", "late"


class Judged(NamedTuple):
    """The checker's answer to a mistake: the outcome, the code, why it is false, the line and the sentence."""

    outcome: str
    code: str = ""
    why: str = ""
    line: int = 0
    is_exact: bool = False
    said: str = ""
    seconds: float = 0.0


class Cause(NamedTuple):
    """A leading cause: its code with what is particular about it, and the finding."""

    code: str
    detail: str
    finding: object


def judged(mistake):
    """Return the checker's answer to a mistake, and whether it is true."""
    started = time.perf_counter()
    try:
        with loaded(mistake.text, CASES[mistake.case].path.name) as module:
            found = limited(lambda: _judged(mistake, module), SECONDS)
    except OutOfTime:
        found = Judged(LATE)
    return found._replace(seconds=time.perf_counter() - started)


def _judged(mistake, module):
    case = CASES[mistake.case]
    try:
        with quietly():
            reports = case.check(module)
    except Exception as error:  # of what the checker can't take: it is no pass
        return Judged(DESCRIBED, said=f"{type(error).__name__}: {error}")
    if not any(report.verdict == "fail" for report in reports):
        return Judged(ACCEPTED, why=", ".join(report.verdict for report in reports))
    line = next((f.evidence["line"] for r in reports for f in r.findings if _is_in_the_file(case, f.evidence)), 0)
    is_exact = mistake.first <= line <= mistake.last
    cause = leading(reports)
    if cause is None:
        return Judged(DESCRIBED, line=line, is_exact=is_exact, said=_first_words(reports))
    why = _what_is_false(mistake, case, module, cause)
    return Judged(FALSE if why else NAMED, cause.code, why, line, is_exact, cause.finding.cause)


def leading(reports):
    """Return the leading cause of the reports, or None."""
    for finding in (finding for report in reports for finding in report.findings):
        if finding.cause:
            evidence = finding.evidence
            if "repaired" in evidence:
                return Cause(str(evidence.get("edit", finding.code)), str(evidence["repaired"]), finding)
            if "fault" in evidence:
                return Cause(f"wiring {evidence['fault']}", "", finding)
            code = evidence.get("hypothesis") or evidence.get("edit") or _code_of_sentence(finding.cause)
            return Cause(str(code), f"{evidence.get('detail', '')} {evidence.get('factor', '')}", finding)
    return None


def _what_is_false(mistake, case, module, cause):
    """Return what is false about a cause, in words, or an empty text."""
    evidence = cause.finding.evidence
    if evidence.get("repaired"):
        return _of_the_repair(mistake, case, evidence)
    if not _is_at_the_place(mistake, case, evidence):
        return f"{evidence.get('file', '')}:{evidence['line']} isn't the broken line"
    if case.kind == "exercise" and "detail" not in evidence and "hypothesis" in evidence:
        return "" if _is_the_same_mistake(case, module, cause.code) else "not the mistake of that code"
    is_wiring = cause.code.startswith("wiring ")
    listed = TRUE_WIRING.get(mistake.like, ()) if is_wiring else TRUE.get(mistake.like, ())
    if cause.code.removeprefix("wiring ") not in listed:
        return "to be looked at: the code isn't listed for the operator"
    for seed in AGAIN:
        again = None
        with quietly(), contextlib.suppress(TypeError, ValueError):
            again = leading(case.check(module, seed))
        if again is None or (again.code, again.detail) != (cause.code, cause.detail):
            return f"at seed {seed} it is {'no cause' if again is None else again.code + ' ' + again.detail}"
    return ""


def _of_the_repair(mistake, case, evidence):
    """Return what is wrong with a repair, at fresh draws and sizes.

    All gradients that it claims to repair must be right with it, and none that was right may become wrong.
    """
    if not _is_in_the_file(case, evidence):
        return "the repair is of no line of the file"
    statement = operators.statement_at(mistake.text, evidence["line"], evidence.get("source", ""))
    if statement is None:
        return f"no statement stands in line {evidence['line']}"
    text = operators.with_statement(mistake.text, statement, evidence["repaired"])
    try:
        with loaded(mistake.text, case.path.name) as module, loaded(text, case.path.name) as repaired, quietly():
            for sizes in range(len(SIZES)):
                for seed in FRESH:
                    right = right_gradients(case.name, seed, sizes)
                    before = set()
                    with contextlib.suppress(Exception):  # of a mistake that makes it raise
                        before = _right_ones(case, module, right, seed, sizes)
                    after = _right_ones(case, repaired, right, seed, sizes)
                    mended = len(after) == len(right) or len(after - before) == len(evidence.get("mends", right))
                    if not (before <= after and mended):
                        return "the repair isn't right"
    except Exception as error:
        return f"the repair raises {type(error).__name__}: {error}"
    return ""


def _right_ones(case, module, right, seed, sizes):
    """Return the numbers of the gradients that a module gets right."""
    found = case.gradients(module, seed, sizes)
    if len(found) != len(right):
        return set()
    return {i for i, pair in enumerate(zip(found, right, strict=True)) if distance(pair[:1], pair[1:]) <= EQUAL}


def _is_in_the_file(case, evidence):
    """Whether a finding stands at a line of the file that was broken."""
    return bool(evidence.get("line")) and Path(evidence.get("file") or case.path).name == case.path.name


def _is_at_the_place(mistake, case, evidence):
    """Whether a cause stands at no line, at the broken one, or, where only a function is blamed, at that function."""
    line = evidence.get("line")
    if not line:
        return True
    if not _is_in_the_file(case, evidence):
        return False
    if mistake.first <= line <= mistake.last or "source" in evidence:
        return mistake.first <= line <= mistake.last
    functions = operators.functions_of(mistake.text, case.functions)
    return any(f.lineno <= line <= f.end_lineno and f.lineno <= mistake.first <= f.end_lineno for f in functions)


def _is_the_same_mistake(case, module, code):
    """Whether an exercise's own mistake of this code gives just the gradients that this module gives."""
    exercise = case.way.exercise
    for known in exercise.mutants.values():
        if known.expected.partition("@")[0] == code:
            with loaded(exercise.mutated(known), case.path.name) as other, quietly():
                draws = [(case.gradients(module, seed, s), case.gradients(other, seed, s)) for seed in FRESH for s in (0, 1)]
                if all(distance(*draw) <= EQUAL for draw in draws):
                    return True
    return False


@functools.cache
def _patterns():
    """Return a pattern for the sentence of every hypothesis, the longest first."""
    found = []
    for hypothesis in HYPOTHESES:
        pieces = re.split(r"\{\w+\}", hypothesis.cause)
        found.append((len("".join(pieces)), ".*".join(map(re.escape, pieces)), hypothesis.code))
    return [(re.compile(pattern), code) for _, pattern, code in sorted(found, reverse=True)]


def _code_of_sentence(sentence):
    """Return the code of the hypothesis that a sentence was made by; where a part is blamed, nothing else tells."""
    return next((code for pattern, code in _patterns() if pattern.match(sentence)), "")


def _first_words(reports):
    return next((f.message for r in reports for f in r.findings if f.code in ("first-wrong", "described")), "")
