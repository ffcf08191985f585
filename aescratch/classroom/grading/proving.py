"""A teacher's own texts, checked as students would check them, and graded like submissions.

    solution, stub, mistakes --the student's own check, a confined process at several seeds--> Trial -> sentences
"""

import os
from typing import NamedTuple

from aescratch.classroom.comparing import seeking_causes
from aescratch.classroom.exercise import Exercise
from aescratch.classroom.grading.judging import Limits, judge_at
from aescratch.classroom.grading.marks import entries
from aescratch.classroom.outcome import TIMED_OUT, Ended, Judgement, Outcome, stopped
from aescratch.classroom.recognising import lacking
from aescratch.classroom.trying import in_time, tried, unless
from aescratch.foundations.language import gettext

SEEDS = (11, 23, 47)  # further draws of the inputs, as a grader makes them
LIMITS = Limits()


class Trial(NamedTuple):
    """The results for a text."""

    practice: Outcome  # of the student's own check, at its seed, which is 0
    graded: list[Judgement]  # at seed 0 and then at `SEEDS`; the list ends after a timeout


def trial(exercise: Exercise, text: str) -> Trial:
    """Return the trial of a text; one that never ends in the confined process isn't tried in this one."""
    graded = judged(exercise, text)
    if graded[-1].outcome.kind == TIMED_OUT:
        return Trial(graded[-1].outcome, graded)
    return Trial(tried(exercise, text), graded)


def judged(exercise: Exercise, text: str) -> list[Judgement]:
    """Return the judgements of a text as a submission, from a confined process, or on Windows from this one."""
    seeds = (0, *SEEDS)
    if os.name != "posix":
        return [Judgement(tried(exercise, text, seed, explaining=False)) for seed in seeds]
    try:
        with seeking_causes(False):  # points don't depend on them
            return in_time(lambda: judge_at(exercise, text.encode(), exercise.file_name, seeds=seeds, limits=LIMITS))
    except Ended as ended:  # the checks themselves never end
        return [Judgement(stopped(ended.kind, ended.message, ended.line))]


def solution_problems(exercise: Exercise, graded: list[Judgement] | None = None) -> list[str]:
    """Return a sentence if the solution loses points, for the first such seed, and sentences on its imports."""
    name = exercise.name
    for seed, judgement in zip((0, *SEEDS), graded or judged(exercise, exercise.solution), strict=False):
        should = gettext(
            "{name}: its solution should get all points when it is graded like a submission, at seed {seed}"
        ).format(name=name, seed=seed)
        if not judgement.outcome.passed:
            return unless(False, should, judgement.outcome)
        marks = entries(exercise, judgement) if judgement.reports else []
        if lost := next((entry for entry in marks if entry.points < entry.of), None):
            sentence = gettext("{should}, but it loses some for {part!r}: {reason}")
            return [sentence.format(should=should, part=lost.part, reason=lost.reason)]
    sentence = gettext("{name}: in its solution {remark}; remove the import, or allow it in packages.txt")
    return [sentence.format(name=name, remark=remark) for remark in lacking(exercise.shown_solution, exercise)]
