"""How a thing shows itself: it keeps the method, and what draws it is said by a room above.

    below:  def plot(self, ax=None): return shown(self, "plot", ax=ax)
    above:  shows(History, "plot")(loss_curves)

So a history can be plotted, and nothing that trains knows of plots.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

Drawing = TypeVar("Drawing", bound=Callable[..., Any])

_DRAWINGS: dict[tuple[type, str], Callable[..., Any]] = {}


def shows(kind: type, way: str) -> Callable[[Drawing], Drawing]:
    """Return a decorator that makes a function the way in which objects of this class are shown.

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
    """Return whether a room above has said how the thing is shown in this way."""
    return any((kind, way) in _DRAWINGS for kind in type(thing).__mro__)


def shown(thing: Any, way: str, **options: Any) -> Any:
    """Return the thing as it is shown in this way, which a room above has said for its class or for a base of it."""
    for kind in type(thing).__mro__:
        if (kind, way) in _DRAWINGS:
            return _DRAWINGS[kind, way](thing, **options)
    raise TypeError(f"expected what can be shown as {way}, got {type(thing).__name__}; say how with shows(...)")
