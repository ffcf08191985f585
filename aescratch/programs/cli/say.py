"""The teacher's decisions for `aescratch exercises grade`: overrides, lateness, dropped exercises.

    OPTIONS -> arguments;   said(arguments, ...) -> Say, Regrade;   report(grades, regrade) -> prints the changes
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from fractions import Fraction
from functools import partial
from pathlib import Path

from aescratch.classroom.exercise import Exercise
from aescratch.classroom.grading.grades import Grades, Say
from aescratch.classroom.grading.lateness import due_of, rule_of
from aescratch.classroom.grading.overrides import FILE_NAME, Regrade, read_overrides
from aescratch.foundations.language import Phrase, gettext
from aescratch.programs.cli.courses import chosen
from aescratch.programs.cli.options import group, option, whole
from aescratch.programs.cli.status import UsageError, usage_error
from aescratch.programs.cli.words import count

MOST_CHANGES = 20  # that are printed

OVERRIDES = Phrase("your points and comments (default: {file} in the folder of the grades)", file=FILE_NAME)
OPTIONS = group(
    "your decisions",
    option("--overrides", metavar="FILE", help=OVERRIDES),
    option("--due", metavar="DATE", help="the deadline, such as 2026-11-30T18:00+09:00"),
    option("--late", metavar="RULE", help="the deduction for lateness, such as 10%%/day"),
    option(
        "--quotients", type=partial(count, 0), default=100, metavar="PERCENT",
        help="percentage of the points for gradients by difference quotients (default %(default)s); they are always "
        "marked",
    ),
    whole("--drop-lowest", "leave each student's N lowest exercises out of the total"),
    option("--regrade", nargs="+", metavar="NAME", help="judge these students or exercises again, and show changes"),
)


def said(
    arguments: Namespace, students: Sequence[str], exercises: Sequence[Exercise], folder: Path, dated: bool
) -> tuple[Say, Regrade]:
    """Return the teacher's decisions, and the places to regrade; raise `UsageError` before anything is judged.

    Students may have dates of their own: then the roster is `dated`.
    """
    drop = arguments.drop_lowest or 0
    if drop and drop >= len(exercises):
        sentence = gettext("expected --drop-lowest below the number of exercises, {count}, got {drop}")
        raise UsageError(sentence.format(count=len(exercises), drop=drop))
    if arguments.quotients > 100:
        sentence = gettext("expected --quotients to be at most 100 percent, got {got}")
        raise UsageError(sentence.format(got=arguments.quotients))
    if arguments.late and not arguments.due and not dated:
        raise UsageError(gettext("expected --due together with --late, since lateness needs a deadline; give a date"))
    with usage_error(ValueError):
        due = due_of(arguments.due) if arguments.due else None
        late = rule_of(arguments.late) if arguments.late else Fraction(0)
        path = Path(arguments.overrides or folder / FILE_NAME)
        course = chosen(arguments.exercises, None)  # the table may contain exercises that aren't graded now
        overrides = read_overrides(path, students, course) if arguments.overrides or path.exists() else {}
        regrade = Regrade(folder)
        if arguments.regrade:
            regrade.ask_for(arguments.regrade, students, exercises)
    return Say(overrides, due, late, arguments.quotients, drop), regrade


def report(grades: Grades, regrade: Regrade) -> None:
    """Print the points that changed by regrading."""
    if regrade.places:
        change = gettext("{student}: {exercise}, {before:g} before, {now:g} now")
        changes: list[str] = [
            change.format(
                student=student.name, exercise=graded.exercise.name, before=float(old), now=float(graded.points)
            )
            for student in grades.students for graded in student.graded
            if (old := regrade.before.get((student.name, graded.exercise.name))) not in (None, graded.points)
        ]  # fmt: skip
        rest = gettext("and {count} more, see summary.html").format(count=len(changes) - MOST_CHANGES)
        more = [rest] if len(changes) > MOST_CHANGES else []
        head = gettext("regraded: {places}, points that changed: {changes}")
        head = head.format(places=len(regrade.places), changes=len(changes))
        print(head, *changes[:MOST_CHANGES], *more, sep="\n  ")
