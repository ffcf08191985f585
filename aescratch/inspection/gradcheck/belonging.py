"""Which inputs gradients belong to, where backward gives those of some inputs only: told by their numbers.

    gradients, the leading inputs --each compared with every input of its shape--> inputs, and a note on each guess
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from aescratch.inspection.gradcheck.binding import COMPARED_WITH
from aescratch.inspection.gradcheck.report import Finding


def belonging(
    names: list[str], gradients: Sequence[Any], shapes: Mapping[str, tuple[int, ...]],
    fits: Callable[[str, Any], bool], advice: str,
) -> Iterator[Finding]:  # fmt: skip
    """Put in the places of names, one for each gradient, those that its numbers fit; yield a note on each guess.

    Only inputs of known shape are moved, and only where they are more than come back: else their order counts. Where
    none fits, one whose name says that it is what a loss compares with comes last.
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
        found = next((name for name in alike if fits(name, gradient)), None)
        message = f"what backward returned is the gradient of {found}, not of {natural}"
        if found is None and len(alike) > 1:
            found = natural if natural in alike and natural not in COMPARED_WITH else alike[0]
            message = f"what backward returned was compared with the gradient of {found}: {' and '.join(alike)} have "
            message += "the same shape, and it is right for none"
        names[place] = found or (alike[0] if alike else natural)
        free = [name for name in free if name != names[place]]
        if found is not None:
            message += advice.format(found)
            yield Finding("belongs-to", f"grad_{found}", "note", message, {"instead_of": natural})
