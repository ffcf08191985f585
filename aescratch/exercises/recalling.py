"""A course's own mistakes, recorded, so that a released exercise still tells them apart without mutants.py.

    mutants.py --record_mistakes--> mistakes.json: the gradients that each gives at seed 0, its cause and its question
    the student's wrong gradients == those of one of them --recall--> the cause in the report
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from aescratch.exercises.comparing import EXPLAINING
from aescratch.exercises.exercise import Exercise
from aescratch.gradcheck import Finding, Report, TensorResult

MISTAKES = "mistakes.json"
SAME = 1e-9  # relative; the two are computed from the same inputs and the same upstream gradient


def record_mistakes(exercise: Exercise) -> str:
    """Return the text of mistakes.json, or nothing if no mistake brings a cause of its own."""
    found = []
    for mutant in exercise.mutants.values():
        if mutant.cause:
            student = ModuleType("student")
            exec(compile(exercise.mutated(mutant), exercise.file_name, "exec"), student.__dict__)
            token = EXPLAINING.set(False)
            try:
                reports = list(exercise.checks.check(student, 0))
            finally:
                EXPLAINING.reset(token)
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
    path = Path(exercise.folder / MISTAKES)
    failing = [i for i, report in enumerate(reports) if report.verdict == "fail" and report.tensors]
    if not failing or not path.is_file():
        return
    report = reports[failing[0]]
    wrong = [tensor for tensor in report.tensors if tensor.verdict == "fail"]
    if not wrong or {"cause", "as-planted"} & {finding.code for finding in report.findings}:
        return
    for mistake in json.loads(path.read_text(encoding="utf-8")):
        if _same(report.tensors, mistake["reports"][failing[0] : failing[0] + 1]):
            entries = sum(tensor.analytic.size for tensor in wrong)
            message = f"{mistake['cause']}: that gives the same {entries} entries to rounding"
            evidence = {"hypothesis": mistake["code"], "tensors": ", ".join(tensor.name for tensor in wrong)}
            found = Finding("cause", wrong[0].name, "error", message, evidence, mistake["cause"], mistake["question"])
            report.findings = [finding for finding in report.findings if finding.code != "described"] + [found]
            return


def _same(tensors: Sequence[TensorResult], recorded: Any) -> bool:
    """Whether these are the gradients that were recorded for this report, which may not be there."""
    values = [np.array(value) for report in recorded for value in report]
    return len(tensors) == len(values) and all(
        tensor.analytic.shape == value.shape
        and np.abs(tensor.analytic - value).max() <= SAME * np.abs(value).max()
        for tensor, value in zip(tensors, values, strict=True)
    )
