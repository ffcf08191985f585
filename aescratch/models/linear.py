"""The linear autoencoder: a vanilla one without activations, and its link to principal component analysis.

    x -> W1, b1 -> h -> W2, b2 -> x_hat

At its optimum the decoder's rows span the subspace of the leading principal components (Baldi & Hornik 1989); with
weight decay on both layers the singular vectors of W2 are the principal directions themselves (Kunin et al. 2019).
Its forward and backward pass are those of the vanilla autoencoder.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from aescratch.activations import Identity
from aescratch.backend import Array
from aescratch.foundations.validation import Rng
from aescratch.initializers import xavier_uniform
from aescratch.losses import Loss, SquaredError
from aescratch.models.autoencoder import Autoencoder


class LinearAutoencoder(Autoencoder):
    """Autoencoder without activations; the arguments are those of `Autoencoder` without the activations.

    Examples
    --------
    >>> import numpy as np
    >>> model = LinearAutoencoder([5, 3], rng=0)
    >>> a, b = np.random.default_rng(0).random((2, 7, 5))
    >>> zero = model.encode(0 * a)
    >>> bool(np.allclose(model.encode(a + b) - zero, model.encode(a) + model.encode(b) - 2 * zero, atol=1e-6))
    True
    """

    def __init__(
        self, widths: Sequence[int], *, tied: bool = False, reconstruction: Loss = SquaredError(),
        weight_decay: float = 0.0, dropout: float = 0.0, batch_norm: bool = False,
        initializer: Callable[..., Array] = xavier_uniform, dtype: str = "float32", rng: Rng = None,
    ) -> None:  # fmt: skip
        super().__init__(
            widths, activation=Identity, tied=tied, reconstruction=reconstruction, weight_decay=weight_decay,
            dropout=dropout, batch_norm=batch_norm, initializer=initializer, dtype=dtype, rng=rng,
        )  # fmt: skip

    word = "linear"
    order = 20
    objective = "restore x from a linear code, as PCA does"
