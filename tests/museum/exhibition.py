"""What an exhibit of the bug museum is: where an error was published, the error in our own words, and what is said of it.

    @exhibit(...) def error(): ... -> reports        test_museum.py asserts them, docs/make_museum.py prints them
"""

import contextlib
import functools
import inspect
import textwrap
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

import aescratch as ae
from aescratch import functions

N, D, H = 7, 5, 3
X = np.random.default_rng(0).random((N, D))


@dataclass(frozen=True)
class Exhibit:
    """One published error.

    `verdicts` are those of the reports that `build` returns, in order; `says` is a part of what they say; `lesson` is
    what to take home.
    """

    title: str
    sources: str
    story: str
    verdicts: tuple[str, ...]
    says: str
    lesson: str
    build: Callable[[], object]

    @property
    def code(self):
        """The body of the function that builds it."""
        lines = inspect.getsource(self.build).splitlines()
        first = next(number for number, line in enumerate(lines) if line.startswith("def ")) + 1
        return textwrap.dedent("\n".join(lines[first:])).strip()

    @functools.cache  # noqa: B019, exhibits stay for as long as the tests run
    def reports(self):
        found = self.build()
        return found if isinstance(found, tuple) else (found,)


EXHIBITS: list[Exhibit] = []


def exhibit(title, sources, story, verdicts, says, lesson):
    """Hang an exhibit."""

    def hang(build):
        EXHIBITS.append(Exhibit(title, sources, story, verdicts, says, lesson, build))
        return build

    return hang


@contextlib.contextmanager
def replaced(*stand_ins):
    """Put functions in the place of those of the sheet that have their names."""
    before = {stand_in.__name__: getattr(functions, stand_in.__name__) for stand_in in stand_ins}
    try:
        for stand_in in stand_ins:
            setattr(functions, stand_in.__name__, stand_in)
        yield
    finally:
        for name, function in before.items():
            setattr(functions, name, function)


def vae():
    return ae.VariationalAutoencoder([D, 4, 2], activation=ae.Tanh, rng=0)


def sigmoid(a):
    return 1 / (1 + np.exp(-a))
