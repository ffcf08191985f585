"""Checking a model: every parameter's gradient against finite differences of the model's loss.

    model.loss, model.backward -> parameter.grad         the analytic side
    model.loss at value ± h, noise frozen by a seed      the numeric side

The check works on the model itself, in float64, and restores every bit of it afterwards, even after an error.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from aescratch.backend import Array, array_module, move, to_numpy
from aescratch.foundations.language import gettext
from aescratch.foundations.validation import Data
from aescratch.inspection.gradcheck import laws
from aescratch.inspection.gradcheck.binding import same
from aescratch.inspection.gradcheck.checking import Check, Options
from aescratch.inspection.gradcheck.coverage import Coverage
from aescratch.inspection.gradcheck.deadline import OutOfTime
from aescratch.inspection.gradcheck.findings import changed_parameter, raised, single_precision, timed_out
from aescratch.inspection.gradcheck.fixtures import audit_model, draw_zero_biases
from aescratch.inspection.gradcheck.keeping import in_double_precision, kept
from aescratch.inspection.gradcheck.numeric import largest_size
from aescratch.inspection.gradcheck.report import FAIL, Finding, Report, TensorResult
from aescratch.inspection.gradcheck.stacking import stack
from aescratch.inspection.gradcheck.surrogates import Surrogates, by_rules, patterns
from aescratch.inspection.gradcheck.surroundings import aloud, kept_random_state, quiet, watched
from aescratch.inspection.gradcheck.warned import tell_where
from aescratch.layers import Layer
from aescratch.training import contract

# Findings about a loss whose differences are not meaningful.
NOTHING_TO_COMPARE = ("not-deterministic", "not-finite", "single-precision", "changed-batch")


def check_gradients(
    model: contract.Trainable, x: Data, labels: Data | None = None, *, rng: int = 0, tolerance: float = 1e-6,
    mode: str = "exhaustive", time_limit: float | None = 60.0, explain: bool = True, training: bool = False,
) -> Report:  # fmt: skip
    """Check the gradient of every parameter of a model.

    A part whose backward is declared not to be a derivative, by `surrogate_gradient`, is compared with its rule, and so
    is every gradient that passes through it. A parameter that was not tested, since all its entries are 0 on both sides
    or lie at kinks, makes the verdict inconclusive.

    Parameters
    ----------
    model : object
        Ours, or your own with ``loss``, ``backward`` and ``parameters``, as for `fit`. The check leaves it exactly as
        it was.
    x : (N, D) array of floats
        A small batch; 7 rows are enough.
    labels : (N,) array of integers, optional
        For a classifier.
    rng : int
        The seed that freezes the model's noise.
    tolerance : float
        The relative difference that is allowed, in addition to the numeric estimate's own error.
    mode : str
        ``"exhaustive"`` for every entry, ``"sampled"`` for some entries of each parameter, ``"directional"`` for
        several random directions in each, ``"auto"`` for exhaustive with few entries and directional with many.
    time_limit : float, optional
        The most seconds that a call of backward may take.
    explain : bool
        Whether to look for the place and the cause of a wrong gradient.
    training : bool
        Whether to check the loss in training mode, with dropout and the batch's own statistics, instead of use mode.
        Buffers keep their values.

    Returns
    -------
    Report
        Print it; `.verdict` is pass, fail or inconclusive.

    Raises
    ------
    TypeError, ValueError
        If the arguments are invalid; mistakes of the model are findings instead.

    Examples
    --------
    >>> import aescratch as ae
    >>> model = ae.Autoencoder([5, 3], activation=ae.GELU, rng=0)
    >>> check_gradients(model, np.random.default_rng(0).random((7, 5))).verdict
    'pass'
    """
    options = Options(rng, tolerance, time_limit, explain)
    try:
        contract.require_model(model)
    except TypeError as error:
        message = gettext("{error}; ae.check_function checks a forward and a backward of your own")
        raise TypeError(message.format(error=error)) from error
    data = contract.as_data(model, x, labels)
    sizes = [parameter.size for parameter in model.parameters]
    coverage = Coverage(mode, sizes, rng)
    trusting = contract.trusting_batches(model)
    with kept_random_state(), quiet(), in_double_precision(model), trusting, np.errstate(all="ignore"):
        batch = [a.astype(np.float64) if a.dtype.kind == "f" else a.copy() for a in data]
        check = ModelCheck(options, coverage, model, batch)
        with contract.training(model, frozen=True) if training else contract.in_use(model):
            tensors = check.run()
    title = gettext("gradient check of {model}, {count} examples, float64, rng={rng}")
    title = title.format(model=type(model).__name__, count=len(batch[0]), rng=rng)
    title += gettext(", training mode") if training else ""
    title += by_rules(check.findings)
    return Report(title + coverage.described(tensors, sizes), tensors, check.findings, tolerance)


class OtherBatchError(Exception):
    """A loss raised for a batch that isn't the user's."""


class ModelCheck(Check):
    """The check of a model at a batch, with its parameters in float64 and its mode set."""

    model: Any
    batch: Sequence[Array]
    seed: int

    def __init__(self, options: Options, coverage: Coverage, model: Any, batch: Sequence[Array]) -> None:
        super().__init__(options, coverage)
        self.model, self.batch, self.seed = model, batch, options.rng
        self.audit: list[Finding] = []

    def loss(self, batch: Sequence[Array] | None = None, seed: int | None = None) -> Any:
        """Return the loss, by default at the check's batch and seed; raise if it isn't a number."""
        rows, rng = self.batch if batch is None else batch, self.seed if seed is None else seed
        return contract.as_number(self.model, self.model.loss(*rows, rng=rng))

    def patterns(self) -> list[Array]:
        """Return the patterns of the kinks in the last loss."""
        return patterns(contract.parts_of(self.model).values())

    def gradients(self) -> dict[str, Array]:
        """Return copies of the gradients after backward, by the parameters' names."""
        return {parameter.name: to_numpy(parameter.grad).copy() for parameter in self.model.parameters}

    def _backward(self) -> dict[str, Array]:
        self.in_time(self.model.backward)
        return self.gradients()

    def look(self) -> dict[str, Array] | None:
        """Return the gradients, or None if backward doesn't return; add the findings of two calls of it and of loss."""
        self.findings += _left_out(self.model)
        self._look_at_loss()
        if self.found(*NOTHING_TO_COMPARE):
            return None
        self.findings += _mode_findings(self)
        self.audit = audit_model(self.model, self.batch)
        self.findings += draw_zero_biases(self.model, self.seed)
        self.loss()  # the parts must remember this batch and these values
        return self._look_at_backward()

    def _look_at_loss(self) -> None:
        before = [array.copy() for array in self.batch]
        with aloud(), watched("loss", self.findings, "note"):
            loss = self.loss()
        self._look_at_batch("loss", before)
        first, second = float(loss), float(self.loss())
        if not np.isfinite(first):
            message = gettext("the loss is {loss}, which has no gradient; use other inputs or parameters")
            message = message.format(loss=first)
            found = Finding("not-finite", None, "inconclusive", message, {"loss": first})
            self.findings.append(tell_where(found, self.loss))
            return
        if first != second:
            message = gettext(
                "the loss isn't deterministic: it gave {first:.17g} and then {second:.17g} for the same batch and "
                "seed; draw all noise from the rng that loss gets, and keep statistics of the batches in an ae.Buffer"
            ).format(first=first, second=second)
            self.findings.append(Finding("not-deterministic", None, "error", message, {"losses": [first, second]}))
        if hasattr(loss, "dtype") and loss.dtype.itemsize < 8:
            self.findings.append(single_precision("loss", loss.dtype))

    def _look_at_batch(self, who: str, before: Sequence[Array]) -> None:
        """Add a finding if the batch has changed, and restore it."""
        if all(same(to_numpy(array), to_numpy(old)) for array, old in zip(self.batch, before, strict=True)):
            return
        for array, old in zip(self.batch, before, strict=True):
            array[...] = old
        message = gettext("{who} changed the batch; work on a copy, the caller still needs it").format(who=who)
        self.findings.append(Finding("changed-batch", None, "error", message, {"by": who}))

    def _look_at_backward(self) -> dict[str, Array]:
        values = [to_numpy(parameter.value).copy() for parameter in self.model.parameters]
        batch = [array.copy() for array in self.batch]
        for parameter in self.model.parameters:
            parameter.grad[...] = np.nan  # so that a gradient that is never written can't pass
        gradients: dict[str, Array] = {}
        with self.reporting():
            untouched = laws.nothing_else_changed(self.model, self.batch, self.findings)
            with aloud(), watched("backward", self.findings), untouched:
                first = self._backward()
            second = self._backward()
            gradients = self._as_written(first)
        if gradients:
            self._look_at_batch("backward", batch)
            changed = not all(same(to_numpy(p.value), v) for p, v in zip(self.model.parameters, values, strict=True))
            for parameter, value in zip(self.model.parameters, values, strict=True):
                repeats = changed or same(first[parameter.name], second[parameter.name])
                self.findings += _laws(parameter, value, repeats)
        return gradients

    def _as_written(self, first: Mapping[str, Array]) -> dict[str, Array]:
        """Return the gradients to compare; for one that isn't finite, add a finding on what backward does with it."""
        if all(np.isfinite(gradient).all() for gradient in first.values()):
            return dict(first)
        rng = np.random.default_rng(self.seed)
        numbers = {name: rng.standard_normal(gradient.shape) for name, gradient in first.items()}
        on_numbers = self._backward_on(numbers)
        on_zeros = self._backward_on({name: np.zeros(gradient.shape) for name, gradient in first.items()})
        gradients = dict(first)
        for name in (name for name, gradient in first.items() if not np.isfinite(gradient).all()):
            left = numbers[name], on_numbers[name], on_zeros[name]
            gradients[name], findings = laws.of_the_writing(name, first[name], *left)
            for finding in findings:
                is_nan = finding.code == "not-finite"
                self.findings.append(tell_where(finding, self._backward) if is_nan else finding)
        return gradients

    def _backward_on(self, standing: Mapping[str, Array]) -> dict[str, Array]:
        """Return the gradients after backward if they held this value before."""
        for parameter in self.model.parameters:
            parameter.grad[...] = move(standing[parameter.name], array_module(parameter.grad).__name__)
        return self._backward()

    def compare(self, gradients: Mapping[str, Array]) -> list[TensorResult]:
        """Return the comparison of every parameter's gradient; declared parts are replaced by their rules."""
        if not gradients:
            return []
        self.surrogates: Surrogates = Surrogates(self.model, self.loss, self.options.time_limit)
        if not self.surrogates.are_usable:
            self.findings += self.surrogates.findings
            return []

        def objective() -> tuple[float, list[Array]]:
            return float(self.loss()), self.patterns()

        stacked = None if self.surrogates.declared else stack(self.model, self.batch, self.seed)
        of_all = max(map(largest_size, gradients.values()))
        with self.surrogates.in_place():
            tensors = [
                self.coverage.compare(
                    parameter.name, objective, parameter.value, gradients[parameter.name], self.options.tolerance,
                    None if stacked is None else functools.partial(stacked.losses, parameter), of_all,
                )
                for parameter in self.model.parameters
            ]  # fmt: skip
        for tensor in tensors:
            tensor.verdicts[~np.isfinite(tensor.analytic)] = FAIL
        self.surrogates.mark(tensors, lambda: self.in_time(self.model.backward))
        self.findings += self.surrogates.findings
        return tensors

    def look_further(self, tensors: Sequence[TensorResult], gradients: Mapping[str, Array]) -> None:
        """Add findings from rearranged batches, causes of wrong gradients, and notes on what the batch would hide."""
        if tensors:
            if not self.found("not-repeatable", "changed-parameter", laws.ADDS):
                self.findings += self._batch_findings(gradients)
            # After a changed value, later parts used other numbers than the loss: places and causes would mislead.
            in_order = self.surrogates.are_right and not self.found("changed-parameter")
            is_wrong = any(tensor.verdict == FAIL for tensor in tensors) or self.found(laws.ADDS, laws.NEVER_WRITTEN)
            if self.options.explain and in_order and is_wrong:
                from aescratch.inspection.gradcheck.localise import (
                    localise,  # only for a wrong gradient: most are right
                )

                self.findings += localise(self.model, self.batch, self.seed)
        self.findings += self.audit

    def _batch_findings(self, analytic: Mapping[str, Array]) -> list[Finding]:
        """Return the findings from rearranged batches of the same rows."""

        def evaluate(rows: Sequence[Array], seed: int) -> laws.Seen:
            try:
                loss, kinks = float(self.loss(rows, seed)), self.patterns()
            except Exception as error:  # a model may take only one number of examples
                raise OtherBatchError(f"{type(error).__name__}: {error}") from error
            return laws.Seen(loss, self._backward(), kinks)

        try:
            return laws.of_the_batch(evaluate, self.batch, self.seed, analytic)
        except OutOfTime:
            return [timed_out(self.options.time_limit or 0.0)]
        except OtherBatchError as error:
            message = gettext(
                "loss raised {error} for the same rows reversed or repeated; whether it treats all rows alike was not "
                "checked"
            ).format(error=error)
            return [Finding("other-batch", None, "note", message)]
        except Exception as error:  # for example if the number of examples is fixed in the code
            finding = raised(error)
            finding.message += gettext("; this also happens for the same rows reversed or repeated")
            return [finding]


def _left_out(model: Any) -> Iterator[Finding]:
    """Yield a finding for each parameter of a layer that the model doesn't list, so that it would not be trained."""
    listed = {id(parameter) for parameter in model.parameters}
    for place, part in contract.parts_of(model).items():
        for parameter in part.parameters if isinstance(part, Layer) else []:
            if id(parameter) not in listed:
                message = gettext("the parameter {name} of {place} is missing in model.parameters; list it there")
                message = message.format(name=parameter.name, place=place)
                yield Finding("left-out", parameter.name, "error", message, {"layer": place})


def _mode_findings(check: ModelCheck) -> Iterator[Finding]:
    """Yield the findings from the loss in training mode, with its state fixed and with its state updated.

    The check keeps the state fixed. A part that reads a buffer after assigning it would compute something else then.
    """
    model = check.model
    buffers = contract.buffers_of(model)
    in_training = any(part.in_training for part in contract.parts_of(model).values())
    values = [(parameter, parameter.value.copy()) for parameter in model.parameters]  # a codebook's may be redrawn
    with kept(*buffers.values()):
        try:
            with contract.training(model, frozen=True):
                held_still = moving = float(check.loss())
            if buffers:
                with contract.training(model):
                    for buffer in buffers.values():
                        buffer.frozen = False
                    moving = float(check.loss())
        except Exception:  # for example if the batch is too small for training mode
            return
        finally:
            for parameter, value in values:
                parameter.value[...] = value
    if held_still != moving:
        message = gettext(
            "in training mode the loss is {moving:.9g}, but {still:.9g} if {buffers} keep their values, as they do "
            "during this check: read a buffer before you assign it"
        ).format(moving=moving, still=held_still, buffers=", ".join(buffers))
        yield Finding("moving-state", None, "inconclusive" if in_training else "note", message)
    elif not in_training and held_still != float(check.loss()):
        message = gettext(
            "the loss in training mode is different, and was not checked; check it too, with training=True"
        )
        yield Finding("training-mode", None, "note", message)


def _laws(parameter: Any, value: Array, repeats: bool) -> Iterator[Finding]:
    """Yield findings on what backward did beside filling this parameter's gradient.

    If it has changed a value, a second gradient differs for that reason alone, and doesn't count as a difference.
    """
    name = parameter.name
    if not np.array_equal(to_numpy(parameter.value), value):
        parameter.value = move(value, array_module(parameter.value).__name__)  # before anything is compared
        yield changed_parameter(name)
    if not repeats:
        message = gettext("a second backward gives another {name}.grad; write the gradient instead of adding to it")
        message = message.format(name=name)
        yield Finding("not-repeatable", name, "error", message)
