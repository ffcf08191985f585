"""Activations, which make a network more than a matrix, and their slopes, which the contractive penalty uses.

    a --forward--> y = φ(a), element by element, and remembers a or y;   grad_y --backward--> grad_a = grad_y φ'(a)

The element-wise layers are made from the records of the formula sheet, `aescratch.functions.ACTIVATIONS`, one for each
record, and call the sheet's functions. `TopK` isn't element-wise: it compares all units of an example.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from aescratch import functions
from aescratch.backend import Array, passes
from aescratch.backend.passes import faster
from aescratch.foundations.parts import Part
from aescratch.foundations.recipes import Recipe
from aescratch.foundations.validation import require_batch, require_count, require_same_shape, require_units
from aescratch.functions import formula
from aescratch.functions.making import arguments_of, constructor, docstring, held, kinks
from aescratch.layers import Layer


class Activation(Layer, Recipe):
    """Base of the element-wise activations y = φ(a), all (N, H); remembers a.

    `slope` and `slope_backward` are φ' and its derivative, which the contractive penalty needs.
    """

    remembers: tuple[str, ...] = ("a",)

    def forward(self, a: Array) -> Array:
        """Return y and remember a."""
        require_batch(a, "a")
        self.a = a
        return self.apply(a)

    def slope(self, a: Array) -> Array:
        """Return φ'(a)."""
        raise NotImplementedError

    def slope_backward(self, grad_slope: Array, a: Array) -> Array:
        """Return grad_a = grad_slope φ''(a)."""
        raise NotImplementedError


class FromSheet(Activation):
    """Base of the activations of the formula sheet; each method calls the sheet's functions by name.

    Attributes
    ----------
    record : Activation of the sheet
        The activation's record on the sheet.
    name, backward_name : str
        The names of the functions that compute y and grad_a.
    numbers : tuple of float
        The settings that the functions take last, such as alpha.
    wanted : tuple of str
        The arguments of the derivative beside grad_y: a or y, which forward remembers, or a setting.
    whole : callable
        The formula that forward computes; with `keeps_slope`, the one that computes the slope too.
    keeps_slope, takes_bias : bool
        Whether faster passes keep the slope from forward for backward, and whether they add a dense layer's bias, on a
        GPU.
    """

    row_by_row = True
    record: ClassVar[formula.Activation]
    name: ClassVar[str]
    backward_name: ClassVar[str]
    wanted: ClassVar[tuple[str, ...]]
    numbers: tuple[float, ...] = ()
    whole: ClassVar[Callable[..., Any]]
    keeps_slope: ClassVar[bool]
    takes_bias: ClassVar[bool]

    def calls_as_written(self) -> bool:
        """Whether forward computes the sheet's own formula, not that of a subclass or an exercise."""
        return type(self).apply is FromSheet.apply and super().calls_as_written()

    def apply(self, a: Array) -> Array:
        """Return y."""
        return getattr(functions, self.name)(a, *self.numbers)

    def forward(self, a: Array) -> Array:
        """Return y, and remember a, or y if the derivative is simplest in terms of y."""
        require_batch(a, "a")
        y = self.apply(a)
        self.remember(a, y)
        return y

    def remember(self, a: Array, y: Array) -> None:
        """Keep what backward needs, and drop the slope of an earlier pass."""
        self.__dict__.pop("kept_slope", None)
        if "a" in self.remembers:
            self.a = a
        if "y" in self.remembers:
            self.y = y

    def backward(self, grad_y: Array) -> Array:
        """Return grad_a."""
        name = self.remembers[0]
        remembered = getattr(self, name)
        require_same_shape(grad_y, "grad_y", remembered, name)
        return getattr(functions, self.backward_name)(grad_y, *held(self, self.wanted))

    def slope(self, a: Array) -> Array:
        """Return φ'(a)."""
        return getattr(functions, self.record.slope.__name__)(a, *self.numbers)

    def slope_backward(self, grad_slope: Array, a: Array) -> Array:
        """Return grad_a = grad_slope φ''(a)."""
        function = self.record.slope_backward
        given = [a if name == "a" else getattr(self, name) for name in arguments_of(function)[1:]]
        return getattr(functions, function.__name__)(grad_slope, *given)


def layer_of(record: formula.Activation) -> type[FromSheet]:
    """Return the layer of an activation of the sheet."""
    wanted, settings = arguments_of(record.backward)[1:], tuple(record.settings)
    keeps_slope = record.together is not None and "y" not in wanted
    remembers = [name for name in ("a", "y") if name in wanted or (name == "a" and record.kinks is not None)]
    whole = record.together if record.together is not None and keeps_slope else record.value
    replaced = (whole, record.value, record.slope, record.backward) if keeps_slope else (whole,)
    takes_bias = not settings and hasattr(record.value, "__wrapped__")  # as one kernel on a GPU
    members: dict[str, Any] = {
        "__module__": __name__, "__doc__": docstring(record.value, record.settings, record.example),
        "record": record, "name": record.name, "backward_name": record.backward.__name__, "wanted": wanted,
        "remembers": (*(remembers or ["a"]), *(["kept_slope"] if keeps_slope else [])), **kinks(record, ["a"]),
        "formulas": tuple(function.__name__ for function in replaced), "whole": staticmethod(whole),
        "keeps_slope": keeps_slope, "takes_bias": takes_bias,
    }  # fmt: skip
    if keeps_slope or takes_bias:
        members["forward"] = faster(passes.activation_forward, on_cpu=keeps_slope)(FromSheet.forward)
    if keeps_slope:
        members["backward"] = faster(passes.activation_backward)(FromSheet.backward)
    if settings:
        members["__init__"] = constructor(record.settings)
        members["numbers"] = property(lambda self: tuple(held(self, settings)), doc="The settings.")
    return type(record.layer, (FromSheet,), members)


LAYERS: dict[str, type[FromSheet]] = {record.layer: layer_of(record) for record in functions.ACTIVATIONS.values()}
globals().update(LAYERS)

if TYPE_CHECKING:  # for type checkers and editors; layers that aren't named here exist too

    class Identity(FromSheet):  # noqa: D101
        pass

    class ReLU(FromSheet):  # noqa: D101
        pass

    class LeakyReLU(FromSheet):  # noqa: D101
        alpha: float

        def __init__(self, alpha: float = 0.01) -> None: ...

    class GELU(FromSheet):  # noqa: D101
        pass

    class GELUTanh(FromSheet):  # noqa: D101
        pass

    class Sigmoid(FromSheet):  # noqa: D101
        pass

    class Tanh(FromSheet):  # noqa: D101
        pass


class TopK(Layer):
    """Keep the k largest units of each example, by value, ties to the first; the others become 0.

    Parameters
    ----------
    k : int
        The number of units to keep, at most the width of a.

    Examples
    --------
    >>> TopK(2).apply(np.array([[1.0, -3.0, 2.0, 2.0]]))
    array([[0., 0., 2., 2.]])
    """

    remembers: tuple[str, ...] = ("a",)
    row_by_row = True

    def __init__(self, k: int) -> None:
        self.k: int = require_count("k", k)

    @property
    def kinks(self) -> Array:
        """The mask of the units that are kept."""
        return functions.top_k_mask(self.a, self.k)

    def apply(self, a: Array) -> Array:
        """Return y (N, H) for a (N, H)."""
        require_units(a, self.k)
        return functions.top_k(a, self.k)

    def forward(self, a: Array) -> Array:
        """Return y (N, H) for a (N, H), and remember a."""
        require_units(a, self.k)
        require_batch(a, "a")
        self.a = a
        return functions.top_k(a, self.k)

    def backward(self, grad_y: Array) -> Array:
        """Return grad_a (N, H)."""
        require_same_shape(grad_y, "grad_y", self.a, "a")
        return functions.top_k_backward(grad_y, self.a, self.k)

    def __repr__(self) -> str:
        return f"TopK({self.k})"


class Slope(Part):
    """The slope φ'(a) of an activation as a separate quantity, (N, H), for the contractive penalty."""

    remembers: tuple[str, ...] = ("a",)
    row_by_row = True

    def __init__(self, activation: Activation) -> None:
        self.activation = activation

    @property
    def kinks(self) -> Array | None:
        """The pattern of the activation: the slope jumps at its kinks."""
        return self.activation.kinks

    def forward(self, a: Array) -> Array:
        """Return φ'(a) and remember a."""
        require_batch(a, "a")
        self.a = a
        return self.activation.slope(a)

    def backward(self, grad_slope: Array) -> Array:
        """Return grad_a (N, H)."""
        require_same_shape(grad_slope, "grad_slope", self.a, "a")
        return self.activation.slope_backward(grad_slope, self.a)

    def __repr__(self) -> str:
        return f"Slope({self.activation!r})"
