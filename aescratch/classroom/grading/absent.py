"""Stand-ins for missing packages that a submission imports: nothing happens until one is used.

    import matplotlib.pyplot as plt   -> Absent("matplotlib.pyplot")
    plt.plot(x)                       -> NotInGrading: it uses matplotlib, which is not available in grading

Only imports in the submission's own lines get a stand-in, unless they catch the error of a missing package. This file
is read inside the confined process.
"""

import ast
import contextlib
import importlib
import pkgutil
import re
import sys
import types
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from typing import Any, NoReturn

IMPORTING = ("importlib", "importlib._bootstrap", "importlib._bootstrap_external")
CAUGHT = {"ImportError", "ModuleNotFoundError", "Exception", "BaseException"}
USES = (
    "call iter len getitem setitem contains enter array float int index neg mro_entries instancecheck lt le gt ge "
    "add sub mul truediv floordiv mod pow matmul radd rsub rmul rtruediv rfloordiv rmod rpow rmatmul"
)  # methods through which Python or NumPy uses an object


class NotInGrading(ImportError):
    """A submission uses a package that grading doesn't have."""


class Absent(types.ModuleType):
    """Stands for a module, or for anything imported from one."""

    def __getattr__(self, name: str) -> Any:
        importing = sys._getframe(1).f_globals.get("__name__") in IMPORTING  # it then looks for a submodule
        if importing or (name.startswith("__") and name != "__version__"):  # Python itself asks for these
            raise AttributeError(name)
        _used(self)

    @property
    def __signature__(self) -> NoReturn:  # read before a call; Python 3.13 would invent one
        _used(self)


def _used(module: Absent, *given: Any, **named: Any) -> NoReturn:
    raise NotInGrading(f"it uses {module.__name__.partition('.')[0]}, which is not available in grading")


for _name in USES.split():
    setattr(Absent, f"__{_name}__", _used)


class Finder:
    """Finds allowed packages in their folders, and stand-ins for others; it comes after Python's own finders."""

    def __init__(self, folders: dict[str, str]) -> None:
        self.folders = folders
        self.file: str = ""
        self.ready: set[int] = set()

    def watch(self, file: str, text: bytes) -> None:
        """From now on, give stand-ins for the imports of a submission with this file name and text."""
        self.file, self.ready = file, ready_lines(text)

    def load(self, packages: Sequence[str]) -> None:
        """Import packages and their modules, as far as possible, for a user who can't read them later."""
        for package in packages:
            places = getattr(importlib.import_module(package), "__path__", ())
            for module in pkgutil.iter_modules(places, f"{package}."):
                if not re.search(r"\._|test", module.name):
                    with contextlib.suppress(Exception):
                        importlib.import_module(module.name)

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """Return the spec of a module, or None to report it as missing."""
        package, _, inside = name.partition(".")
        if package in self.folders:
            return None if inside else PathFinder.find_spec(name, [self.folders[package]])
        above = sys.modules.get(name.rpartition(".")[0])
        if isinstance(above, Absent) or (not inside and self.asked_by_submission()):
            return ModuleSpec(name, self, is_package=True)  # type: ignore[arg-type]
        return None

    def create_module(self, spec: ModuleSpec) -> Absent:
        """Return a stand-in."""
        return Absent(spec.name)

    def exec_module(self, module: types.ModuleType) -> None:
        """Do nothing: the module is complete."""

    def asked_by_submission(self) -> bool:
        """Whether a line of the submission is importing, and no line on the way catches the error."""
        frame: types.FrameType | None = sys._getframe(2)
        while frame is not None and frame.f_globals.get("__name__") in IMPORTING:
            frame = frame.f_back
        if frame is None or frame.f_code.co_filename != self.file:
            return False
        while frame is not None:
            if frame.f_code.co_filename == self.file and frame.f_lineno in self.ready:
                return False
            frame = frame.f_back
        return True


def ready_lines(text: bytes) -> set[int]:
    """Return the lines of a text where a failing import is caught or suppressed."""
    lines: set[int] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Try):
            caught: list[ast.expr | None] = [handler.type for handler in node.handlers]
        elif isinstance(node, ast.With):
            caught = [item.context_expr for item in node.items]
        else:
            continue
        names = {getattr(part, "id", "") for kind in caught if kind is not None for part in ast.walk(kind)}
        if None in caught or names & CAUGHT:
            lines.update(range(node.body[0].lineno, (node.body[-1].end_lineno or 0) + 1))
    return lines
