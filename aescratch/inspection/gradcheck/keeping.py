"""Restoring everything that a check may change in an object: attributes, contents of arrays, states of generators.

    with kept(layer): ...                    afterwards the layer is exactly as before, whatever happens inside
    with in_double_precision(model): ...     the same for a model, which computes in float64 meanwhile

Included is everything that can be reached through attributes, lists, tuples and dictionaries, such as the layers in a
list of layers. Sets, slots and closures are not searched.
"""

from __future__ import annotations

import contextlib
import functools
import random
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from aescratch.foundations.buffers import move_buffers
from aescratch.foundations.parameters import pack
from aescratch.training import contract

# Types of objects that are shared by everybody or can't change; they are not searched.
LEFT_ALONE = (type, types.ModuleType, types.FunctionType, types.BuiltinFunctionType, str, bytes, int, float, complex)


@contextlib.contextmanager
def kept(*objects: Any) -> Iterator[None]:
    """Restore, after the block, everything that can be reached from the objects; their identities stay too."""
    put_back = putting_back(*objects)
    try:
        yield
    finally:
        try:
            put_back()
        except KeyboardInterrupt:  # if it arrives during the restoring; each step can be done twice
            put_back()
            raise


def putting_back(*objects: Any) -> Callable[[], None]:
    """Return a function that restores, at every call, all that can be reached from the objects to its state now."""
    undo = [_put_back(value) for value in reachable(*objects)]

    def put_back() -> None:
        for each in undo:
            each()

    return put_back


@contextlib.contextmanager
def in_double_precision(model: Any, backend: str | None = None) -> Iterator[None]:
    """Put float64 copies of its values into a model, on the given backend if any; restore everything afterwards.

    That includes values, gradients, what the parts remember, the other attributes of a user's class, and the states of
    generators.
    """
    backend = backend or contract.backend_of(model)
    with kept(model, *contract.parts_of(model).values(), *model.parameters):
        pack(model.parameters, "float64", backend)
        move_buffers(contract.buffers_of(model).values(), backend, "float64")
        yield


def reachable(*objects: Any) -> list[Any]:
    """Return the objects and everything in their attributes, lists and dictionaries at any depth, each once."""
    found: dict[int, Any] = {}
    waiting = list(objects)
    while waiting:
        value = waiting.pop()
        if id(value) in found or value is None or isinstance(value, LEFT_ALONE) or _is_of_python(value):
            continue
        found[id(value)] = value
        if isinstance(value, types.MethodType):
            waiting.append(value.__self__)
        elif isinstance(value, dict):
            waiting += value.values()
        elif isinstance(value, (list, tuple)):
            waiting += value
        elif isinstance(getattr(value, "__dict__", None), dict):
            waiting.append(value.__dict__)
    return list(found.values())


def _is_of_python(value: Any) -> bool:
    """Whether an object is of Python's standard library and may be shared: a logger, a lock, a file."""
    module = type(value).__module__.partition(".")[0]
    return module in sys.stdlib_module_names and not isinstance(
        value, (dict, list, tuple, types.MethodType, types.SimpleNamespace, functools.partial, random.Random)
    )


def _write(array: Any, contents: Any) -> None:
    if array.flags.writeable and array.tobytes() != contents.tobytes():
        array[...] = contents


def _refill(dictionary: dict[Any, Any], entries: dict[Any, Any]) -> None:
    dictionary.clear()
    dictionary.update(entries)


# What can change, how its state is read, and how it is restored.
STATES: tuple[tuple[type, Callable[[Any], Any], Callable[[Any, Any], Any]], ...] = (
    (np.ndarray, np.ndarray.copy, _write),
    (np.random.Generator, lambda rng: rng.bit_generator.state, lambda rng, s: setattr(rng.bit_generator, "state", s)),
    (np.random.RandomState, lambda rng: rng.get_state(legacy=False), np.random.RandomState.set_state),
    (random.Random, random.Random.getstate, random.Random.setstate),
    (dict, dict, _refill),
    (list, list, lambda items, before: items.__setitem__(slice(None), before)),
)


def _put_back(value: Any) -> Callable[[], None]:
    """Return a function that restores a value to its state now, if that can change."""
    for kind, state_of, restore in STATES:
        if isinstance(value, kind):
            return functools.partial(restore, value, state_of(value))
    return lambda: None
