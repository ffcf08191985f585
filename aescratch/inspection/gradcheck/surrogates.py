"""Parts of a model whose backward is declared not to be a derivative: what stands in for them in the numeric side.

    loss at the values as they are --> a0, y0, and J, the declared rule for every entry of y, as it was declared
    loss at moved values           --> y0 + J (a − a0) instead of the part's own output

Differences of that loss follow the rule where the backward is to, so that everything that a gradient reaches through
the part is tested, and the part's own parameters too. J comes from the declaration, not from the backward under test.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from aescratch.backend import Array, array_module, move, to_numpy
from aescratch.foundations.declared import Declared, declaration_of
from aescratch.foundations.parameters import Parameter
from aescratch.foundations.parts import ForwardMissingError
from aescratch.inspection.gradcheck.binding import as_list, draw_upstream, is_array
from aescratch.inspection.gradcheck.by_rule import note
from aescratch.inspection.gradcheck.deadline import limited
from aescratch.inspection.gradcheck.numeric import largest_size
from aescratch.inspection.gradcheck.parameters import held_parameters
from aescratch.inspection.gradcheck.report import DIFFERENCES, INCONCLUSIVE, Finding, TensorResult
from aescratch.inspection.recording import Call, observed
from aescratch.training.contract import parts_of

SAME = 1e-9  # of the largest entry: what another way to compute a rule may change


class Surrogates:
    """The declared parts of a model, at one batch and the values as they are; `run` computes the loss.

    Among the findings are a note for each, and an error for a backward that isn't its rule. Without a declared part
    everything here does nothing.
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
        """Whether every declared part does what it is declared to do."""
        return all(finding.severity == "note" for finding in self.findings)

    @property
    def are_usable(self) -> bool:
        """Whether there is a surrogate for each."""
        return all(finding.severity != INCONCLUSIVE for finding in self.findings)

    def _look(self, call: Call) -> None:
        """Keep what a declared part makes of its input, and compare its backward with its rule."""
        if call.which != "forward" or call.name not in self.declared:
            return
        declared = self.declared[call.name]
        who = f"{call.name} ({type(call.part).__name__}.backward)"
        try:
            base = Base(call, declared)
        except ForwardMissingError:  # its rule needs what only the rest of the pass gives it
            if self.waiting is None:
                raise
            self.waiting.append(call)
            return
        except Exception as error:
            kind = type(error).__name__
            message = f"{who}: the rule {declared.rule}, as it was declared, can't be used: {kind}: {error}"
            self.findings.append(Finding("rule-raised", call.name, INCONCLUSIVE, message))
            return
        self.bases[call.name].append(base)
        wrong = base.wrong_in(lambda upstream: limited(lambda: call.part.backward(*upstream), self.time_limit))
        if wrong and not any(finding.tensor == call.name for finding in self.findings):
            message = f"{who} isn't the rule that it is declared to be, {declared.rule}, {declared.formula}: {wrong}"
            question = "Which line of backward answers which factor of the rule?"
            evidence = {"rule": declared.rule, "formula": declared.formula, "source": declared.source}
            self.findings.append(Finding("not-the-rule", call.name, "error", message, evidence, "", question))

    @contextlib.contextmanager
    def in_place(self) -> Iterator[None]:
        """Inside the block, give out the surrogates' outputs in place of the parts' own."""
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
        """Write into each tensor which rules its gradient passes through, and add the notes.

        Those are the ones whose parts change it when they return something else.
        """
        for name, declared in self.declared.items():
            reached = self._reached_through(name, backward)
            for tensor in tensors:
                if tensor.name in reached:
                    tensor.rule = ", ".join(dict.fromkeys(filter(None, [*tensor.rule.split(", "), declared.rule])))
                    tensor.numeric_is = f"{DIFFERENCES} that follows {tensor.rule}"
            finding = note(f"{name}, a {type(parts_of(self.model)[name]).__name__},", declared)
            finding.message += f"; through it pass the gradients of {', '.join(reached) or 'no parameter'}"
            finding.evidence |= {"part": name, "parameters": reached}
            self.findings.append(finding)

    def _reached_through(self, name: str, backward: Callable[[], Any]) -> list[str]:
        """Return the parameters whose gradient is another one when a part returns something else, and its own."""

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
    """One call of a declared part's forward, and the linear map in its place: y0 + J (a − a0)."""

    call: Call
    declared: Declared
    arrays: list[str]

    def __init__(self, call: Call, declared: Declared) -> None:
        self.call, self.declared = call, declared
        self.arrays = [name for name, value in call.arguments.items() if is_array(value) and value.dtype.kind == "f"]
        self.parameters: dict[str, Parameter] = dict(held_parameters(call.part))
        self.start: dict[str, Array] = {name: to_numpy(value).copy() for name, value in self._now(call).items()}
        self.result: Array = np.array(to_numpy(call.result), np.float64)
        self.backend: str = array_module(call.result).__name__ if is_array(call.result) else "numpy"
        self.entries: dict[str, tuple[Array, Array, Array]] = self._jacobian()
        self._require_linear()

    def _now(self, call: Call) -> dict[str, Array]:
        given = {name: call.arguments[name] for name in self.arrays}
        return {**given, **{name: parameter.value for name, parameter in self.parameters.items()}}

    def rule(self, upstream: Array) -> dict[str, Array]:
        """Return what the rule gives for this upstream gradient, by name; what isn't in it is 0."""
        given = self.declared.again(self.call.part, move(upstream, self.backend) if np.ndim(upstream) else 1.0)
        if not isinstance(given, Mapping):
            given = {next(iter(self.start)): given}
        gradients = {name: np.asarray(to_numpy(gradient), np.float64) for name, gradient in given.items()}
        for name, gradient in gradients.items():
            if name not in self.start:
                raise ValueError(f"expected gradients for {', '.join(self.start)}, got one for {name}")
            if gradient.shape != self.start[name].shape:
                raise ValueError(f"expected shape {self.start[name].shape} for {name}, got {gradient.shape}")
        return gradients

    def _jacobian(self) -> dict[str, tuple[Array, Array, Array]]:
        """Return the entries of J that aren't 0, by name: of the output, of the input, and their values."""
        found: dict[str, list[tuple[Array, Array, Array]]] = {}
        for row in range(self.result.size):
            upstream = np.zeros(self.result.shape)
            upstream[np.unravel_index(row, self.result.shape)] = 1.0
            for name, gradient in self.rule(upstream).items():
                columns = np.flatnonzero(gradient)
                piece = np.full(columns.size, row), columns, gradient.reshape(-1)[columns]
                found.setdefault(name, []).append(piece)
        together = {}
        for name, pieces in found.items():
            rows, columns, values = (np.concatenate(each) for each in zip(*pieces, strict=True))
            together[name] = rows, columns, values
        return together

    def _require_linear(self) -> None:
        upstream = draw_upstream(self.result.shape, 0)
        whole = self.rule(upstream)
        for name, (rows, columns, values) in self.entries.items():
            summed = np.bincount(columns, values * upstream.reshape(-1)[rows], self.start[name].size)
            if not _near(whole[name].reshape(-1), summed):
                raise ValueError("it isn't linear in the upstream gradient, which the chain rule multiplies by")

    def fits(self, call: Call) -> bool:
        """Whether a call is given arrays of the same shapes."""
        now = self._now(call)
        return all(now[name].shape == value.shape for name, value in self.start.items())

    def distance(self, call: Call) -> tuple[float, float]:
        """Return how far a call's arrays, and then its result, are from those here; the same call is near."""
        now = self._now(call)
        moved = sum(float(np.abs(to_numpy(now[name]) - value).sum()) for name, value in self.start.items())
        return moved, float(np.abs(to_numpy(call.result) - self.result).sum())

    def output(self, call: Call) -> Any:
        """Return y0 + J (a − a0) for the a of a call."""
        now, change = self._now(call), np.zeros(self.result.size)
        for name, (rows, columns, values) in self.entries.items():
            moved = (to_numpy(now[name]) - self.start[name]).reshape(-1)
            change += np.bincount(rows, values * moved[columns], self.result.size)
        output = self.result + change.reshape(self.result.shape)
        return move(output, self.backend) if self.result.ndim else output[()]

    def wrong_in(self, backward: Callable[[Sequence[Any]], Any]) -> str:
        """Return where a backward gives something else than the rule, as a text, or nothing."""
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
                continue  # of a penalty's target, say
            given = np.asarray(to_numpy(gradient))
            if given.shape != wanted.shape:
                return f"for {name} backward gives shape {given.shape}, expected {wanted.shape}"
            if not _near(given, wanted):
                at = np.unravel_index(int(np.argmax(np.abs(given - wanted))), wanted.shape)
                place = tuple(int(i) for i in at)
                numbers = f"backward gives {float(given[at]):.9g}, the rule {float(wanted[at]):.9g}"
                return f"for {name}, at {place}, {numbers}"
        return ""


def patterns(parts: Iterable[Any]) -> list[Array]:
    """Return the pattern of the last forward pass at the kinks of each part that has any.

    A declared backward passes over them. There is no pattern where no forward was called.
    """
    smooth = [part for part in parts if declaration_of(getattr(part, "backward", None)) is None]
    kinks = [getattr(part, "kinks", None) for part in smooth]
    return [to_numpy(pattern) for pattern in kinks if pattern is not None]


def by_rules(findings: Sequence[Finding]) -> str:
    """Return what stands in a report's title about declared parts."""
    rules = [f"{f.evidence['rule']} at {f.evidence['part']}" for f in findings if f.code == "declared-rule"]
    return f", by declared rules: {', '.join(rules)}" if rules else ""


def _near(a: Array, b: Array) -> bool:
    return bool(np.all(np.abs(a - b) <= SAME * max(largest_size(a), largest_size(b))))  # so written that NaN isn't near
