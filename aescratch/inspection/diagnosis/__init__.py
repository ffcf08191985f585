"""Diagnosis: what a training didn't learn, why, and what to try.

    model, a sample of x, history --look--> numbers --rules--> findings, most serious first

A diagnosis draws nothing from the model's generator and changes no state: `backward` can still follow a `loss` that
was called before. A training without a problem has no findings.
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
