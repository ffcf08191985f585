"""A model's second opinion: its objective and its promises, stated independently, for comparison.

    second_opinion() --> the inputs of each term, possible mistakes, what encode promises, what is drawn
    loss, encode, ...  --compared with-->  that, by aescratch.check_meaning; training doesn't use it

It uses the layers' `apply`, while `loss` calls their `forward`. A variant starts from its parent's opinion and changes
what differs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from aescratch.backend import Array


class Seen(Protocol):
    """A recorded call of the model's loss."""

    @property
    def x(self) -> Array:
        """The batch, (N, D)."""
        raise NotImplementedError

    @property
    def labels(self) -> Array:
        """Its classes, (N,), of a model that learns from labels."""
        raise NotImplementedError

    def drawn(self, name: str, *arguments: Array) -> Array:
        """Return what the part of this name drew for these arguments: the input of the layers after it."""
        raise NotImplementedError


Of = Callable[[Seen], tuple[Any, ...]]


@dataclass
class SecondOpinion:
    """A model's independent statement about itself.

    Attributes
    ----------
    terms : dict of str to callable
        By the name of a term in `parts`, the arguments of its forward, as a function of a recorded call of loss.
    against : str
        The target of the output, in words; may be empty.
    mistaken : dict of str to tuple
        By a mistake in words, the name of a term and the arguments that it then has.
    noise : dict of str to Sequential
        By the name of a part that draws, the layers that take its draws.
    code : callable or None
        The code of x, which `encode` promises.
    output : callable or None
        The decoder's output for a code; `decode` promises the data that it represents.
    most_active : int or None
        The most units of a code that may differ from 0.
    logits : callable or None
        The logits of x, from which the predicted classes follow.
    contraction : str
        The name of the term that is the squared norm of the code's Jacobian; empty if there is none.
    heads : tuple of two Dense layers, or None
        The layers for mu and log_var of a code that is drawn.
    prior_units : int
        The width of the codes from N(0, 1) that `sample` decodes; 0 for a model without `sample`.
    inner : callable or None
        For x, pairs of a model inside this one and its training batch.
    """

    terms: dict[str, Of] = field(default_factory=dict)
    against: str = ""
    mistaken: dict[str, tuple[str, Of]] = field(default_factory=dict)
    noise: dict[str, Any] = field(default_factory=dict)
    code: Callable[[Array], Array] | None = None
    output: Callable[[Array], Array] | None = None
    most_active: int | None = None
    logits: Callable[[Array], Array] | None = None
    contraction: str = ""
    heads: tuple[Any, Any] | None = None
    prior_units: int = 0
    inner: Callable[[Array], Iterator[tuple[Any, Array]]] | None = None


def of_code(encoder: Any, decoder: Any) -> SecondOpinion:
    """Return the second opinion of a model that restores x from its code."""
    return SecondOpinion(
        terms={
            "reconstruction": lambda seen: (decoder.apply(encoder.apply(seen.x)), seen.x),
            "decay": lambda seen: (),
        },
        against="the clean x",
    )


def with_damaged_input(opinion: SecondOpinion, encoder: Any, decoder: Any) -> SecondOpinion:
    """Return the second opinion of a model whose encoder gets a damaged x, and whose target is the clean x."""

    def output(x: Array) -> Array:
        restored: Array = decoder.apply(encoder.apply(x))
        return restored

    def damaged(seen: Seen) -> Array:
        return seen.drawn("corruption", seen.x)

    opinion.noise["corruption"] = encoder
    opinion.terms["reconstruction"] = lambda seen: (output(damaged(seen)), seen.x)
    opinion.mistaken["the target is the damaged input, where it should be the clean x"] = (
        "reconstruction", lambda seen: (output(damaged(seen)), damaged(seen))
    )  # fmt: skip
    opinion.mistaken["the input isn't damaged"] = "reconstruction", lambda seen: (output(seen.x), seen.x)
    return opinion
