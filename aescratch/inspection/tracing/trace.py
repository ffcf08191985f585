"""A recorded training step: its operations in order, to be printed, searched, drawn, and opened in a browser."""

from __future__ import annotations

import os
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from aescratch.backend import Array
from aescratch.foundations.files import write_text
from aescratch.foundations.language import gettext
from aescratch.inspection.tracing.arrays import Quantity
from aescratch.inspection.tracing.operation import Operation, operation_of
from aescratch.inspection.tracing.printing import text
from aescratch.inspection.tracing.replay import Replay
from aescratch.inspection.tracing.taken import Taken
from aescratch.inspection.tracing.writing import latex_letter
from aescratch.plots.lettering import legible

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class Trace(Sequence[Operation]):
    """One training step, operation by operation.

    ``trace[3]`` and ``trace[2:5]`` return operations by number, ``trace["grad_W1"]`` the one of that name, and
    ``trace.find("grad_W")`` those whose name begins with it. ``print(trace)`` shows the step as worked on paper.

    Attributes
    ----------
    title : str
        What was recorded.
    loss : float
        The objective of the batch.
    given : dict of str to array
        The given quantities: the batch, the parameters, the drawn noise, and the settings.
    """

    title: str
    loss: float

    def __init__(self, taken: Taken, given: Sequence[Quantity], computed: Sequence[Quantity], replay: Replay) -> None:
        self._taken, self.title, self.loss = taken, taken.title, replay.loss
        self.given_quantities: list[Quantity] = [quantity for quantity in given if quantity.name]
        self.given: dict[str, Array] = {quantity.name: quantity.value for quantity in self.given_quantities}
        letters = {quantity.name: _letter(quantity) for quantity in [*self.given_quantities, *computed]}
        self._operations = [
            operation_of(number, quantity, letters, replay.numeric) for number, quantity in enumerate(computed)
        ]

    def numeric(self, name: str) -> Array | None:
        """Return the difference quotients of the loss for a gradient, (f(q + h) − f(q − h)) / 2h entry by entry.

        They are computed at the first request, from the model's loss with this one quantity moved. An entry is NaN if
        the loss has a kink there. The result is None for a share of a gradient, and for other quantities.
        """
        return self[name].numeric

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
            for operation in self:
                if operation.name == key:
                    return operation
            names = ", ".join(operation.name for operation in self)
            sentence = gettext("expected the name of an operation, got {key!r}; there are {names}")
            raise KeyError(sentence.format(key=key, names=names))
        return self._operations[key]

    def __len__(self) -> int:
        return len(self._operations)

    def __str__(self) -> str:
        return text(self.title, self.given, self)

    def __repr__(self) -> str:
        said = gettext("<Trace of {title}: {count} operations, loss {loss:.6g}>")
        return str(said.format(title=self.title, count=len(self), loss=self.loss))

    def to_dict(self) -> dict[str, Any]:
        """Return title, loss, given quantities and every operation, as plain values, ready for JSON.

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

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """Draw the step as a picture, forward above and backward below, and return matplotlib's axes.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; by default on a new figure.
        """
        from aescratch.inspection.tracing.picture import draw

        with legible():
            return draw(self._taken.title, self.given_quantities, self, ax)

    def to_html(self, path: str | os.PathLike[str], image_shape: Sequence[int] | None = None) -> Path:
        """Write the page that walks through the step, one file that loads nothing else, and return its path.

        Parameters
        ----------
        path : str or path
            The file.
        image_shape : sequence of int, optional
            The shape of an example as an image, (height, width); images and weights are then shown as images.

        Raises
        ------
        ValueError
            If the step has too many numbers for a page, or the examples don't have this image shape.
        OSError
            If the file can't be written.
        """
        write_text(path, self._page(image_shape))
        return Path(path)

    def _page(self, image_shape: Sequence[int] | None = None) -> str:
        from aescratch.inspection.tracing.page import page  # imported here, since importing the package doesn't need it

        return page(self._taken, self.given_quantities, self, image_shape)

    def _repr_html_(self) -> str | None:
        try:
            inside = escape(self._page())
        except ValueError:  # too many numbers: the notebook then shows the line of text
            return None
        return (
            '<iframe sandbox="allow-scripts" style="width: 100%; height: 720px; border: 1px solid #8888" '
            f'title="{escape(self.title)}" srcdoc="{inside}"></iframe>'
        )


def _letter(quantity: Quantity) -> str:
    """Return a quantity's letter in LaTeX, with INDICES in the place of a derivative's indices."""
    if quantity.target is None:
        return latex_letter(quantity.name)
    of = latex_letter(quantity.target.name)
    share = quantity.name.removeprefix(f"grad_{quantity.target.name}").strip("_").replace("_", r"\ ")
    fraction = rf"\frac{{\partial J}}{{\partial {of}INDICES}}"
    return rf"\left.{fraction}\right|_{{\mathrm{{{share}}}}}" if share else fraction
