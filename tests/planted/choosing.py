"""Decide which mutants are mistakes, and choose a fixed selection of them on which the checker is measured.

    mutants of a case, in an order that depends only on their own text
        -> equal to the right code: excluded;  not seen by the check: excluded;  raising: kept separately
        -> one of each operator in turn, until the case has its share

Nothing here asks the checker: gradients are compared with those of the right code, at five draws and two sets of sizes.
A mistake is chosen, and held out, by a hash of its own text, so that other cases and operators don't move it.
"""

import functools
import hashlib
from typing import NamedTuple

import numpy as np

from .cases import CASES
from .checking import arrays_of, loaded, quietly, right_module
from .operators import planted
from .published import published

DRAWS = 5
EQUAL = 1e-9  # relative to the largest entry: the same to rounding
SEEN = 1e-5  # so much must a gradient be off at the inputs of the check, whose tolerance is 1e-6
SHARE = {"function": 5, "network": 9, "exercise": 7, "stranger": 8}  # mistakes of one case
# Operators that find little to break come earlier, on average, so that there are enough mistakes of each.
EARLIER = {
    "labels": 0.1, "mask": 0.3, "updated-first": 0.3, "overwritten": 0.3, "axis": 0.4,
    **dict.fromkeys(("applied-twice", "left-out", "drop-function", "slope-argument", "swap", "stale"), 0.5),
    **dict.fromkeys(("drop-term", "drop-factor", "constant"), 0.6),
}  # fmt: skip
RAISING = 1  # of one case, beside these
HELD_OUT = 3  # one of so many


class Mistake(NamedTuple):
    """A wrong pass: the case, what was done to which statement, and the text."""

    case: str
    operator: str
    first: int
    last: int
    statement: str
    text: str
    raises: bool
    source: str = ""  # of a published one: where such a mistake was made
    like: str = ""  # the operator whose codes are true of it

    @property
    def kind(self):
        return CASES[self.case].kind

    @property
    def identity(self):
        return f"{self.case} | {self.operator} | {self.first} | {self.statement}"


def is_held_out(mistake):
    """Whether a mistake belongs to the held-out third, which must not be used while causes are written."""
    return _hash("held out", mistake.identity) % HELD_OUT == 0


def _hash(*words):
    return int.from_bytes(hashlib.sha256(" | ".join(words).encode()).digest()[:8], "big")


@functools.cache
def right_gradients(name, seed, sizes):
    """Return the gradients of a case's right code at a draw."""
    with quietly():
        return CASES[name].gradients(right_module(CASES[name]), seed, sizes)


def distance(found, right):
    """Return how far gradients are from the right ones, relative to the largest entry; infinite if misshapen."""
    if len(found) != len(right):
        return np.inf
    return max((_apart(a, b) for a, b in zip(found, right, strict=True)), default=0.0)


def _apart(found, right):
    if not isinstance(found, (np.ndarray, np.generic, float)) or np.shape(found) != np.shape(right):
        return np.inf
    apart = float(np.max(np.abs(found - right), initial=0.0)) / (float(np.max(np.abs(right), initial=0.0)) or 1.0)
    return apart if np.isfinite(apart) else np.inf


def standing(case, module):
    """Return the kind of a changed module: "equal", "unseen", "raises", "forward" or "mistake".

    If a function also returns its loss, the loss must be the same: otherwise the forward was changed.
    """
    apart = []
    try:
        with quietly():
            for sizes in (0, 1):
                for seed in range(DRAWS):
                    found, right = case.gradients(module, seed, sizes), right_gradients(case.name, seed, sizes)
                    if getattr(case.way, "gives_its_value", False) and distance(found[:1], right[:1]) > EQUAL:
                        return "forward"
                    apart.append(distance(found, right))
                    if not np.isfinite(apart[-1]):
                        return "mistake" if seed == sizes == 0 else "unseen"
    except Exception:
        return "raises"
    if max(apart) <= EQUAL:
        return "equal"
    return "mistake" if apart[0] >= SEEN else "unseen"


def _turn(name, operator):
    return _hash("operator", name, operator) * EARLIER.get(operator, 1.0)


def chosen_of(name, most=None):
    """Return the chosen mistakes of one case, or the first of them; all that were published are among them."""
    share = most or SHARE[CASES[name].kind]
    case, by_operator = CASES[name], {}
    known = [Mistake(name, *mutant, False, source, like) for mutant, like, source in published(case)]
    for mutant in planted(case.text, case.functions, arrays_of(case)):
        if mutant.text not in {mistake.text for mistake in known}:
            by_operator.setdefault(mutant.operator, []).append(mutant)
    queues = [
        sorted(mutants, key=lambda m: _hash("order", name, m.operator, str(m.first), m.statement))
        for _, mutants in sorted(by_operator.items(), key=lambda item: _turn(name, item[0]))
    ]
    found, raising = [], 0
    while any(queues) and len(found) - raising < share:
        for queue in queues:
            while queue and len(found) - raising < share:
                mutant = queue.pop(0)
                with loaded(mutant.text, case.path.name) as module:
                    what = standing(case, module)
                if what == "mistake" or (what == "raises" and raising < RAISING):
                    found.append(Mistake(name, *mutant, what == "raises", like=mutant.operator))
                    raising += what == "raises"
                    if what == "mistake":
                        break
    return found + (known if most is None else [])


def chosen(names=None):
    """Return the fixed selection, of some cases or of all."""
    return [mistake for name in (CASES if names is None else names) for mistake in chosen_of(name)]
