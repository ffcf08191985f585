"""Which of a student's exercises don't count, where the lowest are dropped.

    (points, of) of each exercise -> lowest(...): the numbers of those that are dropped
"""

from collections.abc import Sequence
from fractions import Fraction


def lowest(points: Sequence[tuple[Fraction, Fraction]], count: int) -> set[int]:
    """Return which have the lowest share of their points; of equal ones the one that is worth more, then the first."""
    shares = [earned / of if of else Fraction(1) for earned, of in points]
    return set(sorted(range(len(points)), key=lambda i: (shares[i], -points[i][1], i))[:count])
