"""The sentences about the first mistake: in a part, or between the parts, with file and line."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from aescratch.backend import Array
from aescratch.foundations.language import gettext, gettext_noop, joined, told
from aescratch.inspection.gradcheck import causes
from aescratch.inspection.gradcheck.findings import is_ours, shown_path
from aescratch.inspection.gradcheck.lines.scene import Slopes
from aescratch.inspection.gradcheck.localise.alone import Alone
from aescratch.inspection.gradcheck.localise.step import Seen, place_of
from aescratch.inspection.gradcheck.localise.wiring import Fault, multiple
from aescratch.inspection.gradcheck.report import Finding

Place = tuple[str, int] | None
SIMPLE = 12  # the largest denominator of a number that is written as a fraction
NEAR = 1e-5  # of the factor: the fraction must be as near
FAULTS = {
    "missing": gettext_noop("{share} is missing"),
    "extra": gettext_noop("{share} is in it, but doesn't belong there"),
    "sign": gettext_noop("{share} has the wrong sign"),
}  # fmt: skip
QUESTIONS = {
    "missing": gettext_noop(
        "By how many paths does this value reach the loss, and where does the gradient of each come back?"
    ),
    "extra": gettext_noop("Which terms of the loss depend on this value, and which don't?"),
    "sign": gettext_noop("Does this term raise the loss or lower it, and is its gradient added or subtracted?"),
    "doubled": gettext_noop("How often does the loss use this value, and how often is its gradient added?"),
    "scaled": gettext_noop("Which factor does this term have in the loss, and which in backward?"),
    "overwritten": gettext_noop(
        "Two paths end in one parameter: what happens to the first path's gradient when the second arrives?"
    ),
    "described": gettext_noop("What happens to the gradient between the part that returned it and this call?"),
    "twice": gettext_noop("What does a second call of backward do to the result of the first?"),
    "shared": gettext_noop(
        "What does a layer keep between forward and backward, and what may overwrite it in between?"
    ),
    "part": gettext_noop("What does forward compute, and does each step have a counterpart in backward?"),
}  # fmt: skip
OF_LINE = ("file", "line", "source", "edit", "was", "now", "repaired", "mends")  # evidence on a wrong line


def of_part(alone: Alone, wrong: Sequence[str]) -> list[Finding]:
    """Return the finding about a part with a wrong gradient, with the cause if the arrays show it."""
    name, backward, forward = alone.passes.name, place_of(alone.part.backward), place_of(alone.part.forward)
    place, where = theirs(backward, forward), f"{type(alone.part).__name__}.backward"
    what = gettext("gets the right gradient, but returns a wrong one for {names}")
    if alone.passes.is_term:
        what = gettext("gives a wrong gradient for {names}")
    message = gettext("going back from the loss, {part} is the first wrong part: it {what}")
    message = message.format(part=name, what=what.format(names=_listed(wrong)))
    if place is not backward:
        other = gettext("; its forward ({place}) isn't the forward that {backward} belongs to")
        message += other.format(place=_shown(place), backward=where)
    else:
        message += f" ({where}, {_shown(place)})"
    first = _first(name, place, message, QUESTIONS["part"], kind="part", tensors=list(wrong))
    found = causes.explain(alone.pair, alone.names)
    claimed = next((finding for finding in found if finding.cause), None)
    if claimed is not None:
        first.cause, first.question, first.proof = claimed.cause, claimed.question, claimed.proof
        first.evidence |= {key: claimed.evidence[key] for key in OF_LINE if key in claimed.evidence}
    rest = [finding for finding in found if finding.cause != first.cause or not finding.cause]
    for finding in rest:
        finding.tensor = f"{name}: {finding.tensor}"
    return [first, *rest]


def of_wiring(
    model: Any, tensor: str, place: Place, text: str, fault: str = "described", cause: str = "", **evidence: Any
) -> Finding:
    """Return the finding for a fault in the model's own backward, or in its loss if only the loss isn't ours."""
    name, lost, place = type(model).__name__, place_of(model.loss), place or place_of(model.backward)
    function = f"{name}.backward"
    if place is not None and is_ours(place[0]) and lost is not None and not is_ours(lost[0]):
        place, function = lost, f"{name}.loss"
    message = gettext(
        "on the way back from the loss, the first mistake is this: {text}; look at {function} ({place})"
    ).format(text=text, function=function, place=_shown(place))
    return _of_fault(tensor, place, fault, message, cause, function=function, **evidence)


def of_shape(model: Any, passes: Seen) -> Finding:
    """Return the finding about an upstream gradient of a wrong shape."""
    text = gettext(
        "the gradient that {part}.backward gets has shape {got}, but the output of its forward has shape {shape}"
    )
    text = text.format(part=passes.name, got=passes.upstream.shape, shape=np.shape(passes.result))
    return of_wiring(model, passes.name, passes.called_back_at, text)


def of_unknown(
    model: Any, tensor: str, place: Place, about: str, found: Array, truth: Slopes, n: int
) -> Finding:  # fmt: skip
    """Return the finding about a gradient that isn't a combination of known shares: as a multiple, or described."""
    said = gettext("{about} is wrong, and not a combination of the parts' gradients")
    ratio = multiple(found, truth)
    if not np.isfinite(found).all():
        said = gettext("{about} holds numbers that are NaN or infinite")
    elif ratio:
        said = gettext("{about} is wrong")
    cause = gettext("all of it is {factor}").format(factor=_in_words(ratio, n)) if _is_plain(ratio, n) else ""
    return of_wiring(model, tensor, place, said.format(about=about), cause=cause, ratio=ratio)


def of_shares(
    model: Any, tensor: str, place: Place, about: str, wrong: Sequence[Fault], n: int, lost: Seen | None,
    later: Seen | None,
) -> Finding:  # fmt: skip
    """Return the finding about shares that a gradient contains a wrong number of times.

    The first may be that of a `lost` part, overwritten by a `later` one.
    """
    worst, kind = wrong[0], wrong[0].kind
    cause = joined("; ", (_sentence(fault, n) for fault in wrong))
    if later is not None and lost is not None:
        kind, cause = "overwritten", gettext(
            "{later}.backward, which comes later, overwrites the gradient from {part}"
        ).format(later=later.name, part=lost.name)
    elif lost is not None and lost.order < 0:
        cause = _sentence(worst, n) + gettext(": {part}.backward is never called").format(part=lost.name)
    share = {"contribution": worst.share.part, "found": worst.found, "expected": worst.expected, "faults": len(wrong)}
    by = {} if later is None else {"by": later.name}
    return of_wiring(model, tensor, place, gettext("{about} is wrong").format(about=about), kind, cause, **share, **by)


def theirs(*places: Place) -> Place:
    """Return the first of the places outside this package, or else the first known place."""
    known = [place for place in places if place is not None]
    return next((place for place in known if not is_ours(place[0])), known[0] if known else None)


def of_shared(model: Any, places: Sequence[str]) -> Finding:
    """Return the finding about one object in several places of a model."""
    message = gettext("{parts} are one object, which remembers only one forward pass, but each place needs its own")
    cause = gettext("{parts} share one object: in every place its backward uses the values of its last forward")
    message, cause = message.format(parts=_listed(places)), cause.format(parts=_listed(places))
    return _of_fault(places[0], place_of(type(model).__init__), "shared", message, cause, places=list(places))


def of_twice(model: Any, again: Seen) -> Finding:
    """Return the finding about a part's backward that gets the right gradient in several calls."""
    name, function = again.name, f"{type(model).__name__}.backward"
    message = gettext(
        "going back from the loss, {part} is the first wrong part: {function} calls its backward a second time "
        "({place}), but its forward was called once"
    ).format(part=name, function=function, place=_shown(again.place))
    cause = gettext(
        "{part}.backward is called twice: each call gets a part of the gradient; add the parts up first, and call it "
        "once"
    ).format(part=name)
    return _of_fault(name, again.place, "twice", message, cause, function=function)


def _of_fault(name: str, place: Place, fault: str, message: str, cause: str, **more: Any) -> Finding:
    """Return the finding about how the model uses its parts."""
    return _first(name, place, message, QUESTIONS[fault], cause, kind="wiring", fault=fault, **more)


def _first(name: str, place: Place, message: str, question: str, cause: str = "", **more: Any) -> Finding:
    file, line = (shown_path(place[0]), place[1]) if place is not None else (None, None)
    evidence = {"part": name, "file": file, "line": line, **more}
    return Finding("first-wrong", name, "error", message, evidence, cause, gettext(question))


def is_told(fault: Fault, n: int) -> bool:
    """Whether a fault can be stated: not by a factor that is neither a simple fraction nor the number of examples.

    Such a factor may change with the batch, as a norm or a limit does.
    """
    return fault.kind not in ("scaled", "doubled") or _is_plain(fault.found / fault.expected, n)


def _is_plain(ratio: float, n: int) -> bool:
    return bool(ratio) and ("." not in _number(ratio) or abs(ratio * n - 1) < NEAR)


def _sentence(fault: Fault, n: int) -> str:
    """Return what is wrong with one share, at a batch of n examples."""
    label = told(fault.share.label)
    if fault.share.part:
        label = gettext("the gradient from {part}").format(part=label)
    if fault.kind in FAULTS:
        return gettext(FAULTS[fault.kind]).format(share=label)
    if fault.kind == "doubled":
        said = gettext("{share} is in it twice")
        if fault.expected != 1:
            said = gettext("{share} is in it twice as often as in the loss")
        return said.format(share=label)
    said = gettext("{share} is {factor}").format(share=label, factor=_in_words(fault.found / fault.expected, n))
    in_loss = gettext("; the loss has it {times} times").format(times=_number(fault.expected))
    return said + in_loss if fault.expected != 1 else said


def _in_words(ratio: float, n: int) -> str:
    """Return words such as ``"half of what it should be"``."""
    text = _number(ratio)
    in_words = {"2": gettext("twice"), "1/2": gettext("half of")}
    many = gettext("{fraction} of") if text.startswith("1/") else gettext("{fraction} times")
    said = gettext("{times} what it should be").format(times=in_words.get(text, many.format(fraction=text)))
    is_n = n > 1 and any(abs(factor - 1) < NEAR for factor in (ratio * n, n / ratio))
    return said + gettext(" ({n} is the number of examples)").format(n=n) if is_n else said


def _number(value: float) -> str:
    """Return a number as a simple fraction if it is one, or as a decimal number."""
    fraction = Fraction(value).limit_denominator(SIMPLE)
    near = fraction and abs(float(fraction) / value - 1) < NEAR
    return str(fraction) if near else f"{value:.4g}"


def _shown(place: Place) -> str:
    return f"{shown_path(place[0])}:{place[1]}" if place is not None else gettext("in code without a file")


def _listed(names: Sequence[str]) -> str:
    return gettext(" and ").join([", ".join(names[:-1]), names[-1]] if len(names) > 2 else names)
