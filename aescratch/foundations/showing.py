"""How an object shows itself: the class has the method, and a package above it registers the function that draws.

    below:  def plot(self, ax=None): return shown(self, "plot", ax=ax)
    above:  shows(History, "plot")(loss_curves)

So a history can be plotted, though the training code doesn't know about plots.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from aescratch.foundations.language import gettext

Drawing = TypeVar("Drawing", bound=Callable[..., Any])

_DRAWINGS: dict[tuple[type, str], Callable[..., Any]] = {}


def shows(kind: type, way: str) -> Callable[[Drawing], Drawing]:
    """Return a decorator that registers a function to show objects of this class in this way.

    Examples
    --------
    >>> class Word(str): ...
    >>> loud = shows(Word, "loud")(lambda word: word.upper())
    >>> shown(Word("code"), "loud")
    'CODE'
    """

    def register(drawing: Drawing) -> Drawing:
        _DRAWINGS[kind, way] = drawing
        return drawing

    return register


def can_be_shown(thing: Any, way: str) -> bool:
    """Return whether a function is registered to show the object in this way."""
    return any((kind, way) in _DRAWINGS for kind in type(thing).__mro__)


def shown(thing: Any, way: str, **options: Any) -> Any:
    """Return the result of the function that is registered for the object's class, or a base class, and this way."""
    for kind in type(thing).__mro__:
        if (kind, way) in _DRAWINGS:
            return _DRAWINGS[kind, way](thing, **options)
    message = gettext("expected an object that can be shown as {way}, got {kind}; register a function with shows(...)")
    raise TypeError(message.format(way=way, kind=type(thing).__name__))
