"""From a pair whose gradient is wrong to a cause, or to a description where none can be claimed.

    looks -> candidates that fit the first -> those that fit every other look too, with one reading of their factor
          -> the simplest statement, with others that predict the same
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Sequence

import numpy as np

from aescratch.gradcheck.binding import Pair, call, copied
from aescratch.gradcheck.causes.describe import describe
from aescratch.gradcheck.causes.draws import (
    base_look,
    dimensions_of,
    other_size_looks,
    returned_names,
    same_size_looks,
    shrunk,
)
from aescratch.gradcheck.causes.judge import BOUNDS, FITS, Evidence, Judge
from aescratch.gradcheck.causes.looks import Look
from aescratch.gradcheck.report import Finding

EVALUATIONS = 6  # of forward, for one derivative
MOST_EFFORT = 0.1  # seconds for one look: more, and looks are taken at small sizes
MOST_DERIVATIVES = 200_000


def explain(pair: Pair, names: Sequence[str], *, seed: int = 0) -> list[Finding]:
    """Return at most one finding for each gradient that is wrong: its cause, or else a description.

    Parameters
    ----------
    pair : Pair
        A forward, its backward and the inputs.
    names : sequence of str
        The inputs whose gradients backward returns, in its order.
    seed : int
        Of the further looks that are taken.

    Returns
    -------
    list of Finding
        With code "cause", a statement and a question, or "described"; empty where nothing can be said. It never raises.
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
    smaller = _effort(pair, names) > MOST_EFFORT
    if smaller:
        pair, dimensions = shrunk(pair, dimensions)
        if _effort(pair, names) > MOST_EFFORT:
            return []
    base = base_look(pair, names, dimensions, seed)
    wrong = [name for name in names if is_wrong(base, name)]
    alike = list(same_size_looks(base, wrong, seed)) if wrong else []
    evidence = Evidence(base, alike, dimensions, lambda: list(other_size_looks(base, wrong, dimensions, seed)))
    findings = []
    for name in wrong:
        judge = Judge(evidence, name)
        findings.append(judge.cause() or describe(base, name, judge.ruled_out))
    for finding in findings if smaller else ():
        finding.evidence["at_smaller_sizes"] = True
        finding.message += "; all this at smaller inputs of the same kind"
    return findings


def _effort(pair: Pair, names: Sequence[str]) -> float:
    """Return about how many seconds one look takes, or infinity if it needs too much memory."""
    start = time.perf_counter()
    output = call(pair.forward, copied(pair.inputs))
    entries = sum(np.size(pair.inputs[name]) for name in names)
    too_much = np.size(output) * entries > MOST_DERIVATIVES
    return float("inf") if too_much else (time.perf_counter() - start) * entries * EVALUATIONS


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
