"""Records: everything known about a formula beside its two functions, at the end of the formula's own file.

    functions/activations.py    relu, relu_backward, relu_slope, ...     what a reader needs
                                RECORDS = (Activation(relu, ...), ...)   what all other code uses:
                                  lines, backward_lines                  the step page and the reference
                                  inputs                                 gradient checks, kernels, proofs
                                  claim, second_opinion, question        check_meaning
                                  layer, words                           layers and the command line

A second opinion computes the formula another way, with the functions of `aescratch.functions.one_by_one`, and may
return nested lists of numbers.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

import numpy as np

from aescratch.backend import Array
from aescratch.foundations.language import Phrase, Sentence, gettext
from aescratch.functions.one_by_one import each, slope_of

KINDS = ("float", "int", float, int)  # types of arguments that are numbers
Function = Callable[..., Any]
Draw = Callable[["np.random.Generator", int, int, int], dict[str, Any]]  # quoted, since importing np.random takes 7 ms


@dataclass(frozen=True)
class Setting:
    """A number that a formula takes beside its arrays, and so the constructor of its layer, too.

    `default` is None if there is no usual value; `limits` are the limits for `require_number` in
    `aescratch.foundations.validation`.
    """

    meaning: str
    default: float | None = None
    limits: Mapping[str, float] = field(default_factory=dict)


class Record:
    """An entry of a file's ``RECORDS``: one formula, or several that belong together."""

    @property
    def name(self) -> str:
        """The name of its function, or of the function for the value."""
        raise NotImplementedError

    @property
    def formulas(self) -> Sequence[Formula]:
        """The formulas that it describes."""
        raise NotImplementedError


@dataclass(frozen=True)
class Formula(Record):
    """A formula, its derivative, and everything else about them.

    Attributes
    ----------
    forward, backward : callable
        The two functions; `backward` is None for a formula that only other formulas use.
    lines, backward_lines : tuple of str
        The formulas entry by entry, in the language of `aescratch.inspection.tracing.language`; intermediate quantities
        first.
    claim : str
        The formula in a report.
    inputs : callable
        ``inputs(rng, N, D, H)`` draws arguments of forward by name, in its order: N examples, D inputs, H units.
    second_opinion : callable
        Takes forward's arguments, and computes the same another way.
    question : str
        The next question for an author whose forward is wrong.
    derivation : str
        Markdown with ``$...$``, if the page of derivations has no section on this formula.
    """

    forward: Function
    backward: Function | None = None
    _: KW_ONLY
    lines: tuple[str, ...]
    backward_lines: tuple[str, ...] = ()
    claim: str
    inputs: Draw
    second_opinion: Function
    question: str
    derivation: str = ""

    @property
    def name(self) -> str:
        """The forward function's name."""
        return str(self.forward.__name__)

    @property
    def formulas(self) -> Sequence[Formula]:
        """The formula itself."""
        return [self]

    @property
    def lines_of(self) -> dict[str, tuple[str, ...]]:
        """The lines of forward, and of backward if there is one, by the function's name."""
        return {self.name: self.lines, **({f"{self.name}_backward": self.backward_lines} if self.backward else {})}

    @property
    def numbers(self) -> list[str]:
        """The arguments of forward that are numbers and not arrays."""
        return [p.name for p in inspect.signature(self.forward).parameters.values() if p.annotation in KINDS]

    def again(self, *inputs: Any) -> Any:
        """Return the right output for these inputs, by the second opinion: an array, or a tuple of arrays."""
        found = self.second_opinion(*inputs)
        if isinstance(found, tuple):
            return tuple(np.asarray(part, float) for part in found)
        return np.asarray(found, float)


@dataclass(frozen=True)
class Term(Formula):
    """A term of an objective: sums over units, means over the batch.

    Its second opinion returns the contribution of every unit of every example, (N, H); (N, 1) if units aren't separate,
    and (1, H) if the batch is averaged first.

    Attributes
    ----------
    layer : str
        The class that computes it in a model. If losses.py or penalties.py don't define one, it is made.
    use : str
        ``"reconstruction"`` for a loss of an output against x, ``"sparsity"`` for a penalty of the code, else empty.
    words : tuple of str
        Its names on the command line; by default the function's, with dashes.
    settings : dict of str to Setting
        The numbers that the formula takes, by name.
    kinks : callable or None
        From forward's arguments, a pattern that changes where the formula has no derivative.
    """

    _: KW_ONLY
    layer: str = ""
    use: str = ""
    words: tuple[str, ...] = ()
    settings: Mapping[str, Setting] = field(default_factory=dict)
    kinks: Function | None = None

    def again(self, *inputs: Any) -> Any:
        """Return the sum over units, mean over the batch, of the second opinion."""
        entries = np.asarray(self.second_opinion(*inputs), float)
        return np.asarray(math.fsum(entries.ravel()) / len(entries))


@dataclass(frozen=True)
class Activation(Record):
    """An activation y = φ(a), element by element: the value and the slope φ', which is a separate formula.

    Attributes
    ----------
    value, backward, slope, slope_backward : callable
        The four functions.
    together : callable or None
        A function that returns value and slope together, if that is faster.
    layer : str
        The name of the layer's class, which is made from this record.
    lines, backward_lines, slope_lines, slope_backward_lines : tuple of str
        As in `Formula`.
    claim : str
        As in `Formula`.
    second_opinion : callable
        φ of one number and the settings; the slope's second opinion is its difference quotient.
    settings : dict of str to Setting
        The numbers that the formula takes, by name.
    kinks : callable or None
        From a, a pattern that changes where φ has no derivative.
    example : str
        Lines of a doctest of the layer.
    derivation, slope_derivation : str
        As in `Formula`.
    """

    value: Function
    backward: Function
    slope: Function
    slope_backward: Function
    together: Function | None = None
    _: KW_ONLY
    layer: str
    lines: tuple[str, ...]
    backward_lines: tuple[str, ...]
    slope_lines: tuple[str, ...]
    slope_backward_lines: tuple[str, ...]
    claim: str
    second_opinion: Callable[..., float]
    settings: Mapping[str, Setting] = field(default_factory=dict)
    kinks: Function | None = None
    example: str = ""
    derivation: str = ""
    slope_derivation: str = ""

    @property
    def name(self) -> str:
        """The name of the function that computes the value."""
        return str(self.value.__name__)

    @property
    def formulas(self) -> Sequence[Formula]:
        """Value, slope, and both together if there is a function for it, each as a separate formula."""
        value = Formula(
            self.value, self.backward, lines=self.lines, backward_lines=self.backward_lines, claim=self.claim,
            inputs=self.inputs, second_opinion=self.values, question="What is it at −3, at 0 and at 3?",
            derivation=self.derivation,
        )  # fmt: skip
        slope = Formula(
            self.slope, self.slope_backward, lines=self.slope_lines, backward_lines=self.slope_backward_lines,
            claim=Phrase("the slope of {formula}", formula=Sentence(self.claim)),
            inputs=self.inputs, second_opinion=self.slopes,
            question="How fast does the value grow at −3, just above 0, and at 3?", derivation=self.slope_derivation,
        )  # fmt: skip
        if self.together is None:
            return [value, slope]
        on_the_way = dict.fromkeys((*self.lines[:-1], *self.slope_lines[:-1]))
        both = Formula(
            self.together, lines=(*on_the_way, self.lines[-1], self.slope_lines[-1]), claim=f"{self.claim}; its slope",
            inputs=self.inputs, second_opinion=lambda a, *numbers: (self.values(a, *numbers), self.slopes(a, *numbers)),
            question=slope.question,
        )  # fmt: skip
        return [value, slope, both]

    def inputs(self, rng: np.random.Generator, N: int, D: int, H: int) -> dict[str, Any]:
        """Draw a (N, H), away from 0, where many activations have a kink, and every setting."""
        a = rng.choice([-1.0, 1.0], (N, H)) * rng.uniform(0.05, 3.0, (N, H))
        return {"a": a, **{name: float(rng.uniform(0.1, 0.9)) for name in self.settings}}

    def scalar(self, *numbers: float) -> Callable[[float], float]:
        """Return φ of one number, by the second opinion, with these settings."""
        return lambda a: self.second_opinion(a, *numbers)

    def values(self, a: Array, *numbers: float) -> Array:
        """Return φ of every entry of a, by the second opinion."""
        return each(self.scalar(*numbers), a)

    def slopes(self, a: Array, *numbers: float) -> Array:
        """Return φ' of every entry of a, by difference quotients of the second opinion."""
        return each(slope_of(self.scalar(*numbers)), a)


def lifted(scalar: Callable[..., float]) -> Function:
    """Return a second opinion of arrays from one of single numbers; arguments that aren't arrays are settings.

    Examples
    --------
    >>> lifted(lambda x, y, alpha: x + alpha * y)(np.array([1.0, 2.0]), np.array([3.0, 4.0]), 0.5)
    array([2.5, 4. ])
    """

    def opinion(*given: Any) -> Array:
        arrays = [value for value in given if isinstance(value, np.ndarray)]
        settings = given[len(arrays) :]
        return each(lambda *entries: scalar(*entries, *settings), *arrays)

    return opinion


def check_record(record: Record, family: Any, known: Mapping[str, Formula]) -> None:
    """Raise for a record that would replace another one, or whose functions are evaluated in an invalid way.

    Raises
    ------
    ValueError
        If the name of a function, a layer or a word of the command line is taken, or a term of an objective, which sums
        over the batch, is evaluated block by block.
    """
    for formula in record.formulas:
        if formula.name in known:
            message = gettext("expected a formula with a new name in {family}, got {name!r} again")
            raise ValueError(message.format(family=family.__name__, name=formula.name))
    others = [other for other in family.RECORDS if other is not record]
    for what, names in (("layer", _layers), ("word", words_of)):
        taken = set(names(record)) & set().union(*map(names, others))
        if taken:
            message = gettext("expected a unique {what} in each record of {family}, got {name!r} twice")
            raise ValueError(message.format(what=what, family=family.__name__, name=min(taken)))
    if isinstance(record, Term):
        for function in (record.forward, record.backward):
            if getattr(function, "by_blocks", False):
                message = gettext(
                    "expected {name} without @elementwise, since a term sums over the batch, but would be evaluated "
                    "block by block; leave the decorator out, or use @fused"
                )
                raise ValueError(message.format(name=record.name))


def _layers(record: Record) -> set[str]:
    layer = getattr(record, "layer", "")
    return {layer} if layer else set()


def words_of(record: Record) -> tuple[str, ...]:
    """Return a record's words on the command line: its own, or its function's name with dashes.

    Examples
    --------
    >>> [words_of(ae.functions.FORMULAS[name]) for name in ("squared_error", "kl_sparsity", "leaky_relu")]
    [('squared-error',), ('kl',), ('leaky-relu',)]
    """
    return getattr(record, "words", ()) or (record.name.replace("_", "-"),)
