"""A backward that is declared not to be a derivative: compared with its rule instead of its forward.

    backward(upstream, ...)  --compared with-->  the rule, computed another way          every gradient
    the rule                 --compared with-->  differences of the smoothed forward     where the rule belongs to one
    backward's mean          --compared with-->  differences of the forward's mean       where only the mean is right
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from aescratch.backend import Array
from aescratch.foundations.declared import Declared
from aescratch.foundations.language import Phrase, gettext
from aescratch.inspection.gradcheck.binding import Pair, as_list, call, copied, name_of
from aescratch.inspection.gradcheck.coverage import Coverage
from aescratch.inspection.gradcheck.elsewhere import zero_elsewhere
from aescratch.inspection.gradcheck.numeric import Estimate
from aescratch.inspection.gradcheck.report import FAIL, INCONCLUSIVE, PASS, UNCHECKED, Finding, TensorResult, judge

ROUNDING = 1e-12  # of a gradient's largest entry: rounding between two ways to compute it
DRAWS, MOST_ENTRIES = 4000, 24  # of the noise; of a tensor whose mean is compared
STEP = 0.05  # of an entry's size, or of 1: wide, since draws that a step doesn't change say nothing about the mean
STANDARD_ERRORS = 6.0
TRUNCATION = 1e-3  # of a mean's largest entry: the error that so wide a step may have
TOO_ROUGH = 0.5  # of a mean: if six standard errors exceed it, a factor of two would not be seen


def check_by_rule(
    pair: Pair, expected: Sequence[str], gradients: Mapping[str, Array], upstream: Array, output: Any,
    declared: Declared, tolerance: float, coverage: Coverage, seed: int,
) -> tuple[list[TensorResult], list[Finding]]:  # fmt: skip
    """Return the comparison of each gradient with the rule, and of the rule with its smoothed forward, and a note.

    The rule gives every expected gradient; only backward's well-formed gradients are compared.
    """
    findings = [note(name_of(pair.backward), declared)]
    names = list(gradients)
    try:
        rule = rule_of(pair, declared, expected, upstream, output)
    except Exception as error:
        message = gettext("the declared rule {rule} raised {kind}: {error}; nothing was compared")
        message = message.format(rule=declared.rule, kind=type(error).__name__, error=error)
        return [], [*findings, Finding("rule-raised", None, INCONCLUSIVE, message)]
    misshapen = [name for name in names if np.shape(rule[name]) != np.shape(gradients[name])]
    if misshapen:
        message = gettext("the declared rule {rule} returns a gradient of the wrong shape for {names}")
        message = message.format(rule=declared.rule, names=", ".join(misshapen))
        return [], [*findings, Finding("rule-shape", None, INCONCLUSIVE, message)]
    tensors = [_compared(name, gradients[name], rule[name], declared, tolerance) for name in names]
    zero = zero_elsewhere(tensors, pair, declared.again, upstream, seed)
    for name, tensor in zip(names, tensors, strict=True):
        tensor.zero_is_meant = name in zero
    for argument, forward in declared.smoothed.items():
        smooth = Pair(forward, pair.backward, pair.inputs)
        belonging = {name: rule[name] for name in names if argument in ("", name)}
        smoothed = coverage.compare_all("smoothed", smooth, belonging, upstream, tolerance)
        for tensor in smoothed:
            tensor.rule, tensor.numeric_is = declared.rule, Phrase("the difference quotient of the smoothed forward")
            tensor.zero_is_meant = tensor.name.removeprefix("smoothed_") in zero
        tensors += smoothed
    if declared.in_the_mean:
        tensors += [_in_the_mean(pair, names, number, upstream, declared, seed) for number in range(len(names))]
        message = gettext(
            "{tensors}: backward's mean over {draws} draws, compared with differences of the forward's, within "
            "{errors:g} standard errors"
        ).format(tensors=", ".join(f"mean_{name}" for name in names), draws=DRAWS, errors=STANDARD_ERRORS)
        findings.append(Finding("declared-mean", None, "note", message, {"draws": DRAWS}))
    return tensors, findings


def note(who: str, declared: Declared) -> Finding:
    """Return the note that a rule was checked instead of a derivative."""
    message = gettext(
        "{who} is declared not to be the derivative of its forward: it was checked against a rule, {rule}, "
        "{formula} ({source})"
    ).format(who=who, rule=declared.rule, formula=declared.formula, source=declared.source)
    evidence = {"rule": declared.rule, "formula": declared.formula, "source": declared.source}
    return Finding("declared-rule", None, "note", message, evidence)


def rule_of(pair: Pair, declared: Declared, names: Sequence[str], upstream: Array, output: Any) -> dict[str, Array]:
    """Return the rule's gradients by input."""
    returned = call(declared.again, pair.arguments(upstream, output))
    gradients = as_list(returned)
    if len(gradients) != len(names):
        message = gettext("it returned {count} gradients, and backward returned {expected}")
        raise ValueError(message.format(count=len(gradients), expected=len(names)))
    return {name: np.asarray(gradient, np.float64) for name, gradient in zip(names, gradients, strict=True)}


def _compared(name: str, analytic: Array, rule: Array, declared: Declared, tolerance: float) -> TensorResult:
    error = ROUNDING * float(np.max(np.abs(rule), initial=0.0))
    tensor = judge(f"grad_{name}", np.asarray(analytic), [Estimate(float(v), error) for v in rule.flat], tolerance)
    return replace(tensor, rule=declared.rule, numeric_is=Phrase("the declared rule {rule}", rule=declared.rule))


def _in_the_mean(
    pair: Pair, names: Sequence[str], number: int, upstream: Array, declared: Declared, seed: int
) -> TensorResult:
    """Return the comparison of backward's mean with differences of the forward's mean, over the same draws."""
    if "rng" not in pair.inputs:
        message = gettext(
            "expected {forward} to take a seed as its argument rng, since its backward is declared right in the "
            "mean over its draws; add the argument, and pass it in inputs"
        )
        raise TypeError(message.format(forward=name_of(pair.forward)))
    name = names[number]
    value = pair.inputs[name]
    flat = np.sort(np.random.default_rng(seed).permutation(value.size)[:MOST_ENTRIES])
    given, quotients = np.zeros((DRAWS, flat.size)), np.zeros((DRAWS, flat.size))
    for draw in range(DRAWS):
        here = pair.at({**copied(pair.inputs), "rng": seed + draw})
        given[draw] = np.reshape(here.gradients(upstream, here.output())[number], -1)[flat]
        for column, entry in enumerate(flat):
            quotients[draw, column] = _quotient(here, name, int(entry), upstream)
    return _judged_mean(name, value.shape, flat, given, quotients, declared)


def _quotient(pair: Pair, name: str, entry: int, upstream: Array) -> float:
    values, step = pair.inputs[name].reshape(-1), STEP * max(1.0, abs(float(pair.inputs[name].flat[entry])))
    start, found = values[entry], []
    for sign in (1, -1):
        values[entry] = start + sign * step
        found.append(float((upstream * pair.output()).sum()))
    values[entry] = start
    return (found[0] - found[1]) / (2 * step)


def _judged_mean(
    name: str, shape: tuple[int, ...], flat: Array, given: Array, quotients: Array, declared: Declared
) -> TensorResult:
    analytic, numeric = given.mean(axis=0), quotients.mean(axis=0)
    allowed = STANDARD_ERRORS * (given - quotients).std(axis=0) / np.sqrt(len(given))
    largest = float(np.max(np.abs(numeric), initial=0.0))
    off = np.abs(analytic - numeric)
    rough = allowed > TOO_ROUGH * np.maximum(np.abs(analytic), np.abs(numeric))
    verdicts = np.where(off > allowed + TRUNCATION * largest, FAIL, np.where(rough, INCONCLUSIVE, PASS))
    size = int(np.prod(shape))
    sides, all_verdicts = np.full((2, size), np.nan), np.full(size, UNCHECKED, "<U12")
    sides[:, flat], all_verdicts[flat] = (analytic, numeric), verdicts
    return TensorResult(
        f"mean_{name}", sides[0].reshape(shape), sides[1].reshape(shape), all_verdicts.reshape(shape),
        np.full((*shape, 2), np.nan), declared.rule, Phrase("the difference quotient of the forward's mean"),
    )  # fmt: skip
