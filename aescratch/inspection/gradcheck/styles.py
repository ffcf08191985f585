"""The style of a forward and a backward: recognised by the result of one call, and by backward's arguments.

    forward, backward, inputs --recognised--> forward(x, ...), backward(grad_y, x, ...)

    a torch.autograd.Function                      torch_pair
    no backward; (y, back), ((h, c), back)         closure_pair
    no backward; (loss, gradients)                 loss_pair
    methods of one object, which remembers         kept_pair
    (y, cache), (h, c), (h, c, cache)              kept_pair: as many outputs as backward takes upstream gradients
    an array, and a backward without upstream      kept_pair, as a loss: the sum of the array
    an array, or a number                          as they are

    theta, all parameters in one array --in_blocks--> W1, b1, ... as arrays of their own
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from aescratch.foundations.language import gettext
from aescratch.inspection.gradcheck.binding import (
    SHORT_UPSTREAM_NAMES,
    UPSTREAM_NAMES,
    Pair,
    as_list,
    call,
    completed,
    copied,
    is_float_array,
    is_like_upstream,
    name_of,
    signature_of,
)
from aescratch.inspection.gradcheck.coverage import Coverage
from aescratch.inspection.gradcheck.foreign import (
    FunctionPair,
    closure_pair,
    is_loss_and_gradient,
    kept_pair,
    loss_pair,
    named,
    of_passes,
    signature,
    torch_pair,
)
from aescratch.inspection.gradcheck.keeping import putting_back
from aescratch.inspection.gradcheck.report import Finding
from aescratch.inspection.gradcheck.slots import objects_in
from aescratch.inspection.gradcheck.surroundings import Frozen

FORWARDS = ("forward", "forward_pass", "fprop", "feed_forward", "feedforward", "__call__")
BACKWARDS = ("backward", "backward_pass", "bprop", "backprop", "back_prop", "backpropagate")
RATES = ("learning_rate", "lr", "eta", "step_size", "rate", "alpha")  # names as an argument of a backward that updates
KEPT_RATES = RATES[:3]  # names as an attribute


def recognised(
    forward: Any, backward: Any, inputs: Any, seed: int, notes: list[Finding]
) -> FunctionPair:  # fmt: skip
    """Return the two as functions in our style; add notes on assumptions.

    A forward that draws from the global random state draws the same numbers in every call. Functions that aren't
    recognised are returned unchanged if the check itself reports what is wrong; otherwise this raises.
    """
    if backward is None and is_of_torch(forward):
        return torch_pair(forward)
    if backward is None and None not in methods_of(forward):
        kind = type(forward).__name__
        message = gettext("expected functions, got an object of {kind}, which has both; check it with ae.check_layer")
        raise TypeError(message.format(kind=kind))
    known, frozen = completed(forward, inputs), Frozen(seed)
    owner = owner_of(forward, backward)
    put_back = putting_back(*owner)
    try:
        returned = frozen(lambda: call(forward, copied(known)))
    except Exception:
        if backward is None:
            raise
        return forward, backward
    theirs = forward
    if frozen.draws:
        notes.append(frozen.remark(name_of(forward)))
        taken = signature_of(forward, "forward")
        theirs = named(lambda given: frozen(lambda: call(forward, given)), taken, name_of(forward), forward)
    if backward is None:
        return _alone(theirs, returned)
    others = unbound(backward, known)
    several = isinstance(returned, (tuple, list))
    outputs = outputs_among(returned, others) if several else None
    if outputs == 0:
        raise TypeError(not_recognised(forward, backward, returned, others))
    if not several and others and not any(map(_says_upstream, others)):
        if len(others) == len(unbound(forward, {})) == len(unbound(backward, {})):
            return _renamed(theirs, backward, known, others, notes)
        if owner:
            Pair(forward, backward, known).require_upstream()
    is_summed = not (several or others or Pair(forward, backward, known).upstream_names) and np.ndim(returned) > 0
    if is_summed:
        notes.append(no_upstream(name_of(backward), name_of(forward)))
    if owner or several or is_summed:
        values = len(returned) if several else 1
        return kept_pair(theirs, backward, outputs=outputs, values=values, is_loss=not others, before=put_back)
    return theirs, backward


def _says_upstream(name: str) -> bool:
    return is_like_upstream(name) or name in (*UPSTREAM_NAMES, *SHORT_UPSTREAM_NAMES)


def _renamed(
    forward: Callable[..., Any], backward: Callable[..., Any], known: Mapping[str, Any], others: Sequence[str],
    notes: list[Finding],
) -> FunctionPair:  # fmt: skip
    """Return the pair for a derivative that takes forward's arguments or output under other names; add a note."""
    needed = unbound(forward, {})

    def of_inputs(inputs: Mapping[str, Any]) -> tuple[Sequence[Any], Callable[..., Any]]:
        return [call(forward, inputs)], lambda: backward(*(inputs[name] for name in needed))

    def of_output(inputs: Mapping[str, Any]) -> tuple[Sequence[Any], Callable[..., Any]]:
        output = call(forward, inputs)
        return [output], lambda: backward(output)

    names = gettext("{who}'s {names}").format(who=name_of(forward), names=gettext(" and ").join(needed))
    stand_for = [names, gettext("{who}'s output").format(who=name_of(forward))]
    readings = list(zip((of_inputs, of_output), stand_for, strict=True))[: 2 if len(others) == 1 else 1]
    pairs = [(of_passes(passes, forward, backward, is_loss=True), what) for passes, what in readings]
    pair, what = next((each for each in pairs if _agrees(each[0], known)), pairs[0])
    message = gettext(
        "{arguments} of {backward}: taken for {what}, and the result for the gradient of the sum of {forward}'s output"
    ).format(
        arguments=gettext(" and ").join(others), backward=name_of(backward), what=what, forward=name_of(forward)
    )  # fmt: skip
    notes.append(Finding("argument-name", None, "note", message))
    return pair


def _agrees(pair: FunctionPair, known: Mapping[str, Any]) -> bool:
    """Whether the first gradient belongs to one of the inputs."""
    floats = {name: np.array(value, np.float64) for name, value in known.items() if is_float_array(value)}
    there = Pair(*pair, {**known, **floats})
    try:
        gradient = np.asarray(there.gradients(np.asarray(1.0), None)[0], np.float64)
    except Exception:
        return False
    alike = [name for name, value in floats.items() if value.shape == gradient.shape]
    coverage = Coverage("directional", [], 0)
    return any(coverage.agrees(there, name, gradient, np.asarray(1.0)) for name in alike)


def owner_of(forward: Any, backward: Any) -> list[Any]:
    """Return the object that both are methods of, or None."""
    owner = getattr(backward, "__self__", None)
    is_one = isinstance(forward, types.MethodType) and isinstance(backward, types.MethodType)
    return [owner] if is_one and forward.__self__ is owner else []


def no_upstream(backward: str, forward: str) -> Finding:
    """Return the note on a backward of an array that takes no upstream gradient."""
    message = gettext(
        "{backward} takes no upstream gradient: it was checked as the gradient of the sum of {forward}'s output"
    ).format(backward=backward, forward=forward)
    return Finding("no-upstream", None, "note", message)


def is_of_torch(what: Any) -> bool:
    """Whether an object is a class built on torch.autograd.Function."""
    return isinstance(what, type) and any(base.__module__.startswith("torch.autograd") for base in what.__mro__)


def is_alone(returned: Any) -> bool:
    """Whether a function returned its gradient, or a function for it, so that it needs no backward."""
    return _is_closure(returned) or is_loss_and_gradient(returned)


def _is_closure(returned: Any) -> bool:
    return isinstance(returned, (tuple, list)) and len(returned) == 2 and callable(returned[1])


def _alone(forward: Callable[..., Any], returned: Any) -> FunctionPair:
    """Return the pair of a function that needs no backward."""
    if _is_closure(returned):
        return closure_pair(forward, is_loss=not inspect.signature(returned[1]).parameters)
    if is_loss_and_gradient(returned):
        return loss_pair(forward)
    name, taken = name_of(forward), ", ".join(signature_of(forward, "forward").parameters)
    message = gettext(
        "expected a backward for {name}: only a function that returns (y, back) or (loss, gradients) is checked "
        "without one, and it returned {returned}; pass its backward, in two lines:"
    )
    raise TypeError(
        message.format(name=name, returned=_shown(returned))
        + f"\n    def {name}_backward(grad_y, {taken}): ..."
        + f"\n    ae.check_function({name}, {name}_backward, inputs)"
    )


def unbound(backward: Callable[..., Any], inputs: Mapping[str, Any]) -> list[str]:
    """Return the arguments of backward that aren't forward's and have no default, in order."""
    parameters = signature_of(backward, "backward").parameters
    return [name for name, p in parameters.items() if p.default is p.empty and name not in inputs]


def outputs_among(returned: Sequence[Any], others: Sequence[str]) -> int:
    """Return how many of forward's returned values are outputs; 0 if unknown.

    All of them reach backward: the outputs as upstream gradients, by their names, then the kept values.
    """
    if len(others) != len(returned) or not others:
        return 0
    count = 1
    while count < len(others) and is_like_upstream(others[count]) and is_float_array(returned[count]):
        count += 1
    return count if all(is_float_array(value) or isinstance(value, float) for value in returned[:count]) else 0


def not_recognised(
    forward: Callable[..., Any], backward: Callable[..., Any], returned: Sequence[Any], others: Sequence[str]
) -> str:  # fmt: skip
    """Return the error message, with the two lines that adapt the functions."""
    name, taken = name_of(forward), ", ".join(signature_of(forward, "forward").parameters)
    kept = [f"{name}({taken})[{place}]" for place in range(1, max(len(returned), len(others) + 1))]
    stands = dict(zip(others, ["grad_y", *kept], strict=False))
    given = ", ".join(stands.get(each, each) for each in signature_of(backward, "backward").parameters)
    message = gettext(
        "expected {name} to return one array of floats, got {returned}, and {backward} doesn't take one argument for "
        "each beside {taken}; define in two lines what is the output, and what backward needs:"
    )
    return (
        message.format(name=name, returned=_shown(returned), backward=name_of(backward), taken=taken)
        + f"\n    forward = lambda {taken}: {name}({taken})[0]"
        + f"\n    backward = lambda grad_y, {taken}: {name_of(backward)}({given})"
    )


def _shown(returned: Any) -> str:
    kind = type(returned).__name__
    if not isinstance(returned, (tuple, list)):
        return kind
    return gettext("{kind} of {count} values").format(kind=kind, count=len(returned))


def methods_of(layer: Any) -> tuple[Any, Any]:
    """Return an object's forward and backward, under any of their common names; None for a missing one."""
    found = [[getattr(layer, name, None) for name in names] for names in (FORWARDS, BACKWARDS)]
    forward, backward = (next((method for method in methods if callable(method)), None) for methods in found)
    return forward, backward


class Rate(NamedTuple):
    """The learning rate of a backward that updates: its value, None if unknown, and the argument for it."""

    value: float | None
    passed: dict[str, float]


def rate_of(layer: Any, backward: Callable[..., Any], given: float | None) -> Rate:
    """Return the given learning rate, or 1 if backward takes it as an argument, or that kept in the layer."""
    name = next((name for name in inspect.signature(backward).parameters if name in RATES), None)
    if name is not None:
        value = 1.0 if given is None else given
        return Rate(value, {name: value})
    attributes = [vars(holder) for _, holder in objects_in(layer, "", set())]
    kept = {each[name] for each in attributes for name in KEPT_RATES if isinstance(each.get(name), float)}
    return Rate(given if given is not None or len(kept) != 1 else kept.pop(), {})


def in_blocks(pair: Pair, blocks: Mapping[str, Any]) -> Pair:
    """Return a pair whose one array holds all parameters as a pair of separate parameters, by name and shape."""
    if not isinstance(blocks, Mapping) or not blocks:
        message = gettext(
            'expected blocks to map names to shapes, got {blocks!r}; pass a dict such as {{"W1": (5, 3)}}'
        )
        raise TypeError(message.format(blocks=blocks))
    if pair.held:
        message = gettext("expected blocks or held, got both; with held, pass the parameters as separate inputs")
        raise ValueError(message)
    shapes = {name: (shape,) if isinstance(shape, int) else tuple(shape) for name, shape in blocks.items()}
    sizes = [int(np.prod(shape)) for shape in shapes.values()]
    theta = next((name for name in pair.differentiable if pair.inputs[name].size == sum(sizes)), None)
    if theta is None:
        had = ", ".join(f"{name} {pair.inputs[name].size}" for name in pair.differentiable)
        message = gettext("expected the blocks, {size} numbers, to fill an input, got {had}; check the shapes")
        raise ValueError(message.format(size=sum(sizes), had=had))
    if known := [name for name in shapes if name in pair.inputs and name != theta]:
        message = gettext("expected names of blocks that are not inputs, got {known}; choose other names")
        raise ValueError(message.format(known=", ".join(known)))
    flat, forward, backward = pair.inputs[theta], pair.forward, pair.backward

    def put_together(inputs: Mapping[str, Any]) -> dict[str, Any]:
        rest = {name: value for name, value in inputs.items() if name not in shapes}
        joined = np.concatenate([np.ravel(inputs[name]) for name in shapes])
        return {**rest, theta: joined.reshape(flat.shape)}

    def in_place(names: Sequence[str]) -> list[str]:
        return [each for name in names for each in (shapes if name == theta else [name])]

    def gradients(inputs: Mapping[str, Any]) -> Any:
        found = as_list(call(backward, {k: v for k, v in put_together(inputs).items() if k in taken}))
        if len(found) != 1 or np.shape(found[0]) != flat.shape:
            got = ", ".join(str(np.shape(each)) for each in found)
            message = gettext("expected one gradient, of {theta}'s shape {shape}, got {got}")
            raise ValueError(message.format(theta=theta, shape=flat.shape, got=got))
        parts = np.split(np.ravel(found[0]), np.cumsum(sizes)[:-1])
        return tuple(part.reshape(shape).copy() for part, shape in zip(parts, shapes.values(), strict=True))

    taken = list(signature_of(backward, "backward").parameters)
    inputs = {name: value for name, value in pair.inputs.items() if name != theta}
    parts = np.split(np.ravel(flat), np.cumsum(sizes)[:-1])
    inputs |= {name: part.reshape(shapes[name]).copy() for name, part in zip(shapes, parts, strict=True)}
    names = in_place(list(signature_of(forward, "forward").parameters))
    back = in_place(taken) if theta in taken else [*taken, *shapes]
    return Pair(
        named(lambda given: call(forward, put_together(given)), signature(names), name_of(forward), forward),
        named(gradients, signature(back), name_of(backward), backward), inputs,
    )  # fmt: skip
