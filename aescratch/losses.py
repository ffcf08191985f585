"""Losses: the difference between the decoder's output and the data.

    decoder -> x_hat or logits --forward--> a number;   --backward--> the gradient that the decoder receives

A loss sums over features and averages over the batch. It owns the map from the decoder's output to data: with
binary cross-entropy the decoder emits logits, and `to_data` turns them into probabilities. A loss that the formula
sheet describes completely has no class here: it is made from its record.
"""

from __future__ import annotations

from typing import Any

from aescratch import functions
from aescratch.backend import Array, Number, array_module
from aescratch.foundations.labels import require_one_label_per_row
from aescratch.foundations.language import gettext
from aescratch.foundations.parts import Part
from aescratch.foundations.recipes import Recipe
from aescratch.foundations.validation import require_batch, require_same_shape
from aescratch.functions import formula
from aescratch.functions.making import arguments_of, constructor, docstring, held, kinks

CERTAIN = 1e-7  # the least distance of a probability from 0 and 1 before its logit is taken


class Loss(Part, Recipe):
    """Base of the losses: ``forward(output, target)`` gives a number, ``backward()`` the gradient for output.

    Both are batches of the same shape; others raise ValueError, since NumPy would repeat a single row or column.
    """

    is_term = True

    def forward(self, output: Array, target: Array) -> Number:
        """Return the loss of this batch, a number."""
        raise NotImplementedError

    def backward(self) -> Array:
        """Return the gradient with respect to the decoder's output, (N, D)."""
        raise NotImplementedError

    def to_data(self, output: Array) -> Array:
        """Return the data that the decoder's output represents, (N, D)."""
        return output

    def from_data(self, x: Array) -> Array:
        """Return the decoder's output that represents data x (N, D), the inverse of `to_data`."""
        return x

    def check_data(self, x: Array) -> None:
        """Raise ValueError if this loss is not defined for these data."""


class SquaredError(Loss):
    """Half the squared error, ½ Σ (x_hat − x)², mean over the batch.

    Examples
    --------
    >>> import numpy as np
    >>> loss = SquaredError()
    >>> float(loss.forward(np.array([[1.0, 3.0]]), np.array([[0.0, 1.0]])))
    2.5
    >>> loss.backward()
    array([[1., 2.]])
    """

    x_hat: Array
    x: Array
    remembers: tuple[str, ...] = ("x_hat", "x")

    def forward(self, x_hat: Array, x: Array) -> Number:
        """Return the loss of x_hat (N, D) against x (N, D)."""
        require_same_shape(x_hat, "x_hat", x, "x")
        self.x_hat, self.x = x_hat, x
        return functions.squared_error(x_hat, x)

    def backward(self) -> Array:
        """Return grad_x_hat (N, D)."""
        return functions.squared_error_backward(self.x_hat, self.x)


class BinaryCrossEntropy(Loss):
    """Cross-entropy of pixels in [0, 1] from logits, summed over pixels, mean over the batch.

    Examples
    --------
    >>> import numpy as np
    >>> loss = BinaryCrossEntropy()
    >>> round(float(loss.forward(np.array([[0.0]]), np.array([[1.0]]))), 6)
    0.693147
    >>> loss.backward()
    array([[-0.5]])
    """

    logits: Array
    x: Array
    remembers: tuple[str, ...] = ("logits", "x")

    def forward(self, logits: Array, x: Array) -> Number:
        """Return the loss of logits (N, D) against x (N, D) in [0, 1]."""
        require_same_shape(logits, "logits", x, "x")
        self.logits, self.x = logits, x
        return functions.binary_cross_entropy(logits, x)

    def backward(self) -> Array:
        """Return grad_logits (N, D)."""
        return functions.binary_cross_entropy_backward(self.logits, self.x)

    def to_data(self, output: Array) -> Array:
        """Return the probabilities, sigmoid(logits)."""
        return functions.sigmoid(output)

    def from_data(self, x: Array) -> Array:
        """Return the logits log(x / (1 − x)) of probabilities x, clipped to [1e-7, 1 − 1e-7]."""
        xp = array_module(x)
        kept = xp.clip(x, CERTAIN, 1 - CERTAIN)
        return xp.log(kept / (1 - kept))

    def check_data(self, x: Array) -> None:
        """Raise ValueError if a value of x is outside of [0, 1]."""
        low, high = float(x.min()), float(x.max())
        if low < 0 or high > 1:
            row, column = (int(place[0]) for place in ((x < 0) | (x > 1)).nonzero())
            message = gettext(
                "expected data in [0, 1] for binary cross-entropy, got values from {low:.3g} to {high:.3g}, outside "
                "first in x[{row}, {column}]; rescale the data or use SquaredError()"
            )
            raise ValueError(message.format(low=low, high=high, row=row, column=column))


class SoftmaxCrossEntropy(Loss):
    """Cross-entropy of classes from logits, mean over the batch.

    Examples
    --------
    >>> import numpy as np
    >>> loss = SoftmaxCrossEntropy()
    >>> round(float(loss.forward(np.array([[0.0, 0.0]]), np.array([1]))), 6)
    0.693147
    >>> loss.backward()
    array([[ 0.5, -0.5]])
    """

    logits: Array
    labels: Array
    remembers: tuple[str, ...] = ("logits", "labels")

    def forward(self, logits: Array, labels: Array) -> Number:
        """Return the loss of logits (N, C) against labels (N,), integers from 0 to C - 1."""
        require_batch(logits, "logits")
        require_one_label_per_row(labels, logits)
        self.logits, self.labels = logits, labels
        return functions.softmax_cross_entropy(logits, labels)

    def backward(self) -> Array:
        """Return grad_logits (N, C)."""
        return functions.softmax_cross_entropy_backward(self.logits, self.labels)

    def to_data(self, output: Array) -> Array:
        """Return the number of the most probable class of each row, (N,)."""
        return array_module(output).argmax(output, axis=1)


def loss_of(record: formula.Term) -> type[Loss]:
    """Return the class of a loss that the sheet describes completely."""
    name, backward_name = record.name, f"{record.name}_backward"
    remembered, settings = arguments_of(record.forward)[:2], list(record.settings)
    wanted = arguments_of(record.backward) if record.backward is not None else []

    def forward(self: Loss, output: Array, target: Array) -> Any:
        require_same_shape(output, remembered[0], target, remembered[1])
        for argument, value in zip(remembered, (output, target), strict=True):
            setattr(self, argument, value)
        return getattr(functions, name)(output, target, *held(self, settings))

    def backward(self: Loss) -> Any:
        return getattr(functions, backward_name)(*held(self, wanted))

    methods: dict[str, Any] = {
        "__module__": __name__, "__doc__": docstring(record.forward, record.settings),
        "forward": forward, "backward": backward, "remembers": tuple(remembered), **kinks(record, remembered),
    }  # fmt: skip
    if record.settings:
        methods["__init__"] = constructor(record.settings)
    return type(record.layer, (Loss,), methods)


# A model's possible losses, by their formulas: those above, and one made for every other loss on the sheet.
LOSSES: dict[str, type[Loss]] = {
    record.name: globals().get(record.layer) or loss_of(record)
    for record in functions.FORMULAS.values()
    if isinstance(record, formula.Term) and record.use == "reconstruction"
}
globals().update({loss.__name__: loss for loss in LOSSES.values()})
