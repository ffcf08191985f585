"""Whether a model's second opinion fits this model: an inherited opinion may not know what was added.

    parts that the class with the opinion doesn't have; layers whose apply isn't their forward --> reasons
    a difference from the opinion, with a reason --> inconclusive;   without one --> wrong
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from aescratch.foundations.language import gettext
from aescratch.inspection.gradcheck.meaning.comparing import Look, MeaningReport
from aescratch.inspection.gradcheck.meaning.objective import Step
from aescratch.inspection.gradcheck.numeric import largest_size
from aescratch.inspection.gradcheck.printing import FAIL, INCONCLUSIVE, Finding
from aescratch.inspection.recording import Call
from aescratch.training.contract import parts_of

SAME = 1e-9  # of the largest entry: the rounding by which apply may differ from forward


class Doubts:
    """The reasons, as parts of a sentence, why a model may differ from its second opinion and still be right.

    There are none if the opinion covers everything that the model does. `in_the_path` are parts of unknown kinds that
    the loss calls, except for terms.
    """

    def __init__(self, step: Step, unknown: dict[str, Any]) -> None:
        try:
            calls = step.calls
        except Exception:  # reported where the loss is checked
            calls = []
        called = {call.name for call in calls}
        self.in_the_path: list[str] = [name for name, part in unknown.items() if name in called and not part.is_term]
        self.author: type = next(kind for kind in type(step.model).__mro__ if "second_opinion" in vars(kind))
        added = _added(step.model, self.author)
        self.reasons: list[str] = [f"{name} ({type(part).__name__})" for name, part in added.items()]
        for name in self.in_the_path:
            if any(_differs_in_use(call) for call in calls if call.name == name):
                reason = gettext("{part} ({kind}), whose apply isn't its forward")
                self.reasons.append(reason.format(part=name, kind=type(unknown[name]).__name__))

    @contextlib.contextmanager
    def softening(self, report: MeaningReport) -> Iterator[MeaningReport]:
        """Yield a report for the block; its errors become inconclusive in the given report if there are reasons."""
        whole = MeaningReport(report.title)
        try:
            yield whole
        finally:
            for look in whole.looks:
                is_wrong = look.verdict == FAIL and self.reasons
                report.looks.append(Look(look.part, look.claim, look.difference, INCONCLUSIVE) if is_wrong else look)
            report.findings += [self._softened(finding) for finding in whole.findings]

    def _softened(self, finding: Finding) -> Finding:
        if finding.severity != "error" or not self.reasons:
            return finding
        message = gettext(
            "{message}; but that is by the second opinion of {author}, which doesn't know {parts}: define a "
            "second_opinion for this model"
        )
        message = message.format(message=finding.message, author=self.author.__name__, parts=", ".join(self.reasons))
        return Finding("no-second-opinion", finding.tensor, INCONCLUSIVE, message, finding.evidence)


def _added(model: Any, author: type) -> dict[str, Any]:
    """Return the parts of a model that the class with the second opinion doesn't list; none if it is its own."""
    if type(model) is author:
        return {}
    listed = getattr(author, "parts", None)
    try:
        ids = {id(part) for part in listed.__get__(model).values()} if isinstance(listed, property) else set()
    except AttributeError:  # of parts that the model has replaced
        ids = set()
    return {name: part for name, part in parts_of(model).items() if id(part) not in ids}


def _differs_in_use(call: Call) -> bool:
    """Whether a layer's apply differs from the result of its forward, as it may in training."""
    if not hasattr(call.part, "apply"):
        return False
    try:
        applied = np.asarray(call.part.apply(next(iter(call.arguments.values()))), float)
    except Exception:
        return True
    found = np.asarray(call.result, float)
    same = applied.shape == found.shape and np.all(np.abs(applied - found) <= SAME * largest_size(found))
    return not same
