"""Readings: what a factor is, told by how it changes when one size changes at a time.

At N, D, H = 7, 5, 3 the factor 7/6 is N/(N−1) and also N/(2H). Here every dimension was made longer, twice, and every
number among the inputs was changed: a reading is what holds at all of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from aescratch.inspection.gradcheck.causes.draws import Dimension

SAME = 1e-7  # relative: two factors are one
MOST_BELOW = 16  # of the fractions that are written as such, and of those with a power of two below
MOST_POWER = 1024

# How a factor may depend on one size: above the fraction bar, below it, and as a number.
DEPENDENCES: tuple[tuple[str, str, Callable[[float], float]], ...] = (
    ("", "", lambda s: 1.0),
    ("{}", "", lambda s: s),
    ("", "{}", lambda s: 1 / s),
    ("{}²", "", lambda s: s * s),
    ("", "{}²", lambda s: 1 / (s * s)),
    ("√{}", "", lambda s: math.sqrt(s)),
    ("", "√{}", lambda s: 1 / math.sqrt(s)),
    ("({} − 1)", "", lambda s: s - 1),
    ("", "({} − 1)", lambda s: 1 / (s - 1)),
    ("{}", "({} − 1)", lambda s: s / (s - 1)),
    ("({} − 1)", "{}", lambda s: (s - 1) / s),
    ("({} + 1)", "", lambda s: s + 1),
    ("", "({} + 1)", lambda s: 1 / (s + 1)),
)
NUMBERS_ONLY: tuple[tuple[str, str, Callable[[float], float]], ...] = (
    ("(1 − {})", "", lambda s: 1 - s),
    ("", "(1 − {})", lambda s: 1 / (1 - s)),
    ("(1 − {})", "{}", lambda s: (1 - s) / s),
    ("{}", "(1 − {})", lambda s: s / (1 - s)),
)


@dataclass(frozen=True)
class Reading:
    """What a factor is.

    Attributes
    ----------
    text : str
        As it would be written: "N", "1/N", "−2", "0.37".
    note : str
        What the letters are at the sizes given, and what couldn't be told apart.
    cost : float
        How far from "no factor" it is: the simpler of two explanations is told.
    shown : str
        The text with words for the sizes whose letters aren't sure.
    simple : bool
        Whether its constant is a small fraction, or a decimal of two places.
    """

    text: str
    note: str
    cost: float
    shown: str
    simple: bool


def read(factors: Sequence[tuple[Mapping[str, float], float]], dimensions: Sequence[Dimension]) -> Reading | None:
    """Return the one reading of a factor seen at several sizes, the base first, or None if there is none.

    Parameters
    ----------
    factors : sequence of (sizes, factor)
        The sizes of each look, and the factor fitted there.
    dimensions : sequence of Dimension
        What the letters mean.
    """
    (sizes, base), letters = factors[0], {dimension.letter for dimension in dimensions}
    if not base or any(not factor or not math.isfinite(factor) for _, factor in factors):
        return None
    if any(abs(factor / base - 1) > SAME for s, factor in factors if s == sizes):
        return None
    constant, above, below, cost = base, [], [], 0.0
    words = {dimension.letter: dimension.shown for dimension in dimensions}
    shown_above, shown_below = [], []
    unvaried: set[str] = set()
    for letter in sizes:
        varied = [(s[letter], c) for s, c in factors[1:] if _only(letter, s, sizes)]
        unvaried |= set() if varied else {letter}
        choices = DEPENDENCES if letter in letters else [DEPENDENCES[0], *NUMBERS_ONLY, *DEPENDENCES[1:]]
        fitting = [choice for choice in choices if _fits(choice[2], sizes[letter], base, varied)]
        if not fitting:
            return None
        up, down, value = fitting[0]
        constant /= value(sizes[letter])
        above += [up.format(letter, letter)] if up else []
        below += [down.format(letter, letter)] if down else []
        shown_above += [up.format(words.get(letter, letter))] if up else []
        shown_below += [down.format(words.get(letter, letter))] if down else []
        cost += 1.0 if up or down else 0.0
    used = [d for d in dimensions if any(d.letter in word for word in (*above, *below))]
    note = "; ".join(f"{d.letter} = {d.size}, {d.where}" for d in used if d.shown == d.letter)
    text, constant_cost, simple = _written(constant, above, below)
    fixed = _coincidences(constant, [d for d in dimensions if d.letter in unvaried])
    note = "; ".join(part for part in (note, fixed) if part)
    shown = _written(constant, shown_above, shown_below)[0]
    return Reading(text, note, cost + constant_cost, shown, simple)


def _only(letter: str, sizes: Mapping[str, float], base: Mapping[str, float]) -> bool:
    """Whether of all sizes only this one differs from the base."""
    return [other for other in base if sizes[other] != base[other]] == [letter]


def _fits(value: Callable[[float], float], size: float, base: float, varied: Sequence[tuple[float, float]]) -> bool:
    try:
        expected = [base * value(other) / value(size) for other, _ in varied]
    except (ZeroDivisionError, ValueError):
        return False
    return all(abs(c - e) <= SAME * abs(e) for (_, c), e in zip(varied, expected, strict=True))


def _written(constant: float, above: list[str], below: list[str]) -> tuple[str, float, bool]:
    """Return a product of a constant and letters as one writes it, the constant's cost, and whether it is simple."""
    fraction = Fraction(abs(constant)).limit_denominator(MOST_BELOW)
    power = Fraction(round(abs(constant) * MOST_POWER), MOST_POWER)
    if abs(float(power) - abs(constant)) <= SAME * abs(constant):
        fraction = power
    if fraction.denominator in (5, 10) and not above and not below:
        fraction = Fraction(0)  # 0.1 is written so
    known = abs(float(fraction) - abs(constant)) <= SAME * abs(constant) and 0 < fraction.numerator <= 64
    sign = "−" if constant < 0 else ""
    top = above[:]
    bottom = below[:]
    if not known:
        top.insert(0, f"{abs(constant):.7g}")
    elif fraction.numerator != 1:
        top.insert(0, str(fraction.numerator))
    if known and fraction.denominator != 1:
        bottom.insert(0, str(fraction.denominator))
    head = "·".join(top) or "1"
    tail = "·".join(bottom)
    if len(bottom) > 1:
        tail = f"({tail})"
    power_of_two = known and _power_of_two(fraction)
    cost = 0.0 if known and fraction == 1 else 0.5 if power_of_two else 1.5 if known else 3.0
    simple = known or abs(constant - round(constant, 2)) <= SAME * abs(constant)
    return sign + head + (f"/{tail}" if tail else ""), cost + (0.5 if sign else 0.0), simple


def _power_of_two(fraction: Fraction) -> bool:
    return all(n & (n - 1) == 0 for n in (fraction.numerator, fraction.denominator))


def _coincidences(constant: float, fixed: Sequence[Dimension]) -> str:
    """Return what a constant may be as well: a size that couldn't be varied."""
    size = abs(constant)
    words = [
        f"{d.size} is {d.where} here, and couldn't be varied: use sizes that differ"
        for d in fixed
        if any(abs(size / v - 1) <= SAME for f in (1, 2, 0.5) for v in (f * d.size, f / d.size, d.size / (d.size - 1)))
    ]
    return "; ".join(words)
