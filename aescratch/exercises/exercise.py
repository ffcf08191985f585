"""An exercise: one folder, read when it is asked for.

    about.md      title, chapter, minutes, and what to do
    solution.py   the answer, between markers; the stub is made from it
    checks.py     FUNCTIONS that must be there, and check(student, seed), which yields reports
    hints.md      three levels for each code of a finding
    mutants.py    typical mistakes, and the code that each must be answered with
"""

from __future__ import annotations

import functools
import importlib.util
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from aescratch.exercises.hints import Hints, read_hints
from aescratch.exercises.stubs import shown_solution, stub_of

PATH = Path(__file__).parent / "path"
GENERAL_HINTS = PATH / "hints.md"  # on what can go wrong anywhere


class Mutant(NamedTuple):
    """A typical mistake: what it replaces in the solution, by what, and how it must be answered.

    Attributes
    ----------
    old, new : str
        A text that is in the solution once, and what stands in its place.
    expected : str
        The code of a finding, or of a cause, and the tensor: ``"scale@grad_b"``; without a tensor, of any.
    cause, question : str
        What to say and to ask where the gradient checker can claim no cause, and the gradients are those of this
        mistake; then the code is this mistake's own.
    """

    old: str
    new: str
    expected: str
    cause: str = ""
    question: str = ""


@dataclass(frozen=True)
class Exercise:
    """One exercise of the path.

    Attributes
    ----------
    folder : Path
        Where it lies; its name is the number and the name.
    title, chapter : str
        For people.
    minutes : int
        About how long it takes.
    task : str
        What to do.
    """

    folder: Path
    title: str
    chapter: str
    minutes: int
    task: str

    @property
    def name(self) -> str:
        """What it is called in commands, such as ``"dense_backward"``."""
        return self.folder.name.partition("_")[2]

    @property
    def number(self) -> int:
        """Its place on the path, from 1."""
        return int(self.folder.name.partition("_")[0])

    @property
    def file_name(self) -> str:
        """The name of the student's file."""
        return f"{self.folder.name}.py"

    @property
    def solution(self) -> str:
        """The solution, its markers included."""
        return (self.folder / "solution.py").read_text(encoding="utf-8")

    @property
    def shown_solution(self) -> str:
        """The solution as it is shown."""
        return shown_solution(self.solution)

    @property
    def stub(self) -> str:
        """What the student begins with."""
        return stub_of(self.solution)

    @property
    def hints(self) -> Hints:
        """Its hints, completed by the general ones."""
        own = read_hints((self.folder / "hints.md").read_text(encoding="utf-8"))
        general = read_hints(GENERAL_HINTS.read_text(encoding="utf-8"))
        return Hints(own, general)

    @property
    def checks(self) -> ModuleType:
        """The module with FUNCTIONS and check(student, seed)."""
        return _module(self.folder / "checks.py", f"{self.name}_checks")

    @property
    def mutants(self) -> dict[str, Mutant]:
        """Typical mistakes, by a few words each."""
        found: dict[str, Mutant] = _module(self.folder / "mutants.py", f"{self.name}_mutants").MUTANTS
        return found

    def mutated(self, mutant: Mutant) -> str:
        """Return the solution with this mistake in it.

        Raises
        ------
        ValueError
            If the solution doesn't hold the text to be replaced exactly once.
        """
        count = self.solution.count(mutant.old)
        if count != 1:
            raise ValueError(f"expected {mutant.old!r} once in the solution of {self.name}, got it {count} times")
        return self.solution.replace(mutant.old, mutant.new)


@functools.cache
def all_exercises() -> tuple[Exercise, ...]:
    """Return the exercises in the order of the path."""
    return tuple(read_exercise(folder.parent) for folder in sorted(PATH.glob("*/about.md")))


def read_exercise(folder: Path) -> Exercise:
    """Return the exercise of a folder.

    Raises
    ------
    ValueError
        If about.md doesn't begin with a title, the chapter and the minutes.
    """
    head, _, task = (folder / "about.md").read_text(encoding="utf-8").partition("\n\n")
    lines = head.splitlines()
    fields = dict(line.split(": ", 1) for line in lines[1:] if ": " in line)
    if not lines[0].startswith("# ") or set(fields) != {"chapter", "minutes"}:
        raise ValueError(f"expected {folder.name}/about.md to begin with '# title', 'chapter: ...' and 'minutes: ...'")
    return Exercise(folder, lines[0].removeprefix("# "), fields["chapter"], int(fields["minutes"]), task.strip())


def _module(path: Path, name: str) -> ModuleType:
    """Return the module of a file that lies in no package."""
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None  # of a file that ends in .py there is always one
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
