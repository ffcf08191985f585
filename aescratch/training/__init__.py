"""Training: `fit`, for anything with loss(), backward() and parameters.

    contract            what a model must have, and the defaults for the rest
    fitting, plan       `fit`, and its validated arguments
    epochs, batches     the loop: shuffle -> batch -> loss -> backward -> step
    chunks              one epoch over a chunk of data
    full_batch          L-BFGS instead of that loop
    history, progress   what `fit` returns, and what it shows meanwhile
    checkpoints         the state of a training run, kept after each epoch in memory, and in a file
    divergence          the first tensor that is not finite
    saving              models as files

`fit` passes its arguments down as one validated plan, and returns a history.
"""

from aescratch.training.divergence import TrainingDivergedError
from aescratch.training.fitting import fit
from aescratch.training.history import History
from aescratch.training.saving import load, save

__all__ = ["History", "TrainingDivergedError", "fit", "load", "save"]
