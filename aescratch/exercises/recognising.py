"""Recognising what a wrong answer is where the gradient checker can claim no cause, and what a right one calls.

    the student's wrong gradients == those of a known mistake, entry by entry  ->  its cause and its question
                                  == those of the bug as it was planted        ->  nothing was repaired yet
    the student's file, passed, calls this package                             ->  a sentence
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Sequence
from types import ModuleType
from typing import TypeGuard

import numpy as np

from aescratch.exercises.comparing import EXPLAINING
from aescratch.exercises.exercise import Exercise
from aescratch.exercises.outcome import AS_PLANTED
from aescratch.exercises.stubs import HOLE
from aescratch.gradcheck import Finding, Report, TensorResult

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
    if HOLE not in exercise.stub and _same(report.tensors, _tensors(exercise, exercise.stub, seed, which)):
        message = "the bug is still there: these are the numbers of the file as it was given"
        report.findings = [Finding(AS_PLANTED, None, "error", message), *report.findings]
        return
    if any(finding.code == "cause" for finding in report.findings):
        return
    wrong = [tensor for tensor in report.tensors if tensor.verdict == "fail"]
    for mutant in exercise.mutants.values():
        if not (wrong and mutant.cause):
            continue
        if _same(report.tensors, _tensors(exercise, exercise.mutated(mutant), seed, which)):
            entries = sum(tensor.analytic.size for tensor in wrong)
            message = f"{mutant.cause}: that gives the same {entries} entries to rounding"
            names = ", ".join(tensor.name for tensor in wrong)
            evidence = {"hypothesis": mutant.expected.partition("@")[0], "tensors": names}
            found = Finding("cause", wrong[0].name, "error", message, evidence, mutant.cause, mutant.question)
            report.findings = [finding for finding in report.findings if finding.code != "described"] + [found]
            return


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


def _tensors(exercise: Exercise, text: str, seed: int, which: int) -> list[TensorResult]:
    """Return what the checks compare in one of their reports if this is the student's file."""
    student = ModuleType("student")
    exec(compile(text, exercise.file_name, "exec"), student.__dict__)
    token = EXPLAINING.set(False)
    try:
        return list(next(itertools.islice(exercise.checks.check(student, seed), which, None)).tensors)
    except StopIteration:  # the mistake shows in an earlier report
        return []
    finally:
        EXPLAINING.reset(token)


def _same(tensors: Sequence[TensorResult], others: Sequence[TensorResult]) -> bool:
    """Whether two lists hold the same gradients."""
    pairs = list(zip(tensors, others, strict=False))
    return len(tensors) == len(others) and all(
        a.analytic.shape == b.analytic.shape
        and np.abs(a.analytic - b.analytic).max() <= SAME * np.abs(b.analytic).max()
        for a, b in pairs
    )
