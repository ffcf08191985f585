"""A recorded training step: its operations in order, to be printed, searched, drawn, and opened in a browser."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any, overload

from aescratch.backend import Array
from aescratch.foundations.files import whole_file
from aescratch.inspection.tracing import printing
from aescratch.inspection.tracing.arrays import Quantity
from aescratch.inspection.tracing.language import Equation, replace
from aescratch.inspection.tracing.recorder import Recorder
from aescratch.inspection.tracing.replay import Replay
from aescratch.inspection.tracing.writing import latex_letter, latex_of, text_of, worked


@dataclass(frozen=True, eq=False)
class Operation:
    """One operation of a training step.

    Attributes
    ----------
    number : int
        Its place in the trace, from 0.
    name : str
        The textbook's letter for what it computes: ``a1``, ``h1``, ``x_hat``, ``grad_W1``.
    which : str
        ``"forward"``, ``"backward"`` or ``"update"``.
    part : str
        The part of the model that is at work, as in ``model.parts``; empty for the model itself.
    formula, latex : str
        What every entry of the output is, as text and as LaTeX.
    where : str
        File and lines of the code that computes it, ``aescratch/functions/affine.py:14-15``.
    code : str
        Those lines.
    inputs : dict of str to array
        What it is computed from.
    output : array
        What it computes, float64.
    agrees : bool
        Whether the code gives what the formula says: False where a function of the sheet was replaced by another.
    """

    number: int
    name: str
    which: str
    part: str
    function: str
    formula: str
    latex: str
    where: str
    code: str
    inputs: dict[str, Array]
    output: Array
    agrees: bool
    quantity: Quantity
    trace: Trace

    @property
    def outputs(self) -> dict[str, Array]:
        """The output by its name."""
        return {self.name: self.output}

    @property
    def numeric(self) -> Array | None:
        """The difference quotients beside a gradient, NaN at a kink; None for what isn't a whole gradient."""
        return self.trace.numeric(self.name)

    def worked(self, *where: int) -> str:
        """Return the arithmetic of one entry with the numbers put in.

        Parameters
        ----------
        *where : int
            The entry's indices; none for a single number.
        """
        if self.quantity.equation is None:
            return f"{self.name} = {self.output[where]:.6g}"
        equation, values = self.trace.by_name(self.quantity)
        return worked(equation, values, tuple(range(n)[i] for n, i in zip(self.output.shape, where, strict=True)),
                      float(self.output[where]))  # fmt: skip

    def __repr__(self) -> str:
        return f"{self.number}  {self.formula}"


class Trace(Sequence[Operation]):
    """One training step, operation by operation.

    ``trace[3]`` and ``trace[2:5]`` give operations, ``trace["grad_W1"]`` the one of that name, ``trace.find("grad_W")``
    those whose name begins so. ``print(trace)`` is the step worked on paper.

    Attributes
    ----------
    title : str
        What was recorded.
    loss : float
        The objective of the batch.
    given : dict of str to array
        What the step starts from: the batch, the parameters, the noise that was drawn, and the settings.
    """

    def __init__(self, title: str, recorder: Recorder, quantities: Sequence[Quantity], replay: Replay) -> None:
        self.title, self._replay = title, replay
        self.given_quantities = [quantity for quantity in recorder.given if quantity.name]
        self.given = {quantity.name: quantity.value for quantity in self.given_quantities}
        self.loss = replay.loss
        self._letters = {q.name: _letter(q) for q in [*self.given_quantities, *quantities]}
        self._numeric: dict[str, Array] = {}
        self._operations = [self._operation(number, quantity) for number, quantity in enumerate(quantities)]
        self._whole = {id(q.target): q.name for q in quantities if q.target is not None}

    def _operation(self, number: int, quantity: Quantity) -> Operation:
        if quantity.equation is None:
            formula = latex = f"{quantity.name} is what {quantity.function} makes of it"
        else:
            named, _ = self.by_name(quantity)
            formula, latex = text_of(named), latex_of(named, self._letters)
        inputs = {q.name: q.value for q in quantity.inputs}
        return Operation(
            number, quantity.name, quantity.kind, quantity.part, quantity.function, formula, latex, quantity.where,
            quantity.code, inputs, quantity.value, quantity.agrees, quantity, self,
        )  # fmt: skip

    def by_name(self, quantity: Quantity) -> tuple[Equation, dict[str, Array]]:
        """Return an operation's equation with names in it, and the arrays by these names."""
        assert quantity.equation is not None
        tree = replace(quantity.equation.tree, lambda of, indices: ["at", getattr(of, "name", of), indices])
        values = {q.name: q.value for q in quantity.inputs}
        return Equation(quantity.name, quantity.equation.indices, tree), values

    def numeric(self, name: str) -> Array | None:
        """Return the difference quotients of the loss beside a gradient, (f(q + h) − f(q − h)) / 2h entry by entry.

        They are taken of the model's own loss in which this one quantity is moved, when first asked for. NaN stands
        where the loss has a kink. What isn't a whole gradient, but a share of one, has none, and gives None.
        """
        target = self[name].quantity.target
        if target is None or self._whole[id(target)] != name or not self._replay.knows(target):
            return None
        if name not in self._numeric:
            self._numeric[name] = self._replay.quotients(target)
        return self._numeric[name]

    def find(self, text: str) -> list[Operation]:
        """Return the operations whose name begins with the text, in order."""
        return [operation for operation in self if operation.name.startswith(text)]

    @overload
    def __getitem__(self, key: int | str) -> Operation: ...

    @overload
    def __getitem__(self, key: slice) -> list[Operation]: ...

    def __getitem__(self, key: int | str | slice) -> Operation | list[Operation]:
        """Return an operation by its number or its name, or several by a slice."""
        if isinstance(key, str):
            for operation in self._operations:
                if operation.name == key:
                    return operation
            names = ", ".join(operation.name for operation in self)
            raise KeyError(f"expected the name of an operation, got {key!r}; there are {names}")
        return self._operations[key]

    def __len__(self) -> int:
        return len(self._operations)

    def __iter__(self) -> Iterator[Operation]:
        return iter(self._operations)

    def __str__(self) -> str:
        return printing.text(self)

    def __repr__(self) -> str:
        return f"<Trace of {self.title}: {len(self)} operations, loss {self.loss:.6g}>"

    def to_dict(self) -> dict[str, Any]:
        """Return title, loss, what is given and every operation, as plain values, ready for JSON.

        Examples
        --------
        >>> import numpy as np
        >>> import aescratch as ae
        >>> step = ae.trace(ae.Autoencoder([2, 1], rng=0), np.ones((1, 2))).to_dict()
        >>> list(step)
        ['title', 'loss', 'given', 'operations']
        >>> step["operations"][0]["formula"], step["operations"][0]["inputs"]
        ('a1[n,j] = Σ_i x[n,i]·W1[i,j] + b1[j]', ['x', 'W1', 'b1'])
        """
        operations = [
            {
                "name": operation.name, "which": operation.which, "part": operation.part, "formula": operation.formula,
                "latex": operation.latex, "where": operation.where, "inputs": list(operation.inputs),
                "output": operation.output.tolist(),
            }
            for operation in self
        ]  # fmt: skip
        given = {name: value.tolist() for name, value in self.given.items()}
        return {"title": self.title, "loss": self.loss, "given": given, "operations": operations}

    def plot(self, *, ax: Any = None) -> Any:
        """Draw the step as a picture, forward above and backward below, and return matplotlib's axes.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; by default on a new figure.
        """
        from aescratch.inspection.tracing.picture import draw

        return draw(self, ax)

    def to_html(self, path: str | os.PathLike[str]) -> Path:
        """Write the page that walks through the step, one file that fetches nothing, and return its path.

        Raises
        ------
        OSError
            If it can't be written.
        """
        from aescratch.inspection.tracing.page import page

        with whole_file(path) as stream:
            stream.write(page(self).encode())
        return Path(path)

    def _repr_html_(self) -> str | None:
        from aescratch.inspection.tracing.page import page

        try:
            inside = escape(page(self))
        except ValueError:  # too many numbers; a notebook shows the line of text then
            return None
        return (
            '<iframe sandbox="allow-scripts" style="width: 100%; height: 720px; border: 1px solid #8888" '
            f'title="{escape(self.title)}" srcdoc="{inside}"></iframe>'
        )


def _letter(quantity: Quantity) -> str:
    """Return a quantity's letter in LaTeX, INDICES standing where a derivative has them."""
    if quantity.target is None:
        return latex_letter(quantity.name)
    of = latex_letter(quantity.target.name)
    share = quantity.name.removeprefix(f"grad_{quantity.target.name}").strip("_").replace("_", r"\ ")
    fraction = rf"\frac{{\partial J}}{{\partial {of}INDICES}}"
    return rf"\left.{fraction}\right|_{{\mathrm{{{share}}}}}" if share else fraction
