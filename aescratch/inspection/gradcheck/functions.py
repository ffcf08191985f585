"""Checking a pair of functions: what a backward returns against finite differences of its forward.

    inputs --forward--> y;   objective = Σ upstream ⊙ y, with a random upstream away from zero
    backward(upstream, inputs or y, by name) -> gradients, compared with differences of the objective

What the caller gives wrong raises; what the backward returns wrong is a finding.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from aescratch.backend import Array
from aescratch.foundations.declared import declaration_of
from aescratch.foundations.validation import require_count, require_number
from aescratch.functions import AS_WRITTEN
from aescratch.inspection.gradcheck import laws
from aescratch.inspection.gradcheck.binding import (
    Pair,
    as_differentiable,
    as_list,
    bind,
    call,
    changed,
    check_kinds,
    check_names,
    copied,
    name_of,
    same,
    signature_of,
)
from aescratch.inspection.gradcheck.by_rule import check_by_rule
from aescratch.inspection.gradcheck.coverage import Coverage
from aescratch.inspection.gradcheck.deadline import OutOfTime, limited
from aescratch.inspection.gradcheck.elsewhere import find_zeros
from aescratch.inspection.gradcheck.findings import raised, single_precision, timed_out, value_findings
from aescratch.inspection.gradcheck.fixtures import audit_inputs
from aescratch.inspection.gradcheck.quiet import aloud, quiet
from aescratch.inspection.gradcheck.report import FAIL, Finding, Report, TensorResult
from aescratch.inspection.gradcheck.surroundings import kept_random_state, watched

OUTPUT_NAMES = ("y", "h", "z")  # under which a backward takes its forward's output
NOTHING_TO_COMPARE = ("not-deterministic", "single-precision")
MALFORMED = ("wrong-count", "wrong-type", "wrong-shape", "wrong-dtype", "not-finite")
# Says nothing of a cause, and so doesn't keep one from being looked for.
SAYS_NOTHING_OF_A_CAUSE = ("not-linear", "upstream-ignored", "shared-memory", "changed-random-state", "wrong-shape")


def check_function(
    forward: Callable[..., Any], backward: Callable[..., Any], inputs: Mapping[str, Any], *,
    wrt: Sequence[str] | None = None, rng: int = 0, tolerance: float = 1e-6, mode: str = "exhaustive",
    time_limit: float | None = 60.0, explain: bool = True,
) -> Report:  # fmt: skip
    """Check the gradients that a backward function returns for its forward.

    Arguments are bound by name: of backward's, a name among the forward's arguments is that argument, given or left at
    its default, ``grad_q`` is the upstream gradient of the output, as is ``dout`` or the like where no name begins with
    ``grad_``, and one other name is the forward's output. A backward that `surrogate_gradient` declares is compared
    with its rule instead.

    Parameters
    ----------
    forward : callable
        Returns one array, or a number; the same ones for the same inputs.
    backward : callable
        Returns one gradient, or a tuple of several.
    inputs : dict
        The forward's arguments by name; those that get a gradient are arrays of floats.
    wrt : list of str, optional
        Which inputs the gradients belong to, in order. By default the forward's leading ones: as many as our own pair
        returns for a function of `aescratch.functions`, else the leading arrays of floats, as many as backward returns.
    rng : int
        The seed of the upstream gradient.
    tolerance : float
        The relative difference that is allowed, beside the numeric estimate's own error.
    mode : str
        ``"exhaustive"`` for every entry; ``"sampled"`` for some of each input, ``"directional"`` for several random
        directions in each, and ``"auto"`` for the latter where there are many.
    time_limit : float, optional
        Seconds that a call of backward may take.
    explain : bool
        Whether to look for the cause where a gradient is wrong.

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
    >>> from aescratch import functions
    >>> x = np.random.default_rng(0).normal(size=(7, 3))
    >>> check_function(functions.tanh, lambda grad_y, y: grad_y * (1 - y**2), {"a": x}).verdict
    'pass'
    >>> check_function(functions.tanh, lambda grad_y, y: grad_y * (1 - y), {"a": x}).verdict
    'fail'
    """
    require_count("rng", rng, least=0)
    require_number("tolerance", tolerance, above=0)
    if time_limit is not None:
        require_number("time_limit", time_limit, above=0)
    with kept_random_state(), quiet():
        pair = bind(forward, backward, inputs)
        check_kinds(inputs, list(inputs))
        expected = check_names(wrt, pair) if wrt is not None else _own_arguments(pair)
        names = pair.differentiable if expected is None else expected
        pair.inputs = {**pair.inputs, **{name: as_differentiable(name, pair.inputs[name]) for name in names}}
        coverage = Coverage(mode, [pair.inputs[name].size for name in names], rng)
        tensors, findings = _check(pair, expected, rng, tolerance, coverage, time_limit, explain)
    declared = declaration_of(backward)
    by_rule = f", by the declared rule {declared.rule}" if declared else ""
    title = f"gradient check of {name_of(backward)} for {name_of(forward)}{by_rule}, rng={rng}"
    sizes = [pair.inputs[tensor.name.partition("_")[2]].size for tensor in tensors]
    return Report(title + coverage.described(tensors, sizes), tensors, findings, tolerance)


def _check(
    pair: Pair, expected: Sequence[str] | None, rng: int, tolerance: float, coverage: Coverage,
    time_limit: float | None, explain: bool,
) -> tuple[list[TensorResult], list[Finding]]:  # fmt: skip
    """Return the comparison of every gradient that can be compared, and all findings."""
    output, findings = _forward_side(pair)
    upstream = _draw_upstream(output, rng)
    gradients, more = _backward_side(pair, expected, upstream, output, time_limit)
    findings += more
    if any(finding.code in NOTHING_TO_COMPARE for finding in findings):
        return [], findings
    if declared := declaration_of(pair.backward):
        tensors, more = check_by_rule(pair, gradients, upstream, output, declared, tolerance, coverage, rng)
        return tensors, [*findings, *more, *value_findings(tensors), *audit_inputs(pair.inputs, list(gradients))]
    tensors = _compare(pair, gradients, upstream, tolerance, coverage)
    find_zeros(tensors, pair, list(gradients), upstream, rng)
    in_order = not any(f.severity == "error" and f.code not in SAYS_NOTHING_OF_A_CAUSE for f in findings)
    findings += value_findings(tensors)
    misshapen = sum(finding.code == "wrong-shape" for finding in findings)
    if explain and in_order and (misshapen or any(tensor.verdict == FAIL for tensor in tensors)):
        from aescratch.inspection.gradcheck import causes  # for a wrong gradient only: most are right, and it is large

        returned = list(expected or pair.differentiable)[: len(gradients) + misshapen]
        findings += causes.explain(pair, returned, seed=rng)
    return tensors, [*findings, *audit_inputs(pair.inputs, list(gradients))]


def _own_arguments(pair: Pair) -> list[str] | None:
    """Return the leading arguments that our own pair gives gradients for, if forward is of the formula sheet.

    What an exercise has put in our functions' place isn't asked.
    """
    name = name_of(pair.forward)
    own = AS_WRITTEN.get(f"{name}_backward")
    if own is None or AS_WRITTEN[name] is not pair.forward:
        return None
    ours = Pair(pair.forward, own, pair.inputs)
    output = _evaluate(ours, ours.inputs)
    returned = call(own, ours.arguments(_draw_upstream(output, 0), output))
    return list(signature_of(pair.forward, "forward").parameters)[: len(returned) if isinstance(returned, tuple) else 1]


def _evaluate(pair: Pair, inputs: Mapping[str, Any]) -> Any:
    """Return forward's output, and raise if it isn't one array of floats, or a number."""
    output = call(pair.forward, inputs)
    if isinstance(output, (list, tuple)) or not np.issubdtype(np.asarray(output).dtype, np.floating):
        kind = output.dtype if isinstance(output, np.ndarray) else type(output).__name__
        raise TypeError(
            f"expected {name_of(pair.forward)} to return one array of floats, got {kind}; "
            "of several outputs check one at a time, and a forward that returns (output, cache) through ae.cached_pair"
        )
    return output


def _forward_side(pair: Pair) -> tuple[Any, list[Finding]]:
    """Return forward's output, and what two calls tell about it."""
    name = name_of(pair.forward)
    findings: list[Finding] = []
    arguments = copied(pair.inputs)
    with aloud(), watched(name, findings, "note"):
        output = copied({"output": _evaluate(pair, arguments)})["output"]
    for argument in changed(arguments, pair.inputs):
        message = f"{name} changed its argument {argument}; work on a copy, the caller still needs it"
        findings.append(Finding("changed-argument", argument, "error", message, {"by": name}))
    if not same(output, _evaluate(pair, copied(pair.inputs))):
        message = f"{name} isn't deterministic: a second call with these inputs gave another output; freeze its noise"
        findings.append(Finding("not-deterministic", None, "error", message))
    if np.ndim(output):
        pair.require_upstream()
    dtype = getattr(output, "dtype", np.dtype(float))
    if dtype.itemsize < 8:
        findings.append(single_precision("forward", dtype))
    if pair.output_name not in (None, *OUTPUT_NAMES):
        message = f"{pair.output_name} was taken for {name}'s output"
        findings.append(Finding("output-name", pair.output_name, "note", message))
    return output, findings


def _draw_upstream(output: Any, seed: int) -> Array:
    """Return a random upstream gradient of the output's shape, every entry between 0.5 and 1.5 in size.

    A loss, which has no upstream in its backward, is its own objective: its upstream is 1.
    """
    if np.ndim(output) == 0:
        return np.asarray(1.0)
    rng = np.random.default_rng(seed)
    return rng.uniform(0.5, 1.5, np.shape(output)) * rng.choice([-1.0, 1.0], np.shape(output))


def _backward_side(
    pair: Pair, expected: Sequence[str] | None, upstream: Array, output: Any, time_limit: float | None
) -> tuple[dict[str, Array], list[Finding]]:
    """Return the gradients of backward that can be compared, by input, and what several calls tell about it."""

    def backward(upstream: Array) -> Any:
        return limited(lambda: call(pair.backward, pair.arguments(upstream, output)), time_limit)

    arguments = pair.arguments(upstream, output)
    before = copied(arguments)
    findings: list[Finding] = []
    try:
        with aloud(), watched("backward", findings):
            returned = limited(lambda: call(pair.backward, arguments), time_limit)
        gradients = as_list(returned)
        findings += _broken_laws(arguments, before, gradients)
        first = copy.deepcopy(gradients)  # before a second call can write into the same memory
        others = as_list(backward(upstream))
        arrays = [(a, b) for a, b in zip(first, others, strict=False) if isinstance(a, (np.ndarray, np.generic))]
        if len(first) != len(others) or not all(same(a, b) for a, b in arrays):
            message = "a second backward with the same arguments returns something else; keep nothing from call to call"
            findings.append(Finding("not-repeatable", None, "error", message))
        well_formed, wrong = _well_formed(pair, expected, first, returned)
        findings += wrong
        if pair.upstream_names and not any(f.code in ("not-repeatable", *MALFORMED) for f in findings):
            findings += laws.of_the_upstream(lambda u: as_list(backward(u)), upstream, well_formed)
    except OutOfTime:
        return {}, [*findings, timed_out(time_limit or 0.0)]
    except Exception as error:
        return {}, [*findings, raised(error)]
    return well_formed, findings


def _broken_laws(arguments: Mapping[str, Any], before: Mapping[str, Any], gradients: Sequence[Any]) -> list[Finding]:
    """Return a finding for each argument that backward changed, or returns a view of."""
    findings = []
    for name in changed(arguments, before):
        message = f"backward changed its argument {name}; work on a copy, the caller still needs it"
        findings.append(Finding("changed-argument", name, "error", message))
    arrays = {name: value for name, value in arguments.items() if isinstance(value, np.ndarray)}
    for name, value in arrays.items():
        if any(isinstance(g, np.ndarray) and np.shares_memory(g, value) for g in gradients):
            message = f"backward returns a view of its argument {name}; return an array of its own, say {name}.copy()"
            findings.append(Finding("shared-memory", name, "error", message))
    return findings


def _well_formed(
    pair: Pair, expected: Sequence[str] | None, gradients: Sequence[Any], returned: Any
) -> tuple[dict[str, Array], list[Finding]]:
    """Return the gradients that can be compared, by input, and a finding for each that can't."""
    names = list(expected or pair.differentiable)
    if returned is None:
        wanted = ", ".join(f"grad_{name}" for name in names)
        message = f"backward returns None; end it with return, say return {wanted}"
        return {}, [Finding("wrong-type", None, "error", message)]
    if expected is None and gradients:
        names = names[: len(gradients)]
    hint = "; a list is taken as several gradients" if isinstance(returned, list) else ""
    if len(gradients) != len(names):
        count = f"{len(gradients)} gradient{'' if len(gradients) == 1 else 's'}"
        message = f"backward returns {count}, expected {len(names)}, for {', '.join(names)}{hint}"
        return {}, [Finding("wrong-count", None, "error", message, {"expected": len(names), "got": len(gradients)})]
    fine, findings = {}, []
    for name, gradient in zip(names, gradients, strict=True):
        problem = _problem(gradient, pair.inputs[name].shape)
        if problem is None:
            fine[name] = gradient
        else:
            code, text = problem
            findings.append(Finding(code, f"grad_{name}", "error", f"grad_{name} {text}{hint}"))
    return fine, findings


def _problem(gradient: Any, shape: tuple[int, ...]) -> tuple[str, str] | None:
    """Return what keeps a gradient from being compared, as a code and a text, or None."""
    if gradient is None:
        return "wrong-type", f"is None, expected an array of shape {shape}; return it"
    if not isinstance(gradient, (np.ndarray, np.generic)) or isinstance(gradient, np.ma.MaskedArray):
        return "wrong-type", f"is a {type(gradient).__name__}, expected an array of shape {shape}"
    if gradient.shape != shape:
        return "wrong-shape", f"has shape {gradient.shape}, expected {shape}, that of what it is the gradient of"
    if gradient.dtype.kind != "f":
        return "wrong-dtype", f"is of {gradient.dtype}, expected floats"
    if not np.isfinite(gradient).all():
        return "not-finite", f"has {int((~np.isfinite(gradient)).sum())} entries that are NaN or infinite"
    return None


def _compare(
    pair: Pair, gradients: Mapping[str, Array], upstream: Array, tolerance: float, coverage: Coverage
) -> list[TensorResult]:
    """Return the comparison of each gradient with the differences of Σ upstream ⊙ y."""

    def objective() -> tuple[float, list[Array]]:
        return float((upstream * call(pair.forward, copied(pair.inputs))).sum()), []

    with np.errstate(all="ignore"):
        return [
            coverage.compare(f"grad_{name}", objective, pair.inputs[name], np.asarray(gradient), tolerance)
            for name, gradient in gradients.items()
        ]
