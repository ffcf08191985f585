"""Training: `fit`, for anything with loss(), backward() and parameters.

    contract     what is asked of a model, and what holds where it says nothing
    fitting      the loop: shuffle -> batch -> loss -> backward -> step
    history      what `fit` returns
    checkpoints  a training that goes on after an interruption
    saving       models as files
"""

from aescratch.training.fitting import TrainingDivergedError, fit
from aescratch.training.history import History
from aescratch.training.saving import load, save

__all__ = ["History", "TrainingDivergedError", "fit", "load", "save"]
