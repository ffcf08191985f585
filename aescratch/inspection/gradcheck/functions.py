"""Checking a pair of functions: what a backward returns against finite differences of its forward.

    inputs --forward--> y;   objective = Σ upstream ⊙ y, with a random upstream away from zero
    backward(upstream, inputs or y, by name) -> gradients, compared with differences of the objective

Invalid input of the caller raises; a wrong result of the backward is a finding.
"""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from aescratch.backend import Array
from aescratch.foundations.declared import declaration_of
from aescratch.foundations.language import gettext
from aescratch.functions import AS_WRITTEN
from aescratch.inspection.gradcheck import laws
from aescratch.inspection.gradcheck.belonging import belonging
from aescratch.inspection.gradcheck.binding import (
    Pair,
    as_differentiable,
    as_list,
    bind,
    call,
    changed,
    check_kinds,
    check_names,
    completed_by_held,
    copied,
    copy_of,
    draw_upstream,
    name_of,
    same,
    signature_of,
)
from aescratch.inspection.gradcheck.by_rule import check_by_rule
from aescratch.inspection.gradcheck.checking import Check, Options
from aescratch.inspection.gradcheck.coarsely import COARSE_TOLERANCE, compare_coarsely, is_staircase, seen_coarsely
from aescratch.inspection.gradcheck.coverage import Coverage
from aescratch.inspection.gradcheck.elsewhere import flat_elsewhere, zero_elsewhere
from aescratch.inspection.gradcheck.findings import problem_with, well_formed
from aescratch.inspection.gradcheck.fixtures import audit_inputs
from aescratch.inspection.gradcheck.keeping import kept
from aescratch.inspection.gradcheck.offsets import SLIGHT, Offsets
from aescratch.inspection.gradcheck.report import FAIL, MALFORMED, PASS, Finding, Report, TensorResult
from aescratch.inspection.gradcheck.styles import in_blocks, owner_of, recognised
from aescratch.inspection.gradcheck.surroundings import aloud, kept_random_state, quiet, watched
from aescratch.inspection.gradcheck.warned import tell_where

OUTPUT_NAMES = ("y", "h", "z")  # names under which a backward takes its forward's output
NOTHING_TO_COMPARE = ("not-deterministic",)
UNUSABLE = ("raised", "wrong-type", "wrong-dtype", "wrong-count", "not-finite")
# Codes that say nothing about a cause: one is still looked for.
SAYS_NOTHING_OF_A_CAUSE = ("not-linear", "upstream-ignored", "wrong-shape")


def check_function(
    forward: Callable[..., Any], backward: Callable[..., Any] | Mapping[str, Any] | None = None,
    inputs: Mapping[str, Any] | None = None, *,
    wrt: Sequence[str] | None = None, blocks: Mapping[str, Any] | None = None, held: Mapping[str, str] | None = None,
    rng: int = 0, tolerance: float = 1e-6, mode: str = "exhaustive", time_limit: float | None = 60.0,
    explain: bool = True,
) -> Report:  # fmt: skip
    """Check the gradients that a backward function returns for its forward.

    Backward's arguments are bound by name. A name of a forward's argument is that argument, with its given or default
    value; ``grad_q``, or a name such as ``dout`` where none begins with ``grad_``, is the upstream gradient of the
    output; one other name is the forward's output. A backward that `surrogate_gradient` declares is compared with its
    rule instead.

    Other styles are recognised by what one call of forward returns. With a backward: ``(y, cache)``, where backward
    takes the cache after the upstream gradient; several outputs, with one upstream gradient for each; an array, for a
    backward without upstream gradient, where the objective is the array's sum. Without a backward: ``(y, back)``;
    ``(loss, gradients)``, a tuple or a list; a class built on ``torch.autograd.Function``. Two methods of an object may
    keep what they need in the object. A forward that draws from the global random state gets the same numbers in every
    call.

    Parameters
    ----------
    forward : callable
        Returns one array, or a number; the same result for the same inputs.
    backward : callable, optional
        Returns one gradient, or a tuple of several. Omit it for a forward that returns its gradients itself.
    inputs : dict
        The forward's arguments by name; those with a gradient must be arrays of floats.
    wrt : list of str, optional
        Which inputs the gradients belong to, in order. By default the forward's leading arguments: as many as our own
        pair returns for a function of `aescratch.functions`, else the leading arrays of floats, as many as backward
        returns. If only other inputs fit the gradients, those are used, and the report says so.
    blocks : dict, optional
        The names and shapes of the parameters in an input that holds them all in one array, such as
        ``{"W1": (5, 3), "b1": (3,)}``, in order. Each is checked separately.
    held : dict of str to str, optional
        Arguments of forward that are held copies of others: ``{"E_held": "E"}`` stands for sg[E], the stop-gradient of
        E. They aren't among the inputs, and get no gradient.
    rng : int
        The seed of the upstream gradient.
    tolerance : float
        The relative difference that is allowed, in addition to the numeric estimate's own error.
    mode : str
        ``"exhaustive"`` for every entry, ``"sampled"`` for some entries of each input, ``"directional"`` for several
        random directions in each, ``"auto"`` for exhaustive with few entries and directional with many.
    time_limit : float, optional
        The most seconds that a call of backward may take.
    explain : bool
        Whether to look for the cause of a wrong gradient.

    Returns
    -------
    Report
        Print it; `.verdict` is pass, fail or inconclusive.

    Raises
    ------
    TypeError, ValueError
        If inputs or names are invalid; mistakes of the backward are findings instead.

    Examples
    --------
    >>> from aescratch import functions
    >>> x = np.random.default_rng(0).normal(size=(7, 3))
    >>> check_function(functions.tanh, lambda grad_y, y: grad_y * (1 - y**2), {"a": x}).verdict
    'pass'
    >>> check_function(functions.tanh, lambda grad_y, y: grad_y * (1 - y), {"a": x}).verdict
    'fail'
    >>> def square(a):
    ...     return a**2, lambda grad_y: 2 * a * grad_y
    >>> check_function(square, inputs={"a": x}).verdict
    'pass'
    """
    options = Options(rng, tolerance, time_limit, explain)
    if isinstance(backward, Mapping) and inputs is None:
        backward, inputs = None, backward
    notes: list[Finding] = []
    if held:
        inputs = completed_by_held(inputs, held)
    with kept(*owner_of(forward, backward)), kept_random_state(), quiet():
        if isinstance(inputs, Mapping):
            check_kinds(inputs)
        first, back = recognised(forward, backward, inputs, rng, notes)
        pair = bind(first, back, inputs, held)
        if blocks is not None:
            pair, wrt = in_blocks(pair, blocks), list(blocks) if wrt is None else wrt
        expected = check_names(wrt, pair) if wrt is not None else _own_arguments(pair)
        title = gettext("{backward} for {forward}").format(backward=name_of(back), forward=name_of(first))
        report = check_pair(title, pair, expected, options, mode, is_sure=expected is not None)
    report.findings[:0] = notes
    return report


def check_pair(
    title: str, pair: Pair, expected: Sequence[str] | None, options: Options, mode: str,
    parameters: Sequence[str] = (), is_sure: bool = False,
) -> Report:  # fmt: skip
    """Return the report on a pair; `expected` are the arguments with a gradient from backward, None if unknown.

    For a parameter, a gradient of 0 tests nothing. Unless `expected` is certain, other inputs take the places of these
    names if only they fit.
    """
    names = pair.differentiable if expected is None else expected
    pair.inputs = {**pair.inputs, **{name: as_differentiable(name, pair.inputs[name]) for name in names}}
    coverage = Coverage(mode, [pair.inputs[name].size for name in names], options.rng)
    check = PairCheck(options, coverage, pair, expected, list(names), parameters, is_sure)
    tensors = check.run()
    declared = declaration_of(pair.backward)
    by_rule = gettext(", by the declared rule {rule}").format(rule=declared.rule) if declared else ""
    title = gettext("gradient check of {what}{by_rule}, rng={rng}").format(what=title, by_rule=by_rule, rng=options.rng)
    sizes = [pair.inputs[tensor.name.partition("_")[2]].size for tensor in tensors]
    tolerance = COARSE_TOLERANCE if check.coarse else options.tolerance
    return Report(title + check.coverage.described(tensors, sizes), tensors, check.findings, tolerance)


@dataclass
class PairCheck(Check):
    """The check of a pair."""

    pair: Pair
    expected: Sequence[str] | None
    names: list[str]  # the inputs that the gradients belong to
    parameters: Sequence[str]
    is_sure: bool
    output: Any = None
    upstream: Array = field(default_factory=lambda: np.asarray(1.0))
    coarse: list[str] = field(default_factory=list)  # the inputs along which forward computes in float32

    @functools.cached_property
    def offsets(self) -> Offsets:
        """The constants that forward adds in logarithms to keep them finite."""
        return Offsets(self.pair.output, in_logarithms=True)

    def look(self) -> dict[str, Array] | None:
        """Return the gradients that can be compared, by input; add the findings of several calls of both functions."""
        self._look_at_forward()
        gradients: dict[str, Array] = {}
        with self.reporting():
            gradients = self._look_at_backward()
        return None if self.found(*NOTHING_TO_COMPARE) or not np.isfinite(self.output).all() else gradients

    def _look_at_forward(self) -> None:
        pair, name = self.pair, name_of(self.pair.forward)
        arguments = copied(pair.inputs)
        with aloud(), watched(name, self.findings, "note"):
            self.output = copy_of(_evaluate(pair, arguments))
        for argument in changed(arguments, pair.inputs):
            message = gettext(
                "{who} changed {name}, one of its arguments; work on a copy, since the caller still needs it"
            )
            message = message.format(who=name, name=argument)
            self.findings.append(Finding("changed-argument", argument, "note", message, {"by": name}))
        if not same(self.output, _evaluate(pair, copied(pair.inputs))):
            message = gettext(
                "{who} isn't deterministic: a second call with these inputs gave another output; freeze its noise"
            )
            self.findings.append(Finding("not-deterministic", None, "error", message.format(who=name)))
        if not np.isfinite(self.output).all():
            count = int((~np.isfinite(self.output)).sum())
            message = gettext(
                "{who} returns {count} numbers that are NaN or infinite and have no gradient; use other inputs"
            ).format(who=name, count=count)
            found = Finding("not-finite", None, "inconclusive", message, {"entries": count})
            self.findings.append(tell_where(found, lambda: _evaluate(pair, copied(pair.inputs))))
        if np.ndim(self.output):
            pair.require_upstream()
        dtype = getattr(self.output, "dtype", np.dtype(float))
        if dtype.itemsize < 8:
            self.coarse = list(pair.differentiable)
        if pair.output_name not in (None, *OUTPUT_NAMES):
            message = gettext("{name} was taken for {who}'s output").format(name=pair.output_name, who=name)
            self.findings.append(Finding("output-name", pair.output_name, "note", message))
        self.upstream = draw_upstream(np.shape(self.output), self.options.rng)

    def _look_at_backward(self) -> dict[str, Array]:
        def backward(upstream: Array) -> list[Any]:
            return list(self.in_time(lambda: self.pair.gradients(upstream, self.output)))

        arguments = self.pair.arguments(self.upstream, self.output)
        before = copied(arguments)
        with aloud(), watched("backward", self.findings, "note"):
            returned = self.in_time(lambda: call(self.pair.backward, arguments))
        gradients = as_list(returned)
        self.findings += laws.of_the_arguments(arguments, before, gradients)
        first = copy.deepcopy(gradients)  # before a second call can write into the same memory
        others = backward(self.upstream)
        arrays = [(a, b) for a, b in zip(first, others, strict=False) if isinstance(a, (np.ndarray, np.generic))]
        if len(first) != len(others) or not all(same(a, b) for a, b in arrays):
            message = gettext(
                "a second backward with the same arguments returns another result; keep no state between calls"
            )
            self.findings.append(Finding("not-repeatable", None, "error", message))
        self._find_names(first)
        fine, wrong = well_formed(self.pair.inputs, self.names, first, returned)
        for finding in wrong:
            if finding.code == "not-finite":
                tell_where(finding, lambda: backward(self.upstream))
        self.findings += wrong
        if self.pair.upstream_names and not self.found("not-repeatable", *MALFORMED):
            self.findings += laws.of_the_upstream(backward, self.upstream, fine)
        return fine

    def _find_names(self, gradients: Sequence[Any]) -> None:
        """Find out which inputs the gradients belong to, if that is uncertain."""
        if self.expected is None and gradients:
            self.names = self.names[: len(gradients)]
        if not (self.is_sure or declaration_of(self.pair.backward)) and len(self.names) == len(gradients):
            inputs = [name for name in self.pair.differentiable if name not in self.parameters]
            shapes = {name: np.shape(self.pair.inputs[name]) for name in inputs}
            advice = gettext('; pass wrt=["{}"] to choose the input') if self.expected is None else ""
            self.findings += belonging(self.names, gradients, shapes, self._fits, advice)

    def _fits(self, name: str, gradient: Any) -> bool:
        """Whether an array is the gradient of this input, by a few directions."""
        if problem_with(gradient, self.pair.inputs[name].shape) is not None or not gradient.any():
            return False
        return self.coverage.agrees(self.pair, name, gradient, self.upstream)

    def compare(self, gradients: Mapping[str, Array]) -> list[TensorResult]:
        """Return the comparison of each gradient with the differences of Σ upstream ⊙ y, or with a declared rule."""
        pair, upstream, tolerance, seed = self.pair, self.upstream, self.options.tolerance, self.options.rng
        if declared := declaration_of(pair.backward):
            tensors, findings = check_by_rule(
                pair, self.names, gradients, upstream, self.output, declared, tolerance, self.coverage, seed
            )
            self.findings += findings
            return tensors
        tensors = self.coverage.compare_all("grad", pair, gradients, upstream, tolerance)
        for place, (name, tensor) in enumerate(zip(gradients, tensors, strict=True)):
            if name in self.coarse or (
                tensor.verdict != PASS and tensor.analytic.any() and is_staircase(pair, name, self.output)
            ):
                self.coarse = list(dict.fromkeys([*self.coarse, name]))
                tensors[place] = compare_coarsely(f"grad_{name}", pair, name, tensor.analytic, upstream)
        if self.coarse:
            self.findings.append(seen_coarsely(name_of(pair.forward), self.coarse))
        elif any(map(_is_slightly_wrong, tensors)):
            tensors = [self._without(self.offsets, tensor) or tensor for tensor in tensors]
        zero = zero_elsewhere(tensors, pair, pair.backward, upstream, seed) - set(self.parameters)
        for name, tensor in zip(gradients, tensors, strict=True):
            tensor.zero_is_meant = name in zero and flat_elsewhere(pair, name, seed)
        return tensors

    def _without(self, offsets: Offsets, tensor: TensorResult) -> TensorResult | None:
        """Return the comparison of a gradient that is right without a constant that forward adds, and add a finding."""
        name = tensor.name.removeprefix("grad_")
        if not (offsets.values and _is_slightly_wrong(tensor)):
            return None
        with offsets.left_out():
            gradients = {name: tensor.analytic}
            (other,) = self.coverage.compare_all("grad", self.pair, gradients, self.upstream, self.options.tolerance)
        if other.verdict != PASS:
            return None
        cause = gettext("{tensor} is right for {who} without {constants} that it adds").format(
            tensor=tensor.name, who=name_of(self.pair.forward), constants=offsets
        )
        message = cause + gettext("; backward leaves it out, so that the gradient is off by up to {error:.1e}").format(
            error=tensor.max_relative_error
        )
        evidence: dict[str, Any] = {"hypothesis": "left-out-constant", "values": sorted(offsets.values)}
        if offsets is self.offsets:
            self.findings.append(Finding("left-out-constant", tensor.name, "note", message, evidence))
        else:
            question = gettext("Which small number does the forward add, and where does it appear in your divisor?")
            self.findings.append(Finding("cause", tensor.name, "error", message, evidence, cause, question))
        return other

    def look_further(self, tensors: Sequence[TensorResult], gradients: Mapping[str, Array]) -> None:
        """Add the causes of wrong gradients, and notes on mistakes that the inputs would hide."""
        errors = [f.code for f in self.findings if f.severity == "error" and f.code != "wrong-values"]
        is_wrong = "wrong-shape" in errors or any(tensor.verdict == FAIL for tensor in tensors)
        in_order = set(errors) <= {*SAYS_NOTHING_OF_A_CAUSE} and declaration_of(self.pair.backward) is None
        unusable = next((f for f in self.findings if f.code in UNUSABLE and f.severity == "error"), None)
        if self.options.explain and (unusable or (in_order and is_wrong)) and not self.coarse:
            from aescratch.inspection.gradcheck import causes  # large, while most gradients are right

            if unusable:
                causes.mend(unusable, self.pair, self.names, seed=self.options.rng)
                return
            with self.offsets.left_out():
                told = causes.explain(self.pair, self.names, seed=self.options.rng)
            if self.offsets.values and not any(finding.cause for finding in told):
                told = causes.explain(self.pair, self.names, seed=self.options.rng)
            everywhere = Offsets(self.pair.output, in_logarithms=False)
            known = {tensor.name for tensor in tensors if self._without(everywhere, tensor)}
            self.findings += [finding for finding in told if finding.tensor not in known]
        self.findings += getattr(self.pair.backward, "remarks", {}).values()
        self.findings += audit_inputs(self.pair.inputs, list(gradients))


def _is_slightly_wrong(tensor: TensorResult) -> bool:
    """Whether a gradient isn't right, but only by as much as a small constant may make of it."""
    return tensor.verdict != PASS and 0 < tensor.max_relative_error <= SLIGHT


def _own_arguments(pair: Pair) -> list[str] | None:
    """Return the leading arguments that our own pair returns gradients for, if forward is on the formula sheet.

    A function that an exercise has put in our function's place is not used.
    """
    name = name_of(pair.forward)
    own = AS_WRITTEN.get(f"{name}_backward")
    if own is None or AS_WRITTEN[name] is not pair.forward:
        return None
    ours = Pair(pair.forward, own, pair.inputs)
    output = _evaluate(ours, ours.inputs)
    returned = ours.gradients(draw_upstream(np.shape(output), 0), output)
    return list(signature_of(pair.forward, "forward").parameters)[: len(returned)]


def _evaluate(pair: Pair, inputs: Mapping[str, Any]) -> Any:
    """Return forward's output; raise unless it is one array of floats or a number."""
    output = call(pair.forward, inputs)
    if isinstance(output, (list, tuple)) or not np.issubdtype(np.asarray(output).dtype, np.floating):
        kind = output.dtype if isinstance(output, np.ndarray) else type(output).__name__
        message = gettext(
            "expected {name} to return one array of floats, got {kind}; return one array, or pass a backward that "
            "takes all of the returned values"
        )
        raise TypeError(message.format(name=name_of(pair.forward), kind=kind))
    return output
