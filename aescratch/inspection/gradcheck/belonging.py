"""Which inputs gradients belong to, where backward gives those of some inputs only: told by their numbers.

    gradients, the leading inputs --each compared with every input of its shape--> inputs, and a note on each guess
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from aescratch.inspection.gradcheck.binding import COMPARED_WITH
from aescratch.inspection.gradcheck.report import INCONCLUSIVE, Finding


def belonging(
    names: list[str], gradients: Sequence[Any], shapes: Mapping[str, tuple[int, ...]],
    fits: Callable[[str, Any], bool], advice: str,
) -> Iterator[Finding]:  # fmt: skip
    """Put in the places of names, one for each gradient, those that its numbers fit; yield a note on each guess.

    Only inputs of known shape are moved, and only where they are more than come back: else their order counts. Where
    none fits, one whose name says that it is what a loss compares with comes last. With the numbers of another input a
    gradient may be meant for the leading one all the same, as after a sign in (a - b)²: then the check settles nothing,
    or, where the other is what a loss compares with, the leading one counts.
    """
    guessed = [place for place, name in enumerate(names) if name in shapes]
    if len(guessed) == len(shapes):
        return
    wrong = [place for place in guessed if not fits(names[place], gradients[place])]
    free = [name for name in shapes if name not in names or names.index(name) in wrong]
    free.sort(key=lambda name: name in COMPARED_WITH)
    for place in wrong:
        natural, gradient = names[place], gradients[place]
        alike = [name for name in free if shapes[name] == np.shape(gradient)]
        is_open = natural not in alike or natural in COMPARED_WITH  # as a mistake has the numbers of another input, too
        found = next((name for name in alike if fits(name, gradient)), None)
        severity = "note" if is_open or found is None else INCONCLUSIVE
        message = f"what backward returned is the gradient of {found}, not of {natural}"
        if found in COMPARED_WITH and not is_open:
            message, severity, found = f"{message}, with which it was compared", "note", natural
        elif found is None and len(alike) > 1:
            found = alike[0] if is_open else natural
            message = f"what backward returned was compared with the gradient of {found}: {' and '.join(alike)} have "
            message += "the same shape, and it is right for none"
        names[place] = found or (alike[0] if alike else natural)
        free = [name for name in free if name != names[place]]
        if found is not None:
            message += advice.format(found)
            yield Finding("belongs-to", f"grad_{found}", severity, message, {"instead_of": natural})
