"""Putting back everything that a check may change in an object: attributes, contents of arrays, states of generators.

    with kept(layer): ...                    whatever happens inside, layer is as before afterwards, to the last bit
    with in_double_precision(model): ...     so is the model, which computes in float64 meanwhile

What can be reached through attributes, lists, tuples and dictionaries counts: the layers in a list of layers, the
arrays in a dictionary. Sets, slots and closures aren't looked into.
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

# What is shared by everybody, or can't change, and isn't looked into.
LEFT_ALONE = (type, types.ModuleType, types.FunctionType, types.BuiltinFunctionType, str, bytes, int, float, complex)


@contextlib.contextmanager
def kept(*objects: Any) -> Iterator[None]:
    """Put back, after the block, what can be reached from the objects; their identities stay too."""
    put_back = putting_back(*objects)
    try:
        yield
    finally:
        try:
            put_back()
        except KeyboardInterrupt:  # in the middle of it; each can be done twice
            put_back()
            raise


def putting_back(*objects: Any) -> Callable[[], None]:
    """Return a function that makes everything that can be reached from the objects what it is now, time and again."""
    undo = [_put_back(value) for value in reachable(*objects)]

    def put_back() -> None:
        for each in undo:
            each()

    return put_back


@contextlib.contextmanager
def in_double_precision(model: Any, backend: str | None = None) -> Iterator[None]:
    """Put float64 copies of its values into a model, on the backend if one is given; put back everything afterwards.

    Everything is: values, gradients, what the parts remember, what a class of the user's keeps beside, and the states
    of generators.
    """
    backend = backend or contract.backend_of(model)
    with kept(model, *contract.parts_of(model).values(), *model.parameters):
        pack(model.parameters, "float64", backend)
        move_buffers(contract.buffers_of(model).values(), backend, "float64")
        yield


def reachable(*objects: Any) -> list[Any]:
    """Return the objects, and everything in their attributes, lists and dictionaries, however deep, each once."""
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
    """Whether an object is of Python's own library, which others use too: a logger, a lock, a file."""
    module = type(value).__module__.partition(".")[0]
    return module in sys.stdlib_module_names and not isinstance(
        value, (dict, list, tuple, types.MethodType, types.SimpleNamespace, functools.partial, random.Random)
    )


def _put_back(value: Any) -> Callable[[], None]:
    """Return a function that makes an array, a generator, a dictionary or a list what it is now."""
    if isinstance(value, np.ndarray):
        contents = value.copy()
        return lambda: _write(value, contents)
    if isinstance(value, np.random.Generator):
        state = value.bit_generator.state
        return lambda: setattr(value.bit_generator, "state", state)
    if isinstance(value, np.random.RandomState):
        legacy = value.get_state(legacy=False)
        return lambda: value.set_state(legacy)
    if isinstance(value, random.Random):
        own = value.getstate()
        return lambda: value.setstate(own)
    if isinstance(value, dict):
        entries = dict(value)
        return lambda: _refill(value, entries)
    if isinstance(value, list):
        items = list(value)
        return lambda: value.__setitem__(slice(None), items)
    return lambda: None


def _write(array: Any, contents: Any) -> None:
    if array.flags.writeable and array.tobytes() != contents.tobytes():
        array[...] = contents


def _refill(dictionary: dict[Any, Any], entries: dict[Any, Any]) -> None:
    dictionary.clear()
    dictionary.update(entries)
