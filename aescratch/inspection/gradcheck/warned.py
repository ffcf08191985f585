"""The first line of the user's code with an overflow, a division by zero, or an invalid value in NumPy.

    backward, once more --NumPy's log of floating-point errors--> the error and its line -> the finding about NaN

What is computed stays as it is: NumPy notes what it meets, and goes on.
"""

from __future__ import annotations

import contextlib
import linecache
import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any, NamedTuple

import numpy as np

from aescratch.backend.compiled import numpy_alone
from aescratch.foundations.language import gettext
from aescratch.foundations.sources import is_users
from aescratch.inspection.gradcheck.findings import place_of_line
from aescratch.inspection.gradcheck.report import Finding

INVALID = "invalid value"  # NumPy's name for the operation that creates NaN
MOST_MET = 100  # further ones add nothing


class Met(NamedTuple):
    """A warning of NumPy, such as "overflow encountered in exp", and its place in the user's code."""

    what: str
    file: str
    line: int


class _Listener:
    """A stream for NumPy's log of floating-point errors."""

    def __init__(self) -> None:
        self.met: list[Met] = []

    def write(self, text: str) -> None:
        """Record one error, if the user's code is running."""
        frame: FrameType | None = sys._getframe(1) if len(self.met) < MOST_MET else None
        while frame is not None and not is_users(frame.f_code.co_filename):
            frame = frame.f_back
        if frame is not None:
            what = text.strip().removeprefix("Warning: ")
            self.met.append(Met(what, frame.f_code.co_filename, frame.f_lineno))


@contextlib.contextmanager
def warnings_of_numpy() -> Iterator[list[Met]]:
    """Collect NumPy's warnings in the block, in order; a compiled formula gives no warnings."""
    listener = _Listener()
    with numpy_alone(), np.errstate(over="log", divide="log", invalid="log", under="ignore", call=listener):
        yield listener.met


def tell_where(finding: Finding, run: Callable[[], Any]) -> Finding:
    """Add to a finding about NaN the first error of NumPy in another run, and the origin of NaN if that was later."""
    with warnings_of_numpy() as met:
        run()
    if met:
        nan = next((each for each in met if each.what.startswith(INVALID)), met[0])
        told = met[:1] if nan[1:] == met[0][1:] else [met[0], nan]
        places = [place_of_line(each.file, each.line, linecache.getline(each.file, each.line)) for each in told]
        errors = gettext(", then ").join(
            f"{each.what} ({place['file']}:{place['line']})" for each, place in zip(told, places, strict=True)
        )
        finding.message += gettext("; NumPy met {errors}").format(errors=errors)
        finding.evidence |= {**places[0], "warning": met[0].what}
    return finding
