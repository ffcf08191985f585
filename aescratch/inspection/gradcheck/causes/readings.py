"""Readings: what a factor is, decided by how it changes when one size changes at a time.

At N, D, H = 7, 5, 3 the factor 7/6 is N/(N−1) and also N/(2H). Here every dimension has been made longer, twice, and
every number among the inputs has been changed: a reading holds at all of these looks.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

from aescratch.foundations.language import Phrase, gettext, joined
from aescratch.inspection.gradcheck.causes.draws import Dimension

SAME = 1e-7  # relative: closer factors are equal
MOST_BELOW = 16  # denominators of the fractions that are written as such, and the powers of two
MOST_POWER = 1024

Dependence = tuple[str, str, Callable[[float], float]]


def _each_and_its_inverse(*dependences: Dependence) -> tuple[Dependence, ...]:
    return tuple(
        each for above, below, value in dependences
        for each in ((above, below, value), (below, above, lambda s, value=value: 1 / value(s)))
    )  # fmt: skip


# How a factor may depend on one size: numerator, denominator, and value.
NOT_AT_ALL: Dependence = ("", "", lambda s: 1.0)
USUAL = _each_and_its_inverse(
    ("{}", "", lambda s: s),
    ("{}²", "", lambda s: s * s),
    ("√{}", "", math.sqrt),
    ("({} − 1)", "", lambda s: s - 1),
    ("{}", "({} − 1)", lambda s: s / (s - 1)),
    ("({} + 1)", "", lambda s: s + 1),
)
NUMBERS_ONLY = _each_and_its_inverse(("(1 − {})", "", lambda s: 1 - s), ("(1 − {})", "{}", lambda s: (1 - s) / s))
DEPENDENCES = (NOT_AT_ALL, *USUAL)


class Reading(NamedTuple):
    """What a factor is."""

    text: str  # as it would be written: "N", "1/N", "−2", "0.37"
    note: str  # the values of the letters at the given sizes, and what couldn't be distinguished
    cost: float  # how far it is from "no factor": the simpler of two explanations is stated
    shown: str  # the text with words for the sizes whose letters aren't sure
    simple: bool  # whether its constant is a small fraction, or a decimal of two places

    @property
    def is_constant(self) -> bool:
        """Whether it depends on no size and on no number among the inputs."""
        return not self.note and not any(letter.isalpha() for letter in self.text)


def read(factors: Sequence[tuple[Mapping[str, float], float]], dimensions: Sequence[Dimension]) -> Reading | None:
    """Return the single reading of a factor that was measured at several sizes, the base first, or None."""
    (sizes, base), letters = factors[0], {dimension.letter for dimension in dimensions}
    if any(abs(factor / base - 1) > SAME for s, factor in factors if s == sizes):
        return None
    constant, dependences, unvaried = base, {}, set()
    for letter in sizes:
        varied = [(s[letter], c) for s, c in factors[1:] if _only(letter, s, sizes)]
        if not varied:
            unvaried.add(letter)
        choices = DEPENDENCES if letter in letters else (NOT_AT_ALL, *NUMBERS_ONLY, *USUAL)
        fitting = next((choice for choice in choices if _fits(choice[2], sizes[letter], base, varied)), None)
        if fitting is None:
            return None
        up, down, value = fitting
        constant /= value(sizes[letter])
        if up or down:
            dependences[letter] = up, down
    used = [d for d in dimensions if d.letter in dependences and d.shown == d.letter]
    notes = [joined("", [f"{d.letter} = {d.size}, ", d.where]) for d in used]
    notes += _coincidences(constant, [d for d in dimensions if d.letter in unvaried])
    text, cost, simple = _written(constant, dependences, {})
    shown, _, _ = _written(constant, dependences, {d.letter: d.shown for d in dimensions})
    return Reading(text, joined("; ", notes), len(dependences) + cost, shown, simple)


def _only(letter: str, sizes: Mapping[str, float], base: Mapping[str, float]) -> bool:
    """Whether only this size differs from the base."""
    return [other for other in base if sizes[other] != base[other]] == [letter]


def _fits(value: Callable[[float], float], size: float, base: float, varied: Sequence[tuple[float, float]]) -> bool:
    try:
        expected = [base * value(other) / value(size) for other, _ in varied]
    except (ZeroDivisionError, ValueError):
        return False
    return all(abs(c - e) <= SAME * abs(e) for (_, c), e in zip(varied, expected, strict=True))


def _written(
    constant: float, dependences: Mapping[str, tuple[str, str]], words: Mapping[str, str]
) -> tuple[str, float, bool]:
    """Return the text of a product of a constant and sizes, the constant's cost, and whether it is simple."""
    above: list[str] = [Phrase(up, words.get(letter, letter)) for letter, (up, _) in dependences.items() if up]
    below: list[str] = [Phrase(down, words.get(letter, letter)) for letter, (_, down) in dependences.items() if down]
    size, sign = abs(constant), "−" if constant < 0 else ""
    fraction = Fraction(size).limit_denominator(MOST_BELOW)
    power = Fraction(round(size * MOST_POWER), MOST_POWER)
    if _is_same(power, size):
        fraction = power
    as_decimal = fraction.denominator in (5, 10) and not dependences  # 0.1 is written so
    known = _is_same(fraction, size) and 0 < fraction.numerator <= 64 and not as_decimal
    if not known:
        above.insert(0, f"{size:.7g}")
    elif fraction.numerator != 1:
        above.insert(0, str(fraction.numerator))
    if known and fraction.denominator != 1:
        below.insert(0, str(fraction.denominator))
    tail = joined("·", below)
    if len(below) > 1:
        tail = joined("", ["(", tail, ")"])
    is_power_of_two = all(n & (n - 1) == 0 for n in (fraction.numerator, fraction.denominator))
    cost = 3.0 if not known else 0.0 if fraction == 1 else 0.5 if is_power_of_two else 1.5
    simple = known or _is_same(round(size, 2), size)
    written = joined("", [sign, joined("·", above) or "1", *(["/", tail] if tail else [])])
    return written, cost + (0.5 if sign else 0.0), simple


def _is_same(number: float | Fraction, size: float) -> bool:
    return abs(float(number) - size) <= SAME * size


def _coincidences(constant: float, fixed: Sequence[Dimension]) -> list[str]:
    """Return what else a constant may be: a size that couldn't be varied."""
    size = abs(constant)
    return [
        gettext(
            "{size} is {where} here, and couldn't be varied: use sizes that differ"
        ).format(size=d.size, where=d.where)
        for d in fixed
        if any(abs(size / v - 1) <= SAME for f in (1, 2, 0.5) for v in (f * d.size, f / d.size, d.size / (d.size - 1)))
    ]
