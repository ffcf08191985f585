"""Classes made from the records of the formula sheet: the common code of activations, losses and penalties.

    record.settings  --constructor--> __init__(self, alpha=0.01), which checks each number and keeps it by its name
    record, example  --docstring-->   the formula's own text, its settings, an example
    names            --held-->        a formula's further arguments, from the object's attributes

These classes look up a formula in `aescratch.functions` at every call, so that a function which an instrument, a test
or an exercise has put there is used.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from aescratch.foundations.language import gettext
from aescratch.foundations.validation import require_number
from aescratch.functions.formula import Activation, Setting, Term


def constructor(settings: Mapping[str, Setting]) -> Callable[..., None]:
    """Return an ``__init__`` that takes these numbers by position or by name, and keeps them as attributes.

    Examples
    --------
    >>> kind = type("Kind", (), {"__init__": constructor({"alpha": Setting("The slope.", 0.01)})})
    >>> kind().alpha, kind(0.1).alpha, str(inspect.signature(kind))
    (0.01, 0.1, '(alpha: float = 0.01)')
    """
    parameters = [
        inspect.Parameter(
            name, inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=float,
            default=inspect.Parameter.empty if setting.default is None else setting.default,
        )
        for name, setting in settings.items()
    ]  # fmt: skip
    signature = inspect.Signature(parameters)

    def __init__(self: Any, *arguments: Any, **named: Any) -> None:
        try:
            bound = signature.bind(*arguments, **named)
        except TypeError as error:
            message = gettext("expected {kind}{signature}, got {error}")
            raise TypeError(message.format(kind=type(self).__name__, signature=signature, error=error)) from error
        bound.apply_defaults()
        for name, value in bound.arguments.items():
            setattr(self, name, require_number(name, value, **settings[name].limits))

    own = inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)
    __init__.__signature__ = inspect.Signature([own, *parameters])  # type: ignore[attr-defined]
    return __init__


def docstring(function: Callable[..., Any], settings: Mapping[str, Setting], example: str = "") -> str:
    """Return the docstring of a class: a function's own, without its sections, then settings and an example."""
    text = [(inspect.getdoc(function) or "").partition("\nParameters\n")[0].partition("\nExamples\n")[0].rstrip()]
    if settings:
        lines = [line for name, setting in settings.items() for line in (f"{name} : float", f"    {setting.meaning}")]
        text.append("\n".join(["Parameters", "----------", *lines]))
    if example:
        text.append("\n".join(["Examples", "--------", example]))
    return "\n\n".join(text) + "\n"


@functools.cache
def arguments_of(function: Callable[..., Any]) -> tuple[str, ...]:
    """Return the names of a function's arguments.

    Examples
    --------
    >>> arguments_of(ae.functions.sigmoid_backward)
    ('grad_y', 'y')
    """
    return tuple(inspect.signature(function).parameters)


def kinks(record: Activation | Term, remembered: Sequence[str]) -> dict[str, property]:
    """Return a property with the pattern of a part's last forward pass at its kinks, if it has any."""
    pattern = record.kinks
    if pattern is None:
        return {}
    doc = "The pattern of the last forward pass, which changes where the formula has no derivative."
    return {"kinks": property(lambda self: pattern(*held(self, remembered)), doc=doc)}


def held(owner: Any, names: Sequence[str]) -> list[Any]:
    """Return an object's attributes of these names."""
    return [getattr(owner, name) for name in names]
