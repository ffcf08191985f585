"""The student's side of `aescratch exercises`, which works in any folder inside the student's own.

    init -> folder, progress.json;   start -> a file with a hole;   check -> an answer;   hint -> a matching hint
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
from argparse import Namespace
from pathlib import Path

from aescratch.classroom import Exercise, Workspace, check_file
from aescratch.classroom.answering import answer, bar, listed, listing, what_now, wrapped
from aescratch.classroom.hinting import next_hint
from aescratch.classroom.hints import LEVELS
from aescratch.classroom.outcome import UNSURE, Outcome
from aescratch.classroom.watching import watch
from aescratch.foundations.language import gettext
from aescratch.foundations.platforms import require_processes
from aescratch.programs.cli.status import FAIL, INCONCLUSIVE, RIGHT, UsageError, did_you_mean


def init(arguments: Namespace) -> int:
    """Create a folder for the exercises."""
    if arguments.name is None:
        raise UsageError(gettext("expected a folder after init, such as aescratch exercises init course"))
    workspace = Workspace.create(Path(arguments.name))
    first = workspace.exercises[0]
    sentence = gettext("{folder} is ready: {number} exercises; begin with")
    print(sentence.format(folder=workspace.folder, number=len(workspace.exercises)))
    if workspace.folder.resolve() != Path.cwd():
        print(f"  cd {shlex.quote(str(workspace.folder))}")
    print(f"  aescratch exercises start {first.name}")
    return RIGHT


def list_all(arguments: Namespace) -> int:
    """Print the list of exercises."""
    workspace = here()
    print(json.dumps(listed(workspace), indent=2) if arguments.json else listing(workspace))
    return RIGHT


def start(arguments: Namespace) -> int:
    """Write the file of an exercise, and print what to do."""
    workspace = here()
    exercise = chosen(workspace, arguments.name)
    if arguments.name is None and workspace.entry(exercise)["passed"]:
        exercise = workspace.left() or exercise
    new = workspace.start(exercise)
    head = gettext("{number}. {title} ({minutes} minutes)")
    head = head.format(number=exercise.number, title=exercise.title, minutes=exercise.minutes)
    print(f"{head}\n\n{exercise.task}\n")
    file, command = os.path.relpath(workspace.path(exercise)), "aescratch exercises check"
    first, later = gettext("write your code in {file}, then: {command}"), gettext("continue in {file}, then: {command}")
    print((first if new else later).format(file=file, command=command))
    return RIGHT


def check(arguments: Namespace) -> int:
    """Check one exercise, or all that were started."""
    workspace = here()
    if not arguments.all:
        exercises = [begun(workspace, arguments.name)]
    elif arguments.name is not None:
        sentence = gettext("unexpected argument {word!r} beside --all; leave one of them out")
        raise UsageError(sentence.format(word=arguments.name))
    else:
        exercises = [exercise for exercise in workspace.exercises if workspace.started(exercise)]
    if not exercises:
        first = workspace.exercises[0].name
        sentence = gettext("no exercise was started yet; begin with {command}")
        raise UsageError(sentence.format(command=f"aescratch exercises start {first}"))
    current = workspace.current
    outcomes = {
        exercise.name: check_one(workspace, exercise, arguments.time_limit, arguments.all, silent=arguments.json)
        for exercise in exercises
    }
    if arguments.all:
        workspace.note(next((e for e in exercises if e.name == current), exercises[-1]))
    if arguments.json:
        print(json.dumps({name: outcome.to_dict() for name, outcome in outcomes.items()}, indent=2))
    else:
        print(bar(workspace))
    if all(outcome.passed for outcome in outcomes.values()):
        return RIGHT
    return INCONCLUSIVE if all(outcome.passed or outcome.kind == UNSURE for outcome in outcomes.values()) else FAIL


def check_one(
    workspace: Workspace, exercise: Exercise, seconds: float, brief: bool = False, silent: bool = False
) -> Outcome:
    """Check an exercise and record the outcome; print the whole answer, or only its first line, or nothing."""
    path = workspace.path(exercise)
    outcome = check_file(exercise, path, seconds)
    text = answer(exercise, path, outcome, workspace.record(exercise, outcome))
    if silent:
        return outcome
    if brief:
        print(text.partition("\n")[0], flush=True)
    else:
        width = max(shutil.get_terminal_size((10**6, 24)).columns, 80)  # without a terminal, lines stay whole
        print(f"{wrapped(text, width)}\n{what_now(workspace, exercise, outcome)}", flush=True)
    return outcome


def watch_files(arguments: Namespace) -> int:
    """Check whenever a file is saved."""
    require_processes("aescratch exercises watch", gettext("run aescratch exercises check whenever you have saved"))
    workspace = here()
    exercise = begun(workspace, arguments.name)

    def again(exercise: Exercise) -> None:
        check_one(workspace, exercise, arguments.time_limit)
        watching = gettext("watching: save a file to check it; Control-C to stop")
        print(f"{bar(workspace)}\n{watching}\n", flush=True)

    try:
        watch(workspace, exercise, again)
    except KeyboardInterrupt:
        print()
    return RIGHT


def hint(arguments: Namespace) -> int:
    """Print the next hint for the mistake that the last check found; the last hint needs --answer."""
    if arguments.level is not None and arguments.level > LEVELS:
        sentence = gettext("expected --level from 1 to {levels}, got {level}")
        raise UsageError(sentence.format(levels=LEVELS, level=arguments.level))
    workspace = here()
    exercise = begun(workspace, arguments.name)
    print(next_hint(workspace, exercise, arguments.level, arguments.answer))
    return RIGHT


def reset(arguments: Namespace) -> int:
    """Replace the student's file with the stub."""
    workspace = here()
    if arguments.name is None:
        raise UsageError(gettext("expected the name of the exercise to reset, so that none is reset by mistake"))
    exercise = begun(workspace, arguments.name)
    kept = workspace.reset(exercise)
    sentence = gettext("{name} starts again from the original file; yours is kept in {file}")
    print(sentence.format(name=exercise.name, file=os.path.relpath(kept)))
    return RIGHT


def solution(arguments: Namespace) -> int:
    """Print the solution, if the exercise has passed or the student gives up."""
    workspace = here()
    exercise = chosen(workspace, arguments.name)
    if exercise.released:
        sentence = gettext("the solution of {name} is not in this course; your teacher has it")
        raise UsageError(sentence.format(name=exercise.name))
    entry = workspace.entry(exercise)
    if not (entry["passed"] or entry["gave_up"] or arguments.give_up):
        sentence = gettext(
            "{name} hasn't passed yet; ask for a hint, or see the solution anyway with --give-up, which is recorded"
        )
        raise UsageError(sentence.format(name=exercise.name))
    if arguments.give_up and not entry["passed"]:
        workspace.note(exercise, gave_up=True)
    print(exercise.shown_solution, end="")
    return RIGHT


def here() -> Workspace:
    """Return the workspace of the current folder."""
    return Workspace.find(Path.cwd())


def chosen(workspace: Workspace, name: str | None) -> Exercise:
    """Return the exercise of this name, number or file; by default the current one, or else the first not passed."""
    exercises = workspace.exercises
    if name is None:
        current = next((exercise for exercise in exercises if exercise.name == workspace.current), None)
        return current or workspace.left() or exercises[0]
    word = Path(name).name.removesuffix(".py")
    for exercise in exercises:
        if word in (exercise.name, exercise.folder.name) or (word.isdecimal() and int(word) == exercise.number):
            return exercise
    near = did_you_mean(word, [exercise.name for exercise in exercises])
    sentence = gettext("there is no exercise {name!r}").format(name=name)
    raise UsageError(sentence + (near or gettext("; see aescratch exercises list")))


def begun(workspace: Workspace, name: str | None) -> Exercise:
    """Return the exercise of this name; raise `UsageError` if its file is missing."""
    exercise = chosen(workspace, name)
    if not workspace.started(exercise):
        sentence = gettext("there is no {file} yet; create it with {command}")
        command = f"aescratch exercises start {exercise.name}"
        raise UsageError(sentence.format(file=exercise.file_name, command=command))
    return exercise
