"""Mistakes that no gradient check can see: a wrong forward with a backward that matches it.

comparing.py   a formula against an oracle, the report, and readings of a difference
terms.py, layers.py, choosing.py   the oracles of losses and penalties, and of layers; which part has which
noise.py       statistics of random draws
objective.py, wiring.py      how a model combines its parts, against its own second opinion
drawing.py, doubts.py        random draws outside of the parts; whether an opinion fits this model
checking.py    check_meaning
"""

from aescratch.inspection.gradcheck.meaning.checking import check_meaning
from aescratch.inspection.gradcheck.meaning.comparing import MeaningReport

__all__ = ["MeaningReport", "check_meaning"]
