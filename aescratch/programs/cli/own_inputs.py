"""The inputs for checking the user's own code with `aescratch check`.

    dense_inputs or inputs in the file;   --input x=7,5;   the names that the formula sheet knows -> {"x": array, ...}
"""

from __future__ import annotations

import inspect
from argparse import ArgumentTypeError
from collections.abc import Sequence
from types import ModuleType
from typing import Any

import numpy as np

from aescratch.foundations.language import gettext
from aescratch.functions import FORMULAS
from aescratch.inspection.gradcheck.parameters import held_parameters
from aescratch.inspection.gradcheck.slots import slots_in
from aescratch.inspection.gradcheck.styles import methods_of
from aescratch.programs.cli.own_code import own_errors
from aescratch.programs.cli.status import UsageError
from aescratch.programs.cli.words import number

N, D, H = 7, 5, 3  # distinct primes, so that a wrong factor reveals its dimension
# The usual shape or number of an argument with this name.
TOLD: dict[str, Any] = {
    "x": (N, D), "x_hat": (N, D), "x_tilde": (N, D), "logits": (N, D), "keep": (N, D), "noise": (N, D), "a": (N, H),
    "h": (N, H), "y": (N, H), "z": (N, H), "mu": (N, H), "log_var": (N, H), "eps": (N, H), "slope": (N, H),
    "X": (N, D), "y_true": (N, H), "y_pred": (N, H), "W": (D, H), "w": (D, H), "V": (D, H), "b": (H,), "labels": (N,),
    "rho": 0.1, "alpha": 0.1, "beta": 0.5, "lam": 0.1, "k": 2,
}  # fmt: skip


def input_option(text: str) -> tuple[str, Any]:
    """Return the name and the shape, or the number, of ``x=7,5``, ``b=3,`` or ``rho=0.1``.

    Examples
    --------
    >>> input_option("x=7,5"), input_option("b=3,"), input_option("rho=0.1")
    (('x', (7, 5)), ('b', (3,)), ('rho', 0.1))
    """
    name, equals, value = text.partition("=")
    try:
        if not equals or not name.isidentifier():
            raise ValueError
        if "," not in value:
            return name, number(value)
        shape = tuple(int(part) for part in value.split(",") if part)
        if not shape or min(shape) < 1:
            raise ValueError
    except ValueError as error:
        raise ArgumentTypeError(
            gettext("expected NAME=SHAPE or NAME=NUMBER, such as x=7,5 or rho=0.1, got {text!r}").format(text=text)
        ) from error
    return name, shape


def inputs_of(stem: str, function: Any, found: dict[str, Any], given: dict[str, Any], seed: int) -> dict[str, Any]:
    """Return the inputs for a function by name: from options, from the file, or drawn."""
    rng = np.random.default_rng(seed)
    with own_errors():
        parameters = inspect.signature(function).parameters
    if unknown := [name for name in given if name not in parameters]:
        sentence = gettext("--input names {name}, but {stem} takes {parameters}; check the name")
        raise UsageError(sentence.format(name=unknown[0], stem=stem, parameters=", ".join(parameters)))
    wanted = needed(function)
    found = {**_from_sheet(stem, [name for name in wanted if name not in {**given, **found}], rng), **found}
    inputs: dict[str, Any] = {}
    for name in parameters:
        if name in given or (name in wanted and name in TOLD and name not in found):
            inputs[name] = _draw(name, {**TOLD, **given}[name], list(parameters), rng)
        elif name in found:
            inputs[name] = found[name]
        elif name in wanted:
            sentence = gettext(
                "expected a shape or value for {name} of {stem}, got none; write a function {stem}_inputs() in the "
                "file that returns a dict of arrays, or give --input {name}=7,5"
            )
            raise UsageError(sentence.format(name=name, stem=stem))
    return inputs


def needed(function: Any) -> list[str]:
    """Return the required arguments of a function, except rng."""
    parameters = inspect.signature(function).parameters
    return [name for name, parameter in parameters.items() if parameter.default is parameter.empty and name != "rng"]


def layer_inputs(stem: str, layer: Any, found: dict[str, Any], given: dict[str, Any], seed: int) -> dict[str, Any]:
    """Return the inputs for a layer's forward; a single unknown argument becomes a batch with the layer's width."""
    forward, _ = methods_of(layer)
    left = [name for name in needed(forward) if name not in {**found, **given}]
    width = {left[0]: (N, _width(layer))} if len(left) == 1 else {}
    return inputs_of(stem, forward, found, {**given, **width}, seed)


def _width(layer: Any) -> int:
    """Return the width of a layer's input, from its first matrix of weights."""
    values = [slot.read() for slot in slots_in(layer)]
    values += [parameter.value for _, parameter in held_parameters(layer)]
    return next((len(W) for W in values if isinstance(W, np.ndarray) and W.ndim == 2), D)


def inputs_in(module: ModuleType, stem: str) -> dict[str, Any]:
    """Return the inputs in the user's file."""
    for name in (f"{stem}_inputs", "inputs"):
        if hasattr(module, name):
            found = getattr(module, name)
            with own_errors():
                found = found() if callable(found) else found
            if not isinstance(found, dict):
                sentence = gettext("expected {name} to be, or to return, a dict of arrays, got {kind}")
                raise UsageError(sentence.format(name=name, kind=type(found).__name__))
            return found
    return {}


def _from_sheet(stem: str, names: Sequence[str], rng: np.random.Generator) -> dict[str, Any]:
    """Return the formula sheet's inputs for a formula of this name, if the names of the arguments aren't enough."""
    if stem not in FORMULAS or all(name in TOLD for name in names):
        return {}
    drawn = FORMULAS[stem].inputs(rng, N, D, H)
    return {name: drawn[name] for name in names if name in drawn}


def _draw(name: str, value: Any, names: Sequence[str], rng: np.random.Generator) -> Any:
    """Return random numbers of a shape in the domain that the names imply, or the number itself."""
    if not isinstance(value, tuple):
        return value
    if name == "labels":
        return np.arange(value[0], dtype=np.int64) % H
    if (name == "h" and "rho" in names) or (name == "x" and "logits" in names):
        return rng.uniform(0.1, 0.9, value)
    if name == "keep":
        return (rng.random(value) < 0.7).astype(float)
    return rng.standard_normal(value)
