"""Code in other styles, turned into a forward and a backward that `check_function` takes.

    y, back = forward(x);  dx = back(dy)                            closure_pair(forward)
    out, cache = forward(x, w);  dx, dw = backward(dout, cache)     cached_pair(forward, backward)
    h, c = step(x, s);  dx, ds = step_backward(dh, dc, x, s)        kept_pair(step, step_backward, outputs=2, values=2)
    loss, gradient = function(x, labels)                            loss_pair(function)
    class Mine(torch.autograd.Function)                             torch_pair(Mine)

Each becomes a forward that returns outputs and a function that pulls upstream gradients back through it. Several
outputs are joined to one flat array, so that every check and every cause sees one:

    passes(inputs) -> outputs, pull;   pull(*upstreams) -> gradients
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from aescratch.foundations.language import gettext, gettext_noop
from aescratch.inspection.gradcheck.binding import Pair, call, is_array, is_float_array, name_of, same, signature_of
from aescratch.inspection.gradcheck.keeping import reachable
from aescratch.inspection.gradcheck.report import Finding

FromInputs = Callable[[Mapping[str, Any]], Any]
Passes = Callable[[Mapping[str, Any]], tuple[Sequence[Any], Callable[..., Any]]]
GRADIENT_KEYS = ("d{}", "d_{}", "g{}", "g_{}", "grad_{}", "{}_grad", "dL_d{}", "dloss_d{}")  # of an argument's gradient
FunctionPair = tuple[Callable[..., Any], Callable[..., Any]]


def cached_pair(forward: Callable[..., Any], backward: Callable[..., Any]) -> FunctionPair:
    """Return a pair for functions that hand a cache from forward to backward.

    `check_function` recognises such functions by itself; this function makes it explicit.

    Parameters
    ----------
    forward : callable
        Returns ``(output, cache)``.
    backward : callable
        Takes the upstream gradient and the cache, and returns the gradients of forward's arguments, in their order.

    Returns
    -------
    forward, backward : callable
        For `check_function`.

    Raises
    ------
    TypeError
        If the arguments of forward have no names, or it doesn't return such a pair.

    Examples
    --------
    >>> from aescratch.inspection.gradcheck import check_function
    >>> def scale_forward(x, w):
    ...     return x * w, (x, w)
    >>> def scale_backward(dout, cache):
    ...     x, w = cache
    ...     return dout * w, (dout * x).sum(axis=0)
    >>> rng = np.random.default_rng(0)
    >>> inputs = {"x": rng.normal(size=(7, 5)), "w": rng.normal(size=5)}
    >>> check_function(*cached_pair(scale_forward, scale_backward), inputs).verdict
    'pass'
    """
    signature_of(forward, "forward")
    if not callable(backward):
        message = gettext("expected backward to be a function, got {kind}")
        raise TypeError(message.format(kind=type(backward).__name__))
    return kept_pair(forward, backward, outputs=1, returned=gettext_noop("the pair (output, cache)"), values=2)


def kept_pair(
    forward: Callable[..., Any], backward: Callable[..., Any], *, outputs: int | None, values: int = 1,
    returned: str = "", is_loss: bool = False, before: Callable[[], None] = lambda: None,
) -> FunctionPair:  # fmt: skip
    """Return a pair for a forward that keeps something for backward, in its returned values or in an object.

    The forward returns `values` values: first `outputs` outputs, then what backward takes too; None means that it
    returns the output alone. `before` is called before each call of forward. For a loss the objective is its sum, also
    if it is an array, and backward takes no upstream gradient.
    """
    remarks: dict[str, Finding] = {}

    def passes(inputs: Mapping[str, Any]) -> tuple[Sequence[Any], Callable[..., Any]]:
        before()
        found = call(forward, inputs)
        if outputs is None:
            return [found], lambda *upstreams: call_back(backward, inputs, upstreams)
        if not isinstance(found, (tuple, list)) or len(found) != values:
            counted, got = gettext("{count} values"), type(found).__name__
            if isinstance(found, (tuple, list)):
                got = counted.format(count=len(found))
            message = gettext("expected {name} to return {wanted}, got {got}")
            wanted = gettext(returned) if returned else counted.format(count=values)
            raise TypeError(message.format(name=name_of(forward), wanted=wanted, got=got))

        def pull(*upstreams: Any) -> Any:
            given = [id(value) for value in inputs.values()]  # a change of these is detected anyway
            kept = [each for each in reachable(*found[outputs:]) if isinstance(each, np.ndarray)]
            arrays = [(each, each.copy()) for each in kept if id(each) not in given]
            pulled = call_back(backward, inputs, [*upstreams, *found[outputs:]])
            if not all(same(array, old) for array, old in arrays):
                message = gettext("{who} changed an array in its cache; work on a copy, since others may need it")
                message = message.format(who=name_of(backward))
                remarks["changed-cache"] = Finding("changed-cache", None, "note", message)
            return pulled

        return found[:outputs], pull

    return of_passes(passes, forward, backward, is_loss=is_loss, remarks=remarks)


def closure_pair(forward: Callable[..., Any], *, is_loss: bool = False) -> FunctionPair:
    """Return a pair for a function that returns its output, or several, together with its backward."""

    def passes(inputs: Mapping[str, Any]) -> tuple[Sequence[Any], Callable[..., Any]]:
        output, back = call(forward, inputs)
        return output if isinstance(output, (tuple, list)) else [output], back

    return of_passes(passes, forward, forward, is_loss=is_loss)


def loss_pair(function: Callable[..., Any]) -> FunctionPair:
    """Return a pair for a function that returns a loss together with its gradient.

    `check_function` recognises such a function by itself; this function makes it explicit.

    Parameters
    ----------
    function : callable
        Returns ``(loss, gradient)``, as a tuple or a list, the loss a number or an array of one; of several gradients
        a tuple, in the order of the arguments, or a dictionary by the arguments' names, also as dW or grad_W for W.

    Returns
    -------
    forward, backward : callable
        For `check_function`, which takes the gradients to be those of the leading arguments, or of ``wrt``.

    Raises
    ------
    TypeError
        If the arguments of the function have no names, or it doesn't return a loss and its gradient.

    Examples
    --------
    >>> from aescratch.inspection.gradcheck import check_function
    >>> def half_square(x):
    ...     return 0.5 * (x**2).sum(), x.copy()
    >>> check_function(*loss_pair(half_square), {"x": np.random.default_rng(0).normal(size=(7, 5))}).verdict
    'pass'
    """
    taken = signature_of(function, "function")

    def passes(inputs: Mapping[str, Any]) -> tuple[Sequence[Any], Callable[..., Any]]:
        returned = call(function, inputs)
        if not is_loss_and_gradient(returned):
            got = type(returned[0] if isinstance(returned, (tuple, list)) and returned else returned).__name__
            message = gettext(
                "expected {name} to return a loss and its gradient, but it returned {got} first; return (loss, "
                "gradient)"
            )
            raise TypeError(message.format(name=name_of(function), got=got))
        loss, *rest = returned
        found = rest[0] if len(rest) == 1 else tuple(rest)
        if isinstance(found, dict):
            keys = _keys_of(found, list(taken.parameters), remarks)
            found = tuple(found[keys[name]] for name in taken.parameters if name in keys)
        return [loss], lambda: found

    remarks: dict[str, Finding] = {}
    return of_passes(passes, function, function, is_loss=True, remarks=remarks)


def _keys_of(gradients: Mapping[str, Any], names: Sequence[str], remarks: dict[str, Finding]) -> dict[str, str]:
    """Return the key of each argument's gradient: its name, or such as dW for W if that is clear; remark on those."""
    found: dict[str, list[str]] = {}
    for key in gradients:
        meant = [key] if key in names else [name for name in names if key in [w.format(name) for w in GRADIENT_KEYS]]
        for name in meant if len(meant) == 1 else ():
            found.setdefault(name, []).append(key)
    known = {name: keys[0] for name, keys in found.items() if len(keys) == 1}
    if unknown := [str(key) for key in gradients if key not in known.values()]:
        message = gettext("expected a dictionary of gradients by the arguments' names, got {unknown}")
        raise TypeError(message.format(unknown=", ".join(unknown)))
    if others := [f"{key} → {name}" for name, key in known.items() if key != name]:
        message = gettext("the keys of the gradients were taken for the arguments so: {pairs}")
        message = message.format(pairs=", ".join(others))
        remarks["gradient-keys"] = Finding("gradient-keys", None, "note", message, {"pairs": others})
    return known


def is_loss_and_gradient(returned: Any) -> bool:
    """Whether a function has returned a number, or an array of one, and something after it."""
    if not isinstance(returned, (tuple, list)) or len(returned) < 2:
        return False
    loss = returned[0]
    return isinstance(loss, float) or (is_array(loss) and loss.dtype.kind == "f" and np.size(loss) == 1)


def torch_pair(function_class: Any) -> FunctionPair:
    """Return a pair for a `torch.autograd.Function`, of one output, whose own backward is called.

    `check_function` recognises such a class by itself; this function makes it explicit.

    Parameters
    ----------
    function_class : class
        Built on `torch.autograd.Function`, its forward with or without ctx.

    Returns
    -------
    forward, backward : callable
        For `check_function`: they take and return NumPy arrays, and PyTorch computes in float64.

    Raises
    ------
    ImportError
        If PyTorch isn't installed.
    TypeError
        If `function_class` isn't such a class.
    """
    try:
        torch = importlib.import_module("torch")
    except ImportError as error:
        message = gettext("torch_pair needs PyTorch, which is missing; install it with pip install torch")
        raise ImportError(message) from error
    Function = torch.autograd.Function
    if not (isinstance(function_class, type) and issubclass(function_class, Function)):
        message = gettext("expected a class built on torch.autograd.Function, got {function_class!r}")
        raise TypeError(message.format(function_class=function_class))
    kind: Any = function_class
    parameters = list(signature_of(kind.forward, "forward").parameters.values())
    takes_ctx = kind.setup_context is Function.setup_context
    taken = inspect.Signature(parameters[1:] if takes_ctx else parameters)

    def passes(inputs: Mapping[str, Any]) -> tuple[Sequence[Any], Callable[..., Any]]:
        tensors = {
            name: torch.tensor(inputs[name], requires_grad=is_float_array(inputs[name]))
            if isinstance(inputs[name], np.ndarray) else inputs[name] for name in taken.parameters
        }  # fmt: skip
        returned = kind.apply(*tensors.values())
        if not isinstance(returned, torch.Tensor):
            message = gettext("expected {name} to return one tensor, got {returned}")
            raise TypeError(message.format(name=kind.__name__, returned=type(returned).__name__))

        def pull(upstream: Any) -> Any:
            wanted = [tensor for name, tensor in tensors.items() if is_float_array(inputs[name])]
            above = torch.tensor(np.broadcast_to(upstream, returned.shape).copy())
            found = torch.autograd.grad(returned, wanted, above, allow_unused=True)
            return tuple(None if gradient is None else gradient.numpy().copy() for gradient in found)

        return [returned.detach().numpy().copy()], pull

    return of_passes(passes, kind, kind, taken=taken)


def of_passes(
    passes: Passes, forward: Any, backward: Any, *, taken: inspect.Signature | None = None, is_loss: bool = False,
    remarks: dict[str, Finding] | None = None,
) -> FunctionPair:  # fmt: skip
    """Return a pair of functions of arguments by name, with the names of the functions that they are made of.

    For a loss the output is the sum of the returned values, and no upstream gradient is pulled back. Remarks about
    backward are collected in `remarks`, where the check finds them.
    """
    taken = taken or signature_of(forward, "forward")

    def output(inputs: Mapping[str, Any]) -> Any:
        outputs, _ = passes(inputs)
        return np.sum(outputs[0]) if is_loss else joined(outputs)

    def gradients(inputs: Mapping[str, Any]) -> Any:
        outputs, pull = passes({name: inputs[name] for name in taken.parameters})
        return _as_floats(pull()) if is_loss else pull(*parted(inputs["grad_y"], outputs))

    with_upstream = taken if is_loss else signature(["grad_y", *taken.parameters])
    back = named(gradients, with_upstream, name_of(backward), backward)
    vars(back)["remarks"] = {} if remarks is None else remarks
    return named(output, taken, name_of(forward), forward), back


def _as_floats(gradient: Any) -> Any:
    """Return a slope of whole numbers, such as a ReLU's zeros and ones, as floats."""
    is_whole = isinstance(gradient, np.ndarray) and gradient.dtype.kind in "iub"
    return gradient.astype(np.float64) if is_whole else gradient


def joined(outputs: Sequence[Any]) -> Any:
    """Return the only output, or several as one flat array."""
    return outputs[0] if len(outputs) == 1 else np.concatenate([np.ravel(output) for output in outputs])


def parted(upstream: Any, outputs: Sequence[Any]) -> list[Any]:
    """Return the upstream gradient of every output, from that of the joined outputs."""
    if len(outputs) == 1:
        return [upstream]
    parts = np.split(upstream, np.cumsum([np.size(output) for output in outputs])[:-1])
    return [part.reshape(np.shape(output)).copy() for part, output in zip(parts, outputs, strict=True)]


def call_back(backward: Callable[..., Any], inputs: Mapping[str, Any], given: Sequence[Any]) -> Any:
    """Call a backward with the inputs that it takes by name, and the values for its other arguments in order."""
    arguments, rest = dict[str, Any](), list(given)
    parameters = inspect.signature(backward).parameters.values()
    if not any(parameter.name in inputs for parameter in parameters):
        return backward(*given)
    for parameter in parameters:
        if parameter.name in inputs:
            arguments[parameter.name] = inputs[parameter.name]
        elif rest and parameter.kind is not parameter.VAR_KEYWORD:
            arguments[parameter.name] = rest.pop(0)
    return call(backward, arguments)


def pair_of(
    layer: Any, forward: FromInputs, backward: FromInputs, inputs: dict[str, Any], *, is_term: bool,
    made_of: tuple[Any, Any] = (None, None),
) -> Pair:  # fmt: skip
    """Return what a layer computes as a pair at these inputs, by two functions of all of them together."""
    kind, upstream = type(layer).__name__, [] if is_term else ["grad_y"]
    with_upstream = named(backward, signature([*upstream, *inputs]), f"{kind}.backward", made_of[1])
    return Pair(named(forward, signature(inputs), f"{kind}.forward", made_of[0]), with_upstream, inputs)


def signature(names: Iterable[str]) -> inspect.Signature:
    """Return the signature of a function of these arguments."""
    return inspect.Signature([inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in names])


def named(function: FromInputs, taken: inspect.Signature, name: str, of: Any = None) -> Callable[..., Any]:
    """Return a function of all inputs together as one of arguments by name, with this signature and name.

    If it is made of another function, `inspect.unwrap` finds that.
    """

    def by_name(*arguments: Any, **options: Any) -> Any:
        bound = taken.bind(*arguments, **options)
        bound.apply_defaults()
        return function(bound.arguments)

    setattr(by_name, "__signature__", taken)  # noqa: B010 - mypy knows no such attribute
    by_name.__name__, by_name.__doc__ = name, getattr(of, "__doc__", None)
    if of is not None:
        vars(by_name)["__wrapped__"] = of
    return by_name
