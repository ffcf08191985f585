"""Judging: what the checks of an exercise say of a submission, which runs confined while they run here.

    submission --text--> confined process;   checks.check(stand-in for it, seed) -> Judgement(outcome, reports)

The checks, the right values and the mistakes that are recognised stay on this side. Whatever a submission does, it
comes to a judgement.
"""

from __future__ import annotations

import os
import stat
import warnings
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from aescratch.classroom.exercise import Exercise
from aescratch.classroom.grading.channel import shown
from aescratch.classroom.grading.confinement import KEPT, Confined, Ended, Limits
from aescratch.classroom.grading.sandbox import missing_protections
from aescratch.classroom.grading.stand_in import Conversation, StandIn
from aescratch.classroom.looking import cannot_be_called, raised
from aescratch.classroom.outcome import NOT_BEGUN, SYNTAX_ERROR, Outcome, outcome_of
from aescratch.classroom.recognising import recognise
from aescratch.inspection.gradcheck import Report

__all__ = ["Judgement", "Limits", "judge", "missing_protections"]


@dataclass
class Judgement:
    """What judging a submission came to.

    Attributes
    ----------
    outcome : Outcome
        As the student's own check would say it.
    reports : list of Report
        On everything that was checked, in order; none where it never came to that.
    """

    outcome: Outcome
    reports: list[Report] = field(default_factory=list)


def judge(exercise: Exercise, path: Path, *, seed: int, limits: Limits = Limits()) -> Judgement:
    """Return what the checks of an exercise say of a submission; nothing that a submission does raises.

    Parameters
    ----------
    exercise : Exercise
        Whose checks.
    path : Path
        The submission's file, which may be missing.
    seed : int
        What the inputs are drawn from.
    limits : Limits
        What the submission may use up.

    Raises
    ------
    ConfinementError
        If no confined process can be started here, whatever the submission is.
    """
    text = _text_of(path, limits.source)
    if isinstance(text, Outcome):
        return Judgement(text)
    judgement = Judgement(Outcome(NOT_BEGUN))
    process = Confined(limits)
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")  # of what a submission's numbers do to ours
            conversation = Conversation(process, path.name, limits)
            judgement.outcome = _checked(exercise, path, text, seed, conversation, judgement)
    except Ended as ended:
        judgement.outcome = Outcome(ended.kind, ended.message, ended.line, codes=[ended.kind])
    finally:
        printed = process.close()
    judgement.outcome.printed = shown(printed, KEPT)
    return judgement


def _checked(
    exercise: Exercise, path: Path, text: bytes, seed: int, conversation: Conversation, judgement: Judgement
) -> Outcome:  # fmt: skip
    """Return what the checks say, and leave their reports in the judgement."""
    file = Path(path.name)
    try:
        conversation.load(text)
        student = StandIn(conversation)
        if unusable := cannot_be_called(exercise, student, file):
            return unusable
        for report in exercise.checks.check(student, seed):
            judgement.reports.append(report)
    except (Exception, SystemExit) as error:
        return raised(error, file)
    recognise(exercise, judgement.reports, seed)
    return outcome_of(judgement.reports)


def _text_of(path: Path, most: int) -> bytes | Outcome:
    """Return what is in a submission's file, or the outcome for one that can't be read."""

    def unreadable(why: str) -> Outcome:
        return Outcome(SYNTAX_ERROR, f"Python can't read it: {path.name} {why}", codes=[SYNTAX_ERROR])

    if path.is_symlink():  # it may lead to the solution
        return unreadable("is a link; hand in the file itself")
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except FileNotFoundError:
        return Outcome(NOT_BEGUN, f"there is no file {path.name}", codes=[NOT_BEGUN])
    except OSError as error:
        return unreadable(f"can't be opened ({error.strerror})")
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        return unreadable("is no file")
    with open(descriptor, "rb") as stream:
        text = stream.read(most + 1)
    return text if len(text) <= most else unreadable(f"is larger than {most >> 10} KiB")
