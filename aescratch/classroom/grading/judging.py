"""Judge a submission: it runs in a confined process, while the checks of the exercise run here.

    submission --text--> confined process;   checks.check(stand-in for it, seed) -> Judgement(outcome, reports)

The checks, the right values and the known mistakes stay on this side. Every submission gets a judgement, whatever it
does.
"""

import functools
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from aescratch.classroom.exercise import Exercise
from aescratch.classroom.grading.channel import shown
from aescratch.classroom.grading.confinement import Confined, Limits
from aescratch.classroom.grading.quotients import Calls, evidence
from aescratch.classroom.grading.sandbox import missing_protections
from aescratch.classroom.grading.stand_in import Conversation
from aescratch.classroom.looking import judgement_of
from aescratch.classroom.outcome import DIED, KEPT, SYNTAX_ERROR, TIMED_OUT, Judgement, stopped
from aescratch.foundations.language import gettext

__all__ = ["Judgement", "Limits", "judge_text", "missing_protections"]


def judge_text(exercise: Exercise, text: bytes, file: str, *, seed: int, limits: Limits = Limits()) -> Judgement:
    """Return the judgement on a submission's text at this seed; `file` is its name in messages."""
    if len(text) > limits.source:
        why = gettext("Python can't read it: {file} is larger than {size} KiB")
        return Judgement(stopped(SYNTAX_ERROR, why.format(file=file, size=limits.source >> 10)))
    return judge_at(exercise, text, file, seeds=[seed], limits=limits, is_flagging=True)[0]


def judge_at(
    exercise: Exercise, text: bytes, file: str, *, seeds: Sequence[int], limits: Limits = Limits(),
    is_flagging: bool = False,
) -> list[Judgement]:  # fmt: skip
    """Return the same at several seeds, in one confined process that loads the text again at each.

    If the process ends at a seed, for example because its time is up, the later seeds have no judgement. The search for
    difference quotients is optional: a course's own texts need no flag.
    """
    judgements: list[Judgement] = []
    process = Confined(limits, exercise.packages)
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")  # a submission's numbers may overflow ours
            conversation = Conversation(process, file, limits)
            load = functools.partial(conversation.load, text)
            for seed in seeds:
                conversation.left, conversation.calls = limits.seconds, Calls()
                judgement = judgement_of(exercise, load, Path(file), text, seed)
                if is_flagging:
                    judgement.quotients = evidence(exercise, text, judgement.reports, conversation.calls, conversation)
                judgements.append(judgement)
                if judgement.outcome.kind in (TIMED_OUT, DIED):
                    break
    finally:
        printed = process.close()
    for judgement in judgements:
        judgement.outcome.printed = shown(printed, KEPT)
    return judgements
