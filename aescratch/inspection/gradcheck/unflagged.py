"""NumPy's warnings where the processor doesn't report overflow, division by zero or invalid values, as in a browser.

    a user's function, its arrays --each operation's result beside what went in--> NumPy's own warning

NumPy reads flags that the processor sets. WebAssembly has none, so NumPy there computes NaN without a word.
"""

from __future__ import annotations

import contextlib
import functools
import warnings
from collections.abc import Callable, Iterator, Sequence
from types import FunctionType
from typing import Any

import numpy as np

from aescratch.foundations.sources import is_users
from aescratch.inspection.gradcheck.surroundings import dropping

LOGARITHMS = ("log", "log2", "log10", "log1p")  # whose infinity is never an overflow
ZERO = {"divide": 1, "floor_divide": 1, "divmod": 1, "power": 0, "reciprocal": 0}  # the input that is 0 at a pole
ORDINARY = np.asarray
MAKING = ("array", "asarray", "ascontiguousarray")
WORDS = {"divide": "divide by zero", "over": "overflow", "invalid": "invalid value"}


@functools.cache
def has_flags() -> bool:
    """Whether NumPy notices an overflow."""
    try:
        with np.errstate(over="raise"):
            np.exp(np.array([1000.0]))
    except FloatingPointError:
        return True
    return False


def with_warnings(function: Callable[..., Any], /, *values: Any, **named: Any) -> Any:
    """Return what a user's function returns; where NumPy can't warn, warn in its place.

    Repeated calls, whose output is dropped, are left alone unless NumPy's errors are logged.
    """
    if has_flags() or not _heard() or not _is_of_user(function):
        return function(*values, **named)
    with _making_watched():
        return _plain(function(*map(_watched, values), **{name: _watched(value) for name, value in named.items()}))


class Watched(np.ndarray):
    """An array that warns as NumPy does; so do the results of its operations."""

    __module__ = "numpy"  # by which formulas know NumPy's arrays

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, out: Any = None, **options: Any) -> Any:
        """Return the result of an operation, and warn if NaN or infinities are new in it."""
        values = _plain(inputs)
        if out is not None:
            options["out"] = _plain(out)
        by_entry = method == "__call__" and ufunc.signature is None
        with np.errstate(all="ignore"):  # the inputs first: the operation may write into one
            nan_before, infinite_before = _where(np.isnan, values, by_entry), _where(np.isinf, values, by_entry)
            pole = _pole(ufunc.__name__, values) if by_entry else np.False_
            result = getattr(ufunc, method)(*values, **options)
        computed = options.get("where", True) if by_entry else True  # other entries keep what was in the output
        kinds: set[str] = set()
        for each in result if isinstance(result, tuple) else (result,):
            if isinstance(each, (np.ndarray, np.floating)) and each.dtype.kind == "f":
                infinite = np.isinf(each) & ~(infinite_before | nan_before)
                new = {"divide": infinite & pole, "over": infinite & ~pole, "invalid": np.isnan(each) & ~nan_before}
                kinds |= {kind for kind, entries in new.items() if (entries & computed).any()}
        for kind in filter(kinds.__contains__, WORDS):
            _tell(kind, ufunc.__name__ if method == "__call__" else method)
        if out is not None:
            return out[0] if len(out) == 1 else out
        return tuple(map(_watched, result)) if isinstance(result, tuple) else _watched(result)

    def __array_function__(self, function: Any, types: Any, values: Any, named: Any) -> Any:
        """Return the result of a function of NumPy, whose operations are watched as well."""
        return _watched(super().__array_function__(function, types, values, named))

    def __repr__(self) -> str:
        return repr(_plain(self))


@contextlib.contextmanager
def _making_watched() -> Iterator[None]:
    """Replace NumPy's functions that copy an array, for the block, so that the copy warns, too."""

    def watching(make: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *values, **named: _watched(make(*values, **named))

    before = {name: getattr(np, name) for name in MAKING}
    vars(np).update({name: watching(make) for name, make in before.items()})
    try:
        yield
    finally:
        vars(np).update(before)


def _heard() -> bool:
    return not dropping.get() or np.geterr()["over"] == "log"


def _is_of_user(function: Any) -> bool:
    return isinstance(function, FunctionType) and is_users(function.__code__.co_filename)


def _where(what: Callable[[Any], Any], values: Sequence[Any], by_entry: bool) -> Any:
    """Return where any of the values is NaN or infinite; for an operation on whole arrays, whether one is anywhere."""
    found = [what(value) for value in map(ORDINARY, values) if value.dtype.kind == "f"]
    return functools.reduce(np.logical_or, found if by_entry else map(np.any, found), np.False_)


def _pole(name: str, values: Sequence[Any]) -> Any:
    """Return where an infinite result comes from a division by zero, and not from an overflow."""
    return np.equal(values[ZERO[name]], 0) if name in ZERO else np.bool_(name in LOGARITHMS)


def _tell(kind: str, name: str) -> None:
    """Do what `numpy.errstate` asks for."""
    settings: Any = np.geterr()
    listener: Any = np.geterrcall()
    text, wanted = f"{WORDS[kind]} encountered in {name}", settings[kind]
    if wanted == "warn":
        warnings.warn(text, RuntimeWarning, stacklevel=3)
    elif wanted == "log":
        listener.write(f"Warning: {text}\n")
    elif wanted == "raise":
        raise FloatingPointError(text)


def _watched(value: Any) -> Any:
    """Return an array of floats as one that warns, in the same memory; anything else as it is."""
    return value.view(Watched) if type(value) is np.ndarray and value.dtype.kind == "f" else value


def _plain(value: Any) -> Any:
    """Return an array, or a tuple, a list or a dictionary of arrays, as ordinary ones."""
    if type(value) in (tuple, list):
        return type(value)(map(_plain, value))
    if type(value) is dict:
        return {key: _plain(each) for key, each in value.items()}
    return value.view(np.ndarray) if isinstance(value, Watched) else value
