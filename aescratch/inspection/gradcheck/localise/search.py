"""The search for the first mistake: part after part from the loss backward, then the parameters.

    Step -> is this part's upstream gradient right? -> is its result? -> the next part ... -> is each parameter.grad?
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from aescratch.backend import Array
from aescratch.foundations.language import Phrase, gettext
from aescratch.foundations.parameters import Parameter
from aescratch.inspection.gradcheck.lines.scene import Slopes
from aescratch.inspection.gradcheck.localise.shares import Shares
from aescratch.inspection.gradcheck.localise.step import MANY, Seen, place_of
from aescratch.inspection.gradcheck.localise.telling import (
    is_told,
    of_part,
    of_shape,
    of_shared,
    of_shares,
    of_twice,
    of_unknown,
    theirs,
)
from aescratch.inspection.gradcheck.localise.wiring import Fault, Share, faults, multiple, plainest
from aescratch.inspection.gradcheck.report import Finding
from aescratch.training.contract import parts_of


class Search(Shares):
    """A step of a model, searched from the loss backward."""

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
        if passes.upstream.shape != np.shape(passes.result):
            return [of_shape(self.model, passes)]
        given, truth = passes.upstream / self.scale, self.step.slopes_of_result(passes)
        if truth.allow(given) or self._in_several_calls(passes) or self._scaled_on_purpose(passes, truth):
            return []
        known, others = self.shares(passes), self.other_shares(passes)
        itself = _itself(Phrase("the output of {part}", part=passes.name), passes.result)
        attempts = [known, [*known, *others], *([*known, each] for each in itself)]
        about = gettext("the gradient that {part}.backward gets").format(part=passes.name)
        truth = self.step.slopes_of_result(passes, MANY)
        return [self._told(passes.name, passes.called_back_at, about, given, truth, attempts)]

    def _in_several_calls(self, passes: Seen) -> list[Seen]:
        """Return the further calls of a part's backward, if all calls together get the right gradient."""
        again = [call for call in self.step.again if call.name == passes.name]
        total = sum((call.given for call in again), passes.upstream) / self.scale
        return again if again and self.step.slopes_of_result(passes).allow(total) else []

    def _told(
        self, tensor: str, place: tuple[str, int] | None, about: str, found: Array, truth: Slopes,
        attempts: Sequence[Sequence[Share]],
    ) -> Finding:  # fmt: skip
        """Return the finding about a wrongly combined gradient, by the first shares that explain it."""
        n = len(self.step.batch[0])
        for shares in attempts:
            wrong = [plainest(fault, shares) for fault in faults(shares, found, truth) or []]
            if wrong and all(is_told(fault, n) for fault in wrong):
                lost, later = self._lost(tensor, wrong, shares)
                if later is not None:
                    place = theirs(later.called_back_at, place_of(later.part.backward))
                return of_shares(self.model, tensor, place, about, wrong, n, lost, later)
        return of_unknown(self.model, tensor, place, about, found, truth, n)

    def _lost(
        self, tensor: str, wrong: Sequence[Fault], shares: Sequence[Share]
    ) -> tuple[Seen | None, Seen | None]:  # fmt: skip
        """Return the part whose share is missing, and the later one that wrote over it in a parameter's gradient."""
        missing = wrong[0].share.part if wrong[0].kind == "missing" else None
        lost = next((each for each in self.step.passes if each.name == missing), None)
        if lost is None or tensor not in {p.name for p in self.by_itself(lost).parameters.values() if lost.order >= 0}:
            return lost, None
        right = {share.part for share in shares} - {fault.share.part for fault in wrong}
        later = (each for each in self.step.backward_order if each.order > lost.order and each.name in right)
        return lost, next(later, None)

    def _scaled_on_purpose(self, passes: Seen, truth: Slopes) -> bool:
        """Whether the gradient is a multiple of the right one, but that of every parameter it reaches is right."""
        ratio = multiple(passes.upstream / self.scale, truth)
        if not ratio:
            return False
        following = [each for each in self.step.backward_order if each.upstream is not None]
        chain = [passes, *(each for each in following if np.array_equal(each.upstream, passes.returned))]
        listed = {id(parameter) for parameter in self.model.parameters}
        reached = [p for each in chain for p in self.by_itself(each).parameters.values() if id(p) in listed]
        if not reached or any(self._is_wrong(parameter) for parameter in reached):
            return False
        self.scale *= ratio
        return True

    def _is_wrong(self, parameter: Parameter) -> bool:
        return not self.step.slopes_of_parameter(parameter).allow(self.step.gradients[parameter.name])

    def _part(self, passes: Seen) -> list[Finding]:
        """Return what is wrong with the result of a part's backward."""
        alone = self.by_itself(passes)
        wrong = alone.wrong(passes.upstream)
        return of_part(alone, wrong) if wrong else []

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
        if not self._is_wrong(parameter):
            return []
        found = self.step.gradients[parameter.name]
        for passes in self.step.backward_order:
            holds = any(held is parameter for held in self.by_itself(passes).parameters.values())
            if not passes.is_term and holds and (again := self._in_several_calls(passes)):
                return [of_twice(self.model, again[-1])]
        known = self.shares_of(parameter)
        weight, sign = _itself(Phrase("the weight"), parameter.value)
        if parameter.value.ndim == 1:
            weight.label = Phrase("weight decay on the bias {name}", name=parameter.name)
        attempts, about = [known, [*known, weight], [*known, sign]], f"{parameter.name}.grad"
        truth = self.step.slopes_of_parameter(parameter, MANY)
        return [self._told(parameter.name, None, about, found, truth, attempts)]


def _itself(label: str, value: Array) -> tuple[Share, Share]:
    """Return a value as a share of its own gradient: that of a penalty which no part computes."""
    squared = Phrase("{value} itself, the gradient of a penalty on its squares,", value=label)
    sign = Phrase("the sign of {value}, the gradient of an absolute penalty,", value=label)
    return Share("", squared, np.array(value)), Share("", sign, np.sign(value))
