"""The text of an answer to the student: the outcome, the progress so far, what changed, and what to do next.

    Outcome, the student's file, the entry of the last check -> text
"""

import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aescratch.classroom.exercise import Exercise
from aescratch.classroom.outcome import HEADLINES, NOT_BEGUN, PASSED, Outcome
from aescratch.classroom.workspace import Workspace
from aescratch.foundations.language import gettext
from aescratch.inspection.gradcheck.printing import ASK_YOURSELF
from aescratch.inspection.gradcheck.printing import shown as in_words

WIDTH = 24  # of the progress bar
PRINTED_LINES = 5
HEADS = ("tensor", "tried on")  # the first words of a report's table
SEVERITIES = ("error", "inconclusive", "note")


def answer(exercise: Exercise, path: Path, outcome: Outcome, before: Mapping[str, Any]) -> str:
    """Return the answer to a check of a student's file, from its outcome and the entry of the last check."""
    lines = [f"{exercise.name}: {HEADLINES[outcome.kind]}"]
    if outcome.kind == NOT_BEGUN and outcome.line:
        lines.append(f"  write your code at {path.name}:{outcome.line}, in place of raise NotImplementedError")
    elif outcome.message and not outcome.reports:
        lines.append(f"  {outcome.message}")
    if outcome.line and outcome.kind != NOT_BEGUN and not outcome.reports:
        theirs = ["", *path.read_text(encoding="utf-8", errors="replace").splitlines()]
        lines.append(f"  {path.name}:{outcome.line}:  {''.join(theirs[outcome.line : outcome.line + 1]).strip()}")
    lines += [_shown(report) for report in outcome.reports]
    if outcome.printed.strip():
        printed = outcome.printed.strip().splitlines()
        more = " (and more)" if len(printed) > PRINTED_LINES else ""
        lines.append(f"  your code printed{more}:")
        lines += [f"    | {line[:100]}" for line in printed[:PRINTED_LINES]]
    lines += [f"  note: {remark}" for remark in outcome.remarks]
    if changes := changed_since(before, outcome):
        lines.append(f"  {changes}")
    return "\n".join(lines)


def what_now(workspace: Workspace, exercise: Exercise, outcome: Outcome) -> str:
    """Return the line that says what to do after a check."""
    if not outcome.passed:
        return f"for a hint: aescratch exercises hint {exercise.name}"
    following = workspace.left(exercise.number)
    if following is None:
        return "all exercises pass: you are done"
    verb = "check" if workspace.started(following) else "start"
    return f"next: aescratch exercises {verb} {following.name}   ({following.title}, {following.minutes} minutes)"


def changed_since(before: Mapping[str, Any], outcome: Outcome) -> str:
    """Return what has changed since the last check, in words, or an empty text."""
    if not before["kind"]:
        return ""
    if before["kind"] != outcome.kind:
        return f"the last check said: {HEADLINES.get(before['kind'], before['kind'])}"
    changes = []
    for tensor, verdict in outcome.verdicts.items():
        old = before["verdicts"].get(tensor)
        if old not in (None, verdict):
            changes.append(f"{tensor} is now right" if verdict == "pass" else f"{tensor} was {old}, now {verdict}")
    if not changes and before["codes"] != outcome.codes:
        changes.append("the findings are different")
    if not changes and outcome.kind not in (PASSED, NOT_BEGUN):
        changes.append("the kinds of findings are the same")
    return f"since the last check: {'; '.join(changes)}" if changes else ""


def bar(workspace: Workspace) -> str:
    """Return the student's progress as a bar."""
    exercises = workspace.exercises
    passed = sum(bool(workspace.entry(exercise)["passed"]) for exercise in exercises)
    filled = WIDTH * passed // len(exercises)
    return f"[{'#' * filled}{'.' * (WIDTH - filled)}] {passed} of {len(exercises)} pass"


def listing(workspace: Workspace) -> str:
    """Return the list of exercises, chapter by chapter, with the state of each."""
    lines: list[str] = []
    chapter = ""
    for exercise in workspace.exercises:
        if exercise.chapter != chapter:
            chapter = exercise.chapter
            lines.append(chapter)
        here = ">" if exercise.name == workspace.current else " "
        entry, state = workspace.entry(exercise), "started" if workspace.started(exercise) else ""
        if entry["passed"]:
            state = "seen" if entry["gave_up"] else "passed"
        words = f"{exercise.title}, {exercise.minutes} min"
        lines.append(f"{here} {exercise.number:2}  {exercise.name:<24}{state:<10}{words}")
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
        if len(line) <= width or "  " in line.strip() or line.lstrip().startswith("|"):
            lines.append(line)
        else:
            lines += textwrap.wrap(line, width, subsequent_indent=inset, break_long_words=False, break_on_hyphens=False)
    return "\n".join(lines)


def _shown(report: str) -> str:
    """Return a report's text, indented, with each question once, and without the head of an empty table."""
    lines = report.splitlines()
    question, table = f"  {gettext(ASK_YOURSELF)} ", tuple(f"{gettext(word)}  " for word in HEADS)
    no_row = tuple(f"{in_words(severity)}: " for severity in SEVERITIES)
    shown: list[str] = []
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        asked_before = line.startswith(question) and f"  {line}" in shown
        empty_table = line.startswith(table) and following.startswith(no_row)
        if not (asked_before or empty_table):
            shown.append(f"  {line}")
    return "\n".join(shown)
