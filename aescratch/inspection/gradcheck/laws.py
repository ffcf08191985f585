"""Laws that right gradients keep whatever the formulas are, each seen in a few calls, each a finding of its own.

    a pair     gradients are linear in the upstream gradient, and 0 where it is; arguments stay as they were
    a model    backward changes nothing but gradients: no gradient it is given, nothing that the parts remember
               the batch twice over, or its rows in another order, leave loss and gradients as they were
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from aescratch.backend import Array, array_module, to_numpy
from aescratch.inspection.gradcheck.binding import changed, is_array, same
from aescratch.inspection.gradcheck.report import Finding
from aescratch.inspection.recording import Call, observed
from aescratch.training.contract import parts_of

ROUNDING = 1e-5  # of a tensor's largest entry: far above what another order of summing does, in float32 too
NEXT_TO_NOTHING = 1e-7  # of a model's largest gradient: one below is known no better than to rounding of this size
LAST_PLACES = 4 * float(np.finfo(np.float64).eps)  # of an upstream gradient's entries, by which they are moved
CANCELLED = 30.0  # times what such moves change: what the rounding of terms that cancel each other may leave

Gradients = Mapping[str, Array]


def of_the_upstream(backward: Callable[[Array], Sequence[Any]], upstream: Array, gradients: Gradients) -> list[Finding]:
    """Return a finding for each gradient that isn't 0 for an upstream gradient of 0, or isn't linear in it."""
    other = np.asarray(np.random.default_rng(0).uniform(-1.5, 1.5, upstream.shape))
    with np.errstate(all="ignore"):
        returned = [backward(np.asarray(u)) for u in (0 * upstream, other, 2 * upstream + other)]
    if any(len(found) != len(gradients) for found in returned):
        message = "backward returns another number of gradients for another upstream gradient"
        return [Finding("not-linear", None, "error", message)]
    findings = []

    def is_sum(number: int, wanted: Array, *sizes: Array) -> bool:
        at_sum = returned[2][number]
        if _near(at_sum, wanted, *sizes):
            return True
        # Large terms may cancel each other down to their rounding, or to what that of the upstream gradient does.
        rng, total = np.random.default_rng(1), 2 * upstream + other
        moved = [backward(total * (1 + LAST_PLACES * rng.uniform(-1, 1, total.shape)))[number] for _ in range(8)]
        if any(np.shape(each) != np.shape(wanted) for each in (at_sum, *moved)):
            return False
        # Medians, as what a single call gives, or at_sum, may be off by more than rounding.
        far = float(np.median(np.max(np.abs(moved - np.median(moved, axis=0)).reshape(len(moved), -1), axis=1)))
        noise = max(CANCELLED * far, LAST_PLACES * float(np.max(np.abs(total))))
        return _near(at_sum, wanted, *sizes, np.asarray(noise / ROUNDING))

    for number, ((name, gradient), at_zero, at_other) in enumerate(zip(gradients.items(), *returned[:2], strict=True)):
        is_zero = _near(at_zero, 0 * gradient, gradient)
        if not is_zero and np.shape(at_zero) == gradient.shape and np.isfinite(at_zero).all():
            message = (
                f"grad_{name}: where the upstream gradient is 0 everywhere, backward gives up to "
                f"{np.max(np.abs(at_zero)):.3g} and not 0: a part of it doesn't come from the upstream gradient"
            )
            question = f"Which term of grad_{name} has the upstream gradient as a factor, and which one hasn't?"
            findings.append(Finding("upstream-ignored", f"grad_{name}", "error", message, {}, "", question))
        elif not (is_zero and is_sum(number, 2 * gradient + at_other, gradient, at_other)):
            message = (
                f"grad_{name}: backward isn't linear in the upstream gradient: what it gives for 2 u + v isn't twice "
                "that for u and that for v together, or for 0 it isn't 0"
            )
            question = "The chain rule multiplies by the upstream gradient: where is it used in another way than that?"
            findings.append(Finding("not-linear", f"grad_{name}", "error", message, {}, "", question))
    return findings


def _near(found: Any, wanted: Any, *sizes: Array) -> bool:
    """Whether an array is what is wanted, to the rounding of numbers as large as sizes are; NaN never is."""
    if np.shape(found) != np.shape(wanted):
        return False
    allowed = ROUNDING * max(float(np.max(np.abs(size))) for size in sizes)
    return bool(np.all(np.abs(np.asarray(found, np.float64) - wanted) <= allowed))


@contextlib.contextmanager
def nothing_else_changed(model: Any, batch: Sequence[Array], findings: list[Finding]) -> Iterator[None]:
    """Add a finding for each part that changes, in the block's backward, a gradient it is given or what is remembered.

    The batch and the parameters are looked at elsewhere.
    """
    elsewhere = [*batch, *(parameter.value for parameter in model.parameters)]
    remembered = []
    for place, part in parts_of(model).items():
        for name in part.remembers:
            array: Any = part.__dict__.get(name)
            if is_array(array) and not any(_overlap(array, other) for other in elsewhere):
                elsewhere.append(array)  # what several parts remember is said once
                remembered.append((place, name, array, to_numpy(array).copy()))
    copies: list[dict[str, Array]] = []

    def before_call(call: Call) -> None:
        copies.append({name: to_numpy(value).copy() for name, value in call.arguments.items() if is_array(value)})

    def after_call(call: Call) -> None:
        for name, before in copies.pop().items():
            if call.which == "backward" and not same(to_numpy(call.arguments[name]), before):
                message = f"the backward of {call.name} changed {name}, which it was given; work on a copy"
                question = "Who else still needs that gradient, on another path or in a second look at it?"
                evidence = {"part": call.name, "name": name}
                findings.append(Finding("changed-upstream", None, "error", message, evidence, "", question))

    with observed(model, after_call, before_call):
        yield
    for place, name, array, before in remembered:
        if not same(to_numpy(array), before):
            message = f"backward changed {name}, which {place} remembers from the forward pass; work on a copy"
            question = "What does a second backward see there? Does a line with +=, *= or [...] = write into it?"
            evidence = {"part": place, "name": name}
            findings.append(Finding("changed-cache", None, "error", message, evidence, "", question))


def of_the_batch(
    evaluate: Callable[[Sequence[Array], int], Seen], batch: Sequence[Array], rng: int, gradients: Gradients
) -> list[Finding]:
    """Return what the batch twice over, and its rows in reverse order, show about a mean over the batch.

    `evaluate` gives loss, gradients by name, and the pattern of the kinks, for a batch and a seed. A loss that isn't
    such a mean is noted, for its gradients may be right all the same; one that is has gradients that are.
    Noise that a seed freezes doesn't follow its rows: a loss that draws any is left alone.
    """
    here = evaluate(batch, rng)
    if evaluate(batch, rng + 1).loss != here.loss:
        return []
    findings = []
    for law in (DOUBLED, REVERSED):
        seen = evaluate([law.rearranged(array) for array in batch], rng)
        rearranged = [law.rearranged(a) if len(np.atleast_1d(a)) == len(batch[0]) else a for a in here.patterns]
        if any(not same(a, b) for a, b in zip(rearranged, seen.patterns, strict=True)):
            continue  # a kink was crossed by the rounding of another order of summing
        if not _near(seen.loss, here.loss, np.asarray(here.loss)):
            message = f"{law.what} gives the loss {seen.loss:.9g} instead of {here.loss:.9g}: {law.means}"
            findings.append(Finding(law.code, None, "note", message, {"losses": [here.loss, seen.loss]}))
            continue
        finite = {name: gradient for name, gradient in gradients.items() if np.isfinite(gradient).all()}
        largest = max((float(np.max(np.abs(gradient))) for gradient in finite.values()), default=0.0)
        floor = np.asarray(NEXT_TO_NOTHING * largest)
        names = [name for name, g in finite.items() if not _near(seen.gradients[name], g, g, floor)]
        if names:
            message = (
                f"{', '.join(names)}: {law.what} leaves the loss as it was, but gives another gradient; for the same "
                "loss it has to be the same"
            )
            only = names[0] if len(names) == 1 else None
            findings.append(Finding(law.code, only, "error", message, {"tensors": names}, "", law.question))
    return findings


class Seen(NamedTuple):
    """What one evaluation gives: the loss, the gradients by name, and the patterns of the kinks, a row per example."""

    loss: float
    gradients: Gradients
    patterns: Sequence[Array]


class BatchLaw(NamedTuple):
    """One way to rearrange a batch that changes no mean over it."""

    code: str
    rearranged: Callable[[Array], Array]
    what: str
    means: str
    question: str


DOUBLED = BatchLaw(
    "not-a-batch-mean", lambda array: array_module(array).concatenate([array, array]), "the batch twice over",
    "it isn't a mean over the batch",
    "Where does the number of examples enter, and does it enter exactly once?",
)  # fmt: skip
REVERSED = BatchLaw(
    "rows-not-exchangeable", lambda array: array[::-1].copy(), "the batch in reverse order",
    "it depends on the order of the examples",
    "Which line treats one row of the batch in another way than the others?",
)  # fmt: skip


def _overlap(a: Array, b: Array) -> bool:
    """Whether two arrays share memory; CuPy's are compared by their objects only."""
    return a is b or (isinstance(a, np.ndarray) and isinstance(b, np.ndarray) and np.shares_memory(a, b))


def of_the_arguments(
    arguments: Mapping[str, Any], before: Mapping[str, Any], gradients: Sequence[Any]
) -> list[Finding]:  # fmt: skip
    """Return a finding for each argument that backward changed, or returns a view of."""
    findings = []
    for name in changed(arguments, before):
        message = f"backward changed its argument {name}; work on a copy, the caller still needs it"
        findings.append(Finding("changed-argument", name, "note", message))
    arrays = {name: value for name, value in arguments.items() if isinstance(value, np.ndarray)}
    for name, value in arrays.items():
        if any(isinstance(g, np.ndarray) and np.shares_memory(g, value) for g in gradients):
            message = f"backward returns a view of its argument {name}; return an array of its own, say {name}.copy()"
            findings.append(Finding("shared-memory", name, "note", message))
    return findings
