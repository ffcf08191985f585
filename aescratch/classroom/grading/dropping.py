"""Choose a student's lowest exercises, which are dropped.

    (points, of) of each exercise -> lowest(...): the numbers of the dropped ones
"""

from collections.abc import Sequence
from fractions import Fraction


def lowest(points: Sequence[tuple[Fraction, Fraction]], count: int) -> set[int]:
    """Return those with the lowest share of their points; of equal ones, that with more points, then the first."""
    shares = [earned / of if of else Fraction(1) for earned, of in points]
    return set(sorted(range(len(points)), key=lambda i: (shares[i], -points[i][1], i))[:count])
