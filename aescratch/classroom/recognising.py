"""Recognise known mistakes where the checker finds no cause, or only the line; and imports that grading refuses.

    the student's wrong gradients == those of a known mistake, entry by entry  ->  its cause and its question
                                  == those of the planted bug                  ->  not edited, or in the wrong place
    the student's file calls this package, or imports what grading lacks       ->  a sentence
    mutants.py --record_mistakes--> mistakes.json, so that a released exercise recognises mistakes, too, at seed 0
"""

import ast
import functools
import itertools
import json
import re
from collections.abc import Iterator, Sequence

import numpy as np

from aescratch.backend import Array
from aescratch.classroom.exercise import OURS, CourseError, Exercise
from aescratch.classroom.grading.channel import THERE
from aescratch.classroom.outcome import AS_PLANTED, STILL_THERE
from aescratch.foundations.language import gettext, joined
from aescratch.inspection.gradcheck import Finding, Report, TensorResult

MISTAKES = "mistakes.json"
SAME = 1e-9  # relative; the two are computed from the same inputs and the same upstream gradient


def recognise(exercise: Exercise, reports: Sequence[Report], seed: int, text: bytes) -> None:
    """Add a cause to the first report that fails, if one of the exercise's mistakes gives exactly these gradients.

    `text` is the student's file. As long as the function with a planted bug is unchanged, the report says only which
    numbers are wrong.
    """
    failing = ((i, report) for i, report in enumerate(reports) if report.verdict == "fail" and report.tensors)
    which, report = next(failing, (0, None))
    if report is None:
        return
    if exercise.is_planted and _same(report.tensors, _tensors(exercise, exercise.stub, seed, which)):
        _tell_planted(exercise, report, text.decode(errors="replace"))
        return
    wrong = [tensor for tensor in report.tensors if tensor.verdict == "fail"]
    causes = [finding for finding in report.findings if finding.code == "cause"]
    if not wrong or any("hypothesis" in finding.evidence for finding in causes):
        return
    for code, cause, question, tensors in _mistakes(exercise, seed, which):
        if _same(report.tensors, tensors):
            entries = sum(tensor.analytic.size for tensor in wrong)
            proof = gettext("it gives the same {entries} entries, up to rounding").format(entries=entries)
            cause, question = gettext(cause), gettext(question)
            evidence = {"hypothesis": code, "tensors": ", ".join(tensor.name for tensor in wrong)}
            found = Finding("cause", wrong[-1].name, "error", cause, evidence, cause, question, proof)
            if causes:
                found.message = joined("; ", (each.message for each in causes))
                found.evidence = causes[0].evidence | evidence
            others = (finding for finding in report.findings if finding.code not in ("cause", "described"))
            report.findings = [*others, found]
            return


def _tell_planted(exercise: Exercise, report: Report, text: str) -> None:
    """Report that the numbers are those of the original file, and whether and where the file was edited."""
    given, now = _functions_in(exercise.stub), _functions_in(text)
    edited = [name for name in {**given, **now} if given.get(name) != now.get(name)]
    code, message = AS_PLANTED, gettext("the file is not edited yet: these are the numbers of the original file")
    if edited:
        code = STILL_THERE
        message = gettext("you edited the file, but the bug is still there: the numbers are those of the original file")
        if others := [name for name in given if name in edited and name and name not in exercise.checks.FUNCTIONS]:
            sentence = gettext("; you changed {changed}, which is not checked: the bug is in {where}")
            both = gettext(" and ")
            message += sentence.format(changed=both.join(others), where=both.join(exercise.checks.FUNCTIONS))
    if not set(edited) & set(exercise.checks.FUNCTIONS):
        report.findings = [finding for finding in report.findings if finding.code == "wrong-values"]
    report.findings.insert(0, Finding(code, None, "error", message))


def _functions_in(text: str) -> dict[str, list[str]]:
    """Return the words of each function of a file by its name; those before the first function have the name ""."""
    pieces = re.split(r"^def (\w+)", text, flags=re.MULTILINE)
    return {name: body.split() for name, body in zip(["", *pieces[1::2]], pieces[::2], strict=True)}


def _mistakes(exercise: Exercise, seed: int, which: int) -> Iterator[tuple[str, str, str, list[Array]]]:
    """Yield code, cause, question and the gradients in one of the reports, for each mistake that has a cause."""
    if not exercise.released:
        for mutant in exercise.mutants.values():
            if mutant.cause:
                tensors = _tensors(exercise, exercise.mutated(mutant), seed, which)
                yield mutant.expected.partition("@")[0], mutant.cause, mutant.question, tensors
    elif seed == 0 and (path := exercise.folder / MISTAKES).is_file():
        for mistake in json.loads(path.read_text(encoding="utf-8")):
            reports = mistake["reports"][which : which + 1]  # none if an earlier report fails
            tensors = [np.array(values) for report in reports for values in report]
            yield mistake["code"], mistake["cause"], mistake["question"], tensors


def record_mistakes(exercise: Exercise) -> str:
    """Return the text of mistakes.json, which is empty if no mistake has a cause of its own."""
    found = []
    for name, mutant in exercise.mutants.items():
        if mutant.cause:
            reports = list(exercise.reports_on(exercise.mutated(mutant), 0))
            if any(finding.code == "timed-out" for report in reports for finding in report.findings):
                message = gettext("expected every mistake to finish in time, but {name!r} doesn't; change it")
                raise CourseError(message.format(name=name))
            tensors = [[tensor.analytic.tolist() for tensor in report.tensors] for report in reports]
            entry = {"code": mutant.expected.partition("@")[0], "cause": mutant.cause, "question": mutant.question}
            found.append({**entry, "reports": tensors})
    return json.dumps(found, indent=1) + "\n" if found else ""


def borrowed(text: bytes, exercise: Exercise) -> str:
    """Return a sentence on the first import of this package that the student added, or an empty text."""
    given = {ast.unparse(node) for node, package in _imports(exercise.stub) if package == OURS}
    for node, package in _imports(text):
        if package == OURS and ast.unparse(node) not in given:
            sentence = gettext(
                "it passes only because of line {line}, {code}: now write this yourself, since {package} is not "
                "available in grading"
            )
            return sentence.format(line=node.lineno, code=ast.unparse(node), package=OURS)
    return ""


def lacking(text: bytes | str, exercise: Exercise, told: bool = False) -> list[str]:
    """Return a sentence for each imported package that grading lacks; `told` leaves this package out."""
    there = {*THERE, *exercise.packages, *([OURS] if told else [])}
    first: dict[str, int] = {}
    for node, package in _imports(text):
        if package not in there:
            first.setdefault(package, node.lineno)
    sentence = gettext(
        "line {line} imports {name}, which is not available in grading: an unused import costs nothing, but code that "
        "uses it gets no points"
    )
    return [sentence.format(line=line, name=name) for name, line in first.items()]


def _imports(text: bytes | str) -> Iterator[tuple[ast.Import | ast.ImportFrom, str]]:
    """Yield each import statement of a text with each package that it names."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name.partition(".")[0]) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node, node.module.partition(".")[0]


def _tensors(exercise: Exercise, text: str, seed: int, which: int) -> list[Array]:
    """Return what the checks would compare in one of their reports if this text were the student's file."""
    return _compared(exercise, (exercise.folder / "checks.py").read_bytes(), text, seed, which)


@functools.lru_cache(maxsize=256)
def _compared(exercise: Exercise, checks: bytes, text: str, seed: int, which: int) -> list[Array]:
    """Return the same, from a cache: validation compares each mistake with every other one, with the same checks."""
    report = next(itertools.islice(exercise.reports_on(text, seed), which, None), None)
    return [] if report is None else [tensor.analytic for tensor in report.tensors]  # None: an earlier report fails


def _same(tensors: Sequence[TensorResult], values: Sequence[Array]) -> bool:
    """Whether the gradients of a report have these values, up to rounding."""
    return len(tensors) == len(values) and all(
        tensor.analytic.shape == value.shape
        and np.abs(tensor.analytic - value).max() <= SAME * np.abs(value).max()
        for tensor, value in zip(tensors, values, strict=True)
    )
