"""Buffers: the state of a part that isn't trained, such as a running mean.

    training mode: forward --assigns--> buffer.value       use mode: forward and apply only read it

A buffer is saved in files and checkpoints beside the parameters, moves with its model, and is restored with it after
Control-C or divergence. While it is frozen, assignments are ignored: a gradient check evaluates the loss in training
mode many times, always from the same state.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import numpy as np

from aescratch.backend import Array, array_module, move
from aescratch.foundations.language import gettext


class Buffer:
    """A named array that belongs to a part's state and has no gradient.

    Parameters
    ----------
    name : str
        Its name within the part, such as ``"running_mean"``.
    value : array
        The initial value; the buffer keeps a copy.

    Attributes
    ----------
    frozen : bool
        Whether assignments to `value` are ignored.

    Examples
    --------
    >>> running_mean = Buffer("running_mean", np.zeros(3))
    >>> running_mean.value = np.ones(3)
    >>> running_mean
    Buffer('running_mean', shape=(3,))
    """

    def __init__(self, name: str, value: Array) -> None:
        self.name = name
        self.frozen = False
        self._value = _read_only(value.copy())

    @classmethod
    def filled(cls, name: str, size: int, value: float, dtype: str) -> Buffer:
        """Return a buffer of this many equal numbers.

        Examples
        --------
        >>> Buffer.filled("running_variance", 3, 1.0, "float32").value
        array([1., 1., 1.], dtype=float32)
        """
        return cls(name, np.full(size, value, dtype))

    @property
    def value(self) -> Array:
        """The array, read-only with NumPy; assigning replaces it by a copy in its dtype, unless it is frozen.

        Raises
        ------
        ValueError
            If an array of another shape is assigned.
        TypeError
            If an array of another library is assigned.
        """
        return self._value

    @value.setter
    def value(self, new: Array) -> None:
        if getattr(new, "shape", None) != self._value.shape:
            shape = getattr(new, "shape", f"of a {type(new).__name__}")
            message = gettext("expected an array of shape {wanted} for {name}, got shape {shape}")
            raise ValueError(message.format(wanted=self._value.shape, name=self.name, shape=shape))
        array_module(self._value, new)  # raises for an array of the other library
        if not self.frozen:
            self._value = _read_only(new.astype(self._value.dtype))

    def to(self, backend: str, dtype: str | None = None) -> None:
        """Move the array to the backend, ``"numpy"`` or ``"cupy"``, and into the dtype, if one is given."""
        moved = move(self._value, backend)
        self._value = _read_only(moved if dtype is None else moved.astype(dtype))

    def __getstate__(self) -> dict[str, Any]:
        # A copy is never frozen, even if the original is.
        return {**self.__dict__, "frozen": False}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        _read_only(self._value)

    def __repr__(self) -> str:
        return f"Buffer({self.name!r}, shape={self._value.shape})"


def _read_only(array: Array) -> Array:
    """Return the array, read-only: ``buffer.value += x`` then raises, since it would change even a frozen buffer."""
    if isinstance(array, np.ndarray):
        array.flags.writeable = False
    return array


def named_buffers(parts: dict[str, Any]) -> dict[str, Buffer]:
    """Return the buffers of named parts, each by the part's name and its own: ``encoder.batchnorm1.running_mean``.

    Raises
    ------
    ValueError
        If two buffers of a part have the same name.
    """
    named: dict[str, Buffer] = {}
    for place, part in parts.items():
        for buffer in getattr(part, "buffers", ()):
            name = f"{place}.{buffer.name}"
            if named.setdefault(name, buffer) is not buffer:
                message = gettext(
                    "expected every buffer of {place} to have a unique name, got {name!r} twice; rename one"
                )
                raise ValueError(message.format(place=place, name=buffer.name))
    return named


def move_buffers(buffers: Iterable[Buffer], backend: str, dtype: str | None = None) -> None:
    """Move buffers to the backend, and into the dtype, if one is given."""
    for buffer in buffers:
        buffer.to(backend, dtype)


def frozen(buffers: Iterable[Buffer]) -> AbstractContextManager[None]:
    """Ignore assignments to the buffers within the block.

    Examples
    --------
    >>> running_mean = Buffer("running_mean", np.zeros(2))
    >>> with frozen([running_mean]):
    ...     running_mean.value = np.ones(2)
    >>> running_mean.value
    array([0., 0.])
    """
    return switched(buffers, "frozen", on=True)


@contextlib.contextmanager
def switched(things: Iterable[Any], name: str, *, on: bool) -> Iterator[None]:
    """Switch an attribute of each thing on or off within the block, and restore each one's own state afterwards."""
    before = [(thing, getattr(thing, name, False)) for thing in things]
    try:
        for thing, _ in before:
            setattr(thing, name, on)
        yield
    finally:
        for thing, was_on in before:
            setattr(thing, name, was_on)
