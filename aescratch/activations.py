"""Activations: what makes a network more than a matrix, and the slopes that the contractive penalty is made of.

    a --forward--> y = φ(a), element by element, and remembers a or y;   grad_y --backward--> grad_a = grad_y φ'(a)

`TopK` isn't element-wise: it looks at all units of an example.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aescratch import functions
from aescratch.backend import Array
from aescratch.layers import Layer, ours
from aescratch.parts import Part
from aescratch.recipes import Recipe
from aescratch.validation import require_batch, require_count, require_number, require_same_shape


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


class Identity(Activation):
    """No activation: y = a."""

    def apply(self, a: Array) -> Array:
        """Return a."""
        return functions.identity(a)

    def backward(self, grad_y: Array) -> Array:
        """Return grad_a."""
        require_same_shape(grad_y, "grad_y", self.a, "a")
        return functions.identity_backward(grad_y)

    def slope(self, a: Array) -> Array:
        """Return ones."""
        return functions.identity_slope(a)

    def slope_backward(self, grad_slope: Array, a: Array) -> Array:
        """Return zeros."""
        return functions.identity_slope_backward(grad_slope)


class ReLU(Activation):
    """Rectifier y = max(a, 0), with slope 0 at 0.

    Examples
    --------
    >>> ReLU().apply(np.array([-1.0, 2.0]))
    array([0., 2.])
    """

    formulas = ("relu",)

    @property
    def kinks(self) -> Array:
        """Which units are on."""
        return self.a > 0

    def apply(self, a: Array) -> Array:
        """Return y."""
        return functions.relu(a)

    def backward(self, grad_y: Array) -> Array:
        """Return grad_a."""
        require_same_shape(grad_y, "grad_y", self.a, "a")
        return functions.relu_backward(grad_y, self.a)

    def slope(self, a: Array) -> Array:
        """Return φ'(a)."""
        return functions.relu_slope(a)

    def slope_backward(self, grad_slope: Array, a: Array) -> Array:
        """Return zeros: φ'' is 0 wherever it exists."""
        return functions.relu_slope_backward(grad_slope)


class LeakyReLU(Activation):
    """Leaky rectifier: y = a where a > 0, else alpha a.

    A model is given another alpha by ``activation=functools.partial(LeakyReLU, 0.1)``.

    Parameters
    ----------
    alpha : float
        The slope on the negative side.

    Examples
    --------
    >>> LeakyReLU(0.1).apply(np.array([-1.0, 2.0]))
    array([-0.1,  2. ])
    """

    def __init__(self, alpha: float = 0.01) -> None:
        self.alpha = require_number("alpha", alpha)

    @property
    def kinks(self) -> Array:
        """Which units are on the positive side."""
        return self.a > 0

    def apply(self, a: Array) -> Array:
        """Return y."""
        return functions.leaky_relu(a, self.alpha)

    def backward(self, grad_y: Array) -> Array:
        """Return grad_a."""
        require_same_shape(grad_y, "grad_y", self.a, "a")
        return functions.leaky_relu_backward(grad_y, self.a, self.alpha)

    def slope(self, a: Array) -> Array:
        """Return φ'(a)."""
        return functions.leaky_relu_slope(a, self.alpha)

    def slope_backward(self, grad_slope: Array, a: Array) -> Array:
        """Return zeros: φ'' is 0 wherever it exists."""
        return functions.leaky_relu_slope_backward(grad_slope)


class GELU(Activation):
    """Gaussian error linear unit, exact: y = a Φ(a); keeps the slope, which shares Φ with the value.

    Examples
    --------
    >>> GELU().apply(np.array([-1.0, 2.0])).round(4)
    array([-0.1587,  1.9545])
    """

    remembers = ("a", "kept_slope")
    formulas = ("gelu_and_slope", "gelu", "gelu_slope", "gelu_backward")

    def apply(self, a: Array) -> Array:
        """Return y."""
        return functions.gelu(a)

    def forward(self, a: Array) -> Array:
        """Return y, and remember a and the slope φ'(a)."""
        require_batch(a, "a")
        self.a = a
        if not ours(*self.formulas):
            self.kept_slope = None
            return functions.gelu(a)
        y, self.kept_slope = self.computed(functions.gelu_and_slope, a)
        return y

    def backward(self, grad_y: Array) -> Array:
        """Return grad_a."""
        require_same_shape(grad_y, "grad_y", self.a, "a")
        if self.kept_slope is None:
            return functions.gelu_backward(grad_y, self.a)
        return grad_y * self.kept_slope  # functions.gelu_backward, its slope at hand

    def slope(self, a: Array) -> Array:
        """Return φ'(a)."""
        return functions.gelu_slope(a)

    def slope_backward(self, grad_slope: Array, a: Array) -> Array:
        """Return grad_a."""
        return functions.gelu_slope_backward(grad_slope, a)


class GELUTanh(Activation):
    """Gaussian error linear unit, the tanh form; differs from `GELU` by up to 4.7e-4."""

    formulas = ("gelu_tanh",)

    def apply(self, a: Array) -> Array:
        """Return y."""
        return functions.gelu_tanh(a)

    def backward(self, grad_y: Array) -> Array:
        """Return grad_a."""
        require_same_shape(grad_y, "grad_y", self.a, "a")
        return functions.gelu_tanh_backward(grad_y, self.a)

    def slope(self, a: Array) -> Array:
        """Return φ'(a)."""
        return functions.gelu_tanh_slope(a)

    def slope_backward(self, grad_slope: Array, a: Array) -> Array:
        """Return grad_a."""
        return functions.gelu_tanh_slope_backward(grad_slope, a)


class Sigmoid(Activation):
    """Logistic function y = 1 / (1 + exp(−a)); remembers y, through which its derivative is simplest.

    Examples
    --------
    >>> Sigmoid().apply(np.array([0.0]))
    array([0.5])
    """

    remembers = ("y",)
    formulas = ("sigmoid",)

    def apply(self, a: Array) -> Array:
        """Return y."""
        return functions.sigmoid(a)

    def forward(self, a: Array) -> Array:
        """Return y and remember it."""
        require_batch(a, "a")
        self.y = self.computed(functions.sigmoid, a)
        return self.y

    def backward(self, grad_y: Array) -> Array:
        """Return grad_a."""
        require_same_shape(grad_y, "grad_y", self.y, "y")
        return functions.sigmoid_backward(grad_y, self.y)

    def slope(self, a: Array) -> Array:
        """Return φ'(a)."""
        return functions.sigmoid_slope(a)

    def slope_backward(self, grad_slope: Array, a: Array) -> Array:
        """Return grad_a."""
        return functions.sigmoid_slope_backward(grad_slope, a)


class Tanh(Activation):
    """Hyperbolic tangent y = tanh(a); remembers y, through which its derivative is simplest."""

    remembers = ("y",)
    formulas = ("tanh",)

    def apply(self, a: Array) -> Array:
        """Return y."""
        return functions.tanh(a)

    def forward(self, a: Array) -> Array:
        """Return y and remember it."""
        require_batch(a, "a")
        self.y = self.computed(functions.tanh, a)
        return self.y

    def backward(self, grad_y: Array) -> Array:
        """Return grad_a."""
        require_same_shape(grad_y, "grad_y", self.y, "y")
        return functions.tanh_backward(grad_y, self.y)

    def slope(self, a: Array) -> Array:
        """Return φ'(a)."""
        return functions.tanh_slope(a)

    def slope_backward(self, grad_slope: Array, a: Array) -> Array:
        """Return grad_a."""
        return functions.tanh_slope_backward(grad_slope, a)


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
