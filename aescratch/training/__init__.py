"""Training: `fit`, for anything with loss(), backward() and parameters.

    contract            what is asked of a model, and what holds where it says nothing
    fitting, plan       `fit`, and its arguments once they are checked
    epochs, batches     the loop: shuffle -> batch -> loss -> backward -> step
    chunks              one epoch over data of which more will come
    full_batch          L-BFGS in its place
    history, progress   what `fit` returns, and shows meanwhile
    checkpoints         what a training changes, kept after each epoch, in memory and in a file
    divergence          what broke first
    saving              models as files

The arguments of `fit` go down as one checked plan, and a history comes back.
"""

from aescratch.training.divergence import TrainingDivergedError
from aescratch.training.fitting import fit
from aescratch.training.history import History
from aescratch.training.saving import load, save

__all__ = ["History", "TrainingDivergedError", "fit", "load", "save"]
