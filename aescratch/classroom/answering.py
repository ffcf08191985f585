"""The text of an answer to the student: the outcome, the progress so far, what changed, and what to do next.

    Outcome, the student's file, the entry of the last check -> text
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aescratch.classroom.exercise import Exercise
from aescratch.classroom.outcome import NOT_BEGUN, Outcome, headline
from aescratch.classroom.workspace import Workspace
from aescratch.foundations.columns import columns_of, padded, wrapped_lines
from aescratch.foundations.language import gettext, gettext_noop
from aescratch.inspection.gradcheck.printing import ASK_YOURSELF
from aescratch.inspection.gradcheck.printing import shown as in_words

WIDEST = 48  # of the progress bar, which otherwise has a character for each exercise
ASKS_FIRST = "\nPREDICTION = None"
PRINTED_LINES = 5
HEADS = (gettext_noop("tensor"), gettext_noop("tried on"))  # the first words of a report's table
SEVERITIES = ("error", "inconclusive", "note")


def answer(exercise: Exercise, path: Path, outcome: Outcome, before: Mapping[str, Any]) -> str:
    """Return the answer to a check of a student's file, from its outcome and the entry of the last check."""
    lines = [f"{exercise.name}: {headline(outcome.kind)}"]
    if outcome.kind == NOT_BEGUN and outcome.line:
        if ASKS_FIRST in exercise.stub:  # else the check would have ended at the prediction
            lines.append(f"  {gettext('pass: the prediction is right')}")
        place = f"{path.name}:{outcome.line}"
        sentence = gettext("write your code at {place}, in place of raise NotImplementedError")
        lines.append(f"  {sentence.format(place=place)}")
    elif outcome.message and not outcome.reports:
        lines.append(f"  {outcome.message}")
    if outcome.line and outcome.kind != NOT_BEGUN and not outcome.reports:
        theirs = ["", *path.read_text(encoding="utf-8", errors="replace").splitlines()]
        lines.append(f"  {path.name}:{outcome.line}:  {''.join(theirs[outcome.line : outcome.line + 1]).strip()}")
    lines += [_shown(report) for report in outcome.reports]
    if outcome.printed.strip():
        printed = outcome.printed.strip().replace(f"{path.resolve().parent}{os.sep}", "").splitlines()  # in warnings
        more = len(printed) > PRINTED_LINES
        first = gettext("your code printed more; the first {number} lines:").format(number=PRINTED_LINES)
        head = first if more else gettext("your code printed:")
        lines.append(f"  {head}")
        lines += [f"    | {line[:100]}" for line in printed[:PRINTED_LINES]]
    lines += [f"  {gettext('note')}: {remark}" for remark in outcome.remarks]
    if changes := changed_since(before, outcome):
        lines.append(f"  {changes}")
    return "\n".join(lines)


def what_now(workspace: Workspace, exercise: Exercise, outcome: Outcome) -> str:
    """Return the line that says what to do after a check."""
    if not outcome.passed:
        return gettext("for a hint: {command}").format(command=f"aescratch exercises hint {exercise.name}")
    following = workspace.left(exercise.number)
    if following is None:
        return gettext("all exercises pass: you are done")
    command = f"aescratch exercises {'check' if workspace.started(following) else 'start'} {following.name}"
    sentence = gettext("next: {command}   ({title}, {minutes} minutes)")
    return sentence.format(command=command, title=following.title, minutes=following.minutes)


def changed_since(before: Mapping[str, Any], outcome: Outcome) -> str:
    """Return what has changed since the last check of an answer; an empty text if nothing has, or if it passes now."""
    if before["kind"] in ("", NOT_BEGUN) or outcome.passed:
        return ""
    if before["kind"] != outcome.kind:
        return gettext("the check before this one said: {headline}").format(headline=headline(before["kind"]))
    changes = []
    for tensor, verdict in outcome.verdicts.items():
        old = before["verdicts"].get(tensor)
        if old not in (None, verdict):
            right, other = gettext("{tensor} is now right"), gettext("{tensor}: {old} before, {verdict} now")
            sentence = right if verdict == "pass" else other
            changes.append(sentence.format(tensor=tensor, old=old, verdict=verdict))
    return gettext("since the last check: {changes}").format(changes="; ".join(changes)) if changes else ""


def bar(workspace: Workspace) -> str:
    """Return the student's progress as a bar."""
    exercises = workspace.exercises
    passed = sum(bool(workspace.entry(exercise)["passed"]) for exercise in exercises)
    width = min(len(exercises), WIDEST)
    filled = max(width * passed // len(exercises), min(passed, 1))
    number = gettext("{passed} of {number} pass").format(passed=passed, number=len(exercises))
    return f"[{'#' * filled}{'.' * (width - filled)}] {number}"


def listing(workspace: Workspace) -> str:
    """Return the list of exercises, chapter by chapter, with the state of each."""
    lines: list[str] = []
    chapter, wide = "", 2 + max(len(exercise.name) for exercise in workspace.exercises)
    for exercise in workspace.exercises:
        if exercise.chapter != chapter:
            chapter = exercise.chapter
            lines.append(chapter)
        here = ">" if exercise.name == workspace.current else " "
        entry, state = workspace.entry(exercise), gettext("started") if workspace.started(exercise) else ""
        if entry["passed"]:
            state = gettext("seen") if entry["gave_up"] else gettext("passed")
        words = gettext("{title}, {minutes} min").format(title=exercise.title, minutes=exercise.minutes)
        lines.append(f"{here} {exercise.number:2}  {exercise.name:<{wide}}{padded(state, 10)}{words}")
    return "\n".join([*lines, bar(workspace)])


def listed(workspace: Workspace) -> list[dict[str, Any]]:
    """Return the list of exercises for a program to read: each exercise and its state."""
    return [
        {
            "number": exercise.number, "name": exercise.name, "title": exercise.title, "chapter": exercise.chapter,
            "minutes": exercise.minutes, "points": exercise.points, "started": workspace.started(exercise),
            "current": exercise.name == workspace.current, **workspace.entry(exercise),
        }
        for exercise in workspace.exercises
    ]  # fmt: skip


def wrapped(text: str, width: int) -> str:
    """Return a text with its long lines wrapped between words, keeping their indentation; tables and code stay whole.

    Examples
    --------
    >>> print(wrapped("  error: one two three four\\n  tensor  shape   entries  kinks", 18))
      error: one two
        three four
      tensor  shape   entries  kinks
    """
    lines: list[str] = []
    for line in text.splitlines():
        inset = line[: len(line) - len(line.lstrip())] + "  "
        if columns_of(line) <= width or "  " in line.strip() or line.lstrip().startswith("|"):
            lines.append(line)
        else:
            lines += wrapped_lines(line, width, inset)
    return "\n".join(lines)


def _shown(report: str) -> str:
    """Return a report's text, indented, with each question once, and without the head of an empty table."""
    lines = report.splitlines()
    question = tuple(f"  {word} " for word in (ASK_YOURSELF, gettext(ASK_YOURSELF)))
    table = tuple(f"{word}  " for word in (*HEADS, *map(gettext, HEADS)))
    no_row = tuple(f"{word}: " for word in (*SEVERITIES, *map(in_words, SEVERITIES)))
    shown: list[str] = []
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        asked_before = line.startswith(question) and f"  {line}" in shown
        empty_table = line.startswith(table) and following.startswith(no_row)
        if not (asked_before or empty_table):
            shown.append(f"  {line}")
    return "\n".join(shown)
