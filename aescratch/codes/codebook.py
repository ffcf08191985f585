"""A codebook: each vector of a code is replaced by its nearest entry; two terms bring code and entries together.

    h -> vectors -> indices of the nearest entries -> q;   training: unused entries are restarted, averages follow

`forward` of a Codebook has no slope in h: q is constant, or jumps. `StraightThrough` passes the decoder's gradient to h
nevertheless, by declaration. The terms are the squared distance of h and q, and pull at one of them: `CodebookLoss` at
q, `Commitment` at h. That each leaves the other one constant is declared, too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from aescratch import functions
from aescratch.backend import Array, Number, all_rows, array_module, batch_size, to_numpy
from aescratch.foundations.buffers import Buffer
from aescratch.foundations.declared import surrogate_gradient
from aescratch.foundations.language import gettext
from aescratch.foundations.parameters import Parameter
from aescratch.foundations.parts import Part
from aescratch.foundations.recipes import Recipe
from aescratch.foundations.validation import Rng, require_count, require_number, require_same_shape
from aescratch.initializers import xavier_uniform
from aescratch.layers import Layer, draw_weights, require_width

MOMENTUM = 0.05  # momentum of the counts of unused entries, if the codebook itself isn't an average
EPSILON = 1e-5


class Codebook(Layer):
    """Replace every vector of a code by the nearest entry of a codebook.

    Parameters
    ----------
    n_units : int
        The width H of the code.
    n_codes : int
        The number K of entries in the codebook.
    n_vectors : int
        The number of vectors in a code, all of the same width; they share the codebook.
    moving_average : float, optional
        Move each entry towards the mean of the vectors that chose it, by this fraction in each step, above 0 and at
        most 1; the paper's 1 − γ. Then the codebook is a buffer. By default it is a parameter.
    restart : float
        In training, an entry that is chosen at most this often, relative to an even share, is replaced by a random
        vector of the batch; 0 for never. After the first batch these are nearly all entries.
    initializer : callable
        Draws the entries, by default `xavier_uniform`.
    dtype : str
        ``"float32"`` or ``"float64"``.
    rng : int or numpy.random.Generator
        Draws the entries.

    Attributes
    ----------
    E : Parameter or Buffer
        The entries, (K, H / n_vectors).
    counts : Buffer or None
        The number of vectors that chose each entry, a moving average over batches, (K,); None if not needed.
    sums : Buffer or None
        The sum of these vectors, a moving average of the shape of E; None without moving_average.

    Examples
    --------
    >>> codebook = Codebook(2, 2, dtype="float64", rng=0)
    >>> codebook.E.value = np.array([[0.0, 0.0], [1.0, 1.0]])
    >>> codebook.apply(np.array([[0.2, 0.9], [0.1, 0.3]]))
    array([[1., 1.],
           [0., 0.]])
    """

    n_units: int
    n_codes: int
    remembers: tuple[str, ...] = ("indices",)

    def __init__(
        self, n_units: int, n_codes: int, n_vectors: int = 1, *, moving_average: float | None = None,
        restart: float = 0.1, initializer: Callable[..., Array] = xavier_uniform, dtype: str = "float32",
        rng: Rng = None,
    ) -> None:  # fmt: skip
        self.n_units, self.n_codes = require_count("n_units", n_units), require_count("n_codes", n_codes)
        self.n_vectors: int = require_count("n_vectors", n_vectors)
        if self.n_units % self.n_vectors:
            message = gettext(
                "expected n_vectors to divide the code's width, {n_units}, got {n_vectors}; all vectors share one "
                "codebook, and so have the same width"
            )
            raise ValueError(message.format(n_units=self.n_units, n_vectors=n_vectors))
        self.restart: float = require_number("restart", restart, least=0, below=1)
        self.moving_average = moving_average
        if moving_average is not None:
            self.moving_average = require_number("moving_average", moving_average, above=0, most=1)
        self.width: int = self.n_units // self.n_vectors
        entries = draw_weights(self.n_codes, self.width, initializer, dtype, rng)
        counts = np.full(self.n_codes, 0.0 if self.restart else 1.0, dtype)
        averaged = self.moving_average is not None
        self.E = Buffer("E", entries) if averaged else Parameter("E", entries, decays=False)
        self.counts: Buffer | None = Buffer("counts", counts) if averaged or self.restart else None
        self.sums: Buffer | None = Buffer("sums", entries) if averaged else None

    @property
    def parameters(self) -> list[Parameter]:
        """The entries, if they are a parameter."""
        return [self.E] if isinstance(self.E, Parameter) else []

    @property
    def buffers(self) -> list[Buffer]:
        """The averages, and the entries if they follow the averages."""
        return [state for state in (self.E, self.counts, self.sums) if isinstance(state, Buffer)]

    @property
    def draws(self) -> bool:  # type: ignore[override]
        """Whether forward draws replacements of unused entries in training."""
        return self.restart > 0

    @property
    def moves_objective(self) -> bool:  # type: ignore[override]
        """Whether entries change without gradients."""
        return bool(self.buffers)

    @property
    def kinks(self) -> Array:
        """Which entries were chosen."""
        return self.indices

    def numbers_of(self, h: Array) -> Array:
        """Return the index of the nearest entry for each vector of the codes h (N, H), integers (N, n_vectors)."""
        require_width(h, self.n_units)
        return functions.nearest_entries(h, self.E.value)

    def apply(self, h: Array) -> Array:
        """Return q (N, H) for h (N, H)."""
        return functions.codebook_entries(self.E.value, self.numbers_of(h))

    def forward(self, h: Array, rng: np.random.Generator | None = None) -> Array:
        """Return q (N, H) for h (N, H), and remember which entries were chosen; in training, update the state.

        Raises
        ------
        TypeError
            If there is no rng in training, and entries may be restarted.
        """
        self.indices: Array = self.numbers_of(h)
        q = functions.codebook_entries(self.E.value, self.indices)
        if self.in_training and self.counts is not None:
            h = all_rows(h)
            self._follow(h)
            if self.restart:
                self._restart_unused(h, rng)
        return q

    def backward(self, grad_q: Array) -> Array:
        """Write E.grad, if E is a parameter, and return 0 for h: q doesn't change with it."""
        if isinstance(self.E, Parameter):
            self.E.grad = functions.codebook_entries_backward(grad_q, self.E.value, self.indices)
        return array_module(grad_q).zeros_like(grad_q)

    def _restart_unused(self, h: Array, rng: np.random.Generator | None) -> None:
        """Replace entries that are hardly ever chosen by vectors of the batch (Dhariwal et al. 2020)."""
        assert self.counts is not None
        if rng is None:
            message = gettext(
                "expected an rng for a Codebook in training, got None; pass on that of loss: forward(h, rng)"
            )
            raise TypeError(message)
        m, xp = batch_size(h) * self.n_vectors, array_module(h)
        rows = xp.asarray(rng.permutation(m)[np.arange(self.n_codes) % m])
        if self.counts.frozen:  # a check evaluates the same state many times
            return
        even = m / self.n_codes
        unused = self.counts.value <= self.restart * even
        drawn, rows_of = xp.take(h.reshape(-1, self.width), rows, axis=0), xp.expand_dims(unused, 1)
        self.counts.value = xp.where(unused, even, self.counts.value)
        self._put(xp.where(rows_of, drawn, self.E.value))
        if self.sums is not None:
            self.sums.value = xp.where(rows_of, even * drawn, self.sums.value)

    def _follow(self, h: Array) -> None:
        """Move the averages towards those of this batch, and the codebook with them if it is an average."""
        assert self.counts is not None
        momentum = MOMENTUM if self.moving_average is None else self.moving_average
        indices = all_rows(self.indices)
        counts = functions.moving_counts(self.counts.value, indices, momentum)
        self.counts.value = counts
        if self.sums is not None:
            sums = functions.moving_sums(self.sums.value, h, indices, momentum)
            self.sums.value = sums
            self._put(functions.averaged_codebook(counts, sums, EPSILON))

    def _put(self, entries: Array) -> None:
        """Replace the current entries."""
        if isinstance(self.E, Buffer):
            self.E.value = entries
        else:
            self.E.value[...] = entries  # bypasses the setter, whose check would wait for a GPU

    def __repr__(self) -> str:
        return f"Codebook({self.n_codes} entries of width {self.width}, {self.n_vectors} per code)"


def _to_h(part: Any, grad_z: Array) -> dict[str, Array]:
    """Compute the straight-through rule another way."""
    return {"h": array_module(grad_z).stack(list(grad_z))}


class StraightThrough(Part):
    """Pass q on to the decoder, and the decoder's gradient back to h."""

    def forward(self, h: Array, q: Array) -> Array:
        """Return z = q (N, H), for h (N, H)."""
        require_same_shape(h, "h", q, "q")
        return functions.straight_through(h, q)

    @surrogate_gradient("straight-through", "grad_h = grad_z", "van den Oord et al. 2017, section 3.2", _to_h)
    def backward(self, grad_z: Array) -> Array:
        """Return grad_h (N, H)."""
        return functions.straight_through_backward(grad_z)

    def __repr__(self) -> str:
        return "StraightThrough()"


class QuantizationError(Part, Recipe):
    """Base of the two terms: the squared distance of h and q, mean over the batch."""

    is_term = True
    remembers: tuple[str, ...] = ("h", "q")


def _pull(part: Any, to: str, weight: float) -> Array:
    """Compute a term's gradient for h or q another way, example by example, in NumPy."""
    here, there = (to_numpy(getattr(part, name)) for name in (to, "q" if to == "h" else "h"))
    rows = [[2 * weight / len(here) * a - 2 * weight / len(here) * b for a, b in zip(*pair, strict=True)]
            for pair in zip(here, there, strict=True)]  # fmt: skip
    return array_module(part.h).asarray(np.array(rows))


class CodebookLoss(QuantizationError):
    """Pull the entries to the code: ‖sg[h] − q‖², mean over the batch, where only q gets a gradient."""

    h: Array
    q: Array

    def forward(self, q: Array, h: Array) -> Number:
        """Return the term for q (N, H) and h (N, H), a number."""
        require_same_shape(q, "q", h, "h")
        self.h, self.q = h, q
        return functions.quantization_error(h, q)

    @surrogate_gradient(
        "stop-gradient", "grad_q = 2 (q − h) / N, and 0 for h", "van den Oord et al. 2017, equation 3, second term",
        lambda part, upstream: {"q": _pull(part, "q", 1.0)},
    )  # fmt: skip
    def backward(self) -> Array:
        """Return grad_q (N, H)."""
        _, grad_q = functions.quantization_error_backward(self.h, self.q)
        return grad_q


class Commitment(QuantizationError):
    """Pull the code to its entries: beta ‖h − sg[q]‖², mean over the batch, where only h gets a gradient.

    Parameters
    ----------
    beta : float
        Its weight in the objective, 0 or more.
    """

    h: Array
    q: Array

    def __init__(self, beta: float) -> None:
        self.beta: float = require_number("beta", beta, least=0)

    def forward(self, h: Array, q: Array) -> Number:
        """Return the term for h (N, H) and q (N, H), a number."""
        require_same_shape(h, "h", q, "q")
        self.h, self.q = h, q
        return self.beta * functions.quantization_error(h, q)

    @surrogate_gradient(
        "stop-gradient", "grad_h = 2 beta (h − q) / N, and 0 for q", "van den Oord et al. 2017, equation 3, third term",
        lambda part, upstream: {"h": _pull(part, "h", part.beta)},
    )  # fmt: skip
    def backward(self) -> Array:
        """Return grad_h (N, H)."""
        grad_h, _ = functions.quantization_error_backward(self.h, self.q)
        return self.beta * grad_h
