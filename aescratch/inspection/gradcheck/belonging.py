"""Which inputs the gradients belong to, where backward returns those of some inputs only: decided by their numbers.

    gradients, the leading inputs --each compared with every input of its shape--> inputs, and a note on each guess
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from aescratch.foundations.language import gettext
from aescratch.inspection.gradcheck.binding import COMPARED_WITH
from aescratch.inspection.gradcheck.report import INCONCLUSIVE, Finding


def belonging(
    names: list[str], gradients: Sequence[Any], shapes: Mapping[str, tuple[int, ...]],
    fits: Callable[[str, Any], bool], advice: str,
) -> Iterator[Finding]:  # fmt: skip
    """Correct `names`, one input for each gradient, to those that the numbers fit; yield a note on each guess.

    Only inputs of known shape are moved, and only if there are more of them than gradients; otherwise their order
    counts. If none fits, an input that is a loss's target by its name comes last. A gradient with the numbers of
    another input may still be meant for the leading one, for example after a sign error in (a - b)². Then the check is
    inconclusive, or, if the other input is a loss's target, the leading one counts.
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
        is_open = natural not in alike or natural in COMPARED_WITH  # as a mistake may give another input's numbers
        found = next((name for name in alike if fits(name, gradient)), None)
        severity = "note" if is_open or found is None else INCONCLUSIVE
        message = gettext("what backward returned is the gradient of {found}, not of {natural}")
        message = message.format(found=found, natural=natural)
        if found in COMPARED_WITH and not is_open:
            message += gettext(", with whose gradient it was compared")
            severity, found = "note", natural
        elif found is None and len(alike) > 1:
            found = alike[0] if is_open else natural
            message = gettext(
                "what backward returned was compared with the gradient of {found}: {alike} have the same shape, and it "
                "fits none of them"
            ).format(found=found, alike=gettext(" and ").join(alike))
        names[place] = found or (alike[0] if alike else natural)
        free = [name for name in free if name != names[place]]
        if found is not None:
            message += advice.format(found)
            yield Finding("belongs-to", f"grad_{found}", severity, message, {"instead_of": natural})
