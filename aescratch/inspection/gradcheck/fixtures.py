"""The inputs of a check: which mistakes their numbers would hide, and numbers that hide none.

    audit_model(model, batch), audit_inputs(inputs, names) -> notes, each with the mistakes that can't be detected
    draw_zero_biases(model, seed) -> a note, and biases that aren't exactly on a kink
    example_fixture(model) -> x, or x and labels, for which the audit has no notes

A pass means little if a wrong backward would have passed too: with a batch of one example a missing 1/N changes
nothing, and before units that are off every gradient is 0. A note appears only if something is really hidden, once
for each kind.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from aescratch.activations import Activation
from aescratch.backend import Array, move, to_numpy
from aescratch.foundations.language import gettext
from aescratch.foundations.parts import Part
from aescratch.foundations.validation import require_count
from aescratch.inspection.gradcheck.keeping import kept
from aescratch.inspection.gradcheck.report import Finding
from aescratch.inspection.gradcheck.surrogates import patterns
from aescratch.inspection.recording import record
from aescratch.training import contract

PRIMES = (7, 11, 13, 17, 19, 23, 29, 31)  # numbers of examples to choose from: small, but far from 1
DRAWS = 20  # batches that are drawn, at most, to find one without a dead unit
FLAT = 1e-8  # a smaller slope passes nothing on that a difference quotient would see
MOST = 0.5  # of a layer's units: from this share of dead units on, a note is given
ZERO_BIASES = 0.1  # the spread of the values that replace biases of 0
NAMED = 5  # columns or units that a note lists


def audit_model(model: Any, batch: Sequence[Array]) -> list[Finding]:
    """Return a note for each property of a batch or of a model's values that would hide mistakes."""
    arrays = [to_numpy(array) for array in batch]
    weights = {p.name: to_numpy(p.value) for p in model.parameters if len(p.shape) == 2}
    return [
        *_of_rows("x", arrays[0]), *_of_columns(arrays[0]),
        *_of_sizes(len(arrays[0]), {name: W.shape for name, W in weights.items()}), *_of_values(weights),
        *_unseen_decay(model), *_dead_units(model, batch),
    ]  # fmt: skip


def audit_inputs(inputs: Mapping[str, Any], names: Sequence[str]) -> list[Finding]:
    """Return a note for each property of a function's inputs that would hide mistakes.

    The inputs in `names` get a gradient; the first matrix among them is taken for the batch.
    """
    matrices = {name: inputs[name] for name in names if np.ndim(inputs[name]) == 2}
    findings = list(_of_values(matrices))
    if matrices:
        name = next(name for name, value in inputs.items() if isinstance(value, np.ndarray) and value.ndim == 2)
        x = inputs[name]
        others = {other: array.shape for other, array in matrices.items() if len(array) != len(x)}
        shapes = {name: x.shape[1:], **others}
        findings += [*_of_rows(name, x), *_of_sizes(len(x), shapes)]
    return findings


def example_fixture(model: contract.Trainable, rng: int = 0) -> Any:
    """Return a batch to check a model with, one without a note from the audit if the widths allow it.

    The number of examples is a prime that differs from the model's widths, so that a wrong factor names its dimension.
    The values are random numbers between 0.1 and 0.9, which every loss takes.

    Parameters
    ----------
    model : object
        Ours, or your own with ``loss``, ``backward`` and ``parameters``, as for `fit`. Without `n_inputs`, its first
        parameter must have a row for each input.
    rng : int
        The seed of the numbers.

    Returns
    -------
    (N, D) array of floats, or a pair of it and labels (N,) for a classifier
        For `check_gradients`.

    Raises
    ------
    TypeError, ValueError
        If the model or the seed is invalid.

    Examples
    --------
    >>> import aescratch as ae
    >>> x = example_fixture(ae.Autoencoder([5, 3], rng=0))
    >>> x.shape
    (7, 5)
    """
    require_count("rng", rng, least=0)
    contract.require_model(model)
    generator = np.random.default_rng(rng)
    supervised = contract.takes_labels(model)
    n_inputs = contract.n_inputs_of(model) or model.parameters[0].shape[0]
    sizes = {size for parameter in model.parameters for size in parameter.shape}
    n_classes = contract.n_classes_of(model) or 2 * int(supervised)
    free = [prime for prime in PRIMES if prime not in sizes]
    n_examples = next((prime for prime in free if prime >= n_classes), (free or PRIMES)[-1])
    labels = np.arange(n_examples, dtype=np.int64) % max(n_classes, 1)
    found = []
    for _ in range(DRAWS):
        x = generator.uniform(0.1, 0.9, (n_examples, n_inputs))
        data = contract.as_data(model, x, labels if supervised else None)
        found.append((len(audit_model(model, data)), x))
        if not found[-1][0]:
            break
    x = min(found, key=lambda pair: pair[0])[1]
    return (x, labels) if supervised else x


def draw_zero_biases(model: Any, rng: int) -> Iterator[Finding]:
    """Replace biases that are all 0 by small random values if a part of the model has kinks, and yield a note.

    If all ReLUs of a layer are off, the next pre-activations are the biases: at 0, exactly on the kink.
    """
    zeros = [p for p in model.parameters if len(p.shape) == 1 and not to_numpy(p.value).any()]
    if not zeros or not patterns(contract.parts_of(model).values()):
        return
    generator = np.random.default_rng(rng)
    for parameter in zeros:
        parameter.value = move(generator.normal(0, ZERO_BIASES, parameter.shape), contract.backend_of(model))
    names = [parameter.name for parameter in zeros]
    message = gettext(
        "{names}: all 0, where a ReLU may be exactly at its kink; checked at small random values instead, then restored"
    )
    yield _note("zero-biases", None, message, {"parameters": names}, names=", ".join(names))


def _note(code: str, tensor: str | None, sentence: str, evidence: Any = None, **said: Any) -> Finding:
    return Finding(code, tensor, "note", sentence.format(**said) if said else sentence, evidence or {})


def _of_rows(name: str, x: Array) -> Iterator[Finding]:
    if len(x) == 1:
        yield _note("batch-of-one", None, gettext(
            "the batch is one example: a missing 1/N, a sum in place of a mean over the batch, and mixed-up examples "
            "can't be detected; pass several examples"
        ))  # fmt: skip
    elif x.shape[1] > 1 and (x == x[0]).all():
        message = gettext("{name}: all {count} rows are equal, so that mixed-up examples can't be detected")
        yield _note("equal-rows", name, message, name=name, count=len(x))


def _of_columns(x: Array) -> Iterator[Finding]:
    """Yield notes on columns that are the same in every example, as the edges of images are; columns of 0 hide most."""
    still = (x == x[0]).all(axis=0) & (len(x) > 1)
    blank = (x == 0).all(axis=0)
    if blank.any() and not blank.all():
        yield _note("blank-columns", "x", gettext(
            "x: {columns} 0 in every example, so that the first layer's weights for them have gradient 0 and "
            "aren't tested"
        ), {"columns": np.flatnonzero(blank).tolist()}, columns=_columns(blank))  # fmt: skip
    constant = still & ~blank
    if constant.any() and not still.all():
        message = gettext("x: {columns} the same in every example, so mixed-up examples can't be detected there")
        evidence = {"columns": np.flatnonzero(constant).tolist()}
        yield _note("constant-columns", "x", message, evidence, columns=_columns(constant))
    if blank.all():
        message = gettext("x is 0 everywhere: the first layer's weights have gradient 0, and aren't tested")
        yield _note("blank-columns", "x", message)


def _columns(mask: Array) -> str:
    numbers = np.flatnonzero(mask)
    named = ", ".join(map(str, numbers[:NAMED])) + (", ..." if len(numbers) > NAMED else "")
    said = gettext("{count} columns ({named}) are") if len(numbers) > 1 else gettext("column {named} is")
    return said.format(count=len(numbers), named=named)


def _of_sizes(n_examples: int, shapes: Mapping[str, tuple[int, ...]]) -> Iterator[Finding]:
    """Yield notes on equal sizes that a formula could confuse; the shapes are without the batch's axis."""
    as_wide = [name for name, shape in shapes.items() if n_examples in shape]
    if n_examples > 1 and as_wide:
        message = gettext(
            "the batch and a side of {tensors} are both {size}: confusing them, in a factor or in a sum over an axis, "
            "can't be detected; use sizes that differ"
        )
        evidence = {"size": n_examples, "tensors": as_wide}
        yield _note("equal-sizes", None, message, evidence, tensors=", ".join(as_wide), size=n_examples)
    square = [name for name, shape in shapes.items() if len(shape) == 2 and shape[0] == shape[1] > 1]
    if square:
        message = gettext(
            "{tensors}: square, so that a size taken from the wrong axis can't be detected, and a transpose only by "
            "its values; use sizes that differ"
        )
        yield _note("square", None, message, {"tensors": square}, tensors=", ".join(square))


def _of_values(matrices: Mapping[str, Array]) -> Iterator[Finding]:
    zero = [name for name, W in matrices.items() if not np.any(W)]
    if zero:
        message = gettext("{tensors}: 0 everywhere, so that nothing passes through, and nothing beyond it is tested")
        yield _note("zero-weights", zero[0], message, {"tensors": zero}, tensors=", ".join(zero))
    square = {name: W for name, W in matrices.items() if W.shape[0] == W.shape[1] > 1 and np.any(W)}
    symmetric = [name for name, W in square.items() if np.array_equal(W, W.T)]
    if symmetric:
        message = gettext("{tensors}: symmetric, so that a missing transpose can't be detected; use random values")
        yield _note("symmetric-weights", symmetric[0], message, {"tensors": symmetric}, tensors=", ".join(symmetric))


def _unseen_decay(model: Any) -> Iterator[Finding]:
    """Yield a note on biases of 0 with a weight decay: a decay of the biases would be 0 too."""
    biases = [parameter for parameter in model.parameters if not parameter.decays]
    lam: float = getattr(model, "weight_decay", 0.0)
    parts = contract.parts_of(model).values()
    has_kinks = any(getattr(type(part), "kinks", Part.kinks) is not Part.kinks for part in parts)
    # With kinks in the model, the check itself replaces biases that are all 0.
    if lam and not has_kinks and biases and not any(to_numpy(b.value).any() for b in biases):
        message = gettext(
            "all biases are 0, so that a weight decay on them by mistake can't be seen; give them random values"
        )
        yield _note("zero-biases-decay", None, message)


def _dead_units(model: Any, batch: Sequence[Array]) -> Iterator[Finding]:
    """Yield notes on layers with many units of slope 0 in every example, which pass no gradient on."""
    with kept(*contract.parts_of(model).values()), contract.trusting_batches(model), contract.in_use(model):
        calls = record(model, lambda: model.loss(*batch, rng=0))
    for call in calls:
        if isinstance(call.part, Activation) and (dead := _dead(call.part, call.arguments)) is not None:
            flat = np.flatnonzero(dead)
            if len(flat) >= MOST * dead.size:
                message = gettext(
                    "{name}: {count} of {units} units are off or saturated in every example, so that nothing before "
                    "them is tested; use other values or inputs"
                )
                evidence, count = {"units": flat.tolist()}, len(flat)
                yield _note("dead-units", call.name, message, evidence, name=call.name, count=count, units=dead.size)


def _dead(activation: Activation, arguments: Mapping[str, Any]) -> Array | None:
    """Return which units have slope 0 in every example, or None if the activation doesn't give its slope."""
    try:
        slope = to_numpy(activation.slope(next(iter(arguments.values()))))
    except Exception:  # a user's activation may have no slope, or a wrong one
        return None
    return np.asarray((np.abs(slope) < FLAT).all(axis=0))
