"""The history that `fit` returns: what happened in each epoch, as plain lists."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from aescratch.foundations.language import gettext, gettext_noop
from aescratch.foundations.showing import shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes

STOPPED = {
    "finished": gettext_noop("finished"), "early": gettext_noop("early"), "hopeless": gettext_noop("hopeless"),
    "interrupted": gettext_noop("interrupted"),
}  # fmt: skip


@dataclass(repr=False)
class History:
    """What happened in each epoch of a `fit`.

    Attributes
    ----------
    loss : list of float
        Mean of the objective over the epoch's examples, measured while training.
    validation_loss : list of float
        The objective on the validation data after the epoch; empty without such data.
    learning_rate : list of float
        The rate of each epoch; empty with L-BFGS.
    seconds : float
        The time that the training run took.
    best_epoch : int or None
        The epoch, from 0, with the lowest validation loss.
    first_loss : float or None
        The objective of the first batch, before the first step; None with L-BFGS.
    last_loss : float or None
        The objective after the last step, on at most 2,000 training rows. The last epoch's loss doesn't show its last
        step, since each batch's loss is measured before its own step. None if the last epoch wasn't reached or the
        model was restored to another one, and with L-BFGS.
    stopped : str
        ``"finished"``, ``"early"`` (no improvement for `patience` epochs), ``"hopeless"`` (more epochs would
        have changed nothing; only with `stop_when_hopeless`) or ``"interrupted"`` (Control-C).

    Examples
    --------
    >>> history = History()
    >>> history.append(2.5, 0.1, 3.0, seconds=0.1)
    >>> history.append(1.5, 0.1, 2.0, seconds=0.2)
    >>> print(history)
    2 epochs in 0.2 s (finished), loss 2.5 -> 1.5, best validation loss 2 in epoch 2
    """

    loss: list[float] = field(default_factory=list)
    validation_loss: list[float] = field(default_factory=list)
    learning_rate: list[float] = field(default_factory=list)
    seconds: float = 0.0
    best_epoch: int | None = None
    first_loss: float | None = None
    last_loss: float | None = None
    stopped: str = "finished"

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_ending"}

    @property
    def ending(self) -> Any:
        """What `fit` kept for the diagnosis, or the diagnosis itself after the first request; None in a copy."""
        return self.__dict__.get("_ending")

    def end(self, ending: Any) -> None:
        """Store the end of the training run, which is not part of a copy, a pickle or a file."""
        self.__dict__["_ending"] = ending

    def copy(self) -> History:
        """Return a separate history with the same epochs."""
        return replace(
            self, loss=list(self.loss), validation_loss=list(self.validation_loss),
            learning_rate=list(self.learning_rate),
        )  # fmt: skip

    def __len__(self) -> int:
        return len(self.loss)

    def __repr__(self) -> str:
        return f"<History: {self}>"

    def __str__(self) -> str:
        stopped = gettext(STOPPED.get(self.stopped, self.stopped))
        if not self.loss:
            return gettext("no epochs ({stopped})").format(stopped=stopped)
        said = gettext("{epochs} epochs in {seconds:.1f} s ({stopped}), loss {first:.4g} -> {last:.4g}")
        if len(self) == 1:
            said = gettext("1 epoch in {seconds:.1f} s ({stopped}), loss {first:.4g} -> {last:.4g}")
        ends = {"first": self.loss[0], "last": self.loss[-1]}
        text = said.format(epochs=len(self), seconds=self.seconds, stopped=stopped, **ends)
        if self.best_epoch is None:
            return text
        best = gettext(", best validation loss {loss:.4g} in epoch {epoch}")
        return text + best.format(loss=self.validation_loss[self.best_epoch], epoch=self.best_epoch + 1)

    def _repr_html_(self) -> str:
        html: str = shown(self, "html")
        return html

    def append(self, loss: float, rate: float, *validation_loss: float, seconds: float) -> None:
        """Add an epoch: its loss, its learning rate and, where there is one, its validation loss."""
        self.loss.append(loss)
        self.learning_rate.append(rate)
        self.validation_loss += validation_loss
        self.seconds = seconds
        if validation_loss:
            self.best_epoch = int(np.argmin(self.validation_loss))

    def to_dict(self) -> dict[str, Any]:
        """Return everything as lists and numbers, ready for JSON.

        Examples
        --------
        >>> sorted(History().to_dict())
        ['best_epoch', 'first_loss', 'last_loss', 'learning_rate', 'loss', 'seconds', 'stopped', 'validation_loss']
        """
        return asdict(self)

    @property
    def diagnosis(self) -> Any:
        """The diagnosis of the training run by `aescratch.diagnose`, computed at the first request.

        Raises
        ------
        ValueError
            If the model has changed since or no longer exists, or this is a copy of what `fit` returned.
        """
        return shown(self, "diagnosis")

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the loss curves and return the matplotlib Axes; a new one if ax is None."""
        axes: Axes = shown(self, "plot", ax=ax)
        return axes
