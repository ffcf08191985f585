"""Gates: units of a code that one quantity switches on, and another gives a size.

    p -> Gate -> a_gate,  p -> Magnitude -> a_mag;   a_gate, a_mag -> Gated -> h = H(a_gate) ⊙ max(a_mag, 0)
    x -> Frozen -> y, with a dense layer's current numbers, which get no gradient
"""

from __future__ import annotations

import numpy as np

from aescratch import functions
from aescratch.backend import Array, array_module, to_numpy
from aescratch.foundations.declared import surrogate_gradient
from aescratch.foundations.parameters import Parameter
from aescratch.foundations.parts import Part
from aescratch.foundations.validation import require_count, require_dtype, require_same_shape
from aescratch.layers import Layer, Linear, UnitRowDense, require_width


class Gate(Layer):
    """The opening of each unit's gate: a_gate = p + b. Its parameter b is (H,)."""

    b: Parameter
    follows = True

    def __init__(self, n_units: int, *, dtype: str = "float32") -> None:
        self.b = Parameter("b", np.zeros(require_count("n_units", n_units), require_dtype(dtype)), decays=False)

    @property
    def parameters(self) -> list[Parameter]:
        """The biases b."""
        return [self.b]

    def apply(self, p: Array) -> Array:
        """Return a_gate (N, H) for p (N, H)."""
        require_width(p, self.b.size)
        return functions.gate(p, self.b.value)

    def forward(self, p: Array) -> Array:
        """Return a_gate (N, H) for p (N, H)."""
        return self.apply(p)

    def backward(self, grad_a_gate: Array) -> Array:
        """Return grad_p (N, H), and write b.grad."""
        grad_p, self.b.grad = functions.gate_backward(grad_a_gate)
        return grad_p

    def __repr__(self) -> str:
        return f"Gate({self.b.size})"


class Magnitude(Layer):
    """The size of each unit if its gate is open: a_mag = exp(r) ⊙ p + b. Its parameters r and b are (H,)."""

    r: Parameter
    b: Parameter
    remembers: tuple[str, ...] = ("p",)
    follows = True

    def __init__(self, n_units: int, *, dtype: str = "float32") -> None:
        start = np.zeros(require_count("n_units", n_units), require_dtype(dtype))
        self.r, self.b = Parameter("r", start, decays=False), Parameter("b", start, decays=False)

    @property
    def parameters(self) -> list[Parameter]:
        """The logarithms r of the lengths, and the biases b."""
        return [self.r, self.b]

    def apply(self, p: Array) -> Array:
        """Return a_mag (N, H) for p (N, H)."""
        require_width(p, self.b.size)
        return functions.magnitude(p, self.r.value, self.b.value)

    def forward(self, p: Array) -> Array:
        """Return a_mag (N, H) for p (N, H), and remember p."""
        self.p = p
        return self.apply(p)

    def backward(self, grad_a_mag: Array) -> Array:
        """Return grad_p (N, H), and write r.grad and b.grad."""
        grad_p, self.r.grad, self.b.grad = functions.magnitude_backward(grad_a_mag, self.p, self.r.value)
        return grad_p

    def __repr__(self) -> str:
        return f"Magnitude({self.b.size})"


class Gated(Part):
    """Units that are on if their gate is open, with the size of their magnitude: h = H(a_gate) ⊙ max(a_mag, 0)."""

    a_gate: Array
    a_mag: Array
    remembers: tuple[str, ...] = ("a_gate", "a_mag")

    @property
    def kinks(self) -> Array:
        """The masks of open gates and of positive magnitudes."""
        return array_module(self.a_gate).stack([self.a_gate > 0, self.a_mag > 0])

    def forward(self, a_gate: Array, a_mag: Array) -> Array:
        """Return h (N, H) for a_gate and a_mag (N, H)."""
        require_same_shape(a_gate, "a_gate", a_mag, "a_mag")
        self.a_gate, self.a_mag = a_gate, a_mag
        return functions.gated(a_gate, a_mag)

    def backward(self, grad_h: Array) -> tuple[Array, Array]:
        """Return grad_a_gate, which is 0, and grad_a_mag (N, H)."""
        require_same_shape(grad_h, "grad_h", self.a_mag, "a_mag")
        return functions.gated_backward(grad_h, self.a_gate, self.a_mag)

    def __repr__(self) -> str:
        return "Gated()"


class GatedUnits(Layer):
    """The path from x to a gated code in one layer: p = x W, its gate and its magnitude, and h from both.

    From h alone, as in a classifier, only the magnitudes learn: no gradient passes the step of the gate.
    """

    directions: Linear
    gate: Gate
    magnitude: Magnitude
    gated: Gated

    def __init__(self, directions: Linear, gate: Gate, magnitude: Magnitude, gated: Gated) -> None:
        self.directions, self.gate, self.magnitude, self.gated = directions, gate, magnitude, gated

    @property
    def parameters(self) -> list[Parameter]:
        """The parameters of its three layers."""
        return [*self.directions.parameters, *self.gate.parameters, *self.magnitude.parameters]

    def apply(self, x: Array) -> Array:
        """Return h (N, H) for x (N, D)."""
        p = self.directions.apply(x)
        return functions.gated(self.gate.apply(p), self.magnitude.apply(p))

    def forward(self, x: Array) -> Array:
        """Return h (N, H) for x (N, D); its layers remember."""
        p = self.directions.forward(x)
        return self.gated.forward(self.gate.forward(p), self.magnitude.forward(p))

    def backward(self, grad_h: Array) -> Array:
        """Return grad_x (N, D); its layers write the gradients of their parameters."""
        grad_a_gate, grad_a_mag = self.gated.backward(grad_h)
        return self.directions.backward(self.gate.backward(grad_a_gate) + self.magnitude.backward(grad_a_mag))

    def __repr__(self) -> str:
        return f"GatedUnits({self.directions.W.shape[0]}, {self.directions.W.shape[1]})"


class Frozen(Layer):
    """A dense layer with rows of length 1, held constant: x gets a gradient through it, its parameters get none.

    Parameters
    ----------
    dense : UnitRowDense
        The layer whose numbers are used.
    """

    remembers: tuple[str, ...] = ("W",)
    row_by_row = True

    def __init__(self, dense: UnitRowDense) -> None:
        self.dense = dense

    def apply(self, x: Array) -> Array:
        """Return y (N, n_out) for x (N, n_in)."""
        return self.dense.apply(x)

    def forward(self, x: Array) -> Array:
        """Return y (N, n_out) for x (N, n_in), and remember W."""
        require_width(x, self.dense.V.shape[0])
        self.W = functions.unit_rows(self.dense.V.value)
        return functions.frozen_dense(x, self.W, self.dense.b.value)

    @surrogate_gradient(
        "stop-gradient", "grad_x = grad_y Wᵀ; grad_V = 0, grad_b = 0",
        'Rajamanoharan et al. 2024, "Improving dictionary learning with gated sparse autoencoders", equation 8',
        lambda part, grad_y: {"x": np.einsum("ni,ji->nj", to_numpy(grad_y), to_numpy(part.W))},
    )
    def backward(self, grad_y: Array) -> Array:
        """Return grad_x (N, n_in), and write nothing."""
        return functions.frozen_dense_backward(grad_y, self.W)

    def __repr__(self) -> str:
        return f"Frozen({self.dense!r})"
