"""From a pair whose gradient is wrong to a cause, or to a description where none can be claimed.

    looks -> candidates that fit the first -> those that fit every other look too, with one reading of their factor
          -> the simplest statement, with others that predict the same
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from aescratch.inspection.gradcheck.binding import Pair
from aescratch.inspection.gradcheck.causes.describe import describe
from aescratch.inspection.gradcheck.causes.draws import (
    Dimension,
    Draw,
    base_look,
    dimensions_of,
    float_arrays,
    generic_look,
    is_degenerate,
    is_generic,
    other_size_looks,
    returned_names,
    same_size_looks,
    shrunk,
)
from aescratch.inspection.gradcheck.causes.judge import BOUNDS, FITS, Evidence, Judge
from aescratch.inspection.gradcheck.causes.looks import Look
from aescratch.inspection.gradcheck.report import Finding

EVALUATIONS = 6  # of forward, for one derivative
MOST_ENTRIES = 400  # of all inputs: more, and looks are taken at small sizes
MOST_DERIVATIVES = 200_000
TOO_SLOW = 1.0  # seconds for one look, which no forward of small arrays needs: else the text would change with the load
TRIALS = 3
VANISHING = 1e-6  # of the largest entry
SATURATED = 0.5  # the share of entries that vanish at the inputs given and don't at generic ones: nothing is claimed
UNMEASURED = (
    "That is at random inputs of a usual size: at those given the right gradient can't be measured well enough to look "
    "for a cause"
)
UNTAKEN = "No cause was looked for: at random inputs of a usual size forward or backward doesn't work"


def explain(pair: Pair, names: Sequence[str], *, seed: int = 0) -> list[Finding]:
    """Return at most one finding for each gradient that is wrong: its cause, or else a description.

    The names are those of the inputs whose gradients backward returns, in its order; the seed is that of the further
    looks that are taken. A finding has the code "cause", a statement and a question, or "described". It never raises.
    """
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            return _explain(pair, names, seed)
    except Exception:
        return []


def _explain(pair: Pair, names: Sequence[str], seed: int) -> list[Finding]:
    dimensions = dimensions_of(pair)
    names = returned_names(pair, names)
    smaller = _too_much(pair, names)
    if smaller:
        pair, dimensions = shrunk(pair, dimensions)
        if _too_much(pair, names):
            return []
    given = base_look(pair, names, dimensions, seed)
    found = generic_look(given, names, seed)
    wrong = [name for name in names if is_wrong(given, name)]
    findings = []
    if found is None:
        findings = [describe(given, name, [], UNTAKEN) for name in wrong]
    else:
        generic, draws = found
        hidden = [name for name in names if name not in wrong and is_hidden(given, name) and is_wrong(generic, name)]
        if wrong:
            findings = _judged(given, generic, draws, wrong, dimensions, seed)
        findings += [describe(generic, name, [], UNMEASURED) for name in hidden]
    for finding in findings if smaller else ():
        finding.evidence["at_smaller_sizes"] = True
        at = "; all this at smaller inputs of the same kind"
        finding.message, finding.proof = finding.message + at * (not finding.proof), finding.proof + at
    return findings


def _judged(
    given: Look, generic: Look, draws: Mapping[str, Draw], wrong: Sequence[str], dimensions: Sequence[Dimension],
    seed: int,
) -> list[Finding]:  # fmt: skip
    """Return a cause or a description of every wrong gradient. Where the inputs given aren't generic, others lead."""
    is_base = all(is_generic(array) for array in float_arrays(given.inputs).values())
    evidence = Evidence(
        given if is_base else generic,
        [*([] if is_base else [given]), *same_size_looks(given, wrong, seed, draws)],
        dimensions, lambda: other_size_looks(given, wrong, dimensions, seed, draws), is_degenerate(given.inputs),
    )  # fmt: skip
    findings = []
    for name in wrong:
        judge = Judge(evidence, name)
        judged = is_wrong(generic, name) and vanishing(given, name) <= vanishing(generic, name) + SATURATED
        cause = judge.cause() if judged else None
        findings.append(cause or describe(given, name, judge.ruled_out))
    return findings


def _too_much(pair: Pair, names: Sequence[str]) -> bool:
    """Whether looks must be taken at small sizes: by counts, and by time only where forward is very slow."""
    entries, fastest = sum(np.size(pair.inputs[name]) for name in names), float("inf")
    output: Any = None
    for _ in range(TRIALS):
        start = time.perf_counter()
        output = pair.output()
        fastest = min(fastest, time.perf_counter() - start)
    counted = entries > MOST_ENTRIES or np.size(output) * entries > MOST_DERIVATIVES
    return counted or fastest * entries * EVALUATIONS > TOO_SLOW


def vanishing(look: Look, name: str) -> float:
    """Return the share of entries at which the right gradient is next to nothing, as where a sigmoid is flat."""
    sizes = np.abs(look.truth(name))
    return float(np.mean(sizes <= VANISHING * sizes.max(initial=0.0)))


def is_hidden(look: Look, name: str) -> bool:
    """Whether few entries of the right gradient are known well enough to be compared, or a wrong one isn't."""
    if name not in look.returned or look.returned[name].shape != look.truth(name).shape:
        return False
    usable, off = look.usable(name), np.abs(look.returned[name] - look.truth(name))
    return bool(2 * int(usable.sum()) < usable.size or (off > BOUNDS * look.error(name))[~usable].any())


def is_wrong(look: Look, name: str) -> bool:
    """Whether the gradient that was returned for this input differs from the right one by more than rounding."""
    if name not in look.returned:
        return False
    returned, truth = look.returned[name], look.truth(name)
    if returned.shape != truth.shape:
        return True
    largest = max(float(np.abs(truth).max()), float(np.abs(returned).max()))
    off = np.abs(returned - truth) > FITS * largest + BOUNDS * look.error(name)
    return bool((off & look.usable(name)).any())
