"""Numeric gradient checks: a hand-written backward pass against finite differences of its own forward pass.

    check_function(forward, backward, inputs)    a pair of functions
    check_gradients(model, x)                    a whole model, every parameter
    check_layer(layer, x)                        a layer, its input and every parameter
    check_meaning(model)                         a wrong forward, which no gradient check can see

The first three return a `Report`, the last a `MeaningReport`: a table, findings, and a verdict: pass, fail or
inconclusive.
"""

from aescratch.inspection.gradcheck.fixtures import example_fixture
from aescratch.inspection.gradcheck.foreign import cached_pair, loss_pair, torch_pair
from aescratch.inspection.gradcheck.functions import check_function
from aescratch.inspection.gradcheck.layers import check_layer
from aescratch.inspection.gradcheck.meaning import MeaningReport, check_meaning
from aescratch.inspection.gradcheck.models import check_gradients
from aescratch.inspection.gradcheck.report import Finding, GradientCheckError, Report, TensorResult

__all__ = [
    "Finding",
    "GradientCheckError",
    "MeaningReport",
    "Report",
    "TensorResult",
    "cached_pair",
    "check_function",
    "check_gradients",
    "check_layer",
    "check_meaning",
    "example_fixture",
    "loss_pair",
    "torch_pair",
]
