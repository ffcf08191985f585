"""Quantities, and arrays that know which one they hold.

    a = b * 2      b holds the quantity h1: the array itself tells the recorder, and a holds a new quantity
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from aescratch.backend import Array
from aescratch.inspection.tracing.language import Equation, names_in

if TYPE_CHECKING:
    from aescratch.inspection.tracing.recorder import Recorder


@dataclass(eq=False)
class Quantity:
    """An array of the step: given, or computed by an operation.

    Attributes
    ----------
    value : array
        What it was when it was computed, in float64.
    kind : str
        ``"input"``, ``"parameter"``, ``"state"``, ``"noise"`` or ``"setting"`` for what is given; ``"forward"``,
        ``"backward"`` or ``"update"`` for what is computed.
    equation : Equation or None
        How, with quantities in the place of names.
    target : Quantity or None
        The quantity whose gradient this is, or a share of it.
    wish : str
        The name it would like, before all are named.
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
    share: bool = False  # of a gradient, to which others are added

    @property
    def inputs(self) -> list[Quantity]:
        """The quantities that it is computed from."""
        return [] if self.equation is None else names_in(self.equation.tree)


class Traced(np.ndarray):
    """An array that knows which quantity it holds, and records what is done with it."""

    # NumPy's own library is found by the module of an array's class.
    __module__ = "numpy"

    quantity: Quantity | None
    recorder: Recorder | None
    flipped: bool

    def __array_finalize__(self, source: Any) -> None:
        """Hold nothing yet, as a view of something else."""
        self.quantity, self.flipped = None, False
        self.recorder = getattr(source, "recorder", None)

    @property
    def T(self) -> Traced:
        """The transpose, of the same quantity."""
        view: Traced = self.transpose()
        view.quantity, view.flipped = self.quantity, not self.flipped
        return view

    def __setitem__(self, key: Any, value: Any) -> None:
        """Write, and hold what was written."""
        super().__setitem__(key, value)
        whole = key is Ellipsis and isinstance(value, Traced) and value.shape == self.shape
        self.quantity, self.flipped = (value.quantity, value.flipped) if whole else (None, False)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, out: Any = None, **options: Any) -> Any:
        """Compute with plain arrays, and record it."""
        if out is not None:
            options["out"] = tuple(map(plain, out))
        before = [np.array(plain(given)) for given in inputs] if out is not None else []
        result = getattr(ufunc, method)(*map(plain, inputs), **options)
        recorder = next((i.recorder for i in (*inputs, *(out or ())) if isinstance(i, Traced) and i.recorder), None)
        if recorder is None or recorder.asleep or isinstance(result, tuple) or result is NotImplemented:
            return result
        quantity = recorder.operation(ufunc.__name__ if method == "__call__" else "", inputs, before, np.array(result))
        traced = out[0] if out and isinstance(out[0], Traced) else recorder.traced(np.asarray(result), quantity)
        traced.quantity, traced.flipped = quantity, False
        if recorder.push is not None and quantity is not None:
            np.copyto(plain(traced), quantity.value, casting="unsafe")
        return traced


def plain(value: Any) -> Any:
    """Return the same memory as an ordinary array."""
    return value.view(np.ndarray) if isinstance(value, Traced) else value
