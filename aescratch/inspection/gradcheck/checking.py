"""The path of every gradient check, of a pair of functions or of a model; a layer is made into a pair.

    forward, twice --> findings;   backward, twice --> gradients and findings
    gradients --compared with differences of an objective--> a verdict for each --> causes of the wrong ones, notes
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aescratch.backend import Array
from aescratch.foundations.validation import require_count, require_number
from aescratch.inspection.gradcheck.coverage import Coverage
from aescratch.inspection.gradcheck.deadline import OutOfTime, limited
from aescratch.inspection.gradcheck.findings import interrupted, raised, timed_out, value_findings
from aescratch.inspection.gradcheck.report import Finding, TensorResult


@dataclass(frozen=True)
class Options:
    """The options of every check, validated."""

    rng: int
    tolerance: float
    time_limit: float | None
    explain: bool

    def __post_init__(self) -> None:
        require_count("rng", self.rng, least=0)
        require_number("tolerance", self.tolerance, above=0)
        if self.time_limit is not None:
            require_number("time_limit", self.time_limit, above=0)


@dataclass
class Check:
    """A running check, with the findings so far in the order of the report."""

    options: Options
    coverage: Coverage
    findings: list[Finding] = field(default_factory=list, init=False)

    def run(self) -> list[TensorResult]:
        """Return the comparison of every gradient that can be compared."""
        gradients = self.look()
        if gradients is None:
            return []
        tensors = self.compare(gradients)
        self.findings += value_findings(tensors)
        try:
            self.look_further(tensors, gradients)
        except KeyboardInterrupt:  # the comparison is complete, but the search for causes may take long
            self.findings.append(interrupted())
        return tensors

    def look(self) -> Mapping[str, Array] | None:
        """Return the gradients that can be compared, by name; None if differences are not meaningful.

        Add the findings from two calls of forward and two calls of backward.
        """
        raise NotImplementedError

    def compare(self, gradients: Mapping[str, Array]) -> list[TensorResult]:
        """Return the comparison of each gradient with differences."""
        raise NotImplementedError

    def look_further(self, tensors: Sequence[TensorResult], gradients: Mapping[str, Array]) -> None:
        """Add the causes of wrong gradients, and notes on mistakes that the numbers hide."""
        raise NotImplementedError

    def found(self, *codes: str) -> bool:
        """Whether there is a finding with one of these codes."""
        return any(finding.code in codes for finding in self.findings)

    def in_time(self, call: Callable[[], Any]) -> Any:
        """Return what a call of backward returns, within the time limit."""
        return limited(call, self.options.time_limit)

    @contextlib.contextmanager
    def reporting(self) -> Iterator[None]:
        """Turn a backward that raises in the block, or doesn't return in time, into a finding."""
        try:
            yield
        except OutOfTime:
            self.findings.append(timed_out(self.options.time_limit or 0.0))
        except Exception as error:
            self.findings.append(raised(error))
