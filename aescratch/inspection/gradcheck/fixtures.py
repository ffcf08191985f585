"""What a check is made with: which mistakes its numbers would hide, and numbers that hide none.

    audit_model(model, batch), audit_inputs(inputs, names) -> notes, each with the mistakes that can't show
    draw_zero_biases(model, seed) -> a note, and biases that aren't exactly on a kink
    example_fixture(model) -> x, or x and labels, about which the audit says nothing

A pass means little where a wrong backward would have passed too: with a batch of one a missing 1/N is no mistake, and
behind units that are off everything is 0. Only what really hides something is said, and each kind of it once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from aescratch.activations import Activation
from aescratch.backend import Array, move, to_numpy
from aescratch.foundations.parts import Part
from aescratch.foundations.validation import require_count
from aescratch.inspection.gradcheck.keeping import kept
from aescratch.inspection.gradcheck.report import Finding
from aescratch.inspection.gradcheck.surrogates import patterns
from aescratch.inspection.recording import record
from aescratch.training import contract

PRIMES = (7, 11, 13, 17, 19, 23, 29, 31)  # numbers of examples to choose from: small, and far from 1
DRAWS = 20  # batches that are drawn, at most, to find one in which no unit is dead
FLAT = 1e-8  # a slope below this passes nothing on that a difference quotient would see
MOST = 0.5  # of a layer's units: where at least so many are dead, that is worth a note
ZERO_BIASES = 0.1  # the spread of what biases of exactly 0 are given
NAMED = 5  # columns, or units, that a note lists one by one


def audit_model(model: Any, batch: Sequence[Array]) -> list[Finding]:
    """Return a note for each property of a batch, or of a model's values, that would hide mistakes."""
    arrays = [to_numpy(array) for array in batch]
    weights = {p.name: to_numpy(p.value) for p in model.parameters if len(p.shape) == 2}
    return [
        *_one_example(arrays[0]), *_equal_rows("x", arrays[0]), *_still_columns(arrays[0]),
        *_equal_sizes(len(arrays[0]), {name: W.shape for name, W in weights.items()}), *_zero(weights),
        *_symmetric(weights), *_unseen_decay(model), *_dead_units(model, batch),
    ]  # fmt: skip


def audit_inputs(inputs: Mapping[str, Any], names: Sequence[str]) -> list[Finding]:
    """Return a note for each property of a function's inputs that would hide mistakes.

    Those called `names` get a gradient; the first that is a matrix is taken for the batch.
    """
    matrices = {name: inputs[name] for name in names if np.ndim(inputs[name]) == 2}
    findings = [*_zero(matrices), *_symmetric(matrices)]
    if matrices:
        name = next(name for name, value in inputs.items() if isinstance(value, np.ndarray) and value.ndim == 2)
        x = inputs[name]
        others = {other: array.shape for other, array in matrices.items() if len(array) != len(x)}
        shapes = {name: x.shape[1:], **others}
        findings += [*_one_example(x), *_equal_rows(name, x), *_equal_sizes(len(x), shapes)]
    return findings


def example_fixture(model: contract.Trainable, rng: int = 0) -> Any:
    """Return a batch to check a model with, about which the audit has nothing to say where the widths allow it.

    Its number of examples is a prime that is none of the model's widths, so that a wrong factor names its dimension;
    its values are random, between 0.1 and 0.9, which every loss takes.

    Parameters
    ----------
    model : object
        One of ours, or one of your own with ``loss``, ``backward`` and ``parameters``, as for `fit`. Where it has no
        `n_inputs`, its first parameter has a row for each.
    rng : int
        The seed of the numbers.

    Returns
    -------
    (N, D) array of floats, or that and labels (N,) for a classifier
        For `check_gradients`.

    Raises
    ------
    TypeError, ValueError
        If it isn't a model, or the seed is none.

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
    """Give biases that are all 0 small random values, where anything in the model has kinks, and note it.

    Where all of a layer's ReLUs are off, the next pre-activations are its biases: at 0, exactly on the kink.
    """
    zeros = [p for p in model.parameters if len(p.shape) == 1 and not to_numpy(p.value).any()]
    if not zeros or not patterns(contract.parts_of(model).values()):
        return
    generator = np.random.default_rng(rng)
    for parameter in zeros:
        parameter.value = move(generator.normal(0, ZERO_BIASES, parameter.shape), contract.backend_of(model))
    names = [parameter.name for parameter in zeros]
    message = (
        f"{', '.join(names)}: all 0, where a ReLU may sit exactly on its kink; checked at small random values instead, "
        "and left as they were"
    )
    yield _note("zero-biases", None, message, parameters=names)


def _note(code: str, tensor: str | None, message: str, **evidence: Any) -> Finding:
    return Finding(code, tensor, "note", message, evidence)


def _one_example(x: Array) -> Iterator[Finding]:
    if len(x) == 1:
        message = (
            "the batch is one example: a missing 1/N, a sum in place of a mean over the batch, and examples mixed up "
            "with each other can't show; give several"
        )
        yield _note("batch-of-one", None, message)


def _equal_rows(name: str, x: Array) -> Iterator[Finding]:
    if len(x) > 1 and x.shape[1] > 1 and (x == x[0]).all():
        message = f"{name}: all {len(x)} rows are equal, so that examples mixed up with each other can't show"
        yield _note("equal-rows", name, message)


def _still_columns(x: Array) -> Iterator[Finding]:
    """Columns that are the same in every example, as the edges of images are; blank ones hide most."""
    still = (x == x[0]).all(axis=0) if len(x) > 1 else np.zeros(x.shape[1], bool)
    blank = (x == 0).all(axis=0)
    if blank.any() and not blank.all():
        message = (
            f"x: {_columns(blank)} 0 in every example, so that what belongs to them in the first layer's weights has "
            "gradient 0 and isn't tested"
        )
        yield _note("blank-columns", "x", message, columns=np.flatnonzero(blank).tolist())
    constant = still & ~blank
    if constant.any() and not still.all():
        message = f"x: {_columns(constant)} the same in every example, where mixed up examples don't show"
        yield _note("constant-columns", "x", message, columns=np.flatnonzero(constant).tolist())
    if blank.all():
        message = "x is 0 everywhere: the first layer's weights have gradient 0, and aren't tested"
        yield _note("blank-columns", "x", message)


def _columns(mask: Array) -> str:
    numbers = np.flatnonzero(mask)
    named = ", ".join(map(str, numbers[:NAMED])) + (", ..." if len(numbers) > NAMED else "")
    return f"{len(numbers)} columns ({named}) are" if len(numbers) > 1 else f"column {named} is"


def _equal_sizes(n_examples: int, shapes: Mapping[str, tuple[int, ...]]) -> Iterator[Finding]:
    """Sizes that a formula could take one for the other; the shapes are without the batch's axis."""
    as_wide = [name for name, shape in shapes.items() if n_examples in shape]
    if n_examples > 1 and as_wide:
        message = (
            f"the batch and a side of {', '.join(as_wide)} are both {n_examples}: the one taken for the other, in a "
            "factor or in a sum over an axis, can't show; use sizes that differ"
        )
        yield _note("equal-sizes", None, message, size=n_examples, tensors=as_wide)
    square = [name for name, shape in shapes.items() if len(shape) == 2 and shape[0] == shape[1] > 1]
    if square:
        message = (
            f"{', '.join(square)}: square, so that a size taken from the wrong axis can't show, and a transpose only "
            "in the values; use sizes that differ"
        )
        yield _note("square", None, message, tensors=square)


def _zero(matrices: Mapping[str, Array]) -> Iterator[Finding]:
    zero = [name for name, W in matrices.items() if not np.any(W)]
    if zero:
        message = f"{', '.join(zero)}: 0 everywhere, so that nothing passes through, and what lies behind isn't tested"
        yield _note("zero-weights", zero[0], message, tensors=zero)


def _symmetric(matrices: Mapping[str, Array]) -> Iterator[Finding]:
    square = {name: W for name, W in matrices.items() if W.shape[0] == W.shape[1] > 1 and np.any(W)}
    symmetric = [name for name, W in square.items() if np.array_equal(W, W.T)]
    if symmetric:
        message = f"{', '.join(symmetric)}: symmetric, so that a missing transpose can't show; use random values"
        yield _note("symmetric-weights", symmetric[0], message, tensors=symmetric)


def _unseen_decay(model: Any) -> Iterator[Finding]:
    """Biases of 0 beside a weight decay, which would be 0 there too."""
    biases = [parameter for parameter in model.parameters if not parameter.decays]
    lam: float = getattr(model, "weight_decay", 0.0)
    parts = contract.parts_of(model).values()
    has_kinks = any(getattr(type(part), "kinks", Part.kinks) is not Part.kinks for part in parts)
    # Where there are kinks, the check puts biases that are all 0 elsewhere by itself.
    if lam and not has_kinks and biases and not any(to_numpy(b.value).any() for b in biases):
        message = "all biases are 0, so that a weight decay wrongly put on them can't show; give them random values"
        yield _note("zero-biases-decay", None, message)


def _dead_units(model: Any, batch: Sequence[Array]) -> Iterator[Finding]:
    """Layers of which many units have slope 0 in every example, and so pass no gradient on."""
    with kept(*contract.parts_of(model).values()), contract.trusting_batches(model), contract.in_use(model):
        calls = record(model, lambda: model.loss(*batch, rng=0))
    for call in calls:
        if isinstance(call.part, Activation) and (dead := _dead(call.part, call.arguments)) is not None:
            flat = np.flatnonzero(dead)
            if len(flat) >= MOST * dead.size:
                message = (
                    f"{call.name}: {len(flat)} of {dead.size} units are off or saturated in every example, so that "
                    "nothing of what lies before them is tested; use other values or inputs"
                )
                yield _note("dead-units", call.name, message, units=flat.tolist())


def _dead(activation: Activation, arguments: Mapping[str, Any]) -> Array | None:
    """Return which units have slope 0 in every example, if the activation says what its slope is."""
    try:
        slope = to_numpy(activation.slope(next(iter(arguments.values()))))
    except Exception:  # an activation of the user's own has none, or a wrong one
        return None
    return np.asarray((np.abs(slope) < FLAT).all(axis=0))
