"""Optimisers: how a gradient changes a value.

An optimiser is a recipe, a rule with its settings. `Optimizer.start` returns the state of one training run: the
moments, flat like the parameters' buffers, and the count of steps.
"""

from aescratch.optimizers.lbfgs import LBFGS
from aescratch.optimizers.optimizer import Optimizer, OptimizerState
from aescratch.optimizers.rules import SGD, Adam, AdamW, Momentum, Nesterov, RMSProp
from aescratch.optimizers.schedules import ConstantRate, CosineRate, Schedule, StepRate

__all__ = [
    "LBFGS", "SGD", "Adam", "AdamW", "ConstantRate", "CosineRate", "Momentum", "Nesterov", "Optimizer",
    "OptimizerState", "RMSProp", "Schedule", "StepRate",
]  # fmt: skip
