"""Observing a training step: the arguments and the result of every part of a model, without a hook in the model.

    model.loss, model.backward --call--> part.forward, part.backward --observed--> Call
                                              <-- the result, or the observer's replacement

During observation, the forward and backward of each part in `model.parts` are wrapped on the object itself. Afterwards
the wrappers are removed.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import FunctionType
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
        The part's name in `model.parts`.
    part : Part
        The part itself.
    which : str
        ``"forward"`` or ``"backward"``.
    arguments : dict
        The arguments by name; those in ``*args`` as args0, args1, ..., those in ``**options`` each by its own name.
    result : array, number, tuple of arrays, or None
        The returned value; None before the call returns. Arrays are those of the pass, not copies.
    """

    name: str
    part: Part
    which: Literal["forward", "backward"]
    arguments: dict[str, Any]
    result: Any


Observer = Callable[[Call], Any]


@contextlib.contextmanager
def observed(model: Any, observer: Observer, before: Callable[[Call], None] | None = None) -> Iterator[None]:
    """Within the block, pass every call of a part's forward or backward to the observer, in order.

    The observer's return value replaces the call's result, unless it is None. `before`, if given, gets the call before
    it runs, when no argument can have changed yet.
    """
    with contextlib.ExitStack() as stack:
        _wrap_parts(stack, model, observer, before)
        yield


def _wrap_parts(
    stack: contextlib.ExitStack, model: Any, observer: Observer, before: Callable[[Call], None] | None
) -> None:
    """Wrap the forward and backward of every part, until the stack is left.

    The loop is in a separate function: in Python 3.13, a Control-C at the jump at the end of a loop inside a `with`
    would bypass the cleanup.
    """
    for name, part in parts_of(model).items():
        wrapped = {which: _wrapped(name, part, which, observer, before) for which in PASSES}
        stack.enter_context(instead(part, **wrapped))


@contextlib.contextmanager
def instead(holder: Any, **methods: Callable[..., Any]) -> Iterator[None]:
    """Within the block, replace these methods of an object."""
    attributes = vars(holder)
    own = {name: attributes[name] for name in methods if name in attributes}  # an exercise may have set them there
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


def call_by_name(function: Callable[..., Any], arguments: Mapping[str, Any]) -> Any:
    """Call a function with arguments by their names in `Call`."""
    plain = inspect.unwrap(getattr(function, "__func__", function), stop=lambda each: hasattr(each, "__signature__"))
    if isinstance(plain, FunctionType) and not plain.__code__.co_flags & inspect.CO_VARARGS:
        return function(**arguments)  # reading a signature takes longer than most calls
    parameters = inspect.signature(function).parameters.values()
    starred = next((p.name for p in parameters if p.kind is p.VAR_POSITIONAL), None)
    if starred is None:
        return function(**arguments)
    first = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    by_position = [*first, *(name for name in arguments if re.fullmatch(rf"{starred}\d+", name))]
    named = {name: value for name, value in arguments.items() if name not in by_position}
    return function(*(arguments[name] for name in by_position), **named)


def _spread(bound: inspect.BoundArguments) -> dict[str, Any]:
    """Return arguments by name, including each one in a starred argument."""
    found: dict[str, Any] = {}
    for name, value in bound.arguments.items():
        kind = bound.signature.parameters[name].kind
        if kind is inspect.Parameter.VAR_POSITIONAL:
            found |= {f"{name}{number}": each for number, each in enumerate(value)}
        elif kind is inspect.Parameter.VAR_KEYWORD:
            found |= value
        else:
            found[name] = value
    return found


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
            before(Call(name, part, which, _spread(bound), None))
        result = method(*arguments, **named)
        instead = observer(Call(name, part, which, _spread(bound), result))
        return result if instead is None else instead

    return call
