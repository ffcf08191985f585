"""A forward and its backward, bound to each other by the names of their arguments.

    inputs --forward--> output
    backward's arguments: a name among forward's -> that input;  grad_q, or dout -> upstream;  one other -> the output

A pair that can't be bound raises an error of one sentence.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any

import numpy as np

from aescratch.backend import Array, array_module
from aescratch.foundations.language import gettext, gettext_noop
from aescratch.foundations.validation import without_subclass
from aescratch.inspection.gradcheck.unflagged import with_warnings

UPSTREAM_NAMES = ("dout", "dy", "grad", "upstream")  # other common names of it, used if no argument is called grad_q
SHORT_UPSTREAM_NAMES = ("g", "delta")  # used if no argument has one of those names either
NO_UPSTREAM = ("data", "dim", "dims", "d_model", "dictionary")  # which begin as an upstream gradient's name does
ADVICE = {
    "c": gettext_noop("for a complex function, check the real and the imaginary part as separate inputs"),
    "O": gettext_noop("an array of Python objects usually means rows of different lengths"),
}
AS_FLOATS = gettext_noop("pass {name}.astype(float)")
COMPARED_WITH = (
    "y_true", "y", "t", "true", "target", "targets", "label", "labels", "truth", "expected", "actual", "desired",
)  # names of a loss's target
CACHE_NAMES = ("cache", "caches")  # of a cache that forward returns beside its output


@dataclass
class Pair:
    """A forward and its backward, and every argument of forward by name; those with a gradient are float64 arrays.

    Some arguments are held copies of others: where an argument is moved, its copy stays.
    """

    forward: Callable[..., Any]
    backward: Callable[..., Any]
    inputs: dict[str, Any]
    held: dict[str, str] = field(default_factory=dict)

    @property
    def differentiable(self) -> list[str]:
        """The arguments of forward that are arrays of floats, in forward's order."""
        names = [name for name in signature_of(self.forward, "forward").parameters if name in self.inputs]
        return [name for name in names if is_float_array(self.inputs[name]) and name not in self.held]

    @functools.cached_property
    def upstream_names(self) -> list[str]:
        """The names of backward's upstream gradients: grad_q, or else another common name."""
        names = [name for name in signature_of(self.backward, "backward").parameters if name not in self.inputs]
        ours = [name for name in names if name.startswith("grad_")]
        others = [name for name in names if name in UPSTREAM_NAMES or name.startswith("dout_")]
        if not (ours or others):
            others = [name for name in names if name in SHORT_UPSTREAM_NAMES]
        if not (ours or others):
            others = [name for name in names if is_like_upstream(name)]
        return ours or (others if len(others) == 1 else [])

    @functools.cached_property
    def output_name(self) -> str | None:
        """The name of backward's argument for forward's output, or None."""
        parameters = signature_of(self.backward, "backward").parameters
        upstream = self.upstream_names
        others = [name for name in parameters if name not in upstream and name not in self.inputs]
        needed = [name for name in others if parameters[name].default is inspect.Parameter.empty]
        name, of = name_of(self.backward), name_of(self.forward)
        if cache := [other for other in needed if other in CACHE_NAMES]:
            message = gettext(
                "expected {name} to take what it needs under the names of {of}'s arguments, got {cache}; let {of} "
                "return the pair (output, {cache}), or name the arguments that backward needs"
            )
            raise TypeError(message.format(name=name, of=of, cache=cache[0]))
        if len(needed) > 1:
            message = gettext(
                "expected {name} to take the upstream gradient, inputs of {of} and at most one other argument, {of}'s "
                "output, got {others}; name inputs as {of} does, and the upstream gradient with grad_ in front, as in "
                "grad_y"
            )
            raise TypeError(message.format(name=name, of=of, others=gettext(" and ").join(needed)))
        return needed[0] if needed else None

    def require_upstream(self) -> None:
        """Raise if no argument of backward is the upstream gradient by its name: it would be given the output."""
        names = list(signature_of(self.backward, "backward").parameters)
        if not self.upstream_names:
            message = gettext(
                "expected {name} to take the upstream gradient under a name such as grad_y, got the arguments "
                "{arguments}; rename the argument that is the upstream gradient"
            )
            raise TypeError(message.format(name=name_of(self.backward), arguments=", ".join(names)))

    def arguments(self, upstream: Array, output: Any) -> dict[str, Any]:
        """Return backward's arguments by name, every array as a fresh copy."""
        found, upstream_names, output_name = {}, self.upstream_names, self.output_name
        for name in signature_of(self.backward, "backward").parameters:
            if name in upstream_names:
                found[name] = upstream
            elif name in self.inputs:
                found[name] = self.inputs[name]
            elif name == output_name:
                found[name] = output
        return copied(found)

    def at(self, inputs: Mapping[str, Any]) -> Pair:
        """Return the pair at other inputs."""
        return Pair(self.forward, self.backward, with_copies(inputs, self.held), self.held)

    def output(self) -> Any:
        """Return what forward returns, from copies of the inputs."""
        return call(self.forward, copied(self.inputs))

    def gradients(self, upstream: Array, output: Any) -> list[Any]:
        """Return what backward returns, as a list."""
        return as_list(call(self.backward, self.arguments(upstream, output)))


def is_like_upstream(name: str) -> bool:
    """Whether a name such as dZ or accum_grad may be that of an upstream gradient."""
    return (name[0] == "d" or "grad" in name) and name not in (*NO_UPSTREAM, *CACHE_NAMES)


def bind(
    forward: Callable[..., Any], backward: Callable[..., Any], inputs: Any, held: Mapping[str, str] | None = None
) -> Pair:  # fmt: skip
    """Return the pair at these inputs, completed by forward's defaults; raise if it can't be called by name."""
    pair = Pair(forward, backward, completed(forward, inputs), dict(held or {}))
    _ = pair.output_name  # this raises if backward can't be bound
    return pair


def completed(forward: Callable[..., Any], inputs: Any) -> dict[str, Any]:
    """Return the inputs with forward's defaults; raise if one of its arguments is missing, or an input unknown."""
    parameters = signature_of(forward, "forward").parameters
    if not isinstance(inputs, Mapping):
        message = gettext(
            "expected inputs to map the names of forward's arguments to their values, got {kind}; pass a dict such "
            'as {{"x": x}}'
        )
        raise TypeError(message.format(kind=type(inputs).__name__))
    if unknown := sorted(str(name) for name in set(inputs) - set(parameters)):
        message = gettext(
            "expected inputs with the names of forward's arguments, {parameters}, got {unknown}; rename or remove it"
        )
        raise TypeError(message.format(parameters=", ".join(parameters), unknown=", ".join(unknown)))
    defaults = {name: p.default for name, p in parameters.items() if p.default is not inspect.Parameter.empty}
    values = {**defaults, **inputs}
    if missing := [name for name in parameters if name not in values]:
        message = gettext(
            "expected inputs for every argument of {forward}, missing {missing}; add what is missing to inputs"
        )
        raise TypeError(message.format(forward=name_of(forward), missing=", ".join(missing)))
    return values


def signature_of(function: Any, role: str) -> inspect.Signature:
    """Return the signature of a function whose arguments all have names; raise for any other object."""
    if not callable(function):
        message = gettext("expected {role} to be a function, got {kind}")
        raise TypeError(message.format(role=role, kind=type(function).__name__))
    name = name_of(function)
    try:
        if isinstance(function, np.ufunc):  # a ufunc's signature, where NumPy has one, is full of options
            raise TypeError
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        message = gettext(
            "expected {role} to have a signature, got {name}, which has none to read; wrap it in a function that names "
            "its arguments, such as lambda a: {name}(a)"
        )
        raise TypeError(message.format(role=role, name=name)) from None
    for parameter in signature.parameters.values():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            message = gettext(
                "expected {role} to name its arguments, got {name} with {parameter}; define a function with the names "
                "of the arguments in place of {parameter}"
            )
            raise TypeError(message.format(role=role, name=name, parameter=parameter))
    return signature


def with_copies(inputs: Mapping[str, Any], held: Mapping[str, str]) -> dict[str, Any]:
    """Return the inputs, with these names as copies of others."""
    return {**inputs, **{copy: np.copy(inputs[name]) for copy, name in held.items()}}


def completed_by_held(inputs: Any, held: Mapping[str, str]) -> dict[str, Any]:
    """Return the inputs and copies of some of them, by these names; raise if a name is invalid."""
    if not isinstance(inputs, Mapping):
        message = gettext("expected inputs beside held, which names some of them, got {kind}; pass inputs, too")
        raise TypeError(message.format(kind=type(inputs).__name__))
    for copy, name in held.items():
        if copy in inputs:
            message = gettext(
                "expected no {copy} among the inputs, since it is held as a copy of {name}; leave it out of inputs"
            )
            raise ValueError(message.format(copy=copy, name=name))
        if not is_array(inputs.get(name)):
            message = gettext("expected {copy} to be held as a copy of an array among the inputs, got {name!r}")
            raise ValueError(message.format(copy=copy, name=name))
    return with_copies(inputs, held)


def call(function: Callable[..., Any], arguments: Mapping[str, Any]) -> Any:
    """Call a function with arguments by name, also those that it takes by position only."""
    inner = inspect.unwrap(function)
    inner = getattr(inner, "__func__", inner)
    if isinstance(inner, FunctionType) and not inner.__code__.co_posonlyargcount:
        return with_warnings(function, **arguments)  # reading a signature takes longer than most calls
    parameters = inspect.signature(function).parameters
    by_position = [name for name, p in parameters.items() if p.kind is p.POSITIONAL_ONLY and name in arguments]
    by_name = {name: value for name, value in arguments.items() if name not in by_position}
    return with_warnings(function, *(arguments[name] for name in by_position), **by_name)


def as_list(returned: Any) -> list[Any]:
    """Return what a backward returned as a list of gradients."""
    return list(returned) if isinstance(returned, (tuple, list)) else [returned]


def name_of(function: Any) -> str:
    """Return the name of a function, a partial or a callable object."""
    inner = function.func if isinstance(function, functools.partial) else function
    return getattr(inner, "__name__", type(inner).__name__)


def copied(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments with a copy of every array."""
    return {name: copy_of(value) for name, value in arguments.items()}


def copy_of(value: Any) -> Any:
    """Return a copy of an array, or anything else as it is."""
    return np.array(value) if isinstance(value, np.ndarray) else value


def changed(arguments: Mapping[str, Any], before: Mapping[str, Any]) -> list[str]:
    """Return the names of the arrays that have changed."""
    arrays = [name for name, value in before.items() if isinstance(value, np.ndarray)]
    return [name for name in arrays if not same(arguments[name], before[name])]


def same(a: Any, b: Any) -> bool:
    """Whether two arrays or numbers are equal; NaN equals NaN."""
    a, b = np.asarray(a), np.asarray(b)
    return np.array_equal(a, b, equal_nan=a.dtype.kind in "fc" and b.dtype.kind in "fc")


def draw_upstream(shape: tuple[int, ...], rng: int | np.random.Generator) -> Array:
    """Return a random upstream gradient, every entry between 0.5 and 1.5 in size.

    A loss, whose backward takes no upstream gradient, is its own objective: its upstream is 1.
    """
    if not shape:
        return np.asarray(1.0)
    generator = np.random.default_rng(rng)
    return generator.uniform(0.5, 1.5, shape) * generator.choice([-1.0, 1.0], shape)


def is_array(value: Any) -> bool:
    """Whether a value is an array of NumPy or CuPy, or one of their scalars."""
    return hasattr(value, "dtype") and hasattr(value, "shape")


def is_float_array(value: Any) -> bool:
    """Whether a gradient with respect to this value can be checked."""
    return isinstance(value, np.ndarray) and value.dtype.kind == "f"


def is_float(value: Any) -> bool:
    """Whether a value is an array of floats or a float."""
    return is_float_array(value) or isinstance(value, (float, np.floating))


def check_names(wrt: Any, pair: Pair) -> list[str]:
    """Return the names in wrt; raise unless each is one of the pair's inputs."""
    if not isinstance(wrt, (list, tuple)) or not all(isinstance(name, str) for name in wrt):
        message = gettext('expected wrt to be a list of names of inputs, got {wrt!r}; pass ["x"], for example')
        raise TypeError(message.format(wrt=wrt))
    if not wrt or len(set(wrt)) < len(wrt) or not set(wrt) <= set(pair.inputs):
        known = ", ".join(pair.inputs)
        message = gettext("expected wrt to name inputs, each once, out of {known}, got {wrt}")
        raise ValueError(message.format(known=known, wrt=list(wrt)))
    return list(wrt)


def as_differentiable(name: str, value: Any) -> Array:
    """Return a float64 copy of an input that gets a gradient; raise if it is invalid."""
    if not isinstance(value, np.ndarray):
        raise _no_array(name, value)
    value = without_subclass(value, name)
    if value.dtype.kind != "f" or value.dtype.itemsize < 4:
        advice = gettext(ADVICE.get(value.dtype.kind, AS_FLOATS)).format(name=name)
        message = gettext("expected {name} to hold float64 numbers, got {dtype}; {advice}")
        raise TypeError(message.format(name=name, dtype=value.dtype, advice=advice))
    if value.size == 0:
        message = gettext("expected {name} to hold at least one entry, got shape {shape}")
        raise ValueError(message.format(name=name, shape=value.shape))
    if not np.isfinite(value).all():
        message = gettext(
            "expected finite numbers in {name}, got NaN or infinity, where no gradient exists; pass finite numbers"
        )
        raise ValueError(message.format(name=name))
    return np.array(value, dtype=np.float64, order="C")


def _no_array(name: str, value: Any) -> TypeError:
    """Return the error, with advice on how to make an array; whole numbers in a list may be labels, and stay whole."""
    advice = gettext("pass numpy.array({name}, float)")
    if isinstance(value, (list, tuple)) and all(isinstance(each, (int, np.integer)) for each in value):
        advice = gettext(
            "pass numpy.array({name}) if these are labels or indices, numpy.array({name}, float) if they get a gradient"
        )
    message = gettext("expected {name} to be an array, got {kind}; {advice}")
    return TypeError(message.format(name=name, kind=type(value).__name__, advice=advice.format(name=name)))


def check_kinds(inputs: Mapping[str, Any]) -> None:
    """Raise if an input is a list, or lies on a GPU."""
    for name, value in inputs.items():
        if isinstance(value, (list, tuple)):
            raise _no_array(name, value)
        if hasattr(value, "dtype") and array_module(value) is not np:
            message = gettext("expected {name} to be a NumPy array, got a CuPy array; move it with ae.to_numpy({name})")
            raise TypeError(message.format(name=name))
