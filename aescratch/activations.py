"""Activations: what makes a network more than a matrix, and the slopes that the contractive penalty is made of.

    a --forward--> y = φ(a), element by element, and remembers a or y;   grad_y --backward--> grad_a = grad_y φ'(a)

The element-wise ones are made from the records of the formula sheet, `aescratch.functions.ACTIVATIONS`: for each a
layer that calls the sheet's functions. `TopK` isn't element-wise: it looks at all units of an example.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from aescratch import functions
from aescratch.backend import Array
from aescratch.functions import formula
from aescratch.layers import Layer, ours
from aescratch.making import arguments_of, constructor, docstring, holding, kinks
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


class ThroughOutput(Activation):
    """Base of those whose derivative is simplest through their output; remembers y."""

    remembers = ("y",)

    def forward(self, a: Array) -> Array:
        """Return y and remember it."""
        require_batch(a, "a")
        self.y = self.computed(self.apply, a)
        return self.y


class WithSlope(Activation):
    """Base of those that keep the slope, which one formula gives together with the value; remembers a, too."""

    remembers = ("a", "kept_slope")
    shortcut_of: tuple[str, ...]
    value_and_slope: Callable[..., Any]

    def forward(self, a: Array) -> Array:
        """Return y, and remember a and the slope φ'(a)."""
        require_batch(a, "a")
        self.a = a
        if not ours(*self.shortcut_of):  # what an exercise or an instrument has put there is called by itself
            self.kept_slope = None
            return self.apply(a)
        y, self.kept_slope = self.computed(self.value_and_slope, a)
        return y

    def backward(self, grad_y: Array) -> Array:
        """Return grad_a."""
        require_same_shape(grad_y, "grad_y", self.a, "a")
        if self.kept_slope is None:
            return self.backward_from_sheet(grad_y)
        return grad_y * self.kept_slope  # what the sheet's backward does, its slope at hand

    def backward_from_sheet(self, grad_y: Array) -> Array:
        """Return grad_a, as the sheet's backward gives it."""
        raise NotImplementedError


def layer_of(record: formula.Activation) -> type[Activation]:
    """Return the layer of an activation of the sheet, a class that calls the sheet's functions by their names."""
    wanted = arguments_of(record.backward)[1:]
    methods: dict[str, Any] = {
        "__module__": __name__, "__doc__": docstring(record.value, record.settings, record.example),
        "apply": _of_one("apply", record.value, "Return y."), "backward": _backward(record.backward, wanted),
        "slope": _of_one("slope", record.slope, "Return φ'(a)."), "slope_backward": _slope_backward(record),
        **kinks(record, ["a"]),
    }  # fmt: skip
    base: type[Activation] = Activation
    names: tuple[str, ...] = (record.name,)
    if "y" in wanted:
        base = ThroughOutput
        if record.kinks is not None or "a" in wanted:
            methods |= {"remembers": ("a", "y"), "forward": _remembering_both}
    elif record.together is not None:
        base, methods["backward_from_sheet"] = WithSlope, methods.pop("backward")
        methods["value_and_slope"] = _of_one("value_and_slope", record.together, "Return y and φ'(a).")
        replaced = (record.together, record.value, record.slope, record.backward)
        methods["shortcut_of"] = names = tuple(function.__name__ for function in replaced)
    if record.settings:
        methods["__init__"] = constructor(record.settings)
    elif hasattr(record.value, "__wrapped__"):  # in one kernel on a GPU, into which the bias can be added
        methods["formulas"] = names
    return type(record.layer, (base,), methods)


def _remembering_both(self: Any, a: Array) -> Any:
    """Return y, and remember a and y."""
    require_batch(a, "a")
    self.a, self.y = a, self.computed(self.apply, a)
    return self.y


def _of_one(method: str, function: Callable[..., Any], says: str) -> Callable[..., Any]:
    """Return a method of a; one without settings loses no time on them."""
    name, settings = function.__name__, arguments_of(function)[1:]
    numbers = holding(settings)

    def plain(self: Activation, a: Array) -> Any:
        return getattr(functions, name)(a)

    def with_settings(self: Activation, a: Array) -> Any:
        return getattr(functions, name)(a, *numbers(self))

    return _named(with_settings if settings else plain, method, says)


def _backward(function: Callable[..., Any], wanted: list[str]) -> Callable[..., Any]:
    """Return the method of grad_y, which takes from the layer what the formula wants beside it."""
    name, kept = function.__name__, holding(wanted)

    def from_input(self: Activation, grad_y: Array) -> Any:
        require_same_shape(grad_y, "grad_y", self.a, "a")
        return getattr(functions, name)(grad_y, self.a)

    def from_output(self: ThroughOutput, grad_y: Array) -> Any:
        require_same_shape(grad_y, "grad_y", self.y, "y")
        return getattr(functions, name)(grad_y, self.y)

    def from_more(self: Activation, grad_y: Array) -> Any:
        remembered = "y" if "y" in wanted else "a"
        require_same_shape(grad_y, "grad_y", getattr(self, remembered), remembered)
        return getattr(functions, name)(grad_y, *kept(self))

    method = from_input if wanted == ["a"] else from_output if wanted == ["y"] else from_more
    return _named(method, "backward", "Return grad_a.")


def _slope_backward(record: formula.Activation) -> Callable[..., Any]:
    """Return the method of grad_slope and a; where the slope is constant, the formula doesn't take a."""
    name, (_, *wanted) = record.slope_backward.__name__, arguments_of(record.slope_backward)
    numbers = holding([each for each in wanted if each != "a"])

    def slope_backward(self: Activation, grad_slope: Array, a: Array) -> Any:
        return getattr(functions, name)(grad_slope, *([a] if "a" in wanted else []), *numbers(self))

    return _named(slope_backward, "slope_backward", "Return grad_a = grad_slope φ''(a).")


def _named(method: Callable[..., Any], name: str, says: str) -> Callable[..., Any]:
    method.__name__ = method.__qualname__ = name
    method.__doc__ = says
    return method


LAYERS: dict[str, type[Activation]] = {record.layer: layer_of(record) for record in functions.ACTIVATIONS.values()}
globals().update(LAYERS)

if TYPE_CHECKING:  # for type checkers and editors; a layer that isn't named here is there all the same

    class Identity(Activation):  # noqa: D101
        pass

    class ReLU(Activation):  # noqa: D101
        pass

    class LeakyReLU(Activation):  # noqa: D101
        alpha: float

        def __init__(self, alpha: float = 0.01) -> None: ...

    class GELU(WithSlope):  # noqa: D101
        pass

    class GELUTanh(Activation):  # noqa: D101
        pass

    class Sigmoid(ThroughOutput):  # noqa: D101
        pass

    class Tanh(ThroughOutput):  # noqa: D101
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
