"""A course's own mistakes, recorded, so that a released exercise still tells them apart without mutants.py.

    mutants.py --record_mistakes--> mistakes.json: the gradients that each gives at seed 0, its cause and its question
    the student's wrong gradients == those of one of them --recall--> the cause in the report
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np

from aescratch.classroom.comparing import seeking_causes
from aescratch.classroom.exercise import Exercise
from aescratch.classroom.recognising import add_cause, is_explained, same
from aescratch.inspection.gradcheck import Report

MISTAKES = "mistakes.json"


def record_mistakes(exercise: Exercise) -> str:
    """Return the text of mistakes.json, or nothing if no mistake brings a cause of its own."""
    found = []
    for mutant in exercise.mutants.values():
        if mutant.cause:
            with seeking_causes(False):
                reports = list(exercise.checks.check(exercise.module_of(exercise.mutated(mutant)), 0))
            tensors = [[tensor.analytic.tolist() for tensor in report.tensors] for report in reports]
            entry = {"code": mutant.expected.partition("@")[0], "cause": mutant.cause, "question": mutant.question}
            found.append({**entry, "reports": tensors})
    return json.dumps(found, indent=1) + "\n" if found else ""


def recall(exercise: Exercise, reports: Sequence[Report]) -> None:
    """Add a cause to the first report that fails, if one of the recorded mistakes gives just these gradients.

    Parameters
    ----------
    exercise : Exercise
        As it was released.
    reports : sequence of Report
        What its checks found at seed 0.
    """
    path = exercise.folder / MISTAKES
    failing = [i for i, report in enumerate(reports) if report.verdict == "fail" and report.tensors]
    if not failing or not path.is_file():
        return
    report = reports[failing[0]]
    if is_explained(report):
        return
    for mistake in json.loads(path.read_text(encoding="utf-8")):
        recorded = mistake["reports"][failing[0] : failing[0] + 1]  # none if it shows in an earlier report
        if same(report.tensors, [np.array(value) for values in recorded for value in values]):
            add_cause(report, mistake["code"], mistake["cause"], mistake["question"])
            return
