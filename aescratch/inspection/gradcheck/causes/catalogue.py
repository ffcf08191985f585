"""The catalogue: every hypothesis, in the order in which they are tried.

A stage is tried only if no hypothesis of the stages before it holds: later stages are costly, or say less.
"""

from __future__ import annotations

from aescratch.inspection.gradcheck.causes.formula import FORMULA_HYPOTHESES, PAIR_HYPOTHESES
from aescratch.inspection.gradcheck.causes.hypothesis import Hypothesis
from aescratch.inspection.gradcheck.causes.paths import COSTLY_PATHS, PATH_HYPOTHESES, SLOPE_HYPOTHESES
from aescratch.inspection.gradcheck.causes.plain import PLAIN_HYPOTHESES

STAGES: tuple[tuple[Hypothesis, ...], ...] = (
    (*PLAIN_HYPOTHESES, *PATH_HYPOTHESES),
    (*FORMULA_HYPOTHESES, *SLOPE_HYPOTHESES),
    COSTLY_PATHS,
    PAIR_HYPOTHESES,
)
HYPOTHESES = tuple(hypothesis for stage in STAGES for hypothesis in stage)
