"""An exercise: one folder, whose files are read on demand.

    about.md      title, chapter, minutes, and the task
    solution.py   the answer, between markers; the stub is made from it
    checks.py     FUNCTIONS that must exist, and check(student, seed), which yields reports
    hints.md      three levels for each code of a finding
    mutants.py    typical mistakes, and the code that each must get as its answer

Students read them in the language in force: about.ko.md and hints.ko.md replace about.md and hints.md, and
sentences.ko.md translates the sentences of checks.py and mutants.py and the comments of the stub. Each is optional.
"""

import functools
import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from aescratch.classroom.comparing import seeking_causes
from aescratch.classroom.hints import Hints, HintTable, filled, read_hints
from aescratch.classroom.stubs import HOLE, MarkerError, said_in_comments, shown_solution, stub_of
from aescratch.foundations.language import LANGUAGES, gettext, in_language, in_this_language, language, read_sentences
from aescratch.foundations.sources import module_of_file, module_of_text
from aescratch.inspection.gradcheck import Report

PATH = Path(__file__).parent / "path"
POINTS = 10  # default of an exercise
PACKAGES = "packages.txt"  # beside the exercises of a course
OURS = "aescratch"
Wrap = Callable[[str, Any], Any]


class CourseError(ValueError):
    """What a teacher gave is invalid: exercises, submissions, a roster, decisions, a seed; the message says how."""


class Mutant(NamedTuple):
    """A typical mistake: the text that it replaces in the solution, the new text, and the expected answer.

    Its cause and question are used if the gradients are those of this mistake and the gradient checker finds no cause,
    or only the wrong line; then the code is this mistake's own.
    """

    old: str  # a text that occurs once in the solution
    new: str  # its replacement
    expected: str  # the code of a finding or cause, with the tensor: "scale@grad_b"; without a tensor, any will do
    cause: str = ""
    question: str = ""


class About(NamedTuple):
    """What about.md says, in one language."""

    title: str
    chapter: str
    minutes: int  # that it takes, approximately
    points: int  # its worth in grading
    task: str  # the instructions


@dataclass(frozen=True)
class Exercise:
    """One exercise of the path."""

    folder: Path  # NN_name: its number and its name
    abouts: tuple[tuple[str, About], ...]  # what about.md says, by language, English first

    @property
    def about(self) -> About:
        """What about.md says, in the language in force if there is a translation."""
        return dict(self.abouts).get(language(), self.abouts[0][1])

    @property
    def title(self) -> str:
        """Its title in lists."""
        return self.about.title

    @property
    def chapter(self) -> str:
        """Its chapter."""
        return self.about.chapter

    @property
    def minutes(self) -> int:
        """How many minutes it takes, approximately."""
        return self.about.minutes

    @property
    def points(self) -> int:
        """Its worth in grading."""
        return self.about.points

    @property
    def task(self) -> str:
        """The instructions."""
        return self.about.task

    @property
    def name(self) -> str:
        """Its name in commands, such as ``"dense_backward"``."""
        return self.folder.name.partition("_")[2]

    @property
    def number(self) -> int:
        """Its place in the course, from 1."""
        return int(self.folder.name.partition("_")[0])

    @property
    def file_name(self) -> str:
        """The name of the student's file."""
        return f"{self.folder.name}.py"

    @property
    def released(self) -> bool:
        """Whether this is the copy that students get, without its solution."""
        return not (self.folder / "solution.py").exists()

    @property
    def solution(self) -> str:
        """The solution, its markers included."""
        return _text_of(self.folder, "solution.py")

    @property
    def shown_solution(self) -> str:
        """The solution as it is shown."""
        return shown_solution(self.solution)

    @property
    def stub(self) -> str:
        """The file that the student begins with, in English."""
        return (self.folder / "stub.py").read_text(encoding="utf-8") if self.released else stub_of(self.solution)

    @property
    def handed_stub(self) -> str:
        """What the student begins with, its comments in the language in force."""
        sentences = self.sentences
        return said_in_comments(self.stub, lambda sentence: sentences.get(sentence, sentence))

    @property
    def sentences(self) -> dict[str, str]:
        """The translations of its own sentences, and of those that every exercise shares; none in English."""
        return {**_sentences_in(PATH, language()), **_sentences_in(self.folder, language())}

    @property
    def is_planted(self) -> bool:
        """Whether the student begins with a complete file that has a bug, instead of a hole."""
        return HOLE not in self.stub

    @property
    def hints(self) -> Hints:
        """Its hints, completed by the general ones."""
        own = _hints_in(self.folder)
        upstream = re.search(r"^def \w+\((grad_\w+)", self.stub, flags=re.MULTILINE)
        return Hints(own, filled(_hints_in(PATH), own, upstream[1] if upstream else ""))

    @property
    def checks(self) -> ModuleType:
        """The module with FUNCTIONS and check(student, seed)."""
        return module_of_file(self.folder / "checks.py", f"{self.name}_checks", of_course=True)

    @property
    def packages(self) -> tuple[str, ...]:
        """The packages of packages.txt, which a submission may import beside Python's standard library and NumPy."""
        return packages_in(self.folder.parent)

    @property
    def mutants(self) -> dict[str, Mutant]:
        """Typical mistakes by their descriptions; empty in a released exercise."""
        if not (self.folder / "mutants.py").exists():
            return {}
        return module_of_file(self.folder / "mutants.py", f"{self.name}_mutants").MUTANTS

    def mutated(self, mutant: Mutant) -> str:
        """Return the solution with this mistake; raise `ValueError` unless the old text occurs exactly once."""
        count = self.solution.count(mutant.old)
        if count != 1:
            message = gettext("expected {old!r} once in the solution of {name}, got it {count} times")
            raise ValueError(message.format(old=mutant.old, name=self.name, count=count))
        return self.solution.replace(mutant.old, mutant.new)

    def module_of(self, text: str) -> ModuleType:
        """Return a text of ours as the student's module; it runs in this process, so never pass a submission."""
        return module_of_text(text, "student", self.file_name)

    def reports_on(
        self, text: str, seed: int, wrap: Wrap | None = None, checks: ModuleType | None = None
    ) -> Iterator[Report]:  # fmt: skip
        """Yield the checks' reports on a text of ours, in this process, without a search for causes.

        `wrap` returns the replacement of each function; `checks` replace the exercise's own.
        """
        checks = checks or self.checks
        student = self.module_of(text)
        if wrap is not None:
            for name in checks.FUNCTIONS:
                setattr(student, name, wrap(name, getattr(student, name)))
        with seeking_causes(False):
            yield from checks.check(student, seed)


@functools.cache
def all_exercises() -> tuple[Exercise, ...]:
    """Return the exercises of the built-in path, in its order."""
    return read_course(None)


def read_course(folder: Path | None) -> tuple[Exercise, ...]:
    """Return the exercises of a folder that contains folders NN_name, in order; None means the built-in exercises.

    Raises `CourseError` if the folder or an exercise is invalid.
    """
    folder = PATH if folder is None else folder
    if not folder.is_dir():
        message = gettext("expected a folder of exercises, but {folder} is not a folder; check the path")
        raise CourseError(message.format(folder=folder))
    inside = sorted(path for path in folder.iterdir() if path.is_dir() and path.name[:1] not in "._")
    exercises = sorted((read_exercise(path) for path in inside), key=lambda exercise: exercise.number)
    if not exercises:
        message = gettext("expected folders such as 01_my_exercise in {folder}, got none; see aescratch exercises new")
        raise CourseError(message.format(folder=folder))
    for place, exercise in enumerate(exercises, start=1):
        gap = exercise.number != place and not exercise.released  # a release may be a part of a course
        if gap or exercise.number in {other.number for other in exercises[: place - 1]}:
            message = gettext(
                "expected the exercises to be numbered 1, 2, 3, ..., got {name} in place {place}; rename the folders"
            )
            raise CourseError(message.format(name=exercise.folder.name, place=place))
    names = [exercise.name for exercise in exercises]
    if double := next((name for name in names if names.count(name) > 1), None):
        message = gettext("expected every exercise to have a unique name, got {double} twice; rename one")
        raise CourseError(message.format(double=double))
    packages_in(folder)
    return tuple(exercises)


def packages_in(course: Path) -> tuple[str, ...]:
    """Return the names in a course's packages.txt, which has one per line; empty if there is no such file."""
    if not (course / PACKAGES).is_file():
        return ()
    lines = (line.partition("#")[0].strip() for line in _text_of(course, PACKAGES).splitlines())
    names = tuple(dict.fromkeys(line for line in lines if line))
    if wrong := next((name for name in names if not name.isidentifier()), None):
        message = gettext(
            "expected each line of {file} to be the name of a package, got {wrong!r}; write it as in an import "
            "statement, such as scipy"
        )
        raise CourseError(message.format(file=PACKAGES, wrong=wrong))
    if OURS in names:
        message = gettext("expected {file} without {package}, which contains answers; remove that line")
        raise CourseError(message.format(file=PACKAGES, package=OURS))
    return names


def read_exercise(folder: Path) -> Exercise:
    """Return the exercise of a folder; raise `CourseError` if it is invalid."""
    if not re.fullmatch(r"\d+_[A-Za-z]\w*", folder.name):
        message = gettext("expected a folder such as 01_my_exercise, got {name}; rename or move it")
        raise CourseError(message.format(name=folder.name))
    answer = "stub.py" if (folder / "stub.py").exists() else "solution.py"
    if missing := [name for name in ("about.md", "checks.py", "hints.md", answer) if not (folder / name).is_file()]:
        message = gettext("expected {missing} in {folder}, got none; see aescratch exercises new")
        raise CourseError(message.format(missing=gettext(" and ").join(missing), folder=folder.name))
    about = _about_in(folder, "about.md")
    abouts = [("en", about)]
    for chosen in LANGUAGES:
        file = f"about.{chosen}.md"
        if (folder / file).is_file():
            translated = _about_in(folder, file)
            if (translated.minutes, translated.points) != (about.minutes, about.points):
                message = gettext(
                    "expected {name}/{file} to give the minutes and points of about.md, {minutes} and {points}, got "
                    "{got_minutes} and {got_points}; make them equal"
                )
                raise CourseError(
                    message.format(
                        name=folder.name,
                        file=file,
                        minutes=about.minutes,
                        points=about.points,
                        got_minutes=translated.minutes,
                        got_points=translated.points,
                    )
                )
            abouts.append((chosen, translated))
    return Exercise(folder, tuple(abouts))


def _about_in(folder: Path, file: str) -> About:
    """Return what about.md says, or a translation of it."""
    head, _, task = _text_of(folder, file).partition("\n\n")
    lines = head.splitlines() or [""]
    fields = dict(line.partition(": ")[::2] for line in lines[1:])
    known = {"chapter", "minutes"} <= set(fields) <= {"chapter", "minutes", "points"}
    if not lines[0].startswith("# ") or not known:
        message = gettext(
            "expected {folder}/{file} to begin with '# title', 'chapter: ...' and 'minutes: ...', optionally "
            "'points: ...', got {lines!r}; write a line for each, then an empty line and the task"
        )
        raise CourseError(message.format(folder=folder.name, file=file, lines=" / ".join(lines)))
    numbers = {"minutes": fields["minutes"], "points": fields.get("points", str(POINTS))}
    for what, number in numbers.items():
        if not number.isdecimal() or not int(number):
            message = gettext(
                "expected {what} in {folder}/{file} to be a whole number of at least 1, got {number!r}; write a line "
                "such as '{what}: 10'"
            )
            raise CourseError(message.format(what=what, folder=folder.name, file=file, number=number))
    minutes, points = map(int, numbers.values())
    return About(lines[0].removeprefix("# "), fields["chapter"], minutes, points, task.strip())


@functools.cache
def _sentences_in(folder: Path, chosen: str) -> Mapping[str, str]:
    """Return the translations of sentences.ko.md, by the English sentences, if that is there."""
    path = folder / f"sentences.{chosen}.md"
    return read_sentences(_text_of(folder, path.name)) if path.is_file() else {}


def _hints_in(folder: Path) -> HintTable:
    """Return the hints of hints.md, those that are translated in the language in force."""
    own = read_hints(_text_of(folder, "hints.md"))
    return own | read_hints(_text_of(folder, in_this_language(folder / "hints.md").name))


def _text_of(folder: Path, file: str) -> str:
    """Return the text of a file of an exercise, without the byte order mark that some editors write."""
    try:
        return (folder / file).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        message = gettext("expected {name}/{file} in UTF-8, got another encoding; save it as UTF-8")
        raise CourseError(message.format(name=folder.name, file=file)) from error


def require_readable(exercise: Exercise) -> None:
    """Raise `CourseError` unless the solution, the checks and the mistakes are valid Python and the hints valid."""
    file = "solution.py"
    try:
        for text in (exercise.solution, exercise.stub):
            compile(text, exercise.file_name, "exec")
        file = "checks.py"
        _require_contract(exercise.checks)
        file = "mutants.py"
        _ = exercise.mutants
        for chosen in LANGUAGES:
            with in_language(chosen):
                file = in_this_language(exercise.folder / "hints.md").name
                _ = exercise.hints, exercise.sentences
    except Exception as error:
        line = gettext(", line {line}").format(line=error.lineno) if isinstance(error, SyntaxError) else ""
        kind = "" if type(error) in (CourseError, MarkerError) else f"{type(error).__name__}{line}: "
        what = kind + " ".join(str(error).split())
        message = gettext("{name}/{file} is invalid: {what}")
        raise CourseError(message.format(name=exercise.folder.name, file=file, what=what)) from error


def _require_contract(checks: ModuleType) -> None:
    """Raise `CourseError` unless FUNCTIONS is a tuple of names, and check(student, seed) yields."""
    names = checks.FUNCTIONS
    if not isinstance(names, (tuple, list)) or not all(isinstance(name, str) for name in names):
        message = gettext('expected FUNCTIONS to be a tuple such as ("relu",), got {names!r}; mind the comma')
        raise CourseError(message.format(names=names))
    if not inspect.isgeneratorfunction(checks.check):
        message = gettext("expected check(student, seed) to yield reports, but it has no yield; write yield check_...")
        raise CourseError(message)
    arguments = list(inspect.signature(checks.check).parameters)
    if len(arguments) != 2:
        message = gettext("expected check to take student and seed, got check({arguments}); take both")
        raise CourseError(message.format(arguments=", ".join(arguments)))
