"""`aescratch exercises`: exercises written, checked and hinted at, from any folder inside the student's own.

    init -> folder, progress.json;   start -> a file with a hole;   check -> an answer;   hint -> by what was found
"""

from __future__ import annotations

import os
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from functools import partial
from pathlib import Path

from aescratch.cli.status import FAIL, INCONCLUSIVE, RIGHT, UsageError, did_you_mean
from aescratch.cli.words import count
from aescratch.exercises import Exercise, Workspace, WorkspaceError, all_exercises, check_file
from aescratch.exercises.answering import answer, bar, listing, what_now
from aescratch.exercises.hints import LEVELS
from aescratch.exercises.outcome import UNSURE, Outcome
from aescratch.exercises.running import TIME_LIMIT
from aescratch.exercises.watching import watch

DESCRIPTION = """Write the backward passes yourself, and be told what is wrong and why.

  init DIR        make a folder for the exercises
  list            what there is, and how far you are
  start NAME      write the file of an exercise: one hole, and what is expected
  check [NAME]    check the current exercise, or another, or all
  watch [NAME]    check whenever you save, until Control-C
  hint [NAME]     a hint that fits what the last check found; ask again for more
  reset NAME      begin again; your file is kept in backups/
  solution NAME   ours, once yours passes

NAME is an exercise's name, number or file. Exit status of check: 0 all pass, 1 not yet, 3 can't be judged.
"""
EXAMPLES = """examples:
  aescratch exercises init course
  aescratch exercises start dense_backward
  aescratch exercises check --all
  aescratch exercises hint dense_backward --level 2
  aescratch exercises solution dense_backward --give-up
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the options of `aescratch exercises`."""
    parser.description, parser.epilog = DESCRIPTION, EXAMPLES
    parser.add_argument("action", metavar="ACTION", choices=ACTIONS, help=f"one of {', '.join(ACTIONS)}")
    parser.add_argument("name", metavar="NAME", nargs="?", help="of an exercise; the folder's for init")
    parser.add_argument("--all", action="store_true", help="check every exercise that was started")
    parser.add_argument("--level", type=partial(count, 1), metavar="N", help=f"of a hint, 1 to {LEVELS}")
    parser.add_argument("--give-up", action="store_true", help="show the solution before yours passes; it is recorded")
    parser.add_argument(
        "--time-limit", type=partial(count, 1), default=int(TIME_LIMIT), metavar="SECONDS",
        help="for a check (default %(default)s)",
    )  # fmt: skip


def run(arguments: Namespace) -> int:
    """Do what was asked for, and return the exit status."""
    refuse_options(arguments)
    try:
        return ACTIONS[arguments.action](arguments)
    except WorkspaceError as error:
        raise UsageError(str(error)) from error


def refuse_options(arguments: Namespace) -> None:
    """Refuse an option that this action doesn't take."""
    given = {"--all": (arguments.all, "check"), "--level": (arguments.level, "hint"),
             "--give-up": (arguments.give_up, "solution")}  # fmt: skip
    for option, (value, action) in given.items():
        if value and arguments.action != action:
            raise UsageError(f"{option} is for aescratch exercises {action}; leave it out")
    if arguments.level is not None and arguments.level > LEVELS:
        raise UsageError(f"expected --level from 1 to {LEVELS}, got {arguments.level}")
    if arguments.action == "init" and arguments.name is None:
        raise UsageError("expected a folder after init, such as aescratch exercises init course")
    if arguments.name is not None and (arguments.action == "list" or arguments.all):
        raise UsageError(f"there is one word too many, {arguments.name!r}")


def init(arguments: Namespace) -> int:
    """Make a folder ready."""
    workspace = Workspace.create(Path(arguments.name))
    first = all_exercises()[0]
    print(f"{workspace.folder} is ready: {len(all_exercises())} exercises")
    print(f"go there, and begin: aescratch exercises start {first.name}")
    return RIGHT


def list_all(arguments: Namespace) -> int:
    """Print the path."""
    print(listing(here()))
    return RIGHT


def start(arguments: Namespace) -> int:
    """Write the file of an exercise, and print what to do."""
    workspace = here()
    exercise = chosen(workspace, arguments.name)
    new = workspace.start(exercise)
    print(f"{exercise.number}. {exercise.title} ({exercise.minutes} minutes)\n\n{exercise.task}\n")
    file = os.path.relpath(workspace.path(exercise))
    print(f"{'write' if new else 'go on'} in {file}, then: aescratch exercises check")
    return RIGHT


def check(arguments: Namespace) -> int:
    """Check one exercise, or all that were started."""
    workspace = here()
    if arguments.all:
        exercises = [exercise for exercise in all_exercises() if workspace.started(exercise)]
        if not exercises:
            raise UsageError("no exercise was started yet; begin with aescratch exercises start "
                             + all_exercises()[0].name)  # fmt: skip
        current = workspace.current
        outcomes = [check_one(workspace, exercise, arguments.time_limit, brief=True) for exercise in exercises]
        workspace.note(next((e for e in exercises if e.name == current), exercises[-1]))
    else:
        outcomes = [check_one(workspace, begun(workspace, arguments.name), arguments.time_limit)]
    print(bar(workspace))
    if all(outcome.passed for outcome in outcomes):
        return RIGHT
    return INCONCLUSIVE if all(outcome.passed or outcome.kind == UNSURE for outcome in outcomes) else FAIL


def check_one(workspace: Workspace, exercise: Exercise, seconds: float, brief: bool = False) -> Outcome:
    """Check an exercise, print the answer, or its first line, and record it."""
    path = workspace.path(exercise)
    outcome = check_file(exercise, path, seconds)
    text = answer(exercise, path, outcome, workspace.record(exercise, outcome))
    print(text.partition("\n")[0] if brief else f"{text}\n{what_now(workspace, exercise, outcome)}", flush=True)
    return outcome


def watch_files(arguments: Namespace) -> int:
    """Check whenever a file is saved."""
    workspace = here()
    exercise = begun(workspace, arguments.name)

    def again(exercise: Exercise) -> None:
        check_one(workspace, exercise, arguments.time_limit)
        print(f"{bar(workspace)}\nwatching; save a file to have it checked, Control-C to end\n", flush=True)

    try:
        watch(workspace, exercise, again)
    except KeyboardInterrupt:
        print()
    return RIGHT


def hint(arguments: Namespace) -> int:
    """Print the next hint for what the last check found."""
    workspace = here()
    exercise = begun(workspace, arguments.name)
    entry = workspace.entry(exercise)
    if entry["passed"] and entry["kind"] == "passed":
        print(f"{exercise.name} passes; there is nothing to hint at")
        return RIGHT
    key, levels = exercise.hints.choose(entry["codes"])
    level = arguments.level or min(entry["hints"].get(key, 0) + 1, LEVELS)
    workspace.note(exercise, hints={**entry["hints"], key: max(level, entry["hints"].get(key, 0))})
    about = "in general" if key == "*" else f"on {key.replace('@', ' of ')}"
    print(f"{exercise.name}, hint {level} of {LEVELS} {about}:\n  {levels[level - 1]}")
    return RIGHT


def reset(arguments: Namespace) -> int:
    """Put the stub back."""
    workspace = here()
    if arguments.name is None:
        raise UsageError("expected the name of the exercise to reset, so that none is reset by mistake")
    exercise = begun(workspace, arguments.name)
    kept = workspace.reset(exercise)
    print(f"{exercise.name} is as it was at the start; what you wrote is kept in {os.path.relpath(kept)}")
    return RIGHT


def solution(arguments: Namespace) -> int:
    """Print the solution, if it is time."""
    workspace = here()
    exercise = chosen(workspace, arguments.name)
    entry = workspace.entry(exercise)
    if not (entry["passed"] or entry["gave_up"] or arguments.give_up):
        raise UsageError(
            f"{exercise.name} hasn't passed yet; ask for a hint, or see the solution all the same with --give-up, "
            "which is recorded"
        )
    if arguments.give_up and not entry["passed"]:
        workspace.note(exercise, gave_up=True)
    print(exercise.shown_solution, end="")
    return RIGHT


def here() -> Workspace:
    """Return the workspace that we are in."""
    return Workspace.find(Path.cwd())


def chosen(workspace: Workspace, name: str | None) -> Exercise:
    """Return the exercise of this name, number or file; without one the current, or else the first that is left.

    Raises
    ------
    UsageError
        If there is none.
    """
    exercises = all_exercises()
    if name is None:
        current = next((exercise for exercise in exercises if exercise.name == workspace.current), None)
        return current or workspace.left() or exercises[0]
    word = Path(name).name.removesuffix(".py")
    for exercise in exercises:
        if word in (exercise.name, exercise.folder.name) or (word.isdecimal() and int(word) == exercise.number):
            return exercise
    near = did_you_mean(word, [exercise.name for exercise in exercises])
    raise UsageError(f"there is no exercise {name!r}{near or '; see aescratch exercises list'}")


def begun(workspace: Workspace, name: str | None) -> Exercise:
    """Return the exercise of this name if its file is there.

    Raises
    ------
    UsageError
        If it isn't.
    """
    exercise = chosen(workspace, name)
    if not workspace.started(exercise):
        advice = f"write it with aescratch exercises start {exercise.name}"
        raise UsageError(f"there is no {exercise.file_name} yet; {advice}")
    return exercise


ACTIONS: dict[str, Callable[[Namespace], int]] = {
    "init": init, "list": list_all, "start": start, "check": check, "watch": watch_files, "hint": hint,
    "reset": reset, "solution": solution,
}  # fmt: skip
