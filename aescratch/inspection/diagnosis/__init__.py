"""Diagnosis: what a training didn't learn, why, and what to try.

    model, a sample of x, history --look--> numbers --rules--> findings, most serious first

It looks in from outside: nothing is drawn from the model's generator, no state changes, and a model whose `loss` has
been called can go on with `backward`. Where nothing is wrong there is no finding.
"""

from aescratch.inspection.diagnosis.diagnosing import CODES, SEE_NEXT, diagnose, diagnose_data, levels_of
from aescratch.inspection.diagnosis.finding import COMMAND_LINE, PYTHON, Diagnosis, Finding

__all__ = [
    "CODES",
    "COMMAND_LINE",
    "PYTHON",
    "SEE_NEXT",
    "Diagnosis",
    "Finding",
    "diagnose",
    "diagnose_data",
    "levels_of",
]
