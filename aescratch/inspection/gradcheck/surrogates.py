"""Parts of a model whose backward is declared not to be a derivative: their stand-ins on the numeric side.

    loss at the current values     --> a0, y0, and J, the declared rule for every entry of y
    loss at moved values           --> y0 + J (a − a0) instead of the part's own output

Differences of that loss follow the rule where the backward should, so that every gradient through the part is tested,
and its own parameters too. J comes from the declaration, not from the backward under test.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from aescratch.backend import Array, array_module, move, to_numpy
from aescratch.foundations.declared import Declared, declaration_of
from aescratch.foundations.language import Phrase, gettext
from aescratch.foundations.parameters import Parameter
from aescratch.foundations.parts import ForwardMissingError
from aescratch.inspection.gradcheck.binding import as_list, draw_upstream, is_array
from aescratch.inspection.gradcheck.by_rule import note
from aescratch.inspection.gradcheck.deadline import limited
from aescratch.inspection.gradcheck.numeric import largest_size
from aescratch.inspection.gradcheck.parameters import held_parameters
from aescratch.inspection.gradcheck.report import INCONCLUSIVE, Finding, TensorResult
from aescratch.inspection.recording import Call, observed
from aescratch.training.contract import parts_of

SAME = 1e-9  # of the largest entry: rounding between two ways to compute a rule


class Surrogates:
    """The declared parts of a model, at one batch and the current values; `run` computes the loss.

    The findings contain a note for each part, and an error for a backward that isn't its rule. Without a declared part
    nothing happens here.
    """

    model: Any
    run: Callable[[], Any]
    time_limit: float | None
    declared: dict[str, Declared]

    def __init__(self, model: Any, run: Callable[[], Any], time_limit: float | None) -> None:
        self.model, self.run, self.time_limit = model, run, time_limit
        found = {name: declaration_of(getattr(part, "backward", None)) for name, part in parts_of(model).items()}
        self.declared = {name: declared for name, declared in found.items() if declared is not None}
        self.bases: dict[str, list[Base]] = {name: [] for name in self.declared}
        self.findings: list[Finding] = []
        self.waiting: list[Call] | None = []
        if self.declared:
            with observed(model, self._look):
                run()
            calls, self.waiting = self.waiting, None
            for call in calls:
                self._look(call)

    @property
    def are_right(self) -> bool:
        """Whether every declared part follows its rule."""
        return all(finding.severity == "note" for finding in self.findings)

    @property
    def are_usable(self) -> bool:
        """Whether there is a surrogate for each."""
        return all(finding.severity != INCONCLUSIVE for finding in self.findings)

    def _look(self, call: Call) -> None:
        """Keep the output of a declared part, and compare its backward with its rule."""
        if call.which != "forward" or call.name not in self.declared:
            return
        declared = self.declared[call.name]
        who = f"{call.name} ({type(call.part).__name__}.backward)"
        try:
            base = Base(call, declared)
        except ForwardMissingError:  # its rule needs values that only the rest of the pass computes
            if self.waiting is None:
                raise
            self.waiting.append(call)
            return
        except Exception as error:
            kind = type(error).__name__
            message = gettext("{who}: the declared rule {rule} can't be used: {kind}: {error}")
            message = message.format(who=who, rule=declared.rule, kind=kind, error=error)
            self.findings.append(Finding("rule-raised", call.name, INCONCLUSIVE, message))
            return
        self.bases[call.name].append(base)
        wrong = base.wrong_in(lambda upstream: limited(lambda: call.part.backward(*upstream), self.time_limit))
        if wrong and not any(finding.tensor == call.name for finding in self.findings):
            message = gettext("{who} doesn't follow its declared rule {rule}, {formula}: {wrong}")
            message = message.format(who=who, rule=declared.rule, formula=declared.formula, wrong=wrong)
            question = gettext("Which line of backward computes which factor of the rule?")
            evidence = {"rule": declared.rule, "formula": declared.formula, "source": declared.source}
            self.findings.append(Finding("not-the-rule", call.name, "error", message, evidence, "", question))

    @contextlib.contextmanager
    def in_place(self) -> Iterator[None]:
        """Within the block, return the surrogates' outputs in place of the parts' own."""
        if not self.declared:
            yield
            return
        with observed(self.model, self._instead):
            yield

    def _instead(self, call: Call) -> Any:
        if call.which != "forward" or call.name not in self.bases:
            return None
        fitting = [base for base in self.bases[call.name] if base.fits(call)]
        return min(fitting, key=lambda base: base.distance(call)).output(call) if fitting else None

    def mark(self, tensors: Sequence[TensorResult], backward: Callable[[], Any]) -> None:
        """Write into each tensor the rules that its gradient passes through, and add the notes.

        These are the rules of the parts whose returned gradient changes it.
        """
        for name, declared in self.declared.items():
            reached = self._reached_through(name, backward)
            for tensor in tensors:
                if tensor.name in reached:
                    tensor.rule = ", ".join(dict.fromkeys(filter(None, [*tensor.rule.split(", "), declared.rule])))
                    tensor.numeric_is = Phrase("the difference quotient that follows {rule}", rule=tensor.rule)
            finding = note(f"{name}, a {type(parts_of(self.model)[name]).__name__},", declared)
            passing = gettext("; through it pass the gradients of {names}").format(names=", ".join(reached))
            finding.message += passing if reached else gettext("; through it pass the gradients of no parameter")
            finding.evidence |= {"part": name, "parameters": reached}
            self.findings.append(finding)

    def _reached_through(self, name: str, backward: Callable[[], Any]) -> list[str]:
        """Return the parameters whose gradient changes with a part's returned gradient, and its own."""

        def gradients() -> list[Array]:
            self.run()
            backward()
            return [to_numpy(parameter.grad).copy() for parameter in self.model.parameters]

        def change(call: Call) -> Any:
            if call.which != "backward" or call.name != name:
                return None
            several = isinstance(call.result, (tuple, list))
            changed = [each if each is None else each + 1.0 for each in (call.result if several else [call.result])]
            return tuple(changed) if several else changed[0]

        before = gradients()
        with observed(self.model, change):
            after = gradients()
        own = {id(parameter) for _, parameter in held_parameters(parts_of(self.model)[name])}
        return [
            parameter.name for parameter, a, b in zip(self.model.parameters, before, after, strict=True)
            if id(parameter) in own or not np.array_equal(a, b, equal_nan=True)
        ]  # fmt: skip


class Base:
    """One call of a declared part's forward, and the linear map that replaces it: y0 + J (a − a0)."""

    call: Call
    declared: Declared
    arrays: list[str]
    entries: dict[str, tuple[Array, ...]]

    def __init__(self, call: Call, declared: Declared) -> None:
        self.call, self.declared = call, declared
        self.arrays = [name for name, value in call.arguments.items() if is_array(value) and value.dtype.kind == "f"]
        self.parameters: dict[str, Parameter] = dict(held_parameters(call.part))
        self.start: dict[str, Array] = {name: to_numpy(value).copy() for name, value in self._now(call).items()}
        self.result: Array = np.array(to_numpy(call.result), np.float64)
        self.backend: str = array_module(call.result).__name__ if is_array(call.result) else "numpy"
        self.entries = self._jacobian()
        self._require_linear()

    def _now(self, call: Call) -> dict[str, Array]:
        given = {name: call.arguments[name] for name in self.arrays}
        return {**given, **{name: parameter.value for name, parameter in self.parameters.items()}}

    def rule(self, upstream: Array) -> dict[str, Array]:
        """Return the rule's gradients for this upstream gradient, by name; missing ones are 0."""
        given = self.declared.again(self.call.part, move(upstream, self.backend) if np.ndim(upstream) else 1.0)
        if not isinstance(given, Mapping):
            given = {next(iter(self.start)): given}
        gradients = {name: np.asarray(to_numpy(gradient), np.float64) for name, gradient in given.items()}
        for name, gradient in gradients.items():
            if name not in self.start:
                message = gettext("expected gradients for {names}, got one for {name}")
                raise ValueError(message.format(names=", ".join(self.start), name=name))
            if gradient.shape != self.start[name].shape:
                message = gettext("expected shape {wanted} for {name}, got {shape}")
                raise ValueError(message.format(wanted=self.start[name].shape, name=name, shape=gradient.shape))
        return gradients

    def _jacobian(self) -> dict[str, tuple[Array, ...]]:
        """Return the nonzero entries of J, by name: places in the output, places in the input, values."""
        found: dict[str, list[tuple[Array, ...]]] = {}
        for row in range(self.result.size):
            upstream = np.zeros(self.result.shape)
            upstream.flat[row] = 1.0
            for name, gradient in self.rule(upstream).items():
                columns = np.flatnonzero(gradient)
                piece = np.full(columns.size, row), columns, gradient.reshape(-1)[columns]
                found.setdefault(name, []).append(piece)
        return {name: tuple(map(np.concatenate, zip(*pieces, strict=True))) for name, pieces in found.items()}

    def _require_linear(self) -> None:
        upstream = draw_upstream(self.result.shape, 0)
        whole = self.rule(upstream)
        for name, (rows, columns, values) in self.entries.items():
            summed = np.bincount(columns, values * upstream.reshape(-1)[rows], self.start[name].size)
            if not _near(whole[name].reshape(-1), summed):
                raise ValueError(gettext("it isn't linear in the upstream gradient"))

    def fits(self, call: Call) -> bool:
        """Whether a call has arrays of the same shapes."""
        now = self._now(call)
        return all(now[name].shape == value.shape for name, value in self.start.items())

    def distance(self, call: Call) -> tuple[float, float]:
        """Return the distances of a call's arrays, and of its result, from those here; small for the same call."""
        now = self._now(call)
        moved = sum(float(np.abs(to_numpy(now[name]) - value).sum()) for name, value in self.start.items())
        return moved, float(np.abs(to_numpy(call.result) - self.result).sum())

    def output(self, call: Call) -> Any:
        """Return y0 + J (a − a0) for a call's a."""
        now, change = self._now(call), np.zeros(self.result.size)
        for name, (rows, columns, values) in self.entries.items():
            moved = (to_numpy(now[name]) - self.start[name]).reshape(-1)
            change += np.bincount(rows, values * moved[columns], self.result.size)
        output = self.result + change.reshape(self.result.shape)
        return move(output, self.backend) if self.result.ndim else output[()]

    def wrong_in(self, backward: Callable[[Sequence[Any]], Any]) -> str:
        """Return a text about the entry where a backward differs most from the rule, or nothing."""
        upstream = draw_upstream(self.result.shape, 0)
        rule = self.rule(upstream)
        for parameter in self.parameters.values():
            parameter.grad[...] = 0
        returned = as_list(backward([move(upstream, self.backend)] if self.result.ndim else []))
        found = dict(zip(self.arrays, returned, strict=False))
        found |= {name: parameter.grad for name, parameter in self.parameters.items()}
        for name, gradient in found.items():
            wanted = rule.get(name, np.zeros(self.start[name].shape))
            if gradient is None:
                continue  # for example a penalty's target
            given = np.asarray(to_numpy(gradient))
            if given.shape != wanted.shape:
                said = gettext("for {name} backward gives shape {given}, expected {wanted}")
                return said.format(name=name, given=given.shape, wanted=wanted.shape)
            if not _near(given, wanted):
                at = np.unravel_index(int(np.argmax(np.abs(given - wanted))), wanted.shape)
                place = tuple(int(i) for i in at)
                said = gettext("for {name}, at {place}, backward gives {given:.9g}, the rule {wanted:.9g}")
                return said.format(name=name, place=place, given=float(given[at]), wanted=float(wanted[at]))
        return ""


def patterns(parts: Iterable[Any]) -> list[Array]:
    """Return the kinks' pattern of the last forward pass for each part that has any.

    Parts with a declared backward are skipped. There is no pattern if no forward was called.
    """
    smooth = [part for part in parts if declaration_of(getattr(part, "backward", None)) is None]
    kinks = [getattr(part, "kinks", None) for part in smooth]
    return [to_numpy(pattern) for pattern in kinks if pattern is not None]


def by_rules(findings: Sequence[Finding]) -> str:
    """Return the text about declared parts for a report's title."""
    rules = [f"{f.evidence['rule']} at {f.evidence['part']}" for f in findings if f.code == "declared-rule"]
    return gettext(", by declared rules: {rules}").format(rules=", ".join(rules)) if rules else ""


def _near(a: Array, b: Array) -> bool:
    return bool(np.all(np.abs(a - b) <= SAME * max(largest_size(a), largest_size(b))))  # written so that NaN isn't near
