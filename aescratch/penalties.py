"""Penalties: the terms of the objective beside the reconstruction, at the code or at the weights.

    code h --forward--> a number;   --backward--> a gradient, which the model adds to that from the decoder
    weights --forward--> a number;  --backward--> adds to parameter.grad itself, after the layers have written it

A penalty of the code that the formula sheet describes completely has no class here: it is made from its record.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aescratch import functions
from aescratch.backend import Array, Number, array_module
from aescratch.foundations.buffers import Buffer
from aescratch.foundations.declared import surrogate_gradient
from aescratch.foundations.language import gettext, gettext_noop
from aescratch.foundations.parts import Part
from aescratch.foundations.recipes import Recipe
from aescratch.foundations.validation import require_batch, require_number, require_same_shape
from aescratch.functions import formula
from aescratch.functions.making import arguments_of, constructor, docstring, held, kinks


class Sparsity(Part, Recipe):
    """Base of the penalties that make a code sparse: ``forward(h)`` gives a number, ``backward()`` grad_h."""

    is_term = True

    def prepare(self, n_units: int, dtype: str) -> None:
        """Allocate state that depends on the number of code units; a model calls this once. Here there is none."""

    def forward(self, h: Array) -> Number:
        """Return the penalty of the codes h (N, H), a number."""
        raise NotImplementedError

    def backward(self) -> Array:
        """Return grad_h (N, H)."""
        raise NotImplementedError


class KLSparsity(Sparsity):
    """Keep each code unit's mean activity near rho: weight · Σ_j KL(rho ‖ rho_hat_j), codes in (0, 1).

    Parameters
    ----------
    rho : float
        The wanted mean activity, between 0 and 1.
    weight : float
        Its weight in the objective, 0 or more; usually called beta.
    momentum : float, optional
        Use a running mean of the activity instead of the batch's own: in training it moves by this fraction, between 0
        and 1, towards the mean of each batch. For batches that are too small to estimate a unit's mean activity.

    Attributes
    ----------
    running_activity : Buffer or None
        The running mean of every code unit, (H,), which starts at rho; None without momentum.

    Examples
    --------
    >>> import numpy as np
    >>> penalty = KLSparsity(rho=0.5, weight=2.0)
    >>> float(penalty.forward(np.full((4, 3), 0.5)))
    0.0
    """

    momentum: float | None
    remembers: tuple[str, ...] = ("h", "running")
    infinite_where = gettext_noop(
        "KLSparsity is infinite if a unit is exactly 0 or 1 over a whole batch; use larger batches"
    )

    def __init__(self, rho: float, weight: float, momentum: float | None = None) -> None:
        self.rho: float = require_number("rho", rho, above=0, below=1)
        self.weight: float = require_number("weight", weight, least=0)
        self.momentum = None if momentum is None else require_number("momentum", momentum, above=0, most=1)
        self.running_activity: Buffer | None = None

    @property
    def moves_objective(self) -> bool:  # type: ignore[override]
        """Whether there is a running mean, which changes the objective during training."""
        return self.momentum is not None

    @property
    def buffers(self) -> list[Buffer]:
        """The running mean of the activity, if there is one."""
        return [] if self.running_activity is None else [self.running_activity]

    def prepare(self, n_units: int, dtype: str) -> None:
        """Allocate the running mean."""
        if self.momentum is not None:
            self.running_activity = Buffer.filled("running_activity", n_units, self.rho, dtype)

    def forward(self, h: Array) -> Number:
        """Return the penalty of the codes h (N, H), a number; in training, update the running mean.

        Raises
        ------
        RuntimeError
            If `momentum` is given, and `prepare` was not called.
        """
        require_batch(h, "h")
        self.h = h
        if self.momentum is None:
            return self.weight * functions.kl_sparsity(h, self.rho)
        if self.running_activity is None:
            message = gettext("expected prepare(n_units, dtype) before forward, since it allocates the running mean")
            raise RuntimeError(message)
        self.running: Array = self.running_activity.value
        if self.in_training:
            self.running_activity.value = functions.moving_activity(h, self.running, self.momentum)
        return self.weight * functions.moving_kl_sparsity(h, self.running, self.rho, self.momentum)

    def backward(self) -> Array:
        """Return grad_h (N, H), which flows through the batch mean."""
        if self.momentum is None:
            return self.weight * functions.kl_sparsity_backward(self.h, self.rho)
        return self.weight * functions.moving_kl_sparsity_backward(self.h, self.running, self.rho, self.momentum)


class L1Sparsity(Sparsity):
    """Push code units to zero: weight · Σ_j |h_j|, mean over the batch.

    Parameters
    ----------
    weight : float
        Its weight in the objective, 0 or more; usually called lambda.

    Examples
    --------
    >>> import numpy as np
    >>> penalty = L1Sparsity(weight=0.5)
    >>> float(penalty.forward(np.array([[1.0, -3.0]])))
    2.0
    """

    remembers: tuple[str, ...] = ("h",)

    def __init__(self, weight: float) -> None:
        self.weight: float = require_number("weight", weight, least=0)

    @property
    def kinks(self) -> Array:
        """The signs of the code."""
        return array_module(self.h).sign(self.h)

    def forward(self, h: Array) -> Number:
        """Return the penalty of the codes h (N, H), a number."""
        require_batch(h, "h")
        self.h = h
        return self.weight * functions.l1_sparsity(h)

    def backward(self) -> Array:
        """Return grad_h (N, H)."""
        return self.weight * functions.l1_sparsity_backward(self.h)


def _l0_again(part: Any, upstream: float) -> dict[str, Array]:
    """Compute the rule of `L0Sparsity.backward` another way: by counting the examples within the bandwidth."""
    near = (2 * abs(part.a - part.theta) < part.bandwidth).sum(axis=0)
    return {"a": 0 * part.a, "theta": -upstream * part.weight * near / (len(part.a) * part.bandwidth)}


class L0Sparsity(Part, Recipe):
    """Count the units that are on: weight · Σ_j H(a_j − theta_j), mean over the batch.

    Its gradient reaches only the thresholds, by a rule instead of the derivative (`functions.l0_sparsity_backward`).

    Parameters
    ----------
    weight : float
        Its weight in the objective, 0 or more; usually called lambda.
    bandwidth : float
        The width around a threshold in which units contribute to its gradient, above 0.

    Examples
    --------
    >>> import numpy as np
    >>> penalty = L0Sparsity(weight=0.5, bandwidth=0.1)
    >>> float(penalty.forward(np.array([[1.0, -3.0, 0.7]]), np.array([0.5, 0.5, 0.5])))
    1.0
    """

    a: Array
    theta: Array
    is_term = True
    remembers: tuple[str, ...] = ("a", "theta")

    def __init__(self, weight: float, bandwidth: float) -> None:
        self.weight: float = require_number("weight", weight, least=0)
        self.bandwidth: float = require_number("bandwidth", bandwidth, above=0)

    def forward(self, a: Array, theta: Array) -> Number:
        """Return the penalty for pre-activations a (N, H) and thresholds theta (H,), a number."""
        require_batch(a, "a")
        self.a, self.theta = a, theta
        return self.weight * functions.l0_sparsity(a, theta, self.bandwidth)

    @surrogate_gradient(
        "pseudo-derivative in theta", "grad_a = 0; grad_theta = −weight Σ_n K((a − theta)/bandwidth)/bandwidth / N",
        'Rajamanoharan et al. 2024, "Jumping ahead", equation 12', _l0_again,
    )
    def backward(self) -> tuple[Array, Array]:
        """Return grad_a (N, H), which is 0, and grad_theta (H,)."""
        grad_a, grad_theta = functions.l0_sparsity_backward(self.a, self.theta, self.bandwidth)
        return self.weight * grad_a, self.weight * grad_theta


class Contraction(Part, Recipe):
    """Make the code insensitive to the input: weight · ‖∂h/∂x‖², mean over the batch, for h = φ(x W + b).

    Parameters
    ----------
    weight : float
        Its weight in the objective, 0 or more; usually called lambda.
    """

    slope: Array
    is_term = True
    remembers: tuple[str, ...] = ("slope", "W")

    def __init__(self, weight: float) -> None:
        self.weight: float = require_number("weight", weight, least=0)

    def forward(self, slope: Array, W: Array) -> Number:
        """Return the penalty for slopes φ'(a) (N, H) and weights W (D, H), a number."""
        require_batch(W, "W")
        require_batch(slope, "slope")
        if slope.shape[1] != W.shape[1]:
            message = gettext("expected a slope for each of the {columns} columns of W, got shape {shape}")
            raise ValueError(message.format(columns=W.shape[1], shape=slope.shape))
        self.slope, self.W = slope, W
        return self.weight * functions.contraction(slope, W)

    def backward(self) -> tuple[Array, Array]:
        """Return grad_slope (N, H) and grad_W (D, H)."""
        grad_slope, grad_W = functions.contraction_backward(self.slope, self.W)
        return self.weight * grad_slope, self.weight * grad_W


class ResidualError(Part, Recipe):
    """Make some units restore the residual of the others: weight · ½ Σ (e_hat − e)², mean over the batch.

    Parameters
    ----------
    weight : float
        Its weight in the objective, 0 or more; usually called alpha.
    """

    e_hat: Array
    e: Array
    is_term = True
    remembers: tuple[str, ...] = ("e_hat", "e")

    def __init__(self, weight: float) -> None:
        self.weight: float = require_number("weight", weight, least=0)

    def forward(self, e_hat: Array, e: Array) -> Number:
        """Return the penalty for the restored residual e_hat and the residual e (N, D), a number."""
        require_same_shape(e_hat, "e_hat", e, "e")
        self.e_hat, self.e = e_hat, e
        return self.weight * functions.squared_error(e_hat, e)

    def backward(self) -> tuple[Array, Array]:
        """Return grad_e_hat and grad_e (N, D)."""
        grad_e_hat = self.weight * functions.squared_error_backward(self.e_hat, self.e)
        return grad_e_hat, -grad_e_hat


class _Nothing(float):
    """A missing term: 0; adding it to a number on a GPU starts no kernel."""

    __array_ufunc__ = None  # so that arrays use our addition

    def __radd__(self, other: Any) -> Any:
        return other


class WeightDecay(Part):
    """Keep the weights small: (lam/2) Σ W² over the weights, biases excluded.

    Parameters
    ----------
    lam : float
        Its weight in the objective, 0 or more.
    parameters : sequence of Parameter
        All parameters of a model; a tied W appears, and counts, once. Those with ``decays=True`` decay.

    Raises
    ------
    ValueError
        If lam is above 0, and a matrix doesn't say whether it decays.
    """

    is_term = True

    def __init__(self, lam: float, parameters: Sequence[Any]) -> None:
        self.lam: float = require_number("weight_decay", lam, least=0)
        unsaid = [parameter.name for parameter in parameters if parameter.decays is None and len(parameter.shape) == 2]
        if self.lam and unsaid:
            message = gettext(
                "expected every matrix to say whether weight decay applies to it, but {names} doesn't; create it "
                "with ae.Parameter(name, value, decays=True), or with decays=False if it isn't a weight"
            )
            raise ValueError(message.format(names=", ".join(unsaid)))
        self.weights: list[Any] = [parameter for parameter in parameters if parameter.decays]

    def forward(self) -> Number | float:
        """Return the penalty of the current weights, a number."""
        if not self.lam:
            return _Nothing()
        return self.lam * sum(functions.weight_decay(W.value) for W in self.weights)

    def backward(self) -> None:
        """Add lam W to every weight's gradient."""
        if self.lam:
            for W in self.weights:
                W.grad += self.lam * functions.weight_decay_backward(W.value)

    def __repr__(self) -> str:
        return f"WeightDecay(lam={self.lam})"


WEIGHT = formula.Setting("Its weight in the objective, 0 or more.", limits={"least": 0})


def penalty_of(record: formula.Term) -> type[Sparsity]:
    """Return the class of a penalty of the code that the sheet describes completely."""
    name, backward_name = record.name, f"{record.name}_backward"
    remembered, settings = arguments_of(record.forward)[:1], list(record.settings)
    wanted = arguments_of(record.backward) if record.backward is not None else []

    def forward(self: Any, h: Array) -> Any:
        require_batch(h, remembered[0])
        setattr(self, remembered[0], h)
        return self.weight * getattr(functions, name)(h, *held(self, settings))

    def backward(self: Any) -> Any:
        return self.weight * getattr(functions, backward_name)(*held(self, wanted))

    own = {**record.settings, "weight": WEIGHT}
    methods: dict[str, Any] = {
        "__module__": __name__, "__doc__": docstring(record.forward, own), "__init__": constructor(own),
        "forward": forward, "backward": backward, "remembers": tuple(remembered), **kinks(record, remembered),
    }  # fmt: skip
    return type(record.layer, (Sparsity,), methods)


# The penalties of a code, by their formulas: those above, and one made for every other penalty on the sheet.
SPARSITIES: dict[str, type[Sparsity]] = {
    record.name: globals().get(record.layer) or penalty_of(record)
    for record in functions.FORMULAS.values()
    if isinstance(record, formula.Term) and record.use == "sparsity"
}
globals().update({penalty.__name__: penalty for penalty in SPARSITIES.values()})
