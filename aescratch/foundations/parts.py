"""The base of every layer, loss, penalty and corruption: it remembers one forward pass for its backward pass.

Remembered values are listed in `remembers`, by the names of the formulas' variables. They are plain attributes, visible
in a debugger, and are not copied or pickled.

A part is in use mode unless a model's ``training()`` or `in_mode` has entered training mode. Only in training mode does
`forward` change the part's `buffers`, drop units, or use the statistics of the batch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from aescratch.backend import Array
from aescratch.foundations.buffers import Buffer, switched
from aescratch.foundations.language import gettext


class ForwardMissingError(RuntimeError, AttributeError):
    """A backward pass was called before a forward pass."""


class Part:
    """Anything with a forward and a backward.

    Attributes
    ----------
    remembers : tuple of str
        The attributes that forward leaves for backward.
    is_term : bool
        Whether it is a term of the objective.
    draws : bool
        Whether forward draws noise, from an rng that it takes as its last argument.
    row_by_row : bool
        Whether forward computes every row independently of the others, so that several batches may be joined to one.
    in_training : bool
        Whether forward acts as in training; False, use mode, by default.
    least_examples : int
        The least number of examples in a batch in training.
    least_in_use : int
        The least number in use.
    moves_objective : bool
        Whether its state changes the objective, so that the losses of two steps are not comparable.
    infinite_where : str
        When its forward is infinite, as a sentence with advice; empty if it never is.
    """

    forward: Callable[..., Any]
    backward: Callable[..., Any]
    remembers: tuple[str, ...] = ()
    is_term = False
    draws = False
    row_by_row = False
    in_training = False
    least_examples = 1
    least_in_use = 1
    moves_objective = False
    infinite_where = ""

    @property
    def buffers(self) -> list[Buffer]:
        """The part's state beside its parameters; none here."""
        return []

    @property
    def kinks(self) -> Array | None:
        """The pattern of the last forward pass at its kinks, an array that changes when one is crossed, or None."""
        return None

    def forget(self) -> None:
        """Drop the values of the last forward pass."""
        for name in self.remembers:
            self.__dict__.pop(name, None)

    if not TYPE_CHECKING:  # they would accept every misspelt name

        def __getattr__(self, name: str) -> Any:
            # Python calls this only for missing attributes.
            if name in type(self).remembers:
                message = gettext(
                    "expected a forward pass before backward(), but {kind} has no {name} of one; first "
                    "call loss(x) of the model, or forward(...) of this object"
                )
                raise ForwardMissingError(message.format(kind=type(self).__name__, name=name))
            message = gettext("{kind!r} object has no attribute {name!r}")
            raise AttributeError(message.format(kind=type(self).__name__, name=name))

    def __getstate__(self) -> dict[str, Any]:
        # A copy is in use mode, even if the original is being trained.
        left_out = (*self.remembers, "in_training")
        return {name: value for name, value in self.__dict__.items() if name not in left_out}


def in_mode(parts: Iterable[Any], *, training: bool) -> AbstractContextManager[None]:
    """Put the parts into training or use mode within the block, and restore each one's mode afterwards.

    Examples
    --------
    >>> import aescratch as ae
    >>> layer = ae.Dropout(0.5)
    >>> with in_mode([layer], training=True):
    ...     layer.forward(np.ones((1, 4)), np.random.default_rng(0))
    array([[2., 0., 0., 0.]])
    """
    return switched(parts, "in_training", on=training)
