"""Training: `fit` for anything with loss(), backward() and parameters.

arguments --checked--> Plan --by batches, or by L-BFGS--> History
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from aescratch.backend import explained_out_of_memory
from aescratch.foundations.language import gettext
from aescratch.foundations.streams import is_streamed
from aescratch.foundations.validation import Data, Rng, as_generator, require_count, require_flag
from aescratch.optimizers import LBFGS, Adam, Optimizer
from aescratch.training import contract
from aescratch.training.checkpoints import PathLike
from aescratch.training.divergence import TrainingDivergedError
from aescratch.training.ending import ending_of
from aescratch.training.epochs import fit_by_batches
from aescratch.training.full_batch import fit_by_lbfgs
from aescratch.training.history import History
from aescratch.training.plan import Plan, data_for_fit, held_out, what_must_agree
from aescratch.training.processes import Processes


@explained_out_of_memory()
def fit(
    model: contract.Trainable, x: Data, labels: Data | None = None, *, epochs: int = 20, batch_size: int = 64,
    optimizer: Optimizer | LBFGS | None = None, rng: Rng = None, validation: Data | tuple[Data, Data] | None = None,
    patience: int | None = None, progress: bool | None = None, checkpoint: PathLike | None = None,
    observer: Callable[[Any, History], None] | None = None, stop_when_hopeless: bool = False,
    communicator: Any = None, local: bool = False,
) -> History:  # fmt: skip
    """Train any object with a loss, a backward and parameters; `model.fit` of our own models is this function.

    Parameters
    ----------
    model : object
        With ``loss(x, rng=None)``, or ``loss(x, labels, rng=None)``, which returns a number; ``backward()``, which
        fills ``parameter.grad``; and ``parameters``, a list of `Parameter` objects with unique names.
    x : (N, D) array of floats
        One example per row.
    labels : (N,) array of integers, optional
        For a loss that takes them.
    epochs, batch_size, optimizer, rng, validation, patience, progress, checkpoint, observer, stop_when_hopeless
        As for `Autoencoder.fit`.
    communicator, local
        As for `Autoencoder.fit`.

    Returns
    -------
    History
        What happened in each epoch.

    Raises
    ------
    TypeError, ValueError
        If the model or an argument is invalid; then nothing has changed.
    TrainingDivergedError
        If the loss stops being finite; the model is then restored to its last good epoch.

    Examples
    --------
    >>> import aescratch as ae
    >>> class Mean:
    ...     '''One vector for all examples: loss ½ Σ (m - x)², mean over the batch.'''
    ...
    ...     def __init__(self, width):
    ...         self.m = ae.Parameter("m", np.zeros(width))
    ...         self.parameters, self.error = [self.m], ae.SquaredError()
    ...
    ...     def loss(self, x, rng=None):
    ...         return self.error.forward(np.tile(self.m.value, (len(x), 1)), x)
    ...
    ...     def backward(self):
    ...         self.m.grad = self.error.backward().sum(axis=0)
    >>> model, x = Mean(2), np.array([[1.0, 2.0], [3.0, 6.0]])
    >>> len(ae.fit(model, x, epochs=50, optimizer=ae.SGD(0.5)))
    50
    >>> model.m.value.round(6)
    array([2., 4.])
    """
    optimizer = Adam() if optimizer is None else optimizer
    processes = Processes(communicator, local)
    with processes.ending_together(TrainingDivergedError):
        with processes.agreed():
            _require_usable(
                model, x, optimizer, validation=validation, patience=patience, checkpoint=checkpoint, observer=observer,
                stop_when_hopeless=stop_when_hopeless, communicator=communicator,
            )  # fmt: skip
            is_shown = (sys.stderr is not None and sys.stderr.isatty()) if progress is None else progress
            plan = Plan(
                data=data_for_fit(model, x, labels),
                validation=None if validation is None else held_out(model, validation),
                epochs=require_count("epochs", epochs),
                batch_size=require_count("batch_size", batch_size),
                rng=rng if rng is None else as_generator(rng),
                patience=None if patience is None else require_count("patience", patience),
                progress=is_shown and processes.is_first,
                checkpoint=checkpoint,
                observer=observer,
                stop_when_hopeless=require_flag("stop_when_hopeless", stop_when_hopeless),
                processes=processes,
            )
        if processes.batch is not None:
            processes.require_alike(**what_must_agree(model, plan, optimizer))
        with contract.trusting_batches(model), np.errstate(all="ignore"):  # an overflow shows in the loss
            if isinstance(optimizer, LBFGS):
                history = fit_by_lbfgs(model, plan, optimizer)
            else:
                history = fit_by_batches(model, plan, optimizer)
            history.end(ending_of(model, plan.data, plan.validation))
    return history


def _require_usable(
    model: Any, x: Any, optimizer: Any, *, validation: Any, patience: Any, checkpoint: Any, observer: Any,
    stop_when_hopeless: Any, communicator: Any,
) -> None:  # fmt: skip
    """Raise if model, optimizer and arguments don't fit together."""
    contract.require_model(model)
    if not isinstance(optimizer, (Optimizer, LBFGS)):
        got = repr(optimizer)
        if isinstance(optimizer, type):
            got = gettext("the class; write ae.{name}(), with brackets").format(name=optimizer.__name__)
        message = gettext("expected an optimizer such as ae.Adam(1e-3), got {got}")
        raise TypeError(message.format(got=got))
    if isinstance(optimizer, LBFGS) and any(given is not None for given in (validation, patience, checkpoint)):
        message = gettext(
            "expected neither validation, patience nor checkpoint with LBFGS, which takes no batches; use Adam()"
        )
        raise ValueError(message)
    if isinstance(optimizer, LBFGS) and is_streamed(x):
        message = gettext(
            "expected data in memory with LBFGS, which takes no batches; pass numpy.array(x) if it fits there, or "
            "use Adam()"
        )
        raise ValueError(message)
    if isinstance(optimizer, LBFGS) and stop_when_hopeless:
        raise ValueError(gettext("expected no stop_when_hopeless with LBFGS, which takes no batches; use Adam()"))
    if isinstance(optimizer, LBFGS) and communicator is not None:
        raise ValueError(gettext("expected no communicator with LBFGS, which has no batches to share; use Adam()"))
    if patience is not None and validation is None:
        message = gettext(
            "expected validation data with patience, since early stopping uses their loss, got none; pass "
            "validation=, or leave patience out"
        )
        raise ValueError(message)
    if not contract.loss_measures_progress(model) and (patience is not None or isinstance(optimizer, LBFGS)):
        message = gettext(
            "expected neither patience nor LBFGS for {kind}, whose loss doesn't measure progress: both take the "
            "model with the lowest loss as the best; leave them out, and judge the model by its purpose"
        )
        raise ValueError(message.format(kind=type(model).__name__))
    if isinstance(optimizer, LBFGS):
        for name, part in contract.parts_of(model).items():
            if part.moves_objective:
                message = gettext(
                    "expected an objective that stays the same for LBFGS, but {name} depends on a running mean or "
                    "count; leave out its momentum or auxiliary, or use Adam()"
                )
                raise ValueError(message.format(name=name))
    if observer is not None and not callable(observer):
        message = gettext("expected observer to be a function of the model and the history, got {observer!r}")
        raise TypeError(message.format(observer=observer))
