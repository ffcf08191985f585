"""Training by L-BFGS: all data at once, with an iteration instead of an epoch."""

from __future__ import annotations

import time
from typing import Any

from aescratch.foundations.language import gettext
from aescratch.foundations.validation import own_generator
from aescratch.optimizers import LBFGS, SGD
from aescratch.training import contract
from aescratch.training.checkpoints import TrainingState
from aescratch.training.divergence import TrainingDivergedError, first_broken_part, is_finite, where_the_model_is
from aescratch.training.history import History
from aescratch.training.plan import Plan
from aescratch.training.progress import progress_bar


def fit_by_lbfgs(model: Any, plan: Plan, optimizer: LBFGS) -> History:
    """Let SciPy minimise the loss of all data; noise is drawn once, since a line search needs a fixed function."""
    rng = own_generator(contract.rng_of(model) if plan.rng is None else plan.rng)
    training = TrainingState(model, SGD(1.0).start([]), rng)  # L-BFGS has its own state
    seed, started = int(training.rng.integers(2**63)), time.perf_counter()

    def evaluate() -> Any:
        with contract.training(model, frozen=True):  # one objective for all evaluations of an iteration
            loss = model.loss(*plan.data, rng=seed)
        if not is_finite(loss):
            message = gettext(
                "expected a finite loss, but in iteration {iteration} of L-BFGS {tensor} is the first tensor that is "
                "NaN or infinite; {where}; rescale the data, or use Adam()"
            )
            number, tensor = len(training.history) + 1, first_broken_part(model)
            where = where_the_model_is(training)
            raise TrainingDivergedError(message.format(iteration=number, tensor=tensor, where=where))
        model.backward()
        return loss

    def after(loss: float) -> None:
        if contract.buffers_of(model):
            with contract.training(model):
                model.loss(*plan.data, rng=seed)
        training.history.loss.append(loss)
        training.history.seconds = time.perf_counter() - started
        training.keep()
        if plan.observer is not None:
            plan.observer(model, training.history)
        bar.set_postfix_str(f"loss {loss:.4g}", refresh=False)
        bar.update()

    with progress_bar(plan, 0) as bar, training.kept_whole():
        optimizer.run(model.parameters, evaluate, plan.epochs, after)
    return training.history
