"""Numeric gradient checks: a hand-written backward pass against finite differences of its own forward pass.

    check_function(forward, backward, inputs)    a pair of functions
    check_gradients(model, x)                    a whole model, every parameter

Both give a `Report`: a table, then findings, and a verdict, which is pass, fail or inconclusive.
"""

from aescratch.gradcheck.functions import check_function
from aescratch.gradcheck.models import check_gradients
from aescratch.gradcheck.report import Finding, GradientCheckError, Report, TensorResult

__all__ = ["Finding", "GradientCheckError", "Report", "TensorResult", "check_function", "check_gradients"]
