"""The cells of a tutorial's page: Python that runs here, one cell after the other, with what it prints and draws.

    text -> statements, and a last expression whose value is shown -> printed, figures as PNG, error
"""

import ast
import base64
import contextlib
import io
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any

from aescratch.classroom.outcome import Ended
from aescratch.classroom.tab.clock import Tell, clock
from aescratch.classroom.tab.in_place import Beginning
from aescratch.foundations.language import gettext

NAME = "tutorial"
MOST_PRINTED = 20_000  # bytes of one cell
MOST_FIGURES = 20


class Cells:
    """The names that the cells of a page share."""

    def __init__(self) -> None:
        self.module = ModuleType(NAME)
        self.count = 0

    def run(self, text: str, seconds: float, tell: Tell | None = None) -> dict[str, Any]:
        """Run a cell, and return what it printed, its figures in base64, and its error, or an empty text."""
        self.count += 1
        path = Path(f"/cells/cell {self.count}")
        sys.modules[NAME] = self.module  # where dataclasses look
        printed, error = Beginning(MOST_PRINTED, tell), ""
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            try:
                with clock(path, seconds, tell):
                    self._execute(text, str(path))
            except Ended as ended:
                place = gettext("line {line}: {message}").format(line=ended.line, message=ended.message)
                error = place if ended.line else ended.message
            except (Exception, SystemExit) as raised:
                error = _without_our_frames(raised, str(path))
        return {"printed": printed.text, "figures": _figures(), "error": error}

    def _execute(self, text: str, name: str) -> None:
        tree = ast.parse(text, name)
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, name, "exec"), vars(self.module))
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), name, "eval"), vars(self.module))
            silent = text.rstrip().endswith(";")
            if value is not None and not silent:
                print(value if isinstance(value, str) and "\n" in value else repr(value))


def _without_our_frames(error: BaseException, name: str) -> str:
    """Return an exception's traceback from the cell on."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename != name:
        trace = trace.tb_next
    return "".join(traceback.format_exception(type(error), error, trace))


def _figures() -> list[str]:
    """Return the figures that were drawn, as PNG in base64, and close them."""
    if "matplotlib.pyplot" not in sys.modules:
        return []
    pyplot: Any = sys.modules["matplotlib.pyplot"]
    figures = []
    for number in pyplot.get_fignums()[:MOST_FIGURES]:
        stream = io.BytesIO()
        pyplot.figure(number).savefig(stream, format="png", dpi=110, bbox_inches="tight")
        figures.append(base64.b64encode(stream.getvalue()).decode("ascii"))
    pyplot.close("all")
    return figures
