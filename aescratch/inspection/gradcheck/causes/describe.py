"""The description where no cause can be claimed: facts about the difference, and the causes that are ruled out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from aescratch.backend import Array
from aescratch.inspection.gradcheck.causes.looks import Look
from aescratch.inspection.gradcheck.report import Finding

WRONG = 1e-7  # of the largest entry
MOST_DIGITS = 10  # of a factor
MOST_LINES = 7  # rows or columns that are listed; of more, only the number is given
SINGLE_PRECISION = 3e-6  # of the largest entry: differences below it look like float32


def describe(look: Look, name: str, ruled_out: Sequence[str], remark: str = "") -> Finding:
    """Return a note with the facts about one wrong gradient."""
    tensor, returned, truth = f"grad_{name}", look.returned[name], look.truth(name)
    evidence: dict[str, Any] = {"ruled_out": list(ruled_out)}
    if returned.shape != truth.shape:
        message = f"{tensor} has shape {returned.shape}, {name} has {truth.shape}; its values fit no known cause"
        return Finding("described", tensor, "note", message, evidence)
    known = look.usable(name)
    largest = max(float(np.abs(truth[known]).max(initial=0.0)), float(np.abs(returned[known]).max(initial=0.0)))
    wrong = known & (np.abs(returned - truth) > WRONG * largest)
    facts = [f"{int(wrong.sum())} of {wrong.size} entries are wrong{_where(wrong)}"] if wrong.any() else []
    ratios = (returned / np.where(truth == 0, np.nan, truth))[wrong]
    ratios = ratios[np.isfinite(ratios)]
    if returned.size > 1 and not np.ptp(returned):
        facts.append(f"they are all {returned.flat[0]:.6g}")
    elif ratios.size:
        evidence["ratio"] = [float(ratios.min()), float(ratios.max())]
        times = f"{between(*evidence['ratio'])} times the right ones" if ratios.any() else "0"
        but = ", where the right ones aren't 0" if (wrong & (truth == 0)).any() else ""
        facts.append(f"they are {times}{but}")
    lengths = float(np.linalg.norm(returned[known]) * np.linalg.norm(truth[known]))
    if lengths and wrong.size > 1:
        evidence["cosine"] = float((returned[known] * truth[known]).sum()) / lengths
        facts.append(f"the cosine of the two gradients is {between(evidence['cosine'], evidence['cosine'], 6)}")
    off = float(np.abs(returned - truth)[known].max(initial=0.0)) / (largest or 1.0)
    if off < SINGLE_PRECISION:
        facts.append(f"the largest difference, {off:.0e} of the largest entry, is of the size of float32's rounding")
    elif not wrong.any():
        facts.append(f"the largest difference is {off:.0e} of the largest entry")
    evidence["largest_difference"] = off
    message = f"{tensor}: {'; '.join(facts)}. {remark or 'No known cause holds to rounding'}"
    if ruled_out:
        message += f"; ruled out: {', '.join(ruled_out[:6])}" + (" and more" if len(ruled_out) > 6 else "")
    return Finding("described", tensor, "note", message, evidence)


def between(low: float, high: float, least: int = 3) -> str:
    """Return a range of factors in words, or one factor where both are equal, with enough digits to differ from 1."""
    for digits in range(least, MOST_DIGITS):
        texts = f"{low:.{digits}g}", f"{high:.{digits}g}"
        if "1" not in texts:
            break
    return texts[0] if texts[0] == texts[1] else f"between {texts[0]} and {texts[1]}"


def _where(wrong: Array) -> str:
    """Return the few rows or columns that hold every wrong entry, in words, or nothing."""
    if wrong.ndim != 2 or wrong.all() or not wrong.any():
        return ""
    words = []
    for axis, line in ((1, "rows"), (0, "columns")):
        lines = np.flatnonzero(wrong.any(axis))
        if len(lines) < wrong.shape[1 - axis]:
            named = f"{line} {', '.join(map(str, lines))}"
            words.append(named if len(lines) <= MOST_LINES else f"{len(lines)} of {wrong.shape[1 - axis]} {line}")
    return f", all in {' and '.join(words)}" if words else ""
