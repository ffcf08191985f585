"""The parts of an exercise that earn points, found by checking its own solution and its own stub.

    solution and stub, checked once -> Expected of each report -> declared(exercise): parts, and their points

Every report of an exercise's checks has these parts: its shapes, the values of each tensor, whether it is linear in the
upstream gradient (if it has one), and whether it changes no argument and is repeatable. In an exercise with a planted
bug, values that are right in the stub earn nothing, but must stay right.
"""

import contextlib
import functools
import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

from aescratch.classroom.comparing import ValueReport
from aescratch.classroom.exercise import Exercise
from aescratch.foundations.language import gettext, gettext_noop, in_language
from aescratch.inspection.gradcheck import Report
from aescratch.inspection.gradcheck.binding import UPSTREAM_NAMES

HUNDREDTHS = 100  # points are whole hundredths, so that sums are exact
SHAPES, LINEAR, PURE, KEPT = 10, 10, 10, 20  # percent of a report; the values share the rest
COMPARING = (Report.__name__, ValueReport.__name__)  # the reports on arrays; others count answers
WHOLE = 10  # weight of a report without tensors, such as that on a prediction; others have 100 for each tensor
STEADY = gettext_noop("changes no argument, and gives the same result again")
SEEDS_TRIED = 100


class Part(NamedTuple):
    """A part of an exercise: its report among those of the checks, its kind, and its points."""

    name: str  # in English, a key; `told` translates it
    report: int
    kind: str
    tensor: str
    of: Fraction


@dataclass
class Expected:
    """What to expect of one report, from the check of the solution."""

    function: str  # the first of the student's functions that was called
    sort: str  # the name of the report's class: of gradients, of values, of a prediction, or of an exercise's own
    title: str
    upstream: bool  # whether the function was given an upstream gradient
    tensors: list[str]  # the names of the tensors that are compared
    given: list[str]  # those that are right in the stub
    shaped: bool  # whether all shapes are right in the stub
    answers: int  # the number of equal steps in the share of right answers

    @property
    def sought(self) -> list[str]:
        """The tensors that the student has to get right."""
        return [name for name in self.tensors if name not in self.given]


def number(points: Fraction | int) -> int | float:
    """Return points as they are written: whole ones as an int."""
    return int(points) if points.denominator == 1 else float(points)


@functools.cache
def fair_seed(exercise: Exercise, seed: int) -> int:
    """Return the first seed from this one on at which the exercise's own solution passes.

    Drawn inputs can be unlucky, for example too many at a kink, so that no answer could pass. Raises `ValueError` if a
    hundred seeds in a row fail: then the solution is wrong.
    """
    for candidate in range(seed, seed + SEEDS_TRIED):
        reports = [report for report, _ in checked(exercise, exercise.solution, candidate)]
        if reports and all(report.verdict == "pass" for report in reports):
            return candidate
    message = gettext(
        "expected the solution of {name} to pass its own checks, but it doesn't; see aescratch exercises validate"
    )
    raise ValueError(message.format(name=exercise.name))


def checked(exercise: Exercise, text: str, seed: int) -> list[tuple[Report, dict[str, bool]]]:
    """Return the reports on a text of ours, each with the functions called, and whether with an upstream gradient."""
    calls: dict[str, bool] = {}

    def noting(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        if not inspect.isfunction(function):
            return function

        @functools.wraps(function)
        def noted(*args: Any, **kwargs: Any) -> Any:
            given = any(name.startswith("grad_") or name in UPSTREAM_NAMES for name in kwargs)
            calls[name] = calls.get(name, False) or given
            return function(*args, **kwargs)

        return noted

    found = []
    with contextlib.suppress(NotImplementedError):  # a stub that the checks call outside a report
        for report in exercise.reports_on(text, seed, noting):
            found.append((report, dict(calls)))
            calls.clear()
    return found


@functools.cache
@in_language("en")
def expected(exercise: Exercise) -> tuple[Expected, ...]:
    """Return what to expect of each report of an exercise's checks, from its solution and its stub."""
    seed = fair_seed(exercise, 0)
    stub = [report for report, _ in checked(exercise, exercise.stub, seed)]
    found = []
    for number, (report, calls) in enumerate(checked(exercise, exercise.solution, seed)):
        names = [tensor.name for tensor in report.tensors]
        before = {t.name: t.verdict for t in stub[number].tensors} if number < len(stub) else {}
        given = [name for name in names if before.get(name) == "pass"]
        function = next(iter(calls), "")
        shaped = set(names) <= set(before)
        upstream = any(calls.values()) and type(report) is Report
        answers = math.lcm(*(tensor.verdicts.size for tensor in report.tensors))
        found.append(Expected(function, type(report).__name__, report.title, upstream, names, given, shaped, answers))
    return tuple(found)


@functools.cache
@in_language("en")
def declared(exercise: Exercise) -> tuple[Part, ...]:
    """Return the parts of an exercise; their points add up to the exercise's own, exactly.

    Reports share the points by the number of tensors that they compare. Each part's share is rounded down to
    hundredths. The remainder goes, a hundredth each, to the parts that lost most; of equal ones, to the first.
    """
    reports = expected(exercise)
    parts: list[tuple[str, int, str, str, Fraction]] = []
    names: list[str] = []
    for number, report in enumerate(reports):
        before = names.count(report.function)
        names.append(report.function)
        several = f" ({before + 1})" if before else ""
        title = f"{report.function}{several}: " if len(reports) > 1 and report.tensors else ""
        weight = max(1, len(report.tensors))
        for name, kind, tensor, percent in _parts(report):
            parts.append((title + name, number, kind, tensor, weight * percent))
    total = sum(share for *_, share in parts)
    hundredths = exercise.points * HUNDREDTHS
    exact = [hundredths * share / total for *_, share in parts]
    whole = [int(value) for value in exact]
    by_loss = sorted(range(len(parts)), key=lambda i: (whole[i] - exact[i], i))
    for i in by_loss[: hundredths - sum(whole)]:
        whole[i] += 1
    return tuple(Part(*part[:4], Fraction(worth, HUNDREDTHS)) for part, worth in zip(parts, whole, strict=True))


def share_of(points: Fraction, share: Fraction) -> Fraction:
    """Return a share of points: whole hundredths, rounded down, so that only a share of 1 is all of them."""
    return Fraction(int(points * share * HUNDREDTHS), HUNDREDTHS)


def steps_of(exercise: Exercise, part: Part) -> list[Fraction]:
    """Return all points above 0 that a part can earn, in growing order, by its number of tensors or answers."""
    looks = expected(exercise)
    look = looks[part.report]
    count = len(look.sought) or sum(len(each.sought) for each in looks)
    if part.kind in ("values", "whole"):
        count = 1
    elif part.kind == "shapes":
        count = len(look.tensors)
    elif look.sort not in COMPARING:
        count = look.answers
    return sorted({share_of(part.of, Fraction(step, count)) for step in range(1, count + 1)} - {Fraction(0)})


def _parts(report: Expected) -> list[tuple[str, str, str, Fraction]]:
    """Return name, kind, tensor and percent of each part of a report."""
    if not report.tensors:
        return [(report.title, "whole", "", Fraction(WHOLE))]
    if not report.sought:
        return [(gettext("what was right stays right"), "kept", "", Fraction(KEPT))]
    steady = gettext(STEADY)
    if report.sort not in COMPARING:
        return [(gettext("answers"), "answers", "", Fraction(100 - PURE)), (steady, "pure", "", Fraction(PURE))]
    laws = [(steady, "pure", PURE)]
    if report.upstream:
        laws.insert(0, (gettext("linear in the upstream gradient"), "linear", LINEAR))
    if report.given:
        laws.append((gettext("what was right stays right"), "kept", KEPT))
    shapes = [] if report.shaped else [(gettext("shapes"), "shapes", "", Fraction(SHAPES))]
    left = 100 - sum(percent for *_, percent in laws) - (0 if report.shaped else SHAPES)
    share, title = Fraction(left, len(report.sought)), gettext("values of {name}")
    values = [(title.format(name=name), "values", name, share) for name in report.sought]
    return [*shapes, *values, *((name, kind, "", Fraction(percent)) for name, kind, percent in laws)]
