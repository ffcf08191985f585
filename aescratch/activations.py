"""Activations: what makes a network more than a matrix, and the slopes that the contractive penalty is made of.

    a --forward--> y = φ(a), element by element, and remembers a or y;   grad_y --backward--> grad_a = grad_y φ'(a)

The element-wise ones are made from the records of the formula sheet, `aescratch.functions.ACTIVATIONS`: for each a
layer that calls the sheet's functions. `TopK` isn't element-wise: it looks at all units of an example.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from aescratch import functions
from aescratch.backend import Array
from aescratch.functions import formula
from aescratch.layers import Layer, ours
from aescratch.making import arguments_of, constructor, docstring, held, kinks
from aescratch.parts import Part
from aescratch.recipes import Recipe
from aescratch.validation import require_batch, require_count, require_same_shape


class Activation(Layer, Recipe):
    """Base of the element-wise activations y = φ(a), all (N, H); remembers a.

    `slope` and `slope_backward` are φ' and its derivative, which the contractive penalty needs.

    Attributes
    ----------
    ready : (a, result)
        What the dense layer before, whose output is a, has had computed of it in the kernel that added its bias; there
        until forward takes it.
    """

    remembers: tuple[str, ...] = ("a",)

    def forward(self, a: Array) -> Array:
        """Return y and remember a."""
        require_batch(a, "a")
        self.a = a
        return self.computed(self.apply, a)

    def computed(self, formula: Callable[[Array], Any], a: Array) -> Any:
        """Return formula(a), unless the layer before has it ready, for this very array."""
        ready = self.__dict__.pop("ready", None)
        return ready[1] if ready is not None and ready[0] is a else formula(a)

    def slope(self, a: Array) -> Array:
        """Return φ'(a)."""
        raise NotImplementedError

    def slope_backward(self, grad_slope: Array, a: Array) -> Array:
        """Return grad_a = grad_slope φ''(a)."""
        raise NotImplementedError


class FromSheet(Activation):
    """Base of the activations of the formula sheet, whose functions each method calls by their names.

    Attributes
    ----------
    record : Activation of the sheet
        What the sheet says of it.
    name, backward_name : str
        Those of the functions that compute y and grad_a.
    numbers : tuple of float
        The settings that the functions take last, such as alpha.
    wanted : tuple of str
        What the derivative is computed from, beside grad_y: a or y, which forward remembers, or a setting.
    """

    record: ClassVar[formula.Activation]
    name: ClassVar[str]
    backward_name: ClassVar[str]
    wanted: ClassVar[tuple[str, ...]]
    numbers: tuple[float, ...] = ()

    def apply(self, a: Array) -> Array:
        """Return y."""
        return getattr(functions, self.name)(a, *self.numbers)

    def forward(self, a: Array) -> Array:
        """Return y, and remember a, or y where the derivative is simplest through it."""
        require_batch(a, "a")
        y = self.computed(self.apply, a)
        if "a" in self.remembers:
            self.a = a
        if "y" in self.remembers:
            self.y = y
        return y

    def backward(self, grad_y: Array) -> Array:
        """Return grad_a."""
        name = self.remembers[0]
        remembered = getattr(self, name)
        require_same_shape(grad_y, "grad_y", remembered, name)
        beside = (remembered,) if self.wanted == (name,) else held(self, self.wanted)
        return getattr(functions, self.backward_name)(grad_y, *beside)

    def slope(self, a: Array) -> Array:
        """Return φ'(a)."""
        return getattr(functions, self.record.slope.__name__)(a, *self.numbers)

    def slope_backward(self, grad_slope: Array, a: Array) -> Array:
        """Return grad_a = grad_slope φ''(a)."""
        function = self.record.slope_backward
        given = [a if name == "a" else getattr(self, name) for name in arguments_of(function)[1:]]
        return getattr(functions, function.__name__)(grad_slope, *given)


class KeepsSlope(FromSheet):
    """Base of those that keep the slope, which one formula of the sheet gives together with the value."""

    shortcut_of: ClassVar[tuple[str, ...]]

    def forward(self, a: Array) -> Array:
        """Return y, and remember a and the slope φ'(a)."""
        require_batch(a, "a")
        self.a = a
        if not ours(*self.shortcut_of):  # what an exercise or an instrument has put there is called by itself
            self.kept_slope = None
            return self.apply(a)
        y, self.kept_slope = self.computed(self.value_and_slope, a)
        return y

    def value_and_slope(self, a: Array) -> Any:
        """Return y and φ'(a)."""
        return getattr(functions, self.shortcut_of[0])(a, *self.numbers)

    def backward(self, grad_y: Array) -> Array:
        """Return grad_a."""
        if self.kept_slope is None:
            return super().backward(grad_y)
        require_same_shape(grad_y, "grad_y", self.a, "a")
        return grad_y * self.kept_slope  # what the sheet's backward does, its slope at hand


def layer_of(record: formula.Activation) -> type[FromSheet]:
    """Return the layer of an activation of the sheet."""
    wanted, settings = arguments_of(record.backward)[1:], tuple(record.settings)
    keeps_slope = record.together is not None and "y" not in wanted
    remembers = [name for name in ("a", "y") if name in wanted or (name == "a" and record.kinks is not None)]
    replaced = (record.together, record.value, record.slope, record.backward) if keeps_slope else (record.value,)
    names = tuple(function.__name__ for function in replaced if function is not None)
    members: dict[str, Any] = {
        "__module__": __name__, "__doc__": docstring(record.value, record.settings, record.example),
        "record": record, "name": record.name, "backward_name": record.backward.__name__, "wanted": wanted,
        "remembers": (*(remembers or ["a"]), *(["kept_slope"] if keeps_slope else [])), **kinks(record, ["a"]),
    }  # fmt: skip
    if keeps_slope:
        members["shortcut_of"] = names
    if settings:
        members["__init__"] = constructor(record.settings)
        members["numbers"] = property(lambda self: tuple(held(self, settings)), doc="The settings.")
    elif hasattr(record.value, "__wrapped__"):  # in one kernel on a GPU, into which the bias can be added
        members["formulas"] = names
    return type(record.layer, (KeepsSlope if keeps_slope else FromSheet,), members)


LAYERS: dict[str, type[FromSheet]] = {record.layer: layer_of(record) for record in functions.ACTIVATIONS.values()}
globals().update(LAYERS)

if TYPE_CHECKING:  # for type checkers and editors; a layer that isn't named here is there all the same

    class Identity(FromSheet):  # noqa: D101
        pass

    class ReLU(FromSheet):  # noqa: D101
        pass

    class LeakyReLU(FromSheet):  # noqa: D101
        alpha: float

        def __init__(self, alpha: float = 0.01) -> None: ...

    class GELU(KeepsSlope):  # noqa: D101
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
        How many units stay, at most as many as there are.

    Examples
    --------
    >>> TopK(2).apply(np.array([[1.0, -3.0, 2.0, 2.0]]))
    array([[0., 0., 2., 2.]])
    """

    remembers = ("a",)

    def __init__(self, k: int) -> None:
        self.k = require_count("k", k)

    @property
    def kinks(self) -> Array:
        """Which units are kept."""
        return functions.top_k_mask(self.a, self.k)

    def apply(self, a: Array) -> Array:
        """Return y (N, H) for a (N, H)."""
        self._require_enough(a)
        return functions.top_k(a, self.k)

    def forward(self, a: Array) -> Array:
        """Return y (N, H) for a (N, H), and remember a."""
        self._require_enough(a)
        require_batch(a, "a")
        self.a = a
        return functions.top_k(a, self.k)

    def backward(self, grad_y: Array) -> Array:
        """Return grad_a (N, H)."""
        require_same_shape(grad_y, "grad_y", self.a, "a")
        return functions.top_k_backward(grad_y, self.a, self.k)

    def _require_enough(self, a: Array) -> None:
        if a.ndim != 2 or a.shape[1] < self.k:
            raise ValueError(f"expected at least k = {self.k} units, shape (N, {self.k}) or wider, got shape {a.shape}")

    def __repr__(self) -> str:
        return f"TopK({self.k})"


class Slope(Part):
    """The slope φ'(a) of an activation as a quantity of its own, (N, H), for the contractive penalty."""

    remembers = ("a",)

    def __init__(self, activation: Activation) -> None:
        self.activation = activation

    @property
    def kinks(self) -> Array | None:
        """The pattern of the activation, whose slope jumps where the activation bends."""
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
