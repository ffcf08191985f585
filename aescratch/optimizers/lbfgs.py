"""L-BFGS: SciPy's complete minimiser instead of a rule for one step.

    parameters -> one flat vector -> scipy.optimize.minimize, which calls for loss and gradient -> parameters
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from aescratch.backend import Array, array_module, to_numpy
from aescratch.foundations.language import gettext
from aescratch.foundations.recipes import Recipe
from aescratch.foundations.validation import require_count
from aescratch.optimizers.optimizer import contiguous_runs


class LBFGS(Recipe):
    """Limited-memory BFGS by `scipy.optimize.minimize`: the whole data set in every evaluation, no learning rate.

    For small problems that need an accurate solution, such as the sparse coding of natural patches. In `fit` an epoch
    is one iteration, and batch_size has no effect. SciPy is imported when it runs.

    Parameters
    ----------
    memory : int
        The number of past steps in the approximation of the curvature.
    """

    def __init__(self, memory: int = 20) -> None:
        self.memory: int = require_count("memory", memory)

    def run(
        self, parameters: Sequence[Any], evaluate: Callable[[], Any], iterations: int, after: Callable[[float], None]
    ) -> None:
        """Minimise `evaluate`, which returns the loss and leaves its gradient in the parameters.

        `after` is called with the loss after every iteration, with the parameters in place.
        """
        try:
            from scipy.optimize import minimize
        except ImportError as error:
            message = gettext("L-BFGS needs SciPy, which is not installed; pip install scipy, or use Adam()")
            raise RuntimeError(message) from error
        runs = list(contiguous_runs(parameters))

        def place(flat: Array) -> None:
            start = 0
            for values, _ in runs:
                values[...] = array_module(values).asarray(flat[start : start + values.size])
                start += values.size

        def objective(flat: Array) -> tuple[float, Array]:
            place(flat)
            loss = float(evaluate())
            return loss, np.concatenate([to_numpy(grads) for _, grads in runs]).astype(np.float64)

        def callback(intermediate_result: Any) -> None:
            place(intermediate_result.x)
            after(float(intermediate_result.fun))

        start = np.concatenate([to_numpy(values) for values, _ in runs]).astype(np.float64)
        options = {
            "maxiter": iterations, "maxcor": self.memory, "maxfun": 10 * iterations + 100, "ftol": 0.0, "gtol": 0.0,
        }  # fmt: skip
        found = minimize(objective, start, jac=True, method="L-BFGS-B", callback=callback, options=options)
        place(found.x)
