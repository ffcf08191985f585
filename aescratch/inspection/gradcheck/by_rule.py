"""A backward that is declared not to be a derivative: compared with its rule instead of its forward.

    backward(upstream, ...)  --compared with-->  the rule, computed another way          every gradient
    the rule                 --compared with-->  differences of the smoothed forward     where the rule belongs to one
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from aescratch.backend import Array
from aescratch.foundations.declared import Declared
from aescratch.foundations.language import Phrase, gettext
from aescratch.inspection.gradcheck.binding import Pair, as_list, call, name_of
from aescratch.inspection.gradcheck.coverage import Coverage
from aescratch.inspection.gradcheck.elsewhere import zero_elsewhere
from aescratch.inspection.gradcheck.numeric import Estimate
from aescratch.inspection.gradcheck.report import INCONCLUSIVE, Finding, TensorResult, judge

ROUNDING = 1e-12  # of a gradient's largest entry: rounding between two ways to compute it


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
        raise ValueError(f"it returned {len(gradients)} gradients, and backward returned {len(names)}")
    return {name: np.asarray(gradient, np.float64) for name, gradient in zip(names, gradients, strict=True)}


def _compared(name: str, analytic: Array, rule: Array, declared: Declared, tolerance: float) -> TensorResult:
    error = ROUNDING * float(np.max(np.abs(rule), initial=0.0))
    tensor = judge(f"grad_{name}", np.asarray(analytic), [Estimate(float(v), error) for v in rule.flat], tolerance)
    return replace(tensor, rule=declared.rule, numeric_is=Phrase("the declared rule {rule}", rule=declared.rule))
