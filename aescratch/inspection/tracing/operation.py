"""One operation of a recorded step: its result, its inputs, its formula and its lines of code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from aescratch.backend import Array
from aescratch.foundations.language import gettext
from aescratch.inspection.tracing.arrays import Quantity
from aescratch.inspection.tracing.language import Equation, replace
from aescratch.inspection.tracing.writing import latex_of, text_of, worked


@dataclass(frozen=True, eq=False)
class Operation:
    """One operation of a training step.

    Attributes
    ----------
    number : int
        Its place in the trace, from 0.
    name : str
        The textbook's letter for its result: ``a1``, ``h1``, ``x_hat``, ``grad_W1``.
    which : str
        ``"forward"``, ``"backward"`` or ``"update"``.
    part : str
        The name of the running part in ``model.parts``; empty for the model itself.
    formula, latex : str
        The formula of every entry of the output, as text and as LaTeX.
    where : str
        File and lines of the code that computes it, ``aescratch/functions/affine.py:14-15``.
    code : str
        Those lines.
    inputs : dict of str to array
        The inputs by name.
    output : array
        The result, float64.
    agrees : bool
        Whether the code agrees with the formula: False if a function of the sheet was replaced by another.
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
    quotients: Callable[[Quantity], Array | None]

    @property
    def outputs(self) -> dict[str, Array]:
        """The output by its name."""
        return {self.name: self.output}

    @property
    def numeric(self) -> Array | None:
        """The difference quotients of a gradient, NaN at a kink; None if it isn't a whole gradient."""
        return self.quotients(self.quantity)

    def worked(self, *where: int) -> str:
        """Return the arithmetic of one entry with the numbers put in.

        Parameters
        ----------
        *where : int
            The entry's indices; none for a single number.
        """
        equation = named_equation(self.quantity)
        if equation is None:
            return f"{self.name} = {self.output[where]:.6g}"
        place = tuple(range(n)[i] for n, i in zip(self.output.shape, where, strict=True))
        return worked(equation, self.inputs, place, self.output)

    def __repr__(self) -> str:
        return f"{self.number}  {self.formula}"


def named_equation(quantity: Quantity) -> Equation | None:
    """Return the equation of a quantity, with names in place of quantities; None if unknown."""
    if quantity.equation is None:
        return None
    tree = replace(quantity.equation.tree, lambda of, indices: ["at", of.name, indices])
    return Equation(quantity.name, quantity.equation.indices, tree)


def operation_of(
    number: int, quantity: Quantity, letters: Mapping[str, str], quotients: Callable[[Quantity], Array | None]
) -> Operation:
    """Return the operation that computes a quantity; letters has the LaTeX of each name."""
    equation = named_equation(quantity)
    if equation is None:
        said = gettext("{name} is the result of {function}")
        formula = latex = said.format(name=quantity.name, function=quantity.function)
    else:
        formula, latex = text_of(equation), latex_of(equation, letters)
    return Operation(
        number, quantity.name, quantity.kind, quantity.part, quantity.function, formula, latex, quantity.where,
        quantity.code, {q.name: q.value for q in quantity.inputs}, quantity.value, quantity.agrees, quantity, quotients,
    )  # fmt: skip
