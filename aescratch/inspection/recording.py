"""Looking in on a training step: what every part of a model is given and returns, without a hook in the model.

    model.loss, model.backward --call--> part.forward, part.backward --observed--> Call
                                              <-- the result, or what the observer puts in its place

While it is observed, each part of `model.parts` has its forward and backward wrapped, on the object itself; afterwards
nothing is left of it.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from aescratch.foundations.parts import Part
from aescratch.training.contract import parts_of

PASSES: tuple[Literal["forward", "backward"], ...] = ("forward", "backward")


@dataclass
class Call:
    """One call of a part's forward or backward.

    Attributes
    ----------
    name : str
        The part's, as in `model.parts`.
    part : Part
        The part itself.
    which : str
        ``"forward"`` or ``"backward"``.
    arguments : dict
        What it was given, by the names of its parameters.
    result : array, number, tuple of arrays, or None
        What it returned; None before it has. Arrays are the ones of the pass, not copies.
    """

    name: str
    part: Part
    which: Literal["forward", "backward"]
    arguments: dict[str, Any]
    result: Any


Observer = Callable[[Call], Any]


@contextlib.contextmanager
def observed(model: Any, observer: Observer, before: Callable[[Call], None] | None = None) -> Iterator[None]:
    """Inside the block, tell the observer of every call of a part's forward or backward, in order.

    What the observer returns takes the place of the call's result, unless it is None. `before`, if there is one, is
    told of the call before it is carried out, when no argument can have been changed yet.
    """
    with contextlib.ExitStack() as stack:
        _wrap_parts(stack, model, observer, before)
        yield


def _wrap_parts(
    stack: contextlib.ExitStack, model: Any, observer: Observer, before: Callable[[Call], None] | None
) -> None:
    """Put a wrapped forward and backward on every part, until the stack is left.

    The loop has a function of its own: in Python 3.13 a Control-C that meets the jump at the end of a loop inside a
    `with` slips past what that is to put back.
    """
    for name, part in parts_of(model).items():
        wrapped = {which: _wrapped(name, part, which, observer, before) for which in PASSES}
        stack.enter_context(instead(part, **wrapped))


@contextlib.contextmanager
def instead(holder: Any, **methods: Callable[..., Any]) -> Iterator[None]:
    """Inside the block, an object has these methods in place of its own."""
    attributes = vars(holder)
    own = {name: attributes[name] for name in methods if name in attributes}  # an exercise may have put them there
    attributes.update(methods)
    try:
        yield
    finally:
        attributes.update(own)
        for name in methods.keys() - own.keys():
            attributes.pop(name, None)


def record(model: Any, step: Callable[[], Any]) -> list[Call]:
    """Return the calls of the model's parts while step() runs, in order."""
    calls: list[Call] = []
    with observed(model, calls.append):
        step()
    return calls


def _wrapped(
    name: str, part: Part, which: Literal["forward", "backward"], observer: Observer,
    before: Callable[[Call], None] | None,
) -> Callable[..., Any]:  # fmt: skip
    method = getattr(part, which)
    signature = inspect.signature(method)

    @functools.wraps(method)
    def call(*arguments: Any, **named: Any) -> Any:
        bound = signature.bind(*arguments, **named)
        bound.apply_defaults()
        if before is not None:
            before(Call(name, part, which, _by_name(bound), None))
        result = method(*arguments, **named)
        instead = observer(Call(name, part, which, _by_name(bound), result))
        return result if instead is None else instead

    return call


def _by_name(bound: inspect.BoundArguments) -> dict[str, Any]:
    """Return arguments by name; those of ``*args`` are args0, args1, ..."""
    found = dict(bound.arguments)
    for name, parameter in bound.signature.parameters.items():
        if parameter.kind is parameter.VAR_POSITIONAL:
            found |= {f"{name}{number}": value for number, value in enumerate(found.pop(name))}
        elif parameter.kind is parameter.VAR_KEYWORD:
            found |= found.pop(name)
    return found
