"""Checking a pair of functions: what a backward returns against finite differences of its forward.

    inputs --forward--> y;   objective = Σ upstream ⊙ y, with a random upstream away from zero
    backward(upstream, inputs or y, by name) -> gradients, compared with differences of the objective

What the caller gives wrong raises; what the backward returns wrong is a finding.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from aescratch import functions
from aescratch.backend import Array, array_module
from aescratch.gradcheck.numeric import estimates
from aescratch.gradcheck.report import Finding, Report, judge, value_findings
from aescratch.validation import require_count, require_number


def check_function(
    forward: Callable[..., Any], backward: Callable[..., Any], inputs: Mapping[str, Any], *,
    wrt: Sequence[str] | None = None, rng: int = 0, tolerance: float = 1e-6,
) -> Report:  # fmt: skip
    """Check the gradients that a backward function returns for its forward, every entry.

    Arguments are bound by name: of backward's, ``grad_q`` is the upstream gradient of the output, a name among the
    inputs is that input, and any other name is the forward's output.

    Parameters
    ----------
    forward : callable
        Returns one array, or a number.
    backward : callable
        Returns one gradient, or a tuple of several.
    inputs : dict
        The forward's arguments by name; those that get a gradient are arrays of floats.
    wrt : sequence of str, optional
        Which inputs the gradients belong to, in order. By default the forward's leading ones: as many as our own pair
        returns for a function of `aescratch.functions`, else as many as backward returns.
    rng : int
        The seed of the upstream gradient.
    tolerance : float
        The relative difference that is allowed, beside the numeric estimate's own error.

    Returns
    -------
    Report
        Print it; `.verdict` is pass, fail or inconclusive.

    Raises
    ------
    TypeError, ValueError
        If inputs or names are of no use; what the backward does wrong is a finding instead.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(7, 3))
    >>> check_function(functions.tanh, lambda grad_y, y: grad_y * (1 - y**2), {"a": x}).verdict
    'pass'
    >>> check_function(functions.tanh, lambda grad_y, y: grad_y * (1 - y), {"a": x}).verdict
    'fail'
    """
    require_count("rng", rng, least=0)
    require_number("tolerance", tolerance, above=0)
    names = list(inspect.signature(forward).parameters)
    if unknown := set(inputs) - set(names):
        raise TypeError(f"expected inputs named after the forward's arguments {names}, got {sorted(unknown)} too")
    for name, value in inputs.items():
        if isinstance(value, (list, tuple)):
            kind = type(value).__name__
            raise TypeError(f"expected {name} to be an array, got {kind}; pass numpy.array({name}, float)")
    expected = list(wrt) if wrt is not None else _own_arguments(forward, names, inputs)
    prepared = {name: _prepare(name, value, expected) for name, value in inputs.items()}
    output = _evaluate(forward, prepared)
    upstream = _draw_upstream(output, rng)
    returned, findings = _call_backward(backward, prepared, upstream, output)
    if expected is None:
        expected = names[: len(returned)]
    title = f"gradient check of {_name(backward)} for {_name(forward)}, rng={rng}"
    gradients, wrong = _well_formed(expected, returned, prepared) if returned else ({}, [])
    findings += wrong

    def objective() -> tuple[float, list[Array]]:
        return float((upstream * forward(**prepared)).sum()), []

    tensors = []
    with np.errstate(all="ignore"):
        for name, gradient in gradients.items():
            found = estimates(objective, prepared[name], np.asarray(gradient), tolerance)
            tensors.append(judge(f"grad_{name}", gradient, found, tolerance))
    return Report(title, tensors, findings + value_findings(tensors), tolerance)


def _own_arguments(forward: Callable[..., Any], names: list[str], inputs: Mapping[str, Any]) -> list[str] | None:
    """Return the leading arguments that our own pair gives gradients for, if forward is of the formula sheet."""
    name = _name(forward)
    own = getattr(functions, f"{name}_backward", None)
    if own is None or getattr(functions, name, None) is not forward:
        return None
    output = _evaluate(forward, inputs)
    returned = own(**_bind(own, inputs, _draw_upstream(output, 0), output))
    return names[: len(returned) if isinstance(returned, tuple) else 1]


def _name(function: Callable[..., Any]) -> str:
    return getattr(function, "__name__", type(function).__name__)


def _prepare(name: str, value: Any, expected: Sequence[str] | None) -> Any:
    """Return a float64 copy of an input that gets a gradient, and any other as it is; raise if it is of no use."""
    floats = isinstance(value, np.ndarray) and value.dtype.kind == "f"
    if not (name in expected if expected is not None else floats):
        return value
    if not isinstance(value, np.ndarray):
        array_module(value)
        raise TypeError(f"expected {name} to be a NumPy array, got {type(value).__name__}; move it with ae.to_numpy")
    if value.dtype.kind != "f" or value.dtype.itemsize < 4:
        raise TypeError(f"expected {name} to hold float64 numbers, got {value.dtype}; pass {name}.astype(float)")
    if value.size == 0:
        raise ValueError(f"expected {name} to hold at least one entry, got shape {value.shape}")
    if not np.isfinite(value).all():
        raise ValueError(f"expected finite numbers in {name}, got NaN or infinity; a gradient there means nothing")
    return np.array(value, dtype=np.float64, order="C")


def _evaluate(forward: Callable[..., Any], inputs: Mapping[str, Any]) -> Any:
    try:
        inspect.signature(forward).bind(**inputs)
    except TypeError as error:
        raise TypeError(f"expected inputs for every argument of {_name(forward)}, but {error}") from None
    output = forward(**inputs)
    if isinstance(output, tuple) or np.ndim(output) is None or not np.issubdtype(np.asarray(output).dtype, np.floating):
        raise TypeError(f"expected {_name(forward)} to return one array of floats, got {type(output).__name__}")
    return output


def _draw_upstream(output: Any, seed: int) -> Array:
    """Return a random upstream gradient of the output's shape, every entry between 0.5 and 1.5 in size.

    A loss, which has no upstream in its backward, is its own objective: its upstream is 1.
    """
    if np.ndim(output) == 0:
        return np.asarray(1.0)
    rng = np.random.default_rng(seed)
    return rng.uniform(0.5, 1.5, np.shape(output)) * rng.choice([-1.0, 1.0], np.shape(output))


def _bind(backward: Callable[..., Any], inputs: Mapping[str, Any], upstream: Array, output: Any) -> dict[str, Any]:
    """Return backward's arguments by name, every array a copy of its own."""
    arguments: dict[str, Any] = {}
    for name, parameter in inspect.signature(backward).parameters.items():
        if name.startswith("grad_"):
            arguments[name] = upstream
        elif name in inputs:
            arguments[name] = inputs[name]
        elif parameter.default is parameter.empty and parameter.kind is parameter.POSITIONAL_OR_KEYWORD:
            arguments[name] = output
    return {name: np.array(value) if isinstance(value, np.ndarray) else value for name, value in arguments.items()}


def _call_backward(
    backward: Callable[..., Any], inputs: Mapping[str, Any], upstream: Array, output: Any
) -> tuple[list[Any], list[Finding]]:
    """Return the gradients that backward returns, and what can be said of the call itself."""
    arguments = _bind(backward, inputs, upstream, output)
    before = {name: np.array(value) for name, value in arguments.items() if isinstance(value, np.ndarray)}
    try:
        returned = backward(**arguments)
    except Exception as error:
        message = f"backward raised {type(error).__name__}: {error}"
        return [], [Finding("raised", None, "error", message, {"exception": type(error).__name__})]
    findings = []
    gradients = list(returned) if isinstance(returned, (tuple, list)) else [returned]
    for name, value in before.items():
        if not np.array_equal(arguments[name], value):
            message = f"backward changed its argument {name}; work on a copy, the caller still needs it"
            findings.append(Finding("changed-argument", name, "error", message))
        if any(isinstance(g, np.ndarray) and np.shares_memory(g, arguments[name]) for g in gradients):
            message = f"backward returns a view of its argument {name}; return an array of its own, say {name}.copy()"
            findings.append(Finding("shared-memory", name, "error", message))
    return gradients, findings


def _well_formed(
    expected: Sequence[str], returned: Sequence[Any], inputs: Mapping[str, Any]
) -> tuple[dict[str, Array], list[Finding]]:
    """Return the gradients that can be compared, by input, and a finding for each that can't."""
    if len(returned) != len(expected):
        message = f"backward returns {len(returned)} gradients, expected {len(expected)}, for {', '.join(expected)}"
        return {}, [Finding("wrong-count", None, "error", message, {"expected": len(expected), "got": len(returned)})]
    gradients, findings = {}, []
    for name, gradient in zip(expected, returned, strict=True):
        problem = _problem(gradient, inputs[name].shape)
        if problem is None:
            gradients[name] = gradient
        else:
            code, text = problem
            findings.append(Finding(code, f"grad_{name}", "error", f"grad_{name} {text}"))
    return gradients, findings


def _problem(gradient: Any, shape: tuple[int, ...]) -> tuple[str, str] | None:
    """Return what keeps a gradient from being compared, as a code and a text, or None."""
    if not isinstance(gradient, (np.ndarray, np.generic)):
        return "wrong-type", f"is a {type(gradient).__name__}, expected an array of shape {shape}"
    if gradient.shape != shape:
        return "wrong-shape", f"has shape {gradient.shape}, expected {shape}, that of what it is the gradient of"
    if gradient.dtype.kind != "f":
        return "wrong-dtype", f"is of {gradient.dtype}, expected floats"
    if not np.isfinite(gradient).all():
        return "not-finite", f"has {int((~np.isfinite(gradient)).sum())} entries that are NaN or infinite"
    return None
