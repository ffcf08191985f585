"""A monitor of a training: the state of a model after some of its epochs, on the same few rows.

    fit(..., observer=monitor) -> after some epochs a Snapshot: terms of the loss, norms of gradients and of changes,
                                  the code, the reconstruction;   monitor.plot() -> a figure of all of it

It only observes: the rows, the noise and the epochs are fixed, so a monitored training takes the same steps.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from aescratch.backend import Array, to_numpy
from aescratch.foundations.language import gettext
from aescratch.foundations.validation import as_array, as_matrix, require_count
from aescratch.inspection.diagnosis import levels_of
from aescratch.inspection.recording import instead
from aescratch.models.base import Model
from aescratch.plots.over_epochs import draw_lines, draw_parts, draw_spread
from aescratch.training import contract
from aescratch.training.ending import some_rows
from aescratch.training.history import History

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_ROWS = 128
MOST_SNAPSHOTS = 16
N_RESTORED = 8
MOST_CURVES = 8
TINY = 1e-30  # replaces a norm of 0, which can't be divided by
SEED = 0  # the seed of the monitored loss's noise


@dataclass
class Snapshot:
    """The state after one epoch.

    Attributes
    ----------
    epoch : int
        The number of epochs so far.
    terms : dict of str to float
        The value of each term of the objective.
    gradients, changes : dict of str to float
        For every parameter, the norm of its gradient, and its change since the previous snapshot as a share of its
        norm.
    code : (N, H) array or None
        The code of the rows.
    restored : (8, D) array or None
        The reconstruction of the first rows.
    """

    epoch: int
    terms: dict[str, float]
    gradients: dict[str, float]
    changes: dict[str, float]
    code: Array | None
    restored: Array | None


class Monitor:
    """An observer of `fit` that keeps snapshots and plots them.

    Parameters
    ----------
    x : (N, D) array of floats
        The training data; at most 128 rows are used.
    labels : (N,) array of integers, optional
        Their classes, for a model whose `loss` takes labels.
    epochs : int
        The number of epochs of the training; there is a snapshot after at most 16 of them.

    Attributes
    ----------
    snapshots : list of Snapshot
        The snapshots so far.
    history : History or None
        The history of the training.
    levels : dict of str to float
        The losses to compare with: that of the mean and, for squared error, that of PCA.

    Raises
    ------
    TypeError, ValueError
        If the data are invalid, or epochs isn't a whole number of at least 1.

    Examples
    --------
    >>> import aescratch as ae
    >>> x = ae.datasets.load_digits().x
    >>> monitor = ae.Monitor(x, epochs=3)
    >>> history = ae.SparseAutoencoder([64, 8], rng=0).fit(x, epochs=3, rng=0, observer=monitor)
    >>> [snapshot.epoch for snapshot in monitor.snapshots], sorted(monitor.snapshots[0].terms)
    ([1, 2, 3], ['decay', 'reconstruction', 'sparsity'])
    >>> figure = monitor.plot()
    """

    def __init__(self, x: Any, labels: Any = None, *, epochs: int) -> None:
        x, labels = some_rows(x, labels)
        x = as_array(x)
        self.x: Array = as_matrix(x, str(x.dtype), None)
        last = require_count("epochs", epochs)
        rows = np.linspace(0, len(self.x) - 1, min(MOST_ROWS, len(self.x))).astype(int)
        self.rows: list[Any] = [array[rows] for array in (self.x, labels) if array is not None]
        self.wanted: set[Any] = {round(step) for step in np.linspace(1, last, min(last, MOST_SNAPSHOTS))}
        self.snapshots: list[Snapshot] = []
        self.history: History | None = None
        self.levels: dict[str, float] = {}
        self._before: dict[str, Array] = {}

    def __call__(self, model: Any, history: History) -> None:
        """Take a snapshot of the model, if this epoch is due."""
        if self.history is not history and isinstance(model, Model):
            self.levels = levels_of(model, self.x)
        self.history = history
        if len(history) not in self.wanted:
            return
        arrays = contract.as_data(model, *self.rows)
        terms: dict[str, float] = {}
        with contract.in_use(model), _noted(model, terms):
            model.loss(*arrays, rng=SEED)
            model.backward()
        values = {parameter.name: to_numpy(parameter.value).copy() for parameter in model.parameters}
        self.snapshots.append(
            Snapshot(
                epoch=len(history),
                terms=terms,
                gradients={parameter.name: _norm(to_numpy(parameter.grad)) for parameter in model.parameters},
                changes={name: _change(self._before.get(name), value) for name, value in values.items()},
                code=_asked(model, "encode", arrays[0]),
                restored=_asked(model, "reconstruct", arrays[0][:N_RESTORED]),
            )
        )
        self._before = values

    def panels(self) -> dict[str, Callable[[Axes], None]]:
        """Return the function that draws each chart with data, by its title."""
        history, snapshots = self.history, self.snapshots
        drawn: dict[str, Callable[[Axes], None]] = {}
        if history is not None and history.loss:
            curves = {"loss": history.loss, "validation loss": history.validation_loss}
            losses = {name: values for name, values in curves.items() if values}
            drawn["loss"] = partial(draw_lines, epochs=range(1, len(history) + 1), curves=losses, levels=self.levels)
        if not snapshots:
            return drawn
        epochs = [snapshot.epoch for snapshot in snapshots]
        terms = {name: [each.terms[name] for each in snapshots] for name in snapshots[0].terms}
        if terms := {name: values for name, values in terms.items() if any(values)}:
            drawn["terms of the loss, on a few rows"] = partial(draw_parts, epochs=epochs, parts=terms)
        names = list(snapshots[0].gradients)
        weights = [name for name in names if ".W" in name][:MOST_CURVES] or names[:MOST_CURVES]
        norms = {name: [max(each.gradients[name], TINY) for each in snapshots] for name in weights}
        drawn["norm of the gradient"] = partial(draw_lines, epochs=epochs, curves=norms, levels={})
        if passed := np.diff(epochs).tolist():
            changes = {
                name: [max(each.changes[name] / n, TINY) for n, each in zip(passed, snapshots[1:], strict=True)]
                for name in weights
            }
            drawn["change in an epoch, as a share"] = partial(draw_lines, epochs=epochs[1:], curves=changes, levels={})
        codes = [each.code for each in snapshots if each.code is not None]
        if len(codes) == len(snapshots):
            drawn["numbers of the code"] = partial(draw_spread, epochs=epochs, codes=codes)
        return drawn

    def plot(self) -> Figure:
        """Return a new matplotlib figure of the loss with its levels, its terms, gradients, changes and the code.

        Raises
        ------
        ValueError
            If there is no snapshot yet.
        """
        from matplotlib import pyplot

        panels = self.panels()
        if not panels:
            message = gettext("expected a monitor with a snapshot, got one without; call fit(observer=monitor)")
            raise ValueError(message)
        height = -(-len(panels) // 2)
        figure, axes = pyplot.subplots(height, 2, figsize=(14.0, 4.2 * height), layout="compressed", squeeze=False)
        for ax, (title, draw) in zip(axes.flat, panels.items(), strict=False):
            draw(ax)
            ax.set_title(title)
        for ax in axes.flat[len(panels) :]:
            ax.remove()
        return figure


@contextlib.contextmanager
def _noted(model: Any, terms: dict[str, float]) -> Iterator[None]:
    """Within the block, record the value of each term of the objective."""
    with contextlib.ExitStack() as stack:
        _put_in(stack, model, terms)
        yield


def _put_in(stack: contextlib.ExitStack, model: Any, terms: dict[str, float]) -> None:
    """Record the terms' forward until the stack is left; apart, since Control-C can bypass a loop in a `with`."""
    for name, part in contract.parts_of(model).items():
        if part.is_term:
            stack.enter_context(instead(part, forward=partial(_noting, terms, name, part.forward)))


def _noting(terms: dict[str, float], name: str, forward: Any, *arguments: Any) -> Any:
    result = forward(*arguments)
    terms[name] = float(result)
    return result


def _change(before: Array | None, now: Array) -> float:
    if before is None:
        return 0.0
    return _norm(now - before) / max(_norm(now), TINY)


def _norm(values: Array) -> float:
    """Return the norm, in float64: squares of large numbers overflow float32."""
    return float(np.linalg.norm(np.asarray(values, np.float64)))


def _asked(model: Any, method: str, x: Array) -> Array | None:
    asked = getattr(model, method, None)
    return np.asarray(to_numpy(asked(x))) if callable(asked) else None
