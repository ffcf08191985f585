"""Words of the command line that name objects: ``leaky-relu:0.1``, ``kl:0.05:0.5``, ``cosine``.

    "kl:0.05:0.5" --Word.read--> name "kl", its class, numbers (0.05, 0.5) --make--> KLSparsity(0.05, 0.5)

The numbers after a name are the arguments of its class, in order. An invalid word raises
`argparse.ArgumentTypeError`, which the parser turns into a sentence that names the option.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
from argparse import ArgumentTypeError
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import aescratch as ae
from aescratch import functions
from aescratch.activations import LAYERS
from aescratch.foundations.language import gettext
from aescratch.functions.formula import words_of
from aescratch.losses import LOSSES
from aescratch.penalties import SPARSITIES as PENALTIES
from aescratch.programs.cli.status import did_you_mean

Choices = Mapping[str, Callable[..., Any]]
# All activations, losses and penalties of the formula sheet, by the function's name with dashes, or by the words in
# its record.
ACTIVATIONS: Choices = {
    word: LAYERS[record.layer] for record in functions.ACTIVATIONS.values() for word in words_of(record)
}
RECONSTRUCTIONS: Choices = {word: kind for name, kind in LOSSES.items() for word in words_of(functions.FORMULAS[name])}
CORRUPTIONS: Choices = {
    "gaussian": ae.GaussianNoise, "masking": ae.MaskingNoise, "salt-and-pepper": ae.SaltAndPepperNoise,
}  # fmt: skip
SPARSITIES: Choices = {word: kind for name, kind in PENALTIES.items() for word in words_of(functions.FORMULAS[name])}
INITIALIZERS: Choices = {
    "xavier-uniform": ae.xavier_uniform, "xavier-normal": ae.xavier_normal, "he-uniform": ae.he_uniform,
    "he-normal": ae.he_normal, "old-uniform": ae.old_uniform,
}  # fmt: skip
OPTIMIZERS: Choices = {
    "sgd": ae.SGD, "momentum": ae.Momentum, "nesterov": ae.Nesterov, "rmsprop": ae.RMSProp, "adam": ae.Adam,
    "adamw": ae.AdamW, "lbfgs": ae.LBFGS,
}  # fmt: skip
SCHEDULES: Choices = {"constant": ae.ConstantRate, "step": ae.StepRate, "cosine": ae.CosineRate}


@dataclass(frozen=True)
class Word:
    """A name, the class that it names, and the numbers after it."""

    text: str
    name: str
    kind: Callable[..., Any]
    numbers: tuple[float, ...]

    @classmethod
    def read(cls, choices: Choices, text: str) -> Word:
        """Return the word that a text spells, one of the choices.

        Examples
        --------
        >>> Word.read(SPARSITIES, "l1:0.5").make()
        L1Sparsity(weight=0.5)
        """
        name, *rest = text.split(":")
        kind = choice(choices, name)
        return cls(text, name, kind, tuple(number(part) for part in rest))

    def make(self, *leading: Any, **named: Any) -> Any:
        """Return an object of the class, made with the leading arguments, the word's numbers and the named ones."""
        signature = inspect.signature(self.kind)
        own = [name for name in signature.parameters if name not in named][len(leading) :]
        numbers = dict(zip(own, self.numbers, strict=False))
        try:
            signature.bind(*leading, *self.numbers[len(own) :], **numbers, **named)
        except TypeError as error:
            sentence = gettext("expected {form}, got {text!r}")
            raise ArgumentTypeError(sentence.format(form=form(self.name, self.kind, own), text=self.text)) from error
        try:
            return self.kind(*leading, **numbers, **named)
        except (TypeError, ValueError) as error:
            raise ArgumentTypeError(str(error)) from error


def form(name: str, kind: Callable[..., Any], own: Iterable[str] | None = None) -> str:
    """Return the spelling of a word with its numbers: all parameters of its class, or those in `own`.

    Examples
    --------
    >>> form("kl", ae.KLSparsity)
    'kl:RHO:WEIGHT[:MOMENTUM]'
    """
    taken = inspect.signature(kind).parameters
    numbers = [(n.upper(), taken[n].default is inspect.Parameter.empty) for n in (taken if own is None else own)]
    return name + "".join(f":{number}" if needed else f"[:{number}]" for number, needed in numbers)


def choice(choices: Mapping[str, Any], text: str) -> Any:
    """Return the choice that a text names; the error lists the choices and the nearest one."""
    if text not in choices:
        near = did_you_mean(text, choices)
        sentence = gettext("expected one of {choices}, got {text!r}{near}")
        raise ArgumentTypeError(sentence.format(choices=", ".join(choices), text=text, near=near))
    return choices[text]


def one_of(names: Iterable[str]) -> Callable[[str], str]:
    """Return a reader of texts that are one of these names."""
    return functools.partial(choice, {name: name for name in names})


def made(choices: Choices, text: str) -> Any:
    """Return an object of the class that a text names, made with the numbers after it."""
    return Word.read(choices, text).make()


def activation(text: str) -> Any:
    """Return an activation class, or a functools.partial of it if a number follows its name.

    Examples
    --------
    >>> activation("gelu").__name__, activation("leaky-relu:0.1")().alpha
    ('GELU', 0.1)
    """
    word = Word.read(ACTIVATIONS, text)
    word.make()  # so that errors show now
    return functools.partial(word.kind, *word.numbers) if word.numbers else word.kind


def number(text: str) -> float:
    """Return the number that a text spells, an int if it is whole."""
    try:
        value = float(text)
    except ValueError as error:
        near = ""
        with contextlib.suppress(ValueError):
            float(pointed := text.replace(",", "."))
            near = gettext("; write {number}").format(number=pointed)
        sentence = gettext("expected a number, got {text!r}{near}")
        raise ArgumentTypeError(sentence.format(text=text, near=near)) from error
    return int(text) if text.lstrip("+-").isdigit() else value


def variance(text: str) -> float | str:
    """Return the variance that a text spells: a number, or ``"fitted"``.

    Examples
    --------
    >>> variance("fitted"), variance("0.1")
    ('fitted', 0.1)
    """
    return text if text == "fitted" else number(text)


def above_zero(text: str) -> float:
    """Return the number above 0 that a text spells."""
    value = number(text)
    if not value > 0:
        raise ArgumentTypeError(gettext("expected a number above 0, got {text!r}").format(text=text))
    return value


def count(least: int, text: str) -> int:
    """Return the whole number that a text spells, if it is at least `least`."""
    value = number(text)
    if not isinstance(value, int) or value < least:
        sentence = gettext("expected a whole number of at least {least}, got {text!r}")
        raise ArgumentTypeError(sentence.format(least=least, text=text))
    return value


def positive(text: str) -> int:
    """Return the whole number of at least 1 that a text spells."""
    return count(1, text)


def counts(separator: str, example: str, text: str) -> list[int]:
    """Return the whole numbers of at least 1 in a text with separators; `example` is for the error message."""
    try:
        return [positive(part) for part in text.split(separator)]
    except ArgumentTypeError as error:
        sentence = gettext("expected whole numbers such as {example}, got {text!r}")
        raise ArgumentTypeError(sentence.format(example=example, text=text)) from error
