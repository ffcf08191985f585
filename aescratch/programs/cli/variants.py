"""The variants by their names on the command line, which their classes declare."""

from __future__ import annotations

from collections.abc import Callable

from aescratch.foundations.language import Phrase
from aescratch.models import MODELS
from aescratch.models.base import Model
from aescratch.programs.cli.options import option
from aescratch.programs.cli.words import one_of

VARIANTS: dict[str, type[Model]] = {kind.word: kind for kind in MODELS}
variant_name: Callable[[str], str] = one_of(VARIANTS)
ONE_OF_THEM = Phrase("one of {names}", names=", ".join(VARIANTS))
VARIANT = option("variant", metavar="VARIANT", type=variant_name, help=ONE_OF_THEM)


def names_where(holds: Callable[[type[Model]], bool]) -> str:
    """Return the names of the variants for which a condition holds, with commas between.

    Examples
    --------
    >>> names_where(lambda kind: kind.takes_labels)
    'classifier'
    """
    return ", ".join(name for name, kind in VARIANTS.items() if holds(kind))
