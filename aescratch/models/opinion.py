"""A model's second opinion: its objective and its promises said once more, for whoever wants to compare.

    second_opinion() --> of what each term is, what may be mistaken for it, what encode promises, what is drawn
    loss, encode, ...  --compared with-->  that, by aescratch.check_meaning; training asks nothing of it

It is made of the layers' `apply`, while `loss` calls their `forward`. A variant begins with its parent's opinion and
changes what is different.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from aescratch.backend import Array


class Seen(Protocol):
    """A call of the model's loss, as it was seen."""

    @property
    def x(self) -> Array:
        """The batch, (N, D)."""
        raise NotImplementedError

    @property
    def labels(self) -> Array:
        """Its classes, (N,), of a model that learns from labels."""
        raise NotImplementedError

    def drawn(self, name: str, *arguments: Array) -> Array:
        """Return what the part of this name drew for these arguments, as the layers behind it were given it."""
        raise NotImplementedError


Of = Callable[[Seen], tuple[Any, ...]]


@dataclass
class SecondOpinion:
    """What a model says of itself a second time.

    Attributes
    ----------
    terms : dict of str to callable
        By the name of a term in `parts`, what it is of: the arguments of its forward, from what a call of loss showed.
    against : str
        What the output is compared with, in words; may be empty.
    mistaken : dict of str to tuple
        By what goes wrong, in words, the name of a term and what it is then of.
    noise : dict of str to Sequential
        By the name of a part that draws, the layers that what it draws goes into.
    code : callable or None
        The code of x, which `encode` promises.
    output : callable or None
        What the decoder makes of a code; `decode` promises the data that it stands for.
    most_active : int or None
        How many units of a code may differ from 0.
    logits : callable or None
        Of x, what the predicted classes follow from.
    contraction : str
        The name of the term that is the squared norm of the code's Jacobian; empty where there is none.
    heads : tuple of two Dense layers, or None
        What gives mu and log_var of a code that is drawn.
    prior_units : int
        How many units the codes from N(0, 1) have that `sample` decodes; 0 of a model that has no `sample`.
    inner : callable or None
        Of x, pairs of a model that this one is made of, and the batch that it is trained on.
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
    """Return the opinion of a model that restores x from its code."""
    return SecondOpinion(
        terms={
            "reconstruction": lambda seen: (decoder.apply(encoder.apply(seen.x)), seen.x),
            "decay": lambda seen: (),
        },
        against="the clean x",
    )


def with_damaged_input(opinion: SecondOpinion, encoder: Any, decoder: Any) -> SecondOpinion:
    """Return the opinion of the model whose encoder is given a damaged x, and whose target is the clean one."""

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
