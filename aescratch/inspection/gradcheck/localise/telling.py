"""The sentences about the first mistake: in a part, or between the parts, with file and line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from aescratch.backend import Array
from aescratch.foundations.language import Phrase, gettext, gettext_noop, told
from aescratch.inspection.gradcheck import causes
from aescratch.inspection.gradcheck.binding import Pair
from aescratch.inspection.gradcheck.findings import is_ours, shown_path
from aescratch.inspection.gradcheck.localise.alone import Alone
from aescratch.inspection.gradcheck.localise.factors import Factor, number
from aescratch.inspection.gradcheck.localise.oracle import Comparison
from aescratch.inspection.gradcheck.localise.step import Seen, place_of
from aescratch.inspection.gradcheck.localise.wiring import NUMERIC, Fault
from aescratch.inspection.gradcheck.report import Finding

Place = tuple[str, int] | None
LEFT_OVER = Phrase("the gradient left by the previous pass")
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
    "left-over": gettext_noop("What does grad contain before backward begins, and which line must overwrite it?"),
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


def of_part(alone: Alone, shape_fault: str, wrong: Sequence[str], spoiled: Sequence[str]) -> list[Finding]:
    """Return the finding about a part with a wrong gradient, with the cause if the arrays show it."""
    name, is_term = alone.passes.name, alone.passes.is_term
    backward, forward = place_of(alone.part.backward), place_of(alone.part.forward)
    place = theirs(backward, forward)
    evidence = {**_evidence(name, place), "kind": "part", "tensors": [*wrong, *spoiled]}
    where = f"{type(alone.part).__name__}.backward"
    if shape_fault:
        what = shape_fault
    elif spoiled:
        what = gettext("changes what other parts have put into the gradient of {names}").format(names=_listed(spoiled))
    elif is_term:
        what = gettext("gives a wrong gradient for {names}").format(names=_listed(wrong))
    else:
        what = gettext("gets the right gradient, but returns a wrong one for {names}").format(names=_listed(wrong))
    message = gettext(
        "going back from the loss, {part} is the first wrong part: it {what}"
    ).format(part=name, what=what)
    if place is not backward:
        other = gettext("; its forward ({place}) isn't the forward that {backward} belongs to")
        message += other.format(place=_shown(place), backward=where)
    else:
        message += f" ({where}, {_shown(place)})"
    return _with_causes(Finding("first-wrong", name, "error", message, evidence), alone.pair, alone.names)


def of_wiring(model: Any, tensor: str, place: Place, text: str, kind: str, evidence: dict[str, Any]) -> Finding:
    """Return the finding for a fault in the model's own backward, or in its loss if only the loss isn't ours."""
    name, lost = type(model).__name__, place_of(model.loss)
    function = f"{name}.backward"
    if _is_ours(place) and lost is not None and not _is_ours(lost):
        place, function = lost, f"{name}.loss"
    message = gettext(
        "on the way back from the loss, the first mistake is this: {text}; look at {function} ({place})"
    ).format(text=text, function=function, place=_shown(place))
    evidence = {**_evidence(tensor, place), "kind": "wiring", "function": function, "fault": kind, **evidence}
    return Finding("first-wrong", tensor, "error", message, evidence, question=gettext(QUESTIONS[kind]))


def theirs(*places: Place) -> Place:
    """Return the first of the places outside this package, or else the first known place."""
    known = [place for place in places if place is not None]
    return next((place for place in known if not _is_ours(place)), known[0] if known else None)


def _is_ours(place: Place) -> bool:
    return place is not None and is_ours(place[0])


def _of_call(name: str, place: Place, fault: str, message: str, cause: str, **more: Any) -> Finding:
    """Return the finding about a part that is called in a wrong way."""
    evidence = {**_evidence(name, place), "kind": "wiring", "fault": fault, **more}
    return Finding("first-wrong", name, "error", message, evidence, cause, gettext(QUESTIONS[fault]))


def of_shared(model: Any, places: Sequence[str]) -> Finding:
    """Return the finding about one object in several places of a model."""
    message = gettext("{parts} are one object, which remembers only one forward pass, but each place needs its own")
    cause = gettext("{parts} share one object: in every place its backward uses the values of its last forward")
    message, cause = message.format(parts=_listed(places)), cause.format(parts=_listed(places))
    return _of_call(places[0], place_of(type(model).__init__), "shared", message, cause, places=list(places))


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
    return _of_call(name, again.place, "twice", message, cause, function=function)


def description(about: str, comparison: Comparison) -> tuple[str, float | None, dict[str, Any]]:
    """Return how a given gradient differs from the truth: in words, as a factor if it is a multiple, and in numbers."""
    if not np.isfinite(comparison.given).all():
        return gettext("{about} holds numbers that are NaN or infinite").format(about=about), None, {}
    given, truth = comparison.known
    ratio, is_multiple = multiple(given, truth)
    lengths = float(np.linalg.norm(given) * np.linalg.norm(truth))
    evidence = {"cosine": float(given @ truth) / lengths if lengths > 0 else 0.0, "ratio": ratio}
    if is_multiple:
        return gettext("{about} is wrong").format(about=about), ratio, evidence
    text = gettext(
        "{about} is wrong, and not a combination of the parts' gradients (its cosine with the right one is "
        "{cosine:.4f}, its projection {ratio:.4g} times as long)"
    ).format(about=about, cosine=evidence["cosine"], ratio=ratio)
    return text, None, evidence


def multiple(given: Array, truth: Array) -> tuple[float, bool]:
    """Return the projection of the given gradient on the truth, as a factor, and whether it is only a multiple."""
    ratio = float(given @ truth / (truth @ truth)) if truth.any() else 0.0
    return ratio, bool(ratio and np.linalg.norm(given - ratio * truth) <= NUMERIC * np.linalg.norm(given))


def sentence(fault: Fault, factor: Factor | None = None) -> str:
    """Return what is wrong with one share; the factor is for a share that appears a wrong number of times."""
    label = told(fault.share.label)
    if fault.share.part:
        label = gettext("the gradient from {part}").format(part=label)
    if factor is None:
        return gettext(FAULTS[fault.kind]).format(share=label)
    if fault.kind == "doubled" and factor.is_twice:
        said = gettext("{share} is in it twice")
        if fault.expected != 1:
            said = gettext("{share} is in it twice as often as in the loss")
        return said.format(share=label)
    said = gettext("{share} is {factor}").format(share=label, factor=factor.in_words())
    in_loss = gettext("; the loss has it {times} times").format(times=number(fault.expected))
    return said + in_loss if fault.expected != 1 else said


def _with_causes(first: Finding, pair: Pair, names: Sequence[str]) -> list[Finding]:
    """Return the finding with the cause that the arrays show, and further findings about them."""
    found = causes.explain(pair, names)
    claimed = next((finding for finding in found if finding.cause), None)
    if claimed is not None:
        first.cause, first.question, first.proof = claimed.cause, claimed.question, claimed.proof
        first.evidence |= {name: claimed.evidence[name] for name in OF_LINE if name in claimed.evidence}
    else:
        first.question = gettext(QUESTIONS["part"])
    rest = [finding for finding in found if finding.cause != first.cause or not finding.cause]
    for finding in rest:
        finding.tensor = f"{first.tensor}: {finding.tensor}"
    return [first, *rest]


def _evidence(part: str, place: Place) -> dict[str, Any]:
    file, line = (shown_path(place[0]), place[1]) if place is not None else (None, None)
    return {"part": part, "file": file, "line": line}


def _shown(place: Place) -> str:
    return f"{shown_path(place[0])}:{place[1]}" if place is not None else gettext("in code without a file")


def _listed(names: Sequence[str]) -> str:
    return gettext(" and ").join([", ".join(names[:-1]), names[-1]] if len(names) > 2 else names)
