"""The search for what goes wrong first: part after part from the loss backward, then the parameters.

    Step -> is what this part is given right? -> is what it makes of it? -> the next one ... -> is each parameter.grad?
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from aescratch.backend import Array
from aescratch.gradcheck.localise.alone import Alone
from aescratch.gradcheck.localise.oracle import Comparison
from aescratch.gradcheck.localise.step import Passes, Step, place_of
from aescratch.gradcheck.localise.telling import (
    LEFT_OVER,
    Place,
    description,
    of_part,
    of_shared,
    of_wiring,
    sentence,
    theirs,
)
from aescratch.gradcheck.localise.wiring import NUMERIC, Fault, Share, faults
from aescratch.gradcheck.report import Finding
from aescratch.layers import Parameter


class Search:
    """A step of a model, searched from the loss backward."""

    def __init__(self, model: Any, batch: Sequence[Array], rng: int) -> None:
        self.model = model
        self.step = Step(model, batch, rng)
        self.step.take()
        self.alone: dict[int, Alone] = {}
        self.scale = 1.0  # times the truth that gradients are, where the model divides at the very end

    def findings(self) -> list[Finding]:
        """Return the first thing that is wrong, and what there is to say about it."""
        if shared := self._shared():
            return shared
        for passes in self.step.backward_order:
            found = self._received(passes) or self._part(passes)
            if found:
                return found
        for parameter in self._in_backward_order():
            found = self._parameter(parameter)
            if found:
                return found
        message = "every part's backward is right, and so is what each of them is given; nothing wrong was located"
        return [Finding("not-localised", None, "note", message)]

    def _shared(self) -> list[Finding]:
        """Return the fault that one object stands in several places and remembers only the last of its passes."""
        names: dict[int, list[str]] = {}
        for name, part in self.model.parts.items():
            names.setdefault(id(part), []).append(name)
        called = {each.name for each in self.step.passes if each.part.remembers}
        for places in names.values():
            if len(places) > 1 and places[0] in called:
                return [of_shared(self.model, places)]
        return []

    def by_itself(self, passes: Passes) -> Alone:
        """Return the part of these passes by itself."""
        if id(passes) not in self.alone:
            self.alone[id(passes)] = Alone(passes, self.model.parameters)
        return self.alone[id(passes)]

    def _received(self, passes: Passes) -> list[Finding]:
        """Return what is wrong with the gradient that a part's backward was given."""
        if passes.is_term or not isinstance(passes.upstream, np.ndarray):
            return []
        place = passes.place or self._backward_place()
        about = f"the gradient that {passes.name}.backward is given"
        if passes.upstream.shape != np.shape(passes.result):
            shape = np.shape(passes.result)
            text = f"{about} has shape {passes.upstream.shape}, and what its forward returned has shape {shape}"
            return [of_wiring(self.model, passes.name, place, text, "described", {})]
        comparison = self.step.truth_of_result(passes, passes.upstream / self.scale)
        if not comparison.wrong.any() or self._scaled_on_purpose(passes, comparison):
            return []
        known, others = self._shares(passes), self._other_shares(passes)
        itself = _itself(f"the output of {passes.name}", passes.result)
        return self._told(
            passes.name, place, about, passes.upstream / self.scale, comparison,
            [known, [*known, *others], *([*known, each] for each in itself)],
        )  # fmt: skip

    def _told(
        self, tensor: str, place: Place, about: str, found: Array, comparison: Comparison,
        attempts: Sequence[Sequence[Share]],
    ) -> list[Finding]:  # fmt: skip
        """Return the finding about a gradient that was put together wrong, by the first shares that make it up."""
        for shares in attempts:
            wrong = faults(shares, found, comparison)
            if wrong:
                return [self._explained(tensor, place, about, wrong, shares)]
        text, cause, evidence = description(comparison)
        finding = of_wiring(self.model, tensor, place, f"{about} {text}", "described", evidence)
        finding.cause = cause
        return [finding]

    def _scaled_on_purpose(self, passes: Passes, comparison: Comparison) -> bool:
        """Whether the gradient is a multiple of the right one, and yet the parameters that it reaches are right."""
        given, truth = comparison.given[comparison.usable, 0], comparison.numeric[comparison.usable, 0]
        ratio = float(given @ truth / (truth @ truth)) if truth.any() else 0.0
        if ratio == 0 or not np.linalg.norm(given - ratio * truth) <= NUMERIC * np.linalg.norm(given):
            return False
        following = [each for each in self.step.backward_order if each.upstream is not None]
        chain = [passes, *(each for each in following if np.array_equal(each.upstream, passes.returned))]
        listed = {id(parameter) for parameter in self.model.parameters}
        reached = [p for each in chain for p in self.by_itself(each).parameters.values() if id(p) in listed]
        if not reached or any(self.step.truth_of_parameter(parameter).wrong.any() for parameter in reached):
            return False
        self.scale *= ratio
        return True

    def _shares(self, passes: Passes) -> list[Share]:
        """Return the gradients that come back from everything that forward's result went into."""
        result = passes.originals[-1]
        return [
            share for consumer in self.step.passes if consumer is not passes
            for name, value in zip(_array_names(consumer), consumer.originals, strict=False)
            if value is result and isinstance(value, np.ndarray)
            for share in self._share_of(consumer, name)
        ]  # fmt: skip

    def _share_of(self, consumer: Passes, name: str) -> list[Share]:
        """Return the gradient for one argument of a part's forward: what it returned, or else would have."""
        alone = self.by_itself(consumer)
        if name not in alone.arguments:
            return []
        label = consumer.name if len(alone.arguments) == 1 else f"{consumer.name} for {name}"
        if consumer.order >= 0:
            returned = consumer.returned if isinstance(consumer.returned, (tuple, list)) else [consumer.returned]
            gradient = returned[alone.arrays.index(name)]
        else:
            gradient = alone.contributions(self._true_upstream(consumer))[name]
        return [Share(consumer.name, label, gradient / self.scale)] if isinstance(gradient, np.ndarray) else []

    def _true_upstream(self, passes: Passes) -> Array:
        """Return the gradient that a part's backward would be given, where nobody calls it: by the numbers."""
        if passes.is_term:
            return np.asarray(1.0)
        shape = np.shape(passes.result)
        comparison = self.step.truth_of_result(passes, np.zeros(shape))
        return np.linalg.lstsq(comparison.moves, comparison.numeric[:, 0], rcond=None)[0].reshape(shape)

    def _other_shares(self, passes: Passes) -> list[Share]:
        """Return what other parts returned, of the right shape: perhaps it went here by mistake."""
        shares = []
        for other in reversed(self.step.backward_order):
            returned = other.returned if isinstance(other.returned, (tuple, list)) else [other.returned]
            for name, gradient in zip(self.by_itself(other).arrays, returned, strict=False):
                if isinstance(gradient, np.ndarray) and gradient.shape == passes.upstream.shape and other is not passes:
                    shares.append(Share(other.name, f"{other.name} for {name}", gradient / self.scale))
        return shares

    def _part(self, passes: Passes) -> list[Finding]:
        """Return what is wrong with what a part's backward makes of a gradient."""
        alone = self.by_itself(passes)
        shape_fault = alone.shape_fault()
        wrong = [] if shape_fault else [n for n, c in alone.compare(passes.upstream).items() if c.wrong.any()]
        spoiled = [] if wrong or shape_fault else alone.spoiled()
        if not (wrong or shape_fault or spoiled):
            return []
        return of_part(alone, shape_fault, wrong, spoiled)

    def _in_backward_order(self) -> list[Parameter]:
        """Return the parameters, those whose part's backward came first before the others."""
        order = {
            id(parameter): passes.order for passes in self.step.backward_order if not passes.is_term
            for parameter in self.by_itself(passes).parameters.values()
        }  # fmt: skip
        from_the_last = list(reversed(self.model.parameters))
        return sorted(from_the_last, key=lambda parameter: order.get(id(parameter), len(order)))

    def _parameter(self, parameter: Parameter) -> list[Finding]:
        """Return what is wrong with how a parameter's gradient was put together."""
        comparison = self.step.truth_of_parameter(parameter)
        if not comparison.wrong.any():
            return []
        known = self._shares_of(parameter)
        weight, sign = _itself("the weight", parameter.value)
        left = Share("", LEFT_OVER, self.step.left_over[parameter.name])
        attempts = [known, [*known, weight], [*known, sign], [*known, left], [*known, weight, left]]
        found = self.step.gradients[parameter.name]
        return self._told(parameter.name, self._backward_place(), f"{parameter.name}.grad", found, comparison, attempts)

    def _shares_of(self, parameter: Parameter) -> list[Share]:
        """Return what the parts contribute to a parameter's gradient."""
        shares = []
        for passes in self.step.passes:
            alone = self.by_itself(passes)
            names = [name for name, held in alone.parameters.items() if held is parameter]
            if names:
                known = passes.order >= 0 and not passes.is_term
                upstream = passes.upstream / self.scale if known else self._true_upstream(passes)
                shares.append(Share(passes.name, passes.name, alone.contributions(upstream)[names[0]]))
            for name, value in zip(_array_names(passes), passes.originals, strict=False):
                if isinstance(value, np.ndarray) and np.shares_memory(value, parameter.value):
                    shares += self._share_of(passes, name)
        return shares

    def _explained(
        self, tensor: str, place: Place, about: str, wrong: Sequence[Fault], shares: Sequence[Share]
    ) -> Finding:  # fmt: skip
        """Return the finding about shares that are there a wrong number of times."""
        worst = wrong[0]
        kind, cause = worst.kind, "; ".join(sentence(fault) for fault in wrong)
        lost = None
        if worst.kind == "missing":
            lost = next((each for each in self.step.passes if each.name == worst.share.part), None)
        if lost is not None and lost.order < 0:
            cause = f"{sentence(worst)}: {lost.name}.backward is never called"
        elif any(fault.share.label == LEFT_OVER for fault in wrong):
            kind = "left-over"
        later = self._wrote_over(tensor, lost, wrong, shares)
        if later is not None:
            kind, place = "overwritten", theirs(later.place, place_of(later.part.backward))
            cause = f"{later.name}.backward, which comes later, writes over the share of {worst.share.part}"
        evidence = {
            "contribution": worst.share.label, "found": worst.found, "expected": worst.expected,
            "by": later.name if later is not None else None,
        }  # fmt: skip
        finding = of_wiring(self.model, tensor, place, f"{about} is wrong", kind, evidence)
        finding.cause = cause
        return finding

    def _wrote_over(
        self, tensor: str, lost: Passes | None, wrong: Sequence[Fault], shares: Sequence[Share]
    ) -> Passes | None:  # fmt: skip
        """Return the part that came after the lost one and left its own share alone in a parameter's gradient."""
        if lost is None or lost.order < 0:
            return None
        if not any(parameter.name == tensor for parameter in self.by_itself(lost).parameters.values()):
            return None
        wrong_parts = {fault.share.part for fault in wrong}
        later = [each for each in self.step.backward_order if each.order > lost.order]
        parts = [each for each in later if each.name in {share.part for share in shares} - wrong_parts]
        return parts[0] if parts else None

    def _backward_place(self) -> Place:
        return place_of(self.model.backward)


def _itself(label: str, value: Array) -> tuple[Share, Share]:
    """Return a value as a share of its own gradient, as penalties on it give it that no part computes."""
    value = np.asarray(value)
    squared = Share("", f"{label} itself, as a penalty on its squares gives it,", value.copy())
    return squared, Share("", f"the sign of {label}, as a penalty on its size gives it,", np.sign(value))


def _array_names(passes: Passes) -> list[str]:
    return [name for name, value in passes.arguments.items() if isinstance(value, np.ndarray)]
