"""Recognising what a wrong answer is where the gradient checker can claim no cause, and what a right one calls.

    the student's wrong gradients == those of a known mistake, entry by entry  ->  its cause and its question
                                  == those of the bug as it was planted        ->  nothing was repaired yet
    the student's file, passed, calls this package                             ->  a sentence
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Sequence
from typing import TypeGuard

import numpy as np

from aescratch.backend import Array
from aescratch.classroom.comparing import seeking_causes
from aescratch.classroom.exercise import Exercise
from aescratch.classroom.outcome import AS_PLANTED
from aescratch.classroom.stubs import HOLE
from aescratch.inspection.gradcheck import Finding, Report, TensorResult

OURS = "aescratch"
SAME = 1e-9  # relative; the two are computed from the same inputs and the same upstream gradient


def recognise(exercise: Exercise, reports: Sequence[Report], seed: int) -> None:
    """Add a cause to the first report that fails, if one of the exercise's mistakes gives just these gradients.

    Parameters
    ----------
    exercise : Exercise
        Whose mistakes are tried, those that say what is wrong.
    reports : sequence of Report
        What its checks found.
    seed : int
        What its inputs were drawn from.
    """
    failing = ((i, report) for i, report in enumerate(reports) if report.verdict == "fail" and report.tensors)
    which, report = next(failing, (0, None))
    if report is None:
        return
    if HOLE not in exercise.stub and same(report.tensors, _tensors(exercise, exercise.stub, seed, which)):
        message = "the bug is still there: these are the numbers of the file as it was given"
        report.findings = [Finding(AS_PLANTED, None, "error", message), *report.findings]
        return
    if is_explained(report):
        return
    for mutant in exercise.mutants.values():
        if mutant.cause and same(report.tensors, _tensors(exercise, exercise.mutated(mutant), seed, which)):
            add_cause(report, mutant.expected.partition("@")[0], mutant.cause, mutant.question)
            return


def is_explained(report: Report) -> bool:
    """Whether a report has its cause already, or no wrong values to find one for."""
    codes = {finding.code for finding in report.findings}
    return bool({"cause", AS_PLANTED} & codes) or not any(tensor.verdict == "fail" for tensor in report.tensors)


def add_cause(report: Report, code: str, cause: str, question: str) -> None:
    """Put a mistake that was recognised in the place of what only describes how the gradients differ."""
    wrong = [tensor for tensor in report.tensors if tensor.verdict == "fail"]
    entries = sum(tensor.analytic.size for tensor in wrong)
    message = f"{cause}: that gives the same {entries} entries to rounding"
    evidence = {"hypothesis": code, "tensors": ", ".join(tensor.name for tensor in wrong)}
    found = Finding("cause", wrong[0].name, "error", message, evidence, cause, question)
    report.findings = [finding for finding in report.findings if finding.code != "described"] + [found]


def borrowed(text: bytes, exercise: Exercise) -> str:
    """Return a sentence on the first import of this package that a student's file has and its stub hasn't, or nothing.

    Parameters
    ----------
    text : bytes
        The student's file, which Python can read.
    exercise : Exercise
        Whose stub may import some of the package itself.
    """
    given = {ast.unparse(node) for node in ast.walk(ast.parse(exercise.stub)) if _is_ours(node)}
    for node in ast.walk(ast.parse(text)):
        if _is_ours(node) and ast.unparse(node) not in given:
            return (
                f"it passes by what line {node.lineno} brings in, {ast.unparse(node)}: now write that yourself, "
                "since a grader doesn't have it"
            )
    return ""


def _is_ours(node: ast.AST) -> TypeGuard[ast.Import | ast.ImportFrom]:
    """Whether a statement imports this package, or something of it."""
    names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
    names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
    return any(name.partition(".")[0] == OURS for name in names)


def _tensors(exercise: Exercise, text: str, seed: int, which: int) -> list[Array]:
    """Return what the checks compare in one of their reports if this is the student's file."""
    with seeking_causes(False):
        reports = exercise.checks.check(exercise.module_of(text), seed)
        report = next(itertools.islice(reports, which, None), None)
    return [] if report is None else [tensor.analytic for tensor in report.tensors]  # None: it shows in an earlier one


def same(tensors: Sequence[TensorResult], values: Sequence[Array]) -> bool:
    """Whether the gradients of a report have these values, to rounding."""
    return len(tensors) == len(values) and all(
        tensor.analytic.shape == value.shape
        and np.abs(tensor.analytic - value).max() <= SAME * np.abs(value).max()
        for tensor, value in zip(tensors, values, strict=True)
    )
