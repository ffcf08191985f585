"""Checking a model: every parameter's gradient against finite differences of the model's own loss.

    model.loss, model.backward -> parameter.grad         the analytic side
    model.loss at value ± h, noise frozen by a seed      the numeric side

The check works on the model itself, in float64, and puts back every bit of it afterwards, whatever happens.
"""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from aescratch.backend import Array, array_module, to_numpy
from aescratch.gradcheck.numeric import estimates
from aescratch.gradcheck.report import Finding, Report, judge, value_findings
from aescratch.layers import pack
from aescratch.validation import require_count, require_number


def check_gradients(
    model: Any, x: Array, labels: Array | None = None, *, rng: int = 0, tolerance: float = 1e-6
) -> Report:
    """Check the gradient of every parameter of a model, every entry.

    Parameters
    ----------
    model : Model
        Anything with loss(), backward(), parameters and parts. It is as before afterwards, to the last bit.
    x : (N, D) array of floats
        A small batch; 7 rows will do.
    labels : (N,) array of integers, optional
        For a classifier.
    rng : int
        The seed that freezes the model's noise.
    tolerance : float
        The relative difference that is allowed, beside the numeric estimate's own error.

    Returns
    -------
    Report
        Print it; `.verdict` is pass, fail or inconclusive.

    Raises
    ------
    TypeError, ValueError
        If the arguments are of no use; what the model does wrong is a finding instead.

    Examples
    --------
    >>> import aescratch as ae
    >>> model = ae.Autoencoder([5, 3], activation=ae.GELU, rng=0)
    >>> check_gradients(model, np.random.default_rng(0).random((7, 5))).verdict
    'pass'
    """
    require_count("rng", rng, least=0)
    require_number("tolerance", tolerance, above=0)
    data = model.as_data(x) if labels is None else model.as_data(x, labels)
    with in_double_precision(model), model.trusting_batches(), np.errstate(all="ignore"):
        batch = [a.astype(np.float64) if a.dtype.kind == "f" else a for a in data]
        analytic, findings = _analytic_side(model, batch, rng)

        def objective() -> tuple[float, list[Array]]:
            loss = float(model.loss(*batch, rng=rng))
            patterns = [part.kinks for part in model.parts.values()]
            return loss, [to_numpy(pattern) for pattern in patterns if pattern is not None]

        tensors = []
        for parameter, gradient in zip(model.parameters, analytic, strict=True):
            found = estimates(objective, parameter.value, gradient, tolerance)
            tensors.append(judge(parameter.name, gradient, found, tolerance))
    title = f"gradient check of {type(model).__name__}, {len(batch[0])} examples, float64, rng={rng}"
    return Report(title, tensors, findings + value_findings(tensors), tolerance)


def _analytic_side(model: Any, batch: Sequence[Array], rng: int) -> tuple[list[Array], list[Finding]]:
    """Return the gradients that backward gives, and what can be said without any numeric gradient."""
    findings = []
    first, second = float(model.loss(*batch, rng=rng)), float(model.loss(*batch, rng=rng))
    if first != second:
        message = (
            f"the loss isn't deterministic: it gave {first:.17g} and then {second:.17g} for the same batch and seed; "
            "draw all noise from the rng that loss receives"
        )
        findings.append(Finding("not-deterministic", None, "error", message, {"losses": [first, second]}))
    if not np.isfinite(first):
        message = f"the loss is {first}, and has no gradient; use other inputs or parameters"
        findings.append(Finding("not-finite", None, "inconclusive", message, {"loss": first}))
    before = [to_numpy(parameter.value).copy() for parameter in model.parameters]
    for parameter in model.parameters:
        parameter.grad[...] = np.nan  # so that a gradient nobody writes can't pass for one
    model.backward()
    gradients = [to_numpy(parameter.grad).copy() for parameter in model.parameters]
    model.backward()
    for parameter, value, gradient in zip(model.parameters, before, gradients, strict=True):
        findings += _laws(parameter, value, gradient)
    return gradients, findings


def _laws(parameter: Any, value: Array, gradient: Array) -> Iterator[Finding]:
    """Yield what backward did beside, or instead of, filling this parameter's gradient."""
    name = parameter.name
    if not np.array_equal(to_numpy(parameter.value), value):
        message = f"backward changed the value of {name}; only an optimiser may"
        yield Finding("changed-parameter", name, "error", message)
    if not np.isfinite(gradient).all():
        message = f"backward left {int((~np.isfinite(gradient)).sum())} entries of {name}.grad without a finite value"
        yield Finding("not-finite", name, "error", message)
    elif not np.array_equal(to_numpy(parameter.grad), gradient):
        message = f"a second backward gives another {name}.grad; a layer writes its gradient, it doesn't add to it"
        yield Finding("not-repeatable", name, "error", message)


@contextlib.contextmanager
def in_double_precision(model: Any) -> Iterator[None]:
    """Put float64 copies of its values into a model, and put back everything afterwards.

    Everything is: values, gradients, what the parts remember, and the state of the model's generator.
    """
    places = [(parameter, parameter.buffer, parameter.start) for parameter in model.parameters]
    parts = list(model.parts.values())
    memories = [{name: part.__dict__[name] for name in part.remembers if name in part.__dict__} for part in parts]
    state = copy.deepcopy(model.rng.bit_generator.state)
    backend = array_module(model.parameters[0].value).__name__
    try:
        pack(model.parameters, "float64", backend)
        yield
    finally:
        for parameter, buffer, start in places:
            parameter.bind(buffer, start)
        for part, memory in zip(parts, memories, strict=True):
            part.forget()
            part.__dict__.update(memory)
        model.rng.bit_generator.state = state

