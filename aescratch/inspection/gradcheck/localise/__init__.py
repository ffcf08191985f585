"""Where a model's gradient first goes wrong: in which part, or in which line of the model's own backward.

    loss, backward -> every part's calls -> from the loss backward, one after the other:
        is the gradient that a part receives right?      no -> the fault lies in the model's backward, before this call
        is what the part returns right?                  no -> the fault lies in the part
    all right, but a parameter's gradient isn't?            -> the fault lies in how its shares are combined

The numbers decide what is right: differences of the loss with respect to the output of each part's forward. A part
whose backward is declared not to be a derivative is replaced by its rule meanwhile.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Sequence

import numpy as np

from aescratch.backend import Array, array_module
from aescratch.foundations.language import gettext
from aescratch.inspection.gradcheck.deadline import OutOfTime
from aescratch.inspection.gradcheck.keeping import kept
from aescratch.inspection.gradcheck.localise.own_lines import with_line
from aescratch.inspection.gradcheck.localise.search import Search
from aescratch.inspection.gradcheck.localise.step import Step
from aescratch.inspection.gradcheck.report import Finding
from aescratch.inspection.gradcheck.surrogates import Surrogates

__all__ = ["localise"]


def localise(model: object, batch: Sequence[Array], rng: int) -> list[Finding]:
    """Return findings on the first mistake in a model's backward pass, with the cause if it is known.

    The model, in float64, is unchanged afterwards. The first finding has the code "first-wrong", and its evidence names
    part, file and line; findings about the arrays follow. If nothing was found there is a note, "not-localised".
    """
    if array_module(batch[0]) is not np:
        message = gettext(
            'the place where the gradient first goes wrong can only be found on the CPU: check model.to("numpy")'
        )
        return [Finding("not-localised", None, "note", message)]
    with kept(model), np.errstate(all="ignore"), contextlib.ExitStack() as stack:
        try:
            run = functools.partial(model.loss, *batch, rng=rng)  # type: ignore[attr-defined]
            stack.enter_context(Surrogates(model, run, None).in_place())
            found = Search(Step(model, batch, rng)).findings()
        except (Exception, OutOfTime) as error:  # the code under check runs in unusual ways here, and may raise
            message = gettext("the place where the gradient first goes wrong was not found: {kind}: {error}")
            message = message.format(kind=type(error).__name__, error=error)
            found = [Finding("not-localised", None, "note", message)]
        of_a_part = found[0].evidence.get("kind") == "part"
        return found if of_a_part and found[0].cause else with_line(found, model, batch, rng)
