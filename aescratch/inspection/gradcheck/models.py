"""Checking a model: every parameter's gradient against finite differences of the model's own loss.

    model.loss, model.backward -> parameter.grad         the analytic side
    model.loss at value ± h, noise frozen by a seed      the numeric side

The check works on the model itself, in float64, and puts back every bit of it afterwards, whatever happens.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from aescratch.backend import Array, array_module, move, to_numpy
from aescratch.foundations.buffers import move_buffers
from aescratch.foundations.parameters import pack
from aescratch.foundations.validation import require_count, require_number
from aescratch.inspection.gradcheck.coverage import Coverage
from aescratch.inspection.gradcheck.deadline import OutOfTime, limited
from aescratch.inspection.gradcheck.findings import raised, single_precision, timed_out, value_findings
from aescratch.inspection.gradcheck.fixtures import audit_model
from aescratch.inspection.gradcheck.keeping import kept
from aescratch.inspection.gradcheck.laws import Seen, nothing_else_changed, of_the_batch
from aescratch.inspection.gradcheck.quiet import aloud, quiet
from aescratch.inspection.gradcheck.report import FAIL, Finding, Report, TensorResult
from aescratch.inspection.gradcheck.stacking import stack
from aescratch.inspection.gradcheck.surrogates import Surrogates, by_rules, patterns
from aescratch.inspection.gradcheck.surroundings import kept_random_state, watched
from aescratch.layers import Layer
from aescratch.training import contract

# What can be wrong with a loss so that its differences mean nothing.
NOTHING_TO_COMPARE = ("not-deterministic", "not-finite", "single-precision", "changed-batch")
ZERO_BIASES = 0.1  # the spread of what biases of exactly 0 are given


def check_gradients(
    model: Any, x: Array, labels: Array | None = None, *, rng: int = 0, tolerance: float = 1e-6,
    mode: str = "exhaustive", time_limit: float | None = 60.0, explain: bool = True, training: bool = False,
) -> Report:  # fmt: skip
    """Check the gradient of every parameter of a model.

    A part whose backward is declared not to be a derivative, by `surrogate_gradient`, is compared with its rule, and so
    is every gradient that passes through it. A parameter of which nothing was tested, since all its entries are 0 on
    both sides or lie at kinks, makes the verdict inconclusive.

    Parameters
    ----------
    model : object
        One of ours, or one of your own with ``loss``, ``backward`` and ``parameters``, as for `fit`. It is as before
        afterwards, to the last bit.
    x : (N, D) array of floats
        A small batch; 7 rows will do.
    labels : (N,) array of integers, optional
        For a classifier.
    rng : int
        The seed that freezes the model's noise.
    tolerance : float
        The relative difference that is allowed, beside the numeric estimate's own error.
    mode : str
        ``"exhaustive"`` for every entry; ``"sampled"`` for some of each parameter, ``"directional"`` for several random
        directions in each, and ``"auto"`` for the latter where there are many.
    time_limit : float, optional
        Seconds that a call of backward may take.
    explain : bool
        Whether to look for the place and the cause where a gradient is wrong.
    training : bool
        Whether to check the loss of training mode, with dropout and the batch's own statistics, in place of that of use
        mode. Buffers keep their values.

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
    if time_limit is not None:
        require_number("time_limit", time_limit, above=0)
    try:
        contract.require_model(model)
    except TypeError as error:
        raise TypeError(f"{error}; ae.check_function checks a forward and a backward of your own") from error
    data = contract.as_data(model, x, labels)
    sizes = [parameter.size for parameter in model.parameters]
    coverage = Coverage(mode, sizes, rng)
    trusting = contract.trusting_batches(model)
    with kept_random_state(), quiet(), in_double_precision(model), trusting, np.errstate(all="ignore"):
        batch = [a.astype(np.float64) if a.dtype.kind == "f" else a.copy() for a in data]
        with contract.training(model, frozen=True) if training else contract.in_use(model):
            tensors, findings = _check(model, batch, rng, tolerance, coverage, time_limit, explain)
    title = f"gradient check of {type(model).__name__}, {len(batch[0])} examples, float64, rng={rng}"
    title += ", training mode" if training else ""
    title += by_rules(findings)
    return Report(title + coverage.described(tensors, sizes), tensors, findings, tolerance)


def _check(
    model: Any, batch: Sequence[Array], rng: int, tolerance: float, coverage: Coverage, time_limit: float | None,
    explain: bool,
) -> tuple[list[TensorResult], list[Finding]]:  # fmt: skip
    """Return the comparison of every parameter, if there can be any, and all findings."""
    findings = [*_left_out(model), *_loss_findings(model, batch, rng)]
    if any(finding.code in NOTHING_TO_COMPARE for finding in findings):
        return [], findings
    findings += _mode_findings(model, batch, rng)
    audit = audit_model(model, batch)
    findings += _draw_zero_biases(model, rng)
    _loss(model, batch, rng)  # what the parts remember belongs to this batch and these values
    analytic, more = _analytic_side(model, batch, time_limit)
    findings += more
    if not analytic:
        return [], [*findings, *audit]

    def objective() -> tuple[float, list[Array]]:
        return float(_loss(model, batch, rng)), patterns(contract.parts_of(model).values())

    surrogates = Surrogates(model, lambda: _loss(model, batch, rng), time_limit)
    if not surrogates.are_usable:
        return [], [*findings, *surrogates.findings, *audit]
    stacked = None if surrogates.declared else stack(model, batch, rng)
    largest = max(float(np.max(np.abs(gradient), where=np.isfinite(gradient), initial=0.0)) for gradient in analytic)
    tensors = []
    with surrogates.in_place():
        for parameter, gradient in zip(model.parameters, analytic, strict=True):
            together = None if stacked is None else functools.partial(stacked.losses, parameter)
            tensors.append(
                coverage.compare(parameter.name, objective, parameter.value, gradient, tolerance, together, largest)
            )
    surrogates.mark(tensors, lambda: limited(model.backward, time_limit))
    findings += [*surrogates.findings, *value_findings(tensors)]
    if not any(finding.code in ("not-repeatable", "changed-parameter") for finding in findings):
        findings += _batch_findings(model, batch, rng, analytic, time_limit)
    if any(finding.code == "changed-parameter" for finding in findings):
        explain = False  # the numbers that later parts worked with aren't those of the loss: places and causes mislead
    if explain and surrogates.are_right and any(tensor.verdict == FAIL for tensor in tensors):
        from aescratch.inspection.gradcheck.localise import (
            localise,  # for a wrong gradient only: most are right, and it is large
        )

        with surrogates.in_place():
            findings += localise(model, batch, rng)
    return tensors, [*findings, *audit]


class OtherBatchError(Exception):
    """A loss was asked for a batch that isn't the user's, and raised."""


def _batch_findings(
    model: Any, batch: Sequence[Array], rng: int, analytic: Sequence[Array], time_limit: float | None
) -> list[Finding]:
    """Return what other batches made of the same rows tell."""
    names = [parameter.name for parameter in model.parameters]

    def evaluate(rows: Sequence[Array], seed: int) -> Seen:
        try:
            loss, kinks = float(_loss(model, rows, seed)), patterns(contract.parts_of(model).values())
        except Exception as error:  # of a model that takes one number of examples
            raise OtherBatchError(f"{type(error).__name__}: {error}") from error
        limited(model.backward, time_limit)
        gradients = [to_numpy(parameter.grad).copy() for parameter in model.parameters]
        return Seen(loss, dict(zip(names, gradients, strict=True)), kinks)

    try:
        return of_the_batch(evaluate, batch, rng, dict(zip(names, analytic, strict=True)))
    except OutOfTime:
        return [timed_out(time_limit or 0.0)]
    except OtherBatchError as error:
        message = (
            f"for the same rows in another order, or twice over, loss raised {error}; whether it treats them all alike "
            "wasn't looked at"
        )
        return [Finding("other-batch", None, "note", message)]
    except Exception as error:  # of a number of examples that is written into the code, say
        finding = raised(error)
        finding.message += "; so it does for the same rows in another order, or twice over"
        return [finding]


def _loss(model: Any, batch: Sequence[Array], rng: int) -> Any:
    """Return the model's loss, and raise if it isn't a number."""
    return contract.as_number(model, model.loss(*batch, rng=rng))


def _left_out(model: Any) -> Iterator[Finding]:
    """Yield a finding for each parameter of a layer that the model doesn't list, and so would never train."""
    listed = {id(parameter) for parameter in model.parameters}
    for place, part in contract.parts_of(model).items():
        for parameter in part.parameters if isinstance(part, Layer) else []:
            if id(parameter) not in listed:
                message = f"the parameter {parameter.name} of {place} is missing in model.parameters; list it there"
                yield Finding("left-out", parameter.name, "error", message, {"layer": place})


def _mode_findings(model: Any, batch: Sequence[Array], rng: int) -> Iterator[Finding]:
    """Yield what the loss of training mode tells, with its state held still and with its state moving on.

    The check holds the state still. A part that reads a buffer after it has assigned it computes something else then.
    """
    buffers = contract.buffers_of(model)
    in_training = any(part.in_training for part in contract.parts_of(model).values())
    before = {name: (buffer.value, buffer.frozen) for name, buffer in buffers.items()}
    try:
        with contract.training(model, frozen=True):
            held_still = float(_loss(model, batch, rng))
        moving = held_still
        if buffers:
            with contract.training(model):
                for buffer in buffers.values():
                    buffer.frozen = False
                moving = float(_loss(model, batch, rng))
    except Exception:  # of a batch that is too small for training mode, say
        return
    finally:
        for name, buffer in buffers.items():
            buffer.frozen = False
            buffer.value, buffer.frozen = before[name]
    if held_still != moving:
        message = (
            f"in training mode the loss is {moving:.9g}, and {held_still:.9g} where {', '.join(buffers)} keep their "
            "values, as they do while this is checked: read a buffer before it is assigned"
        )
        yield Finding("moving-state", None, "inconclusive" if in_training else "note", message)
    elif not in_training and held_still != float(_loss(model, batch, rng)):
        message = "the loss of training mode is another one, and wasn't checked; check it too, with training=True"
        yield Finding("training-mode", None, "note", message)


def _loss_findings(model: Any, batch: Sequence[Array], rng: int) -> list[Finding]:
    """Return what two calls of loss tell about it."""
    before = [array.copy() for array in batch]
    findings: list[Finding] = []
    with aloud(), watched("loss", findings, "note"):
        loss = _loss(model, batch, rng)
    findings += _changed_batch("loss", batch, before)
    first, second = float(loss), float(_loss(model, batch, rng))
    if not np.isfinite(first):
        message = f"the loss is {first}, and has no gradient; use other inputs or parameters"
        return [*findings, Finding("not-finite", None, "inconclusive", message, {"loss": first})]
    if first != second:
        message = (
            f"the loss isn't deterministic: it gave {first:.17g} and then {second:.17g} for the same batch and seed; "
            "draw all noise from the rng that loss receives, and keep what it learns from a batch in an ae.Buffer"
        )
        findings.append(Finding("not-deterministic", None, "error", message, {"losses": [first, second]}))
    if hasattr(loss, "dtype") and loss.dtype.itemsize < 8:
        findings.append(single_precision("loss", loss.dtype))
    return findings


def _changed_batch(who: str, batch: Sequence[Array], before: Sequence[Array]) -> list[Finding]:
    """Return a finding if the batch isn't as before, and put it right."""
    if all(np.array_equal(to_numpy(array), to_numpy(old)) for array, old in zip(batch, before, strict=True)):
        return []
    for array, old in zip(batch, before, strict=True):
        array[...] = old
    message = f"{who} changed the batch; work on a copy, the caller still needs it"
    return [Finding("changed-batch", None, "error", message, {"by": who})]


def _draw_zero_biases(model: Any, rng: int) -> list[Finding]:
    """Give biases that are all 0 small random values, in the copy that is checked, if anything in the model has kinks.

    Where all of a layer's ReLUs are off, the next pre-activations are its biases: at 0, exactly on the kink.
    """
    zeros = [p for p in model.parameters if len(p.shape) == 1 and not to_numpy(p.value).any()]
    if not zeros or not patterns(contract.parts_of(model).values()):
        return []
    generator = np.random.default_rng(rng)
    for parameter in zeros:
        parameter.value = move(generator.normal(0, ZERO_BIASES, parameter.shape), contract.backend_of(model))
    names = [parameter.name for parameter in zeros]
    message = (
        f"{', '.join(names)}: all 0, where a ReLU may sit exactly on its kink; checked at small random values instead, "
        "and left as they were"
    )
    return [Finding("zero-biases", None, "note", message, {"parameters": names})]


def _analytic_side(
    model: Any, batch: Sequence[Array], time_limit: float | None
) -> tuple[list[Array], list[Finding]]:
    """Return the gradients that backward gives, none if it doesn't come back, and what else it did."""
    values = [to_numpy(parameter.value).copy() for parameter in model.parameters]
    before = [array.copy() for array in batch]
    findings: list[Finding] = []
    for parameter in model.parameters:
        parameter.grad[...] = np.nan  # so that a gradient nobody writes can't pass for one
    try:
        with aloud(), watched("backward", findings), nothing_else_changed(model, batch, findings):
            limited(model.backward, time_limit)
        gradients = [to_numpy(parameter.grad).copy() for parameter in model.parameters]
        limited(model.backward, time_limit)
    except OutOfTime:
        return [], [*findings, timed_out(time_limit or 0.0)]
    except Exception as error:
        return [], [*findings, raised(error)]
    findings += _changed_batch("backward", batch, before)
    changed = not all(np.array_equal(to_numpy(p.value), v) for p, v in zip(model.parameters, values, strict=True))
    for parameter, value, gradient in zip(model.parameters, values, gradients, strict=True):
        findings += _laws(parameter, value, gradient, changed)
    return gradients, findings


def _laws(parameter: Any, value: Array, gradient: Array, changed: bool) -> Iterator[Finding]:
    """Yield what backward did beside, or instead of, filling this parameter's gradient.

    Where it has changed any value a second gradient is another for that reason alone.
    """
    name = parameter.name
    if not np.array_equal(to_numpy(parameter.value), value):
        message = f"backward changed the value of {name}; only an optimiser may"
        parameter.value = move(value, array_module(parameter.value).__name__)  # before anything is compared
        yield Finding("changed-parameter", name, "error", message)
    if not np.isfinite(gradient).all():
        message = f"backward left {int((~np.isfinite(gradient)).sum())} entries of {name}.grad without a finite value"
        yield Finding("not-finite", name, "error", message)
    elif not changed and not np.array_equal(to_numpy(parameter.grad), gradient):
        message = f"a second backward gives another {name}.grad; a layer writes its gradient, it doesn't add to it"
        yield Finding("not-repeatable", name, "error", message)


@contextlib.contextmanager
def in_double_precision(model: Any) -> Iterator[None]:
    """Put float64 copies of its values into a model, and put back everything afterwards.

    Everything is: values, gradients, what the parts remember, what a class of the user's keeps beside, and the states
    of generators.
    """
    backend = contract.backend_of(model)
    with kept(model, *contract.parts_of(model).values(), *model.parameters):
        pack(model.parameters, "float64", backend)
        move_buffers(contract.buffers_of(model).values(), backend, "float64")
        yield
