"""Quantities, and arrays that know which quantity they hold.

    a = b * 2      b holds the quantity h1: the array itself tells the recorder, and a holds a new quantity
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from aescratch.backend import Array
from aescratch.inspection.tracing.language import Equation, evaluate, names_in


@dataclass(eq=False)
class Quantity:
    """An array of the step: given, or computed by an operation.

    Attributes
    ----------
    value : array
        Its value when it was computed, in float64.
    kind : str
        ``"input"``, ``"parameter"``, ``"state"``, ``"noise"`` or ``"setting"`` for a given quantity; ``"forward"``,
        ``"backward"`` or ``"update"`` for a computed one.
    wish : str
        The preferred name, before the quantities are named.
    equation : Equation or None
        Its equation, with quantities in place of names.
    target : Quantity or None
        The quantity whose gradient, or share of a gradient, this is.
    by_rule : bool
        Whether it reaches the loss through a part whose backward is declared not to be a derivative.
    references : dict of str to tuple of Quantity and bool
        The quantities that the function's own names stood for, with a flag for transposed arrays.
    """

    value: Array
    kind: str
    wish: str
    equation: Equation | None = None
    target: Quantity | None = None
    part: str = ""
    function: str = ""
    where: str = ""
    code: str = ""
    agrees: bool = True
    name: str = ""
    share: bool = False  # part of a gradient, to which others are added
    by_rule: bool = False
    references: dict[str, tuple[Quantity, bool]] = field(default_factory=dict)

    @property
    def inputs(self) -> list[Quantity]:
        """The quantities that it is computed from."""
        return [] if self.equation is None else names_in(self.equation.tree)


def outcome(equation: Equation, shape: tuple[int, ...] | None = None) -> Array:
    """Return the value of an equation between quantities."""
    return evaluate(equation, {quantity: quantity.value for quantity in names_in(equation.tree)}, shape)


class Traced(np.ndarray):
    """An array that knows which quantity it holds, and records the operations on it."""

    # NumPy's own library is found by the module of an array's class.
    __module__ = "numpy"

    quantity: Quantity | None
    flipped: bool
    # Gets the name of an operation, its operands, their old values if they are written into, and the result; returns
    # the quantity of the result.
    record: Callable[[str, Sequence[Any], Sequence[Array], Array], Quantity | None] | None

    def __array_finalize__(self, source: Any) -> None:
        """Hold no quantity yet: this may be a view of another array."""
        self.quantity, self.flipped = None, False
        self.record = getattr(source, "record", None)

    @property
    def T(self) -> Traced:
        """The transpose, of the same quantity."""
        view: Traced = self.transpose()
        view.quantity, view.flipped = self.quantity, not self.flipped
        return view

    def __setitem__(self, key: Any, value: Any) -> None:
        """Write, and hold the written quantity."""
        super().__setitem__(key, value)
        whole = key is Ellipsis and isinstance(value, Traced) and value.shape == self.shape
        self.quantity, self.flipped = (value.quantity, value.flipped) if whole else (None, False)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, out: Any = (), **options: Any) -> Any:
        """Compute with plain arrays, and record the operation."""
        if out:
            options["out"] = tuple(map(plain, out))
        before = [np.array(plain(given)) for given in inputs] if out else []
        result = getattr(ufunc, method)(*map(plain, inputs), **options)
        record = next((i.record for i in (*inputs, *out) if isinstance(i, Traced) and i.record), None)
        if record is None or isinstance(result, tuple):
            return result
        traced = out[0] if out and isinstance(out[0], Traced) else np.asarray(result).view(Traced)
        name = ufunc.__name__ if method == "__call__" else ""
        traced.quantity, traced.flipped, traced.record = record(name, inputs, before, plain(traced)), False, record
        return traced


def plain(value: Any) -> Any:
    """Return the same memory as an ordinary array."""
    return value.view(np.ndarray) if isinstance(value, Traced) else value
