"""Layers: the parts of a network.

    x --forward--> y        remembers what backward will need
    x --apply--> y          the same, without remembering
    grad_y --backward--> grad_x, and writes the gradients of its parameters

Layers compute by the formulas of `aescratch.functions`, called through the module, so that what is checked
there is what is trained here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar

import numpy as np

from aescratch import functions
from aescratch.backend import Array, array_module, passes
from aescratch.backend.passes import faster
from aescratch.foundations.language import gettext
from aescratch.foundations.parameters import Parameter
from aescratch.foundations.parts import Part
from aescratch.foundations.validation import (
    Rng,
    as_generator,
    require_count,
    require_dtype,
    require_floats,
    require_same_shape,
)
from aescratch.initializers import xavier_uniform


class Layer(Part):
    """Base of the layers.

    Attributes
    ----------
    follows : bool
        Whether a layer with parameters belongs to the dense layer before it, and is counted with it.
    formulas : tuple of str
        The functions of the sheet that its faster passes replace.
    """

    follows = False
    formulas: ClassVar[tuple[str, ...]] = ()

    def calls_as_written(self) -> bool:
        """Whether these functions are the sheet's own, not replaced by an exercise."""
        for name in self.formulas:  # noqa: SIM110, a loop takes half the time, and every pass runs it
            if getattr(functions, name) is not functions.AS_WRITTEN[name]:
                return False
        return True

    @property
    def parameters(self) -> list[Parameter]:
        """The layer's parameters, in forward order; none here."""
        return []

    def apply(self, x: Array) -> Array:
        """Return y and remember nothing."""
        raise NotImplementedError

    def forward(self, x: Array) -> Array:
        """Return y and remember what backward needs."""
        raise NotImplementedError

    def backward(self, grad_y: Array) -> Array:
        """Return grad_x, and write the gradients of the parameters."""
        raise NotImplementedError


def draw_weights(n_in: int, n_out: int, initializer: Callable[..., Array], dtype: str, rng: Rng) -> Array:
    """Return weights (n_in, n_out) from the initializer, in the dtype.

    Raises
    ------
    TypeError, ValueError
        If the widths, the dtype or the initializer are invalid.
    """
    n_in, n_out = require_count("n_in", n_in), require_count("n_out", n_out)
    if not callable(initializer):
        message = gettext("expected initializer to be a function such as ae.xavier_uniform, got {initializer!r}")
        raise TypeError(message.format(initializer=initializer))
    W = np.asarray(initializer(n_in, n_out, as_generator(rng)), require_dtype(dtype))
    if W.shape != (n_in, n_out) or not np.isfinite(W).all():
        of_shape = W.shape == (n_in, n_out)
        what = gettext("numbers that aren't finite") if of_shape else gettext("shape {shape}").format(shape=W.shape)
        message = gettext("expected initializer to return finite weights of shape ({n_in}, {n_out}), got {what}")
        raise ValueError(message.format(n_in=n_in, n_out=n_out, what=what))
    return W


def require_width(x: Array, width: int) -> None:
    """Raise ValueError if the rows of x don't have this many entries."""
    if x.ndim != 2 or x.shape[1] != width:
        message = gettext("expected a batch of rows with {width} entries, shape (N, {width}), got shape {shape}")
        raise ValueError(message.format(width=width, shape=x.shape))


def begins_stage(layer: Layer) -> bool:
    """Whether a layer is the first of a stage: a dense layer, and the layers up to the next one."""
    return bool(layer.parameters) and not layer.follows


class Dense(Layer):
    """Affine layer y = x W + b.

    Parameters
    ----------
    n_in, n_out : int
        Widths of x and y.
    initializer : callable
        Draws W, by default `xavier_uniform`; b starts at 0.
    dtype : str
        ``"float32"`` or ``"float64"``.
    rng : int or numpy.random.Generator
        Draws W.

    Attributes
    ----------
    W, b : Parameter
        Weights (n_in, n_out) and biases (n_out,).
    adds : bool
        Whether backward adds grad_W to what another layer wrote in the same pass, because both share W.
    is_first : bool
        Whether this is a model's first layer, whose input needs no gradient: backward may then return None.
    followed_by : Activation or None
        The activation that y goes into, if its kernel can add b too, on a GPU.

    Examples
    --------
    >>> layer = Dense(5, 3, rng=0)
    >>> layer.forward(np.ones((7, 5), np.float32)).shape
    (7, 3)
    >>> layer.backward(np.ones((7, 3), np.float32)).shape, layer.W.grad.shape
    ((7, 5), (5, 3))
    """

    remembers: tuple[str, ...] = ("x",)
    formulas: ClassVar[tuple[str, ...]] = ("dense", "dense_backward")
    row_by_row = True

    def __init__(
        self, n_in: int, n_out: int, *, initializer: Callable[..., Array] = xavier_uniform,
        dtype: str = "float32", rng: Rng = None,
    ) -> None:  # fmt: skip
        self.W = Parameter("W", draw_weights(n_in, n_out, initializer, dtype, rng), decays=True)
        self.b: Parameter = Parameter("b", np.zeros(n_out, dtype), decays=False)
        self.adds = self.is_first = False
        self.followed_by: Any = None

    @property
    def parameters(self) -> list[Parameter]:
        """W and b."""
        return [self.W, self.b]

    def apply(self, x: Array) -> Array:
        """Return y (N, n_out) for x (N, n_in)."""
        require_width(x, self.W.shape[0])
        return functions.dense(x, self.W.value, self.b.value)

    @faster(passes.dense_forward, on_cpu=False)
    def forward(self, x: Array) -> Array:
        """Return y (N, n_out) for x (N, n_in), and remember x."""
        require_width(x, self.W.shape[0])
        self.x = x
        return functions.dense(x, self.W.value, self.b.value)

    @faster(passes.dense_backward)
    def backward(self, grad_y: Array) -> Array:
        """Return grad_x (N, n_in) for grad_y (N, n_out), and write W.grad and b.grad."""
        grad_x, grad_W, grad_b = functions.dense_backward(grad_y, self.x, self.W.value)
        if self.adds:
            self.W.grad += grad_W
        else:
            self.W.grad = grad_W
        self.b.grad = grad_b
        return grad_x

    def __repr__(self) -> str:
        return f"Dense({self.W.shape[0]}, {self.W.shape[1]})"


class Linear(Layer):
    """Linear layer y = x W.

    Parameters
    ----------
    W : Parameter
        Its weights (n_in, n_out).
    adds : bool
        Whether backward adds grad_W to what another layer wrote in the same pass, because both share W.
    """

    adds: bool
    remembers: tuple[str, ...] = ("x",)
    row_by_row = True

    def __init__(self, W: Parameter, *, adds: bool = False) -> None:
        self.W, self.adds = W, adds

    @property
    def parameters(self) -> list[Parameter]:
        """W."""
        return [self.W]

    def apply(self, x: Array) -> Array:
        """Return y (N, n_out) for x (N, n_in)."""
        require_width(x, self.W.shape[0])
        return functions.linear(x, self.W.value)

    def forward(self, x: Array) -> Array:
        """Return y (N, n_out) for x (N, n_in), and remember x."""
        self.x = x
        return self.apply(x)

    def backward(self, grad_y: Array) -> Array:
        """Return grad_x (N, n_in), and write W.grad, or add to it."""
        grad_x, grad_W = functions.linear_backward(grad_y, self.x, self.W.value)
        if self.adds:
            self.W.grad += grad_W
        else:
            self.W.grad = grad_W
        return grad_x

    def __repr__(self) -> str:
        return f"Linear({self.W.shape[0]}, {self.W.shape[1]})"


class TransposedDense(Layer):
    """Affine layer with the transposed weights of another layer, y = x Wᵀ + b: the decoder's half of tied weights.

    Parameters
    ----------
    partner : Dense
        The layer whose W (n_out, n_in) is shared; b (n_out,) is this layer's own.
    """

    remembers: tuple[str, ...] = ("x",)
    row_by_row = True

    def __init__(self, partner: Dense) -> None:
        if not isinstance(partner, Dense):
            message = gettext("expected partner to be a Dense layer, whose W is shared, got {partner!r}")
            raise TypeError(message.format(partner=partner))
        self.W = partner.W
        self.b: Parameter = Parameter("b", np.zeros(partner.W.shape[0], partner.W.value.dtype), decays=False)

    @property
    def parameters(self) -> list[Parameter]:
        """Only b, since W is its partner's."""
        return [self.b]

    def apply(self, x: Array) -> Array:
        """Return y (N, n_out) for x (N, n_in)."""
        require_width(x, self.W.shape[1])
        return functions.dense(x, self.W.value.T, self.b.value)

    def forward(self, x: Array) -> Array:
        """Return y (N, n_out) for x (N, n_in), and remember x."""
        require_width(x, self.W.shape[1])
        self.x = x
        return functions.dense(x, self.W.value.T, self.b.value)

    def backward(self, grad_y: Array) -> Array:
        """Return grad_x (N, n_in) for grad_y (N, n_out), and write b.grad and this layer's share of W.grad."""
        grad_x, grad_W_T, grad_b = functions.dense_backward(grad_y, self.x, self.W.value.T)
        self.W.grad = grad_W_T.T
        self.b.grad = grad_b
        return grad_x

    def __repr__(self) -> str:
        return f"TransposedDense({self.W.shape[1]}, {self.W.shape[0]})"


class UnitRowDense(Layer):
    """Affine layer whose weight rows have length 1, y = x W + b with W_i = V_i / ‖V_i‖.

    With an L1 penalty on x it keeps the decoder from growing while the code shrinks. Parameters are V (n_in, n_out)
    and b (n_out,); the arguments are those of `Dense`.
    """

    x: Array
    remembers: tuple[str, ...] = ("x", "W")
    row_by_row = True

    def __init__(
        self, n_in: int, n_out: int, *, initializer: Callable[..., Array] = xavier_uniform,
        dtype: str = "float32", rng: Rng = None,
    ) -> None:  # fmt: skip
        V = draw_weights(n_in, n_out, initializer, dtype, rng)
        self.V = Parameter("V", V, decays=False)  # the rows' length has no effect, unless decay makes one 0
        self.b: Parameter = Parameter("b", np.zeros(n_out, dtype), decays=False)

    @property
    def parameters(self) -> list[Parameter]:
        """V and b."""
        return [self.V, self.b]

    def apply(self, x: Array) -> Array:
        """Return y (N, n_out) for x (N, n_in)."""
        require_width(x, self.V.shape[0])
        return functions.dense(x, functions.unit_rows(self.V.value), self.b.value)

    def forward(self, x: Array) -> Array:
        """Return y (N, n_out) for x (N, n_in), and remember x and W."""
        require_width(x, self.V.shape[0])
        self.x, self.W = x, functions.unit_rows(self.V.value)
        return functions.dense(x, self.W, self.b.value)

    def backward(self, grad_y: Array) -> Array:
        """Return grad_x (N, n_in) for grad_y (N, n_out), and write V.grad and b.grad."""
        grad_x, grad_W, grad_b = functions.dense_backward(grad_y, self.x, self.W)
        self.V.grad = functions.unit_rows_backward(grad_W, self.V.value)
        self.b.grad = grad_b
        return grad_x

    def __repr__(self) -> str:
        return f"UnitRowDense({self.V.shape[0]}, {self.V.shape[1]})"


class Sampling(Part):
    """Draw a code from its distribution: z = mu + exp(½ log_var) eps, with eps standard normal."""

    draws = True
    remembers: tuple[str, ...] = ("log_var", "eps")

    def forward(self, mu: Array, log_var: Array, rng: np.random.Generator) -> Array:
        """Return z (N, H) for mu and log_var (N, H); eps is drawn from rng, on the CPU in float64."""
        require_same_shape(mu, "mu", log_var, "log_var")
        require_floats(mu, "mu")
        self.log_var = log_var
        self.eps: Array = array_module(mu).asarray(rng.standard_normal(mu.shape).astype(mu.dtype, copy=False))
        return functions.reparameterize(mu, log_var, self.eps)

    def backward(self, grad_z: Array) -> tuple[Array, Array]:
        """Return grad_mu and grad_log_var (N, H)."""
        require_same_shape(grad_z, "grad_z", self.eps, "eps")
        return functions.reparameterize_backward(grad_z, self.log_var, self.eps)

    def __repr__(self) -> str:
        return "Sampling()"


class Sequential(Layer):
    """Layers one after the other; forward and backward are the chain rule."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        self.layers: list[Layer] = list(layers)
        for layer in self.layers:
            if not isinstance(layer, Layer):
                message = gettext("expected layers, such as ae.Dense(5, 3) or ae.ReLU(), got {layer!r}")
                raise TypeError(message.format(layer=layer))
        passes.join(self.layers)

    @property
    def parameters(self) -> list[Parameter]:
        """The parameters of all layers, in forward order."""
        return [parameter for layer in self.layers for parameter in layer.parameters]

    def apply(self, x: Array) -> Array:
        """Return the last layer's output without remembering."""
        for layer in self.layers:
            x = layer.apply(x)
        return x

    def forward(self, x: Array, rng: np.random.Generator | None = None) -> Array:
        """Return the last layer's output; every layer remembers its own values, and draws noise from rng."""
        for layer in self.layers:
            x = layer.forward(x, rng) if layer.draws else layer.forward(x)  # type: ignore[call-arg]
        return x

    def backward(self, grad_y: Array) -> Array:
        """Return the gradient for the first layer's input; every layer writes the gradients of its parameters."""
        for layer in reversed(self.layers):
            grad_y = layer.backward(grad_y)
        return grad_y

    @property
    def draws(self) -> bool:  # type: ignore[override]
        """Whether a layer draws noise, from the rng that forward passes on."""
        return any(layer.draws for layer in self.layers)

    def flat(self) -> Iterator[Layer]:
        """Yield the layers; a Sequential among them is replaced by its own layers."""
        for layer in self.layers:
            yield from layer.flat() if isinstance(layer, Sequential) else [layer]

    def named(self, prefix: str) -> Iterator[tuple[str, Layer]]:
        """Yield every layer with its name: ``encoder.dense1``, ``encoder.relu1``, ``encoder.dense2``, ..."""
        number = 0
        for layer in self.flat():
            number += begins_stage(layer)
            yield f"{prefix}.{type(layer).__name__.lower()}{number}", layer

    def __repr__(self) -> str:
        return f"Sequential([{', '.join(map(repr, self.layers))}])"
