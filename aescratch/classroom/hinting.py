"""The next hint for what the last check of an exercise found, and the note that it was read.

    what is known of the exercise, its hints -> one level of one hint, in words; the last level only if asked for
"""

from aescratch.classroom.exercise import Exercise
from aescratch.classroom.hints import LEVELS, about
from aescratch.classroom.outcome import NOT_BEGUN
from aescratch.classroom.workspace import Workspace
from aescratch.foundations.language import gettext, with_sentences


def next_hint(workspace: Workspace, exercise: Exercise, level: int | None = None, answer: bool = False) -> str:
    """Return the next hint, or the one of a level, or with `answer` the last one; or why there is none yet."""
    entry = workspace.entry(exercise)
    if entry["passed"] and entry["kind"] == "passed":
        return gettext("{name} passes; it needs no hint").format(name=exercise.name)
    key, levels = exercise.hints.choose(entry["codes"])
    mistake = entry["mistake"] or key
    seen = entry["hints"].get(mistake, 0)
    level = LEVELS if answer else level or seen + 1
    if level > 1 and exercise.is_planted and entry["kind"] in ("", NOT_BEGUN):
        sentence = gettext("{name}: the file is not edited yet; change a line and check it before you ask for more")
        return sentence.format(name=exercise.name)
    if level >= LEVELS and not answer:
        sentence = gettext(
            "{name}: the last hint tells what to write. What would you try after hint {level}? Change one line and "
            "check it. To read the last hint anyway: {command}"
        )
        command = f"aescratch exercises hint {exercise.name} --answer"
        return sentence.format(name=exercise.name, level=LEVELS - 1, command=command)
    workspace.note(exercise, hints={**entry["hints"], mistake: max(level, seen)})
    with with_sentences(exercise.sentences):
        topic = about(key)
    head = gettext("{name}, hint {level} of {levels}:")
    if topic:
        head = gettext("{name}, hint {level} of {levels} {about}:")
    head = head.format(name=exercise.name, level=level, levels=LEVELS, about=topic)
    return f"{head}\n  {levels[level - 1]}"
