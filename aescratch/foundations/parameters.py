"""Parameters: named arrays that are trained, each with its gradient; those of a model share one flat buffer.

    parameter.value, parameter.grad     views, in the shape of the formula
    buffer.values, buffer.grads         flat, updated by an optimiser in one pass
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from aescratch.backend import Array, array_module, explained_out_of_memory, move
from aescratch.foundations.language import gettext


class ParameterBuffer:
    """The values and gradients of several parameters, flat, one after the other."""

    def __init__(self, values: Array) -> None:
        self.values = values
        self.grads: Array = array_module(values).zeros_like(values)


class Parameter:
    """A named array that is trained, `value`, with its gradient, `grad`, of the same shape.

    Both are views of a flat buffer. Assigning to either copies into the view.

    Parameters
    ----------
    name : str
        Its name, that of the formula's variable.
    value : array of floats
        The initial value.
    decays : bool, optional
        Whether weight decay applies, which only the layer that owns the parameter knows: it does to the weights of a
        dense layer, but not to biases or a codebook. With None it doesn't, and `WeightDecay` raises an error if the
        value is a matrix.

    Examples
    --------
    >>> b = Parameter("b", np.zeros(3))
    >>> b.value = np.ones(3)
    >>> b.grad += 2.0
    >>> b
    Parameter('b', shape=(3,))
    """

    name: str
    decays: bool | None
    buffer: ParameterBuffer
    start: int

    def __init__(self, name: str, value: Array, decays: bool | None = None) -> None:
        self.name, self.decays = name, decays
        self.shape: tuple[int, ...] = value.shape
        self.size: int = int(value.size)
        self.bind(ParameterBuffer(value.reshape(-1).copy()), 0)

    def bind(self, buffer: ParameterBuffer, start: int) -> None:
        """Make this parameter a view of buffer from start on; its value is what the buffer holds there."""
        here = slice(start, start + self.size)
        self.buffer, self.start = buffer, start
        self._value = buffer.values[here].reshape(self.shape)
        self._grad = buffer.grads[here].reshape(self.shape)

    @property
    def value(self) -> Array:
        """The array itself, a view; assigning copies into it."""
        return self._value

    @value.setter
    def value(self, new: Array) -> None:
        if new is not self._value:
            self._require_shape(new)
            self._require_usable(new)
            self._value[...] = new

    @property
    def grad(self) -> Array:
        """The gradient of the last backward pass, a view; assigning copies into it."""
        return self._grad

    @grad.setter
    def grad(self, new: Array) -> None:
        if new is not self._grad:  # as after += on the view itself
            self._require_shape(new)
            self._grad[...] = new

    def _require_usable(self, new: Any) -> None:
        """Raise for values that training can't start from."""
        if getattr(new, "dtype", None) is None or new.dtype.kind not in "fiu":
            kind = getattr(new, "dtype", type(new).__name__)
            message = gettext("expected an array of numbers for parameter {name}, got {kind}; pass floats")
            raise TypeError(message.format(name=self.name, kind=kind))
        largest = np.finfo(self._value.dtype).max
        if not bool((abs(new) <= largest).all()):
            message = gettext(
                "expected finite numbers within {dtype} for parameter {name}, got NaN, infinite or larger values; "
                "the parameter is unchanged"
            )
            raise ValueError(message.format(dtype=self._value.dtype, name=self.name))

    def _require_shape(self, new: Any) -> None:
        if getattr(new, "shape", None) != self.shape:
            shape = getattr(new, "shape", f"of a {type(new).__name__}")
            message = gettext("expected an array of shape {wanted} for parameter {name}, got shape {shape}")
            raise ValueError(message.format(wanted=self.shape, name=self.name, shape=shape))
        array_module(self._value, new)  # raises for an array of the other library

    def __getstate__(self) -> dict[str, Any]:
        # A copied view would be a separate array; the copy binds to the copied buffer instead.
        return {name: value for name, value in self.__dict__.items() if name not in ("_value", "_grad")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.bind(self.buffer, self.start)

    def __repr__(self) -> str:
        return f"Parameter({self.name!r}, shape={self.shape})"


@explained_out_of_memory()
def pack(parameters: Sequence[Parameter], dtype: str, backend: str = "numpy") -> None:
    """Move parameters into one new flat buffer, in their order, in the dtype and on the backend."""
    values = [move(parameter.value, backend).reshape(-1).astype(dtype) for parameter in parameters]
    buffer = ParameterBuffer(array_module(*values).concatenate(values))
    start = 0
    for parameter in parameters:
        parameter.bind(buffer, start)
        start += parameter.size
