"""Laws that right gradients obey for any formula; each is tested with a few calls and has its own finding.

    a pair     gradients are linear in the upstream gradient, and 0 if it is 0; arguments don't change
    a model    backward writes every parameter.grad, whatever stands there: NaN at first, then numbers, then 0
               backward changes only gradients: not the gradient that it gets, not what the parts remember
               the batch repeated, or its rows in another order, don't change loss and gradients
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from aescratch.backend import Array, array_module, to_numpy
from aescratch.foundations.language import gettext, gettext_noop
from aescratch.inspection.gradcheck.binding import changed, is_array, same
from aescratch.inspection.gradcheck.report import Finding
from aescratch.inspection.recording import Call, observed
from aescratch.training.contract import parts_of

ROUNDING = 1e-5  # of a tensor's largest entry: far above the effect of another order of summation, in float32 too
NEXT_TO_NOTHING = 1e-7  # of a model's largest gradient: a smaller one is known only to rounding of this size
LAST_PLACES = 4 * float(np.finfo(np.float64).eps)  # of an upstream gradient's entries: the size of a perturbation
CANCELLED = 30.0  # times the effect of such a perturbation: the rounding that cancelling terms may leave
SAME = 1e-9  # relative: gradients nearer than this are equal, after what stood there was subtracted
NEVER_WRITTEN, ADDS = "never-written", "adds-gradient"
ADDS_QUESTION = gettext_noop("What does grad contain before backward begins, and which line must overwrite it?")
NEVER_QUESTION = gettext_noop("Which line of backward should write it, and is that line ever reached?")

Gradients = Mapping[str, Array]


def of_the_upstream(backward: Callable[[Array], Sequence[Any]], upstream: Array, gradients: Gradients) -> list[Finding]:
    """Return a finding for each gradient that isn't 0 for an upstream gradient of 0, or isn't linear in it."""
    other = np.asarray(np.random.default_rng(0).uniform(-1.5, 1.5, upstream.shape))
    with np.errstate(all="ignore"):
        returned = [backward(np.asarray(u)) for u in (0 * upstream, other, 2 * upstream + other)]
    if any(len(found) != len(gradients) for found in returned):
        message = gettext("the number of gradients that backward returns depends on the upstream gradient")
        return [Finding("not-linear", None, "error", message)]
    findings = []

    def is_sum(number: int, wanted: Array, *sizes: Array) -> bool:
        at_sum = returned[2][number]
        if _near(at_sum, wanted, *sizes):
            return True
        # Large terms may cancel down to their rounding, or to the effect of the upstream gradient's rounding.
        rng, total = np.random.default_rng(1), 2 * upstream + other
        moved = [backward(total * (1 + LAST_PLACES * rng.uniform(-1, 1, total.shape)))[number] for _ in range(8)]
        if any(np.shape(each) != np.shape(wanted) for each in (at_sum, *moved)):
            return False
        # Medians, since a single call, or at_sum, may be off by more than rounding.
        far = float(np.median(np.max(np.abs(moved - np.median(moved, axis=0)).reshape(len(moved), -1), axis=1)))
        noise = max(CANCELLED * far, LAST_PLACES * float(np.max(np.abs(total))))
        return _near(at_sum, wanted, *sizes, np.asarray(noise / ROUNDING))

    for number, ((name, gradient), at_zero, at_other) in enumerate(zip(gradients.items(), *returned[:2], strict=True)):
        is_zero = _near(at_zero, 0 * gradient, gradient)
        if not is_zero and np.shape(at_zero) == gradient.shape and np.isfinite(at_zero).all():
            message = gettext(
                "{tensor}: for an upstream gradient of 0, backward gives up to {largest:.3g} instead of 0: a part of "
                "the gradient doesn't come from the upstream gradient"
            ).format(tensor=f"grad_{name}", largest=np.max(np.abs(at_zero)))
            question = gettext("Which term of {tensor} has the upstream gradient as a factor, and which doesn't?")
            question = question.format(tensor=f"grad_{name}")
            findings.append(Finding("upstream-ignored", f"grad_{name}", "error", message, {}, "", question))
        elif not (is_zero and is_sum(number, 2 * gradient + at_other, gradient, at_other)):
            message = gettext(
                "{tensor}: backward isn't linear in the upstream gradient: its result for 2 u + v isn't twice that for "
                "u plus that for v, or its result for 0 isn't 0"
            ).format(tensor=f"grad_{name}")
            question = gettext("The chain rule multiplies by the upstream gradient: where is it used in another way?")
            findings.append(Finding("not-linear", f"grad_{name}", "error", message, {}, "", question))
    return findings


def _near(found: Any, wanted: Any, *sizes: Array) -> bool:
    """Whether an array equals another one to the rounding of numbers as large as `sizes`; NaN never does."""
    if np.shape(found) != np.shape(wanted):
        return False
    allowed = ROUNDING * max(float(np.max(np.abs(size))) for size in sizes)
    return bool(np.all(np.abs(np.asarray(found, np.float64) - wanted) <= allowed))


def of_the_writing(
    name: str, on_nan: Array, numbers: Array, on_numbers: Array, on_zeros: Array
) -> tuple[Array, list[Finding]]:
    """Return the gradient to compare, and findings on what backward does with what stands in parameter.grad.

    Given are its results where NaN, numbers and zeros stood. A value that is added counts as if it had been written.
    """
    open_ones, own = ~np.isfinite(on_nan), on_numbers - numbers
    adds_zeros = on_zeros[open_ones].any() and np.isfinite(on_zeros).all()
    if adds_zeros and np.allclose(own[open_ones], on_zeros[open_ones], SAME, SAME * np.abs(numbers).max()):
        message = gettext("backward adds to {name}.grad instead of writing it: the old value is still in it")
        return on_zeros, [Finding(ADDS, name, "error", message.format(name=name), {}, "", gettext(ADDS_QUESTION))]
    findings = []
    untouched = open_ones & (on_numbers == numbers)
    if untouched.any():
        count, size = int(untouched.sum()), untouched.size
        message = gettext("{name}.grad was written only in part: backward left {count} of {entries} entries unchanged")
        if count == size:
            message = gettext("{name}.grad was never written: backward left it unchanged")
        message, question = message.format(name=name, count=count, entries=size), gettext(NEVER_QUESTION)
        findings.append(Finding(NEVER_WRITTEN, name, "error", message, {"entries": count}, "", question))
    broken = ~np.isfinite(on_zeros) & open_ones & ~untouched
    if count := int(broken.sum()):
        message = gettext("backward writes {count} entries of {name}.grad that are NaN or infinite")
        message = message.format(name=name, count=count)
        findings.append(Finding("not-finite", name, "error", message, {"entries": count}))
    if (open_ones & ~untouched & ~broken).any():
        message = gettext("backward computes with the old value of {name}.grad, where it should overwrite it")
        findings.append(Finding(ADDS, name, "error", message.format(name=name), {}, "", gettext(ADDS_QUESTION)))
    return on_nan, findings


@contextlib.contextmanager
def nothing_else_changed(model: Any, batch: Sequence[Array], findings: list[Finding]) -> Iterator[None]:
    """Add a finding for each part that changes its upstream gradient or remembered arrays in the block's backward.

    The batch and the parameters are checked elsewhere.
    """
    elsewhere = [*batch, *(parameter.value for parameter in model.parameters)]
    remembered = []
    for place, part in parts_of(model).items():
        for name in part.remembers:
            array: Any = part.__dict__.get(name)
            if is_array(array) and not any(_overlap(array, other) for other in elsewhere):
                elsewhere.append(array)  # an array that several parts remember is reported once
                remembered.append((place, name, array, to_numpy(array).copy()))
    copies: list[dict[str, Array]] = []

    def before_call(call: Call) -> None:
        copies.append({name: to_numpy(value).copy() for name, value in call.arguments.items() if is_array(value)})

    def after_call(call: Call) -> None:
        for name, before in copies.pop().items():
            if call.which == "backward" and not same(to_numpy(call.arguments[name]), before):
                message = gettext("the backward of {part} changed {name}, its argument; work on a copy")
                message = message.format(part=call.name, name=name)
                question = gettext("Who else still needs that gradient, on another path or later?")
                evidence = {"part": call.name, "name": name}
                findings.append(Finding("changed-upstream", None, "error", message, evidence, "", question))

    with observed(model, after_call, before_call):
        yield
    for place, name, array, before in remembered:
        if not same(to_numpy(array), before):
            message = gettext("backward changed {name}, which {place} remembers from the forward pass; work on a copy")
            message = message.format(name=name, place=place)
            question = gettext(
                "What does a second backward see there? Does a line with +=, *= or [...] = write into it?"
            )
            evidence = {"part": place, "name": name}
            findings.append(Finding("changed-cache", None, "error", message, evidence, "", question))


def of_the_batch(
    evaluate: Callable[[Sequence[Array], int], Seen], batch: Sequence[Array], rng: int, gradients: Gradients
) -> list[Finding]:
    """Return findings from the batch repeated and from its rows in reverse order: a mean over the batch doesn't change.

    `evaluate` returns loss, gradients by name, and the pattern of the kinks, for a batch and a seed. A loss that isn't
    such a mean is only noted, since its gradients may still be right; if it is, its gradients must be means too.
    Noise that a seed freezes doesn't follow the rows, so a loss that draws noise is skipped.
    """
    here = evaluate(batch, rng)
    if evaluate(batch, rng + 1).loss != here.loss:
        return []
    findings = []
    for law in (DOUBLED, REVERSED):
        seen = evaluate([law.rearranged(array) for array in batch], rng)
        rearranged = [law.rearranged(a) if len(np.atleast_1d(a)) == len(batch[0]) else a for a in here.patterns]
        if any(not same(a, b) for a, b in zip(rearranged, seen.patterns, strict=True)):
            continue  # rounding by another order of summation crossed a kink
        if not _near(seen.loss, here.loss, np.asarray(here.loss)):
            message = gettext("{change} gives the loss {now:.9g} instead of {before:.9g}: {means}").format(
                change=gettext(law.what), now=seen.loss, before=here.loss, means=gettext(law.means)
            )
            findings.append(Finding(law.code, None, "note", message, {"losses": [here.loss, seen.loss]}))
            continue
        finite = {name: gradient for name, gradient in gradients.items() if np.isfinite(gradient).all()}
        largest = max((float(np.max(np.abs(gradient))) for gradient in finite.values()), default=0.0)
        floor = np.asarray(NEXT_TO_NOTHING * largest)
        names = [name for name, g in finite.items() if not _near(seen.gradients[name], g, g, floor)]
        if names:
            message = gettext(
                "{tensors}: {change} leaves the loss unchanged, but gives another gradient; it has to be the same for "
                "the same loss"
            ).format(tensors=", ".join(names), change=gettext(law.what))
            only = names[0] if len(names) == 1 else None
            findings.append(Finding(law.code, only, "error", message, {"tensors": names}, "", gettext(law.question)))
    return findings


class Seen(NamedTuple):
    """The result of one evaluation: the loss, the gradients by name, and the kinks' patterns, a row per example."""

    loss: float
    gradients: Gradients
    patterns: Sequence[Array]


class BatchLaw(NamedTuple):
    """A rearrangement of the batch that changes no mean over it."""

    code: str
    rearranged: Callable[[Array], Array]
    what: str
    means: str
    question: str


DOUBLED = BatchLaw(
    "not-a-batch-mean", lambda array: array_module(array).concatenate([array, array]),
    gettext_noop("repeating the batch"), gettext_noop("it isn't a mean over the batch"),
    gettext_noop("Where does the number of examples enter, and does it enter exactly once?"),
)  # fmt: skip
REVERSED = BatchLaw(
    "rows-not-exchangeable", lambda array: array[::-1].copy(),
    gettext_noop("reversing the batch"), gettext_noop("it depends on the order of the examples"),
    gettext_noop("Which line treats one row of the batch in another way than the others?"),
)  # fmt: skip


def _overlap(a: Array, b: Array) -> bool:
    """Whether two arrays share memory; CuPy arrays are compared by identity only."""
    return a is b or (isinstance(a, np.ndarray) and isinstance(b, np.ndarray) and np.shares_memory(a, b))


def _all_of(a: NDArray[Any], b: NDArray[Any]) -> bool:
    """Whether two arrays are the same numbers in the same memory; a confined process never returns the same object."""
    layouts = [(each.__array_interface__["data"][0], each.shape, each.strides, each.dtype) for each in (a, b)]
    return layouts[0] == layouts[1]


def of_the_arguments(
    arguments: Mapping[str, Any], before: Mapping[str, Any], gradients: Sequence[Any]
) -> list[Finding]:  # fmt: skip
    """Return a finding for each argument that backward changed, or returned, or returned a part of."""
    findings = []
    for name in changed(arguments, before):
        message = gettext("{who} changed {name}, one of its arguments; work on a copy, since the caller still needs it")
        message = message.format(who="backward", name=name)
        findings.append(Finding("changed-argument", name, "note", message))
    arrays = {name: value for name, value in arguments.items() if isinstance(value, np.ndarray)}
    for name, value in arrays.items():
        sharing = [g for g in gradients if isinstance(g, np.ndarray) and np.shares_memory(g, value)]
        if sharing:
            message = gettext(
                "backward returns an array that shares memory with its argument {name}: changing one changes the "
                "other; return a copy, made with .copy()"
            )
            if any(_all_of(each, value) for each in sharing):
                message = gettext(
                    "backward returns its argument {name} itself, or a view of all of it; if its values are right, "
                    "return a copy, such as {name}.copy()"
                )
            findings.append(Finding("shared-memory", name, "note", message.format(name=name)))
    return findings
