"""What no gradient check can see: a wrong forward with a backward that matches it.

comparing.py   a formula against an oracle, the report, and readings of what differs
terms.py, bounds.py, layers.py, choosing.py   the oracles of losses and penalties, and of layers; which is whose
noise.py       statistics of what is drawn
objective.py, wiring.py      how a model puts its parts together, against its own second opinion
drawing.py, doubts.py        what a model draws past its parts; whether an opinion is about this model
checking.py    check_meaning
"""

from aescratch.inspection.gradcheck.meaning.checking import check_meaning
from aescratch.inspection.gradcheck.meaning.comparing import MeaningReport

__all__ = ["MeaningReport", "check_meaning"]
