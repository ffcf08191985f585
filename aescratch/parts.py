"""What every layer, loss, penalty and corruption has in common: it remembers one forward pass for its backward pass.

What is remembered is named in `remembers`, after the variables of the formulas, and lies on the object as a plain
attribute, to be looked at in a debugger. It is no part of a copy or a pickle.
"""

from __future__ import annotations

from typing import Any

from aescratch.backend import Array


class ForwardMissingError(RuntimeError, AttributeError):
    """A backward pass was asked for before a forward pass."""


class Part:
    """Anything with a forward and a backward."""

    remembers: tuple[str, ...] = ()
    is_term = False  # of the objective
    draws = False  # noise, in forward

    @property
    def kinks(self) -> Array | None:
        """The pattern of the last forward pass at its kinks, an array that changes when one is crossed, or None."""
        return None

    def forget(self) -> None:
        """Drop what the last forward pass left."""
        for name in self.remembers:
            self.__dict__.pop(name, None)

    def __getattr__(self, name: str) -> Any:
        # Python asks here only for what isn't there.
        if name in type(self).remembers:
            raise ForwardMissingError(
                f"expected a forward pass before backward(), but {type(self).__name__} has not seen one and remembers "
                f"no {name}; call loss(x) of the model, or forward(...) of this object, first"
            )
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name not in self.remembers}
