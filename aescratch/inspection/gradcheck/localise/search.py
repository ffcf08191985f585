"""The search for the first mistake: part after part from the loss backward, then the parameters.

    Step -> is this part's upstream gradient right? -> is its result? -> the next part ... -> is each parameter.grad?
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from aescratch.backend import Array
from aescratch.foundations.language import Phrase, gettext, gettext_noop, joined
from aescratch.foundations.parameters import Parameter
from aescratch.inspection.gradcheck.localise.factors import MORE_ROWS, Factor, another_batch
from aescratch.inspection.gradcheck.localise.oracle import Comparison
from aescratch.inspection.gradcheck.localise.shares import Shares
from aescratch.inspection.gradcheck.localise.step import Seen, place_of
from aescratch.inspection.gradcheck.localise.telling import (
    LEFT_OVER,
    Place,
    description,
    multiple,
    of_part,
    of_shared,
    of_twice,
    of_wiring,
    sentence,
    theirs,
)
from aescratch.inspection.gradcheck.localise.wiring import Fault, Share, faults, plainest
from aescratch.inspection.gradcheck.report import Finding
from aescratch.training.contract import parts_of

ALL = "all of it"
CHANGES = gettext_noop(
    ", so the mistake is not a constant factor (look for a quantity that is computed from the gradient or the batch, "
    "such as a norm or a limit)"
)


class Search(Shares):
    """A step of a model, searched from the loss backward."""

    def __init__(self, model: Any, batch: Sequence[Array], rng: int, is_second: bool = False) -> None:
        super().__init__(model, batch, rng)
        self.is_second = is_second  # a search at another batch, which needs no third one
        self.elsewhere: Search | None = None
        self.first_wrong = False
        self.told: tuple[str, dict[str, float]] = ("", {})  # the tensor of the finding, and the wrong factors by share

    def findings(self) -> list[Finding]:
        """Return the finding on the first mistake, and further findings about it."""
        if places := self._shared():
            return [of_shared(self.model, places)]
        for passes in self.step.backward_order:
            if found := self._received(passes) or self._part(passes):
                return found
        for parameter in self._in_backward_order():
            if found := self._parameter(parameter):
                return found
        message = gettext("every part's backward is right, and so is its upstream gradient; nothing wrong was located")
        return [Finding("not-localised", None, "note", message)]

    def _shared(self) -> list[str]:
        """Return the places of an object that stands in several and remembers only its last pass, if there is one."""
        names: dict[int, list[str]] = {}
        for name, part in parts_of(self.model).items():
            names.setdefault(id(part), []).append(name)
        called = {each.name for each in self.step.passes if each.part.remembers}
        return next((places for places in names.values() if len(places) > 1 and places[0] in called), [])

    def _received(self, passes: Seen) -> list[Finding]:
        """Return what is wrong with a part's upstream gradient."""
        if passes.is_term or not isinstance(passes.upstream, np.ndarray):
            return []
        place = passes.called_back_at or place_of(self.model.backward)
        about = gettext("the gradient that {part}.backward gets").format(part=passes.name)
        if passes.upstream.shape != np.shape(passes.result):
            shape = np.shape(passes.result)
            text = gettext("{about} has shape {got}, but the output of its forward has shape {shape}")
            text = text.format(about=about, got=passes.upstream.shape, shape=shape)
            return [of_wiring(self.model, passes.name, place, text, "described", {})]
        again = [call for call in self.step.again if call.name == passes.name]
        if again and all(np.shape(each.given) == passes.upstream.shape for each in again):
            total = passes.upstream + np.sum([each.given for each in again], axis=0)
            if not self.step.truth_of_result(passes, total / self.scale).wrong.any():
                return self._twice(passes, again)
        comparison = self.step.truth_of_result(passes, passes.upstream / self.scale)
        if not comparison.wrong.any() or self._scaled_on_purpose(passes, comparison):
            return []
        known, others = self.shares(passes), self.other_shares(passes)
        itself = _itself(Phrase("the output of {part}", part=passes.name), passes.result)
        return self._told(
            passes.name, place, about, passes.upstream / self.scale, comparison,
            [known, [*known, *others], *([*known, each] for each in itself)],
        )  # fmt: skip

    def _twice(self, passes: Seen, again: Sequence[Seen]) -> list[Finding]:
        """Return the fault that a part's backward gets the right gradient in several calls, if that does harm."""
        several = {each.name for each in self.step.again}
        alone = [self.by_itself(each) for each in self.step.backward_order if each.name in several and not each.is_term]
        written_over = [p for each in alone for p in each.written()]
        if not any(self.step.truth_of_parameter(parameter).wrong.any() for parameter in written_over):
            return []
        return [of_twice(self.model, again[-1])]

    def _told(
        self, tensor: str, place: Place, about: str, found: Array, comparison: Comparison,
        attempts: Sequence[Sequence[Share]],
    ) -> list[Finding]:  # fmt: skip
        """Return the finding about a wrongly combined gradient, by the first shares that explain it."""
        for shares in attempts:
            wrong = [plainest(fault, shares) for fault in faults(shares, found, comparison) or []]
            if wrong:
                return [self._explained(tensor, place, about, wrong, shares)]
        text, ratio, evidence = description(about, comparison)
        if ratio is None:
            return [of_wiring(self.model, tensor, place, text, "described", evidence)]
        self.told = tensor, {ALL: ratio}
        factor = self._factor(tensor, ALL, ratio)
        if factor.changes:
            text += gettext(": all of it is {factor}").format(factor=factor.in_words()) + gettext(CHANGES)
        finding = of_wiring(self.model, tensor, place, text, "described", evidence)
        finding.cause = "" if factor.changes else gettext("all of it is {factor}").format(factor=factor.in_words())
        return [finding]

    def _factor(self, tensor: str, label: str, here: float) -> Factor:
        """Return a wrong factor, here and at another batch, with more examples if the model takes them."""
        n = len(self.batch[0])
        if self.elsewhere is None and not self.is_second:
            self.elsewhere = self._with_examples(n + MORE_ROWS) or self._with_examples(n)
        if self.elsewhere is None:
            return Factor(here, here, n, n)
        where, factors = self.elsewhere.told
        if self.elsewhere.first_wrong and where != tensor:  # another mistake comes first there
            return Factor(here, here, n, n)
        return Factor(here, factors.get(label, 1.0), n, len(self.elsewhere.batch[0]))

    def _with_examples(self, n: int) -> Search | None:
        """Return the search with another batch, of n examples, if the model takes them."""
        try:
            other = Search(self.model, another_batch(self.batch, n), self.rng, is_second=True)
            other.first_wrong = any(finding.code == "first-wrong" for finding in other.findings())
        except Exception:  # for example if the number of examples is fixed in the code
            return None
        return other

    def _scaled_on_purpose(self, passes: Seen, comparison: Comparison) -> bool:
        """Whether the gradient is a multiple of the right one, but that of every parameter it reaches is right."""
        ratio, is_multiple = multiple(*comparison.known)
        if not is_multiple:
            return False
        following = [each for each in self.step.backward_order if each.upstream is not None]
        chain = [passes, *(each for each in following if np.array_equal(each.upstream, passes.returned))]
        listed = {id(parameter) for parameter in self.model.parameters}
        reached = [p for each in chain for p in self.by_itself(each).parameters.values() if id(p) in listed]
        if not reached or any(self.step.truth_of_parameter(parameter).wrong.any() for parameter in reached):
            return False
        self.scale *= ratio
        return True

    def _part(self, passes: Seen) -> list[Finding]:
        """Return what is wrong with the result of a part's backward."""
        alone = self.by_itself(passes)
        shape_fault = alone.shape_fault()
        wrong = [] if shape_fault else alone.wrong(passes.upstream)
        spoiled = [] if wrong or shape_fault else [name for name, how in alone.effects().items() if how == "spoils"]
        return of_part(alone, shape_fault, wrong, spoiled) if wrong or shape_fault or spoiled else []

    def _in_backward_order(self) -> list[Parameter]:
        """Return the parameters, in the order in which their parts' backwards ran."""
        order = {
            id(parameter): passes.order for passes in self.step.backward_order if not passes.is_term
            for parameter in self.by_itself(passes).parameters.values()
        }  # fmt: skip
        from_the_last = list(reversed(self.model.parameters))
        return sorted(from_the_last, key=lambda parameter: order.get(id(parameter), len(order)))

    def _parameter(self, parameter: Parameter) -> list[Finding]:
        """Return what is wrong with how a parameter's gradient was combined."""
        comparison = self.step.truth_of_parameter(parameter)
        if not comparison.wrong.any():
            return []
        known = self.shares_of(parameter)
        weight, sign = _itself(Phrase("the weight"), parameter.value)
        if parameter.value.ndim == 1:
            weight.label = Phrase("weight decay on the bias {name}", name=parameter.name)
        left = Share("", LEFT_OVER, self.step.left_over[parameter.name])
        attempts = [known, [*known, weight], [*known, sign], [*known, left], [*known, weight, left]]
        found, place = self.step.gradients[parameter.name], place_of(self.model.backward)
        return self._told(parameter.name, place, f"{parameter.name}.grad", found, comparison, attempts)

    def _explained(
        self, tensor: str, place: Place, about: str, wrong: Sequence[Fault], shares: Sequence[Share]
    ) -> Finding:  # fmt: skip
        """Return the finding about shares that a gradient contains a wrong number of times."""
        worst = wrong[0]
        self.told = tensor, {f.share.label: f.found / f.expected for f in wrong if f.kind in ("scaled", "doubled")}
        factors = {label: self._factor(tensor, label, ratio) for label, ratio in self.told[1].items()}
        cause = joined("; ", (sentence(fault, factors.get(fault.share.label)) for fault in wrong))
        if any(factor.changes for factor in factors.values()):
            text = gettext("{about} is wrong").format(about=about) + ": " + cause + gettext(CHANGES)
            return of_wiring(self.model, tensor, place, text, "described", {"changes_with_the_batch": True})
        kind, passes = worst.kind, self.step.passes
        lost = next((each for each in passes if kind == "missing" and each.name == worst.share.part), None)
        if lost is not None and lost.order < 0:
            cause = sentence(worst) + gettext(": {part}.backward is never called").format(part=lost.name)
        elif any(fault.share.label == LEFT_OVER for fault in wrong):
            kind = "left-over"
        later = self._wrote_over(tensor, lost, wrong, shares)
        if later is not None:
            kind, place = "overwritten", theirs(later.called_back_at, place_of(later.part.backward))
            cause = gettext("{later}.backward, which comes later, overwrites the gradient from {part}")
            cause = cause.format(later=later.name, part=worst.share.part)
        evidence = {
            "contribution": str(worst.share.label), "found": worst.found, "expected": worst.expected,
            "by": later.name if later is not None else None,
        }  # fmt: skip
        evidence["faults"] = 1 if later is not None else len(wrong)
        finding = of_wiring(self.model, tensor, place, gettext("{about} is wrong").format(about=about), kind, evidence)
        finding.cause = cause
        return finding

    def _wrote_over(
        self, tensor: str, lost: Seen | None, wrong: Sequence[Fault], shares: Sequence[Share]
    ) -> Seen | None:  # fmt: skip
        """Return the part that came after the lost one and left only its own share in a parameter's gradient."""
        if lost is None or lost.order < 0:
            return None
        if not any(parameter.name == tensor for parameter in self.by_itself(lost).parameters.values()):
            return None
        right_parts = {share.part for share in shares} - {fault.share.part for fault in wrong}
        later = (each for each in self.step.backward_order if each.order > lost.order and each.name in right_parts)
        return next(later, None)


def _itself(label: str, value: Array) -> tuple[Share, Share]:
    """Return a value as a share of its own gradient: that of a penalty which no part computes."""
    squared = Phrase("{value} itself, the gradient of a penalty on its squares,", value=label)
    sign = Phrase("the sign of {value}, the gradient of an absolute penalty,", value=label)
    return Share("", squared, np.array(value)), Share("", sign, np.sign(value))
