"""Load and call the user's own code for `aescratch check`, and show its exceptions with their line.

    "my_layers.py:dense_backward" --load--> module, object;   --pair_of--> it and its forward, there or in the sheet
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import aescratch as ae
from aescratch.foundations.language import gettext
from aescratch.foundations.sources import import_from_source, innermost, module_of_file
from aescratch.inspection.gradcheck.binding import signature_of
from aescratch.inspection.gradcheck.findings import is_ours, shown_path
from aescratch.programs.cli.status import UsageError, did_you_mean

# Usual names for the backward of a function; a function that returns a loss and its gradient may have one, too.
DERIVATIVES = ("d_{}", "d{}", "grad_{}", "{}_grad", "{}_gradient", "{}_prime", "{}_derivative")

FunctionPair = tuple[Callable[..., Any], Callable[..., Any] | None]


def load(text: str) -> tuple[ModuleType, str, Any]:
    """Return the module, the name and the object of ``file.py:name`` or ``module:name``."""
    place, _, name = text.rpartition(":")
    if not place or not name:
        raise UsageError(gettext("expected FILE.py:NAME or MODULE:NAME, got {text!r}").format(text=text))
    import_from_source()
    with own_errors():
        module = _from_file(Path(place)) if place.endswith(".py") else _from_name(place)
    if not hasattr(module, name):
        public = [known for known in vars(module) if not known.startswith("_")]
        near = did_you_mean(name, public) or gettext("; check the name")
        raise UsageError(gettext("{place} has no {name}{near}").format(place=place, name=name, near=near))
    return module, name, getattr(module, name)


def _from_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise UsageError(gettext("there is no file {path!r}; check the path").format(path=str(path)))
    name = path.stem if path.stem not in sys.modules and path.stem.isidentifier() else f"own_code_{len(sys.modules)}"
    sys.path.insert(0, str(path.resolve().parent))  # so that the file can import its neighbours
    return module_of_file(path, name)


def _from_name(name: str) -> ModuleType:
    sys.path.insert(0, str(Path.cwd()))
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
            sentence = gettext("there is no module {name!r}; check the name, or give a file: {name}.py:NAME")
            raise UsageError(sentence.format(name=name)) from error
        raise


@contextlib.contextmanager
def own_errors() -> Iterator[None]:
    """Turn an exception of the user's code into a `UsageError` with its line, and our own refusals into one, too."""
    try:
        yield
    except UsageError:
        raise
    except (Exception, SystemExit) as error:
        frames, theirs = traceback.extract_tb(error.__traceback__), innermost(error)
        text = " ".join(str(error).split())  # on one line
        says = f"{type(error).__name__}: {text}" if text else type(error).__name__
        if isinstance(error, SyntaxError) and error.filename:
            place = f"{shown_path(error.filename)}:{error.lineno}"  # its text has the line in another form
            raise UsageError(f"{place}: {type(error).__name__}: {error.msg}") from error
        if theirs is not None:
            at = gettext(", at: {line}").format(line=theirs.line) if theirs.line else ""
            raise UsageError(f"{shown_path(theirs.filename)}:{theirs.lineno}: {says}{at}") from error
        if isinstance(error, (TypeError, ValueError, ImportError)) and is_ours(frames[-1].filename):
            raise UsageError(text) from error
        raise


def pair_of(
    module: ModuleType, name: str, function: Any, forward: str | None, is_alone: Callable[[Any], bool]
) -> tuple[str, FunctionPair]:  # fmt: skip
    """Return the stem of a function's name, and the forward and backward to check.

    The backward is None if the function returns its gradient itself, which `is_alone` tests.
    """
    stem = name.removesuffix("_backward").removesuffix("_forward")
    backward = getattr(module, f"{stem}_backward", None)
    if forward is None and backward is None:
        forward = _differentiated(module, name, function, is_alone)
    if forward is None and not name.endswith("_backward"):
        if backward is None:
            named = (getattr(module, form.format(stem), None) for form in DERIVATIVES)
            found = next((each for each in named if inspect.isroutine(each)), None)
            backward = None if found is None or is_alone(function) else found
        return stem, (function, backward)
    names = [forward] if forward is not None else [stem, f"{stem}_forward"]
    found = next((getattr(place, n) for place in (module, ae.functions) for n in names if hasattr(place, n)), None)
    if found is None:
        near = did_you_mean(names[0], [known for known in vars(module) if not known.endswith("_backward")])
        near = near or gettext("; name it with --forward")
        sentence = gettext(
            "there is no function {names}, the forward of {name}, in {file} or in aescratch.functions{near}"
        )
        file, wanted = shown_path(str(module.__file__)), gettext(" or ").join(names)
        raise UsageError(sentence.format(names=wanted, name=name, file=file, near=near))
    return stem, (found, function)


def _differentiated(module: ModuleType, name: str, function: Any, is_alone: Callable[[Any], bool]) -> str | None:
    """Return the name of the function whose derivative this one is by its name: tanh for d_tanh(g, a)."""
    known = {**vars(ae.functions), **vars(module)}
    stem = next((each for each in known if name in [form.format(each) for form in DERIVATIVES]), None)
    if stem is None or not callable(function) or not inspect.isroutine(known[stem]):
        return None
    more = set(signature_of(function, name).parameters) - set(signature_of(known[stem], stem).parameters)
    return stem if more or not is_alone(function) else None
