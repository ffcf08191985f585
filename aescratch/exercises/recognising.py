"""Recognising an exercise's own mistakes where the gradient checker can claim no cause.

    the student's wrong gradients == those of a known mistake, entry by entry  ->  its cause and its question
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from types import ModuleType

import numpy as np

from aescratch.exercises.comparing import EXPLAINING
from aescratch.exercises.exercise import Exercise, Mutant
from aescratch.gradcheck import Finding, Report, TensorResult

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
    report = next((report for report in reports if report.verdict == "fail" and report.tensors), None)
    if report is None or any(finding.code == "cause" for finding in report.findings):
        return
    wrong = [tensor for tensor in report.tensors if tensor.verdict == "fail"]
    for mutant in exercise.mutants.values():
        if wrong and mutant.cause and _same(report.tensors, _tensors(exercise, mutant, seed, reports.index(report))):
            entries = sum(tensor.analytic.size for tensor in wrong)
            message = f"{mutant.cause}: that gives the same {entries} entries to rounding"
            names = ", ".join(tensor.name for tensor in wrong)
            evidence = {"hypothesis": mutant.expected.partition("@")[0], "tensors": names}
            found = Finding("cause", wrong[0].name, "error", message, evidence, mutant.cause, mutant.question)
            report.findings = [finding for finding in report.findings if finding.code != "described"] + [found]
            return


def _tensors(exercise: Exercise, mutant: Mutant, seed: int, which: int) -> list[TensorResult]:
    """Return what the checks compare if the student makes this mistake."""
    student = ModuleType("student")
    exec(compile(exercise.mutated(mutant), exercise.file_name, "exec"), student.__dict__)
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
