"""The description where no cause can be claimed: facts about the difference, and the causes that are ruled out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from aescratch.backend import Array
from aescratch.foundations.language import gettext, joined
from aescratch.inspection.gradcheck.causes.looks import Look
from aescratch.inspection.gradcheck.report import Finding

WRONG = 1e-7  # of the largest entry
MOST_DIGITS = 10  # of a factor
MOST_LINES = 7  # rows or columns that are listed; of more, only the number is given
SINGLE_PRECISION = 3e-6  # of the largest entry: differences below it look like float32


def describe(look: Look, name: str, ruled_out: Sequence[str], remark: str = "", advice: str = "") -> Finding:
    """Return a note about one wrong gradient: that no cause is known, the advice, and the facts.

    A remark says why no cause was looked for, and comes after the facts.
    """
    tensor, returned, truth = f"grad_{name}", look.returned[name], look.truth(name)
    evidence: dict[str, Any] = {"ruled_out": list(ruled_out)}
    if returned.shape != truth.shape:
        message = gettext("{tensor} has shape {got}, {name} has {shape}; its values fit no known cause")
        message = message.format(tensor=tensor, got=returned.shape, name=name, shape=truth.shape)
        message += joined("", [". ", advice]) if advice else ""
        return Finding("described", tensor, "note", message, evidence)
    known = look.usable(name)
    largest = max(float(np.abs(truth[known]).max(initial=0.0)), float(np.abs(returned[known]).max(initial=0.0)))
    wrong = known & (np.abs(returned - truth) > WRONG * largest)
    facts = []
    if wrong.any():
        said = gettext("{count} of {entries} entries are wrong{where}")
        facts.append(said.format(count=int(wrong.sum()), entries=wrong.size, where=_where(wrong)))
    ratios = (returned / np.where(truth == 0, np.nan, truth))[wrong]
    ratios = ratios[np.isfinite(ratios)]
    if returned.size > 1 and not np.ptp(returned):
        facts.append(gettext("they are all {value:.6g}").format(value=returned.flat[0]))
    elif ratios.size:
        evidence["ratio"] = [float(ratios.min()), float(ratios.max())]
        times = gettext("they are {factor} times the right ones").format(factor=between(*evidence["ratio"]))
        but = gettext(", where the right ones aren't 0") if (wrong & (truth == 0)).any() else ""
        facts.append((times if ratios.any() else gettext("they are 0")) + but)
    lengths = float(np.linalg.norm(returned[known]) * np.linalg.norm(truth[known]))
    if lengths and wrong.size > 1:
        evidence["cosine"] = float((returned[known] * truth[known]).sum()) / lengths
        cosine = between(evidence["cosine"], evidence["cosine"], 6)
        facts.append(gettext("the cosine of the angle between the two gradients is {cosine}").format(cosine=cosine))
    off = float(np.abs(returned - truth)[known].max(initial=0.0)) / (largest or 1.0)
    if off < SINGLE_PRECISION:
        said = gettext("the largest difference, {off:.0e} of the largest entry, is of the size of float32's rounding")
        facts.append(said.format(off=off))
    elif not wrong.any():
        facts.append(gettext("the largest difference is {off:.0e} of the largest entry").format(off=off))
    evidence["largest_difference"] = off
    stated = joined("; ", facts)
    if remark:
        message = joined("", [f"{tensor}: ", stated, ". ", gettext(remark)])
    else:
        unknown = gettext("{tensor}: no known cause gives these numbers.{advice} The evidence: {facts}")
        message = unknown.format(tensor=tensor, advice=joined("", [" ", advice]) if advice else "", facts=stated)
    if ruled_out:
        message += gettext("; ruled out: {codes}").format(codes=", ".join(ruled_out[:6]))
        message += gettext(" and more") if len(ruled_out) > 6 else ""
    return Finding("described", tensor, "note", message, evidence)


def between(low: float, high: float, least: int = 3) -> str:
    """Return a range of factors in words, or one factor where both are equal, with enough digits to differ from 1."""
    for digits in range(least, MOST_DIGITS):
        texts = f"{low:.{digits}g}", f"{high:.{digits}g}"
        if "1" not in texts:
            break
    return texts[0] if texts[0] == texts[1] else gettext("between {} and {}").format(*texts)


def _where(wrong: Array) -> str:
    """Return the few rows or columns that hold every wrong entry, in words, or nothing."""
    if wrong.ndim != 2 or wrong.all() or not wrong.any():
        return ""
    words = []
    for axis, named, counted in (
        (1, gettext("rows {numbers}"), gettext("{count} of {number} rows")),
        (0, gettext("columns {numbers}"), gettext("{count} of {number} columns")),
    ):
        lines, number = np.flatnonzero(wrong.any(axis)), wrong.shape[1 - axis]
        if len(lines) < number:
            said = named if len(lines) <= MOST_LINES else counted
            words.append(said.format(numbers=", ".join(map(str, lines)), count=len(lines), number=number))
    return gettext(", all in {lines}").format(lines=gettext(" and ").join(words)) if words else ""
