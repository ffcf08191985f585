"""What every model has beside its own loss and backward: checked batches, training, saving, moving, printing.

A model spells out `loss` and `backward`, and lists its `parameters` and its `parts`, in forward order. Everything
above, training, gradient checks and tracing, goes through these four and asks for nothing else.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

import numpy as np

from aescratch import files, training
from aescratch.backend import Array, array_module, require_backend
from aescratch.history import History
from aescratch.layers import Parameter, pack
from aescratch.lbfgs import LBFGS
from aescratch.models.opinion import SecondOpinion
from aescratch.optimizers import Optimizer
from aescratch.parts import Part
from aescratch.recipes import Recipe
from aescratch.validation import Rng, as_generator, own_generator

ModelType = TypeVar("ModelType", bound="Model")


class Model(Recipe):
    """Base of the models.

    Attributes
    ----------
    parameters : list of Parameter
        In forward order, encoder first.
    parts : dict of str to Part
        Everything with a forward and a backward, by name, in forward order.
    rng : numpy.random.Generator
        The model's own source of noise, for a ``loss(x)`` without rng.
    """

    dtype: str
    rng: np.random.Generator
    _trusting_thread: int | None = None

    def loss(self, x: Array, rng: Rng = None) -> Any:
        """Return the objective of this batch, a number, every term included; remember what backward needs."""
        raise NotImplementedError

    def backward(self) -> None:
        """Fill parameter.grad of every parameter with the gradient of the last loss.

        It reads the batch and the values as they are now: change neither in place between `loss` and `backward`.
        """
        raise NotImplementedError

    @property
    def parameters(self) -> list[Parameter]:
        """All parameters, in forward order, encoder first."""
        raise NotImplementedError

    @property
    def parts(self) -> dict[str, Part]:
        """Everything with a forward and a backward, by name, in forward order."""
        raise NotImplementedError

    def second_opinion(self) -> SecondOpinion | None:
        """Return the objective and the promises once more, or None for a model that has no second opinion."""
        return None

    def as_data(self, x: Any) -> Sequence[Array]:
        """Return the arrays that `loss` takes, checked once, in the model's dtype, where the model is."""
        raise NotImplementedError

    def settle(self, rng: Rng) -> None:
        """Put all parameters into one flat buffer, and give the model a generator of its own; ends a constructor."""
        pack(self.parameters, self.dtype)
        self.rng = own_generator(rng)

    def noise(self, rng: Rng) -> np.random.Generator:
        """Return the generator of rng, or the model's own for None."""
        return self.rng if rng is None else as_generator(rng)

    @property
    def backend(self) -> str:
        """Where the model is, ``"numpy"`` or ``"cupy"``."""
        return array_module(self.parameters[0].value).__name__

    def to(self: ModelType, backend: str) -> ModelType:
        """Move the model to ``"numpy"`` or ``"cupy"`` and return it.

        Raises
        ------
        ValueError
            If the backend has another name.
        RuntimeError
            If CuPy isn't installed, finds no GPU, or can't compute on it.
        MemoryError
            If the GPU's memory doesn't suffice; the model is where it was then.
        """
        require_backend(backend)
        if backend == self.backend:
            return self
        pack(self.parameters, self.dtype, backend)
        for part in self.parts.values():
            part.forget()
        return self

    def require_same_backend(self, x: Array) -> Array:
        """Return x if it lies where the model does.

        Raises
        ------
        TypeError
            If it doesn't.
        """
        if array_module(x).__name__ != self.backend:
            raise TypeError(
                f"expected an array on {self.backend}, where the model is, got one on {array_module(x).__name__}; "
                f'move one of them: ae.to_numpy(x), cupy.asarray(x), or model.to("{array_module(x).__name__}")'
            )
        return x

    @contextlib.contextmanager
    def trusting_batches(self) -> Iterator[None]:
        """Let `loss` take its batches as they are: inside, the caller has checked the data they come from."""
        before, self._trusting_thread = self._trusting_thread, threading.get_ident()
        try:
            yield
        finally:
            self._trusting_thread = before

    @property
    def trusts_batches(self) -> bool:
        """Whether this thread is inside `trusting_batches`; others are checked as ever."""
        return self._trusting_thread == threading.get_ident()

    def fit(
        self, x: Any, labels: Any = None, *, epochs: int = 20, batch_size: int = 64,
        optimizer: Optimizer | LBFGS | None = None, rng: Rng = None, validation: Any = None,
        patience: int | None = None, progress: bool | None = None, checkpoint: str | os.PathLike[str] | None = None,
    ) -> History:  # fmt: skip
        """Train on x.

        Parameters
        ----------
        x : (N, D) array of floats
            One example per row. For a model on a GPU it is moved there once.
        labels : (N,) array of integers, optional
            For a classifier only.
        epochs : int
            Passes over the data.
        batch_size : int
            Rows per step; the last batch of an epoch is smaller where they don't divide.
        optimizer : Optimizer or LBFGS, optional
            By default ``Adam(1e-3)``. It is a recipe: every fit starts from a fresh state.
        rng : int or numpy.random.Generator, optional
            Shuffles the data and draws the noise; the same seed gives the same training. By default the model's own.
        validation : (M, D) array, or the pair (x, labels) for a classifier, optional
            Data whose loss is taken after every epoch.
        patience : int, optional
            Stop after so many epochs without a better validation loss, and go back to the best epoch's values.
        progress : bool, optional
            Whether to show a progress bar; by default only on a terminal.
        checkpoint : path, optional
            A file that is written after every epoch. If it is there already, training goes on from it; interrupted
            and resumed equals uninterrupted, bit for bit, on the CPU.

        Returns
        -------
        History
            What happened in each epoch. After Control-C, what happened so far; the model is then at its last good
            epoch.

        Raises
        ------
        TypeError, ValueError
            If an argument is of no use; nothing has changed then.
        TrainingDivergedError
            If the loss stops being finite; the model is then at its last good epoch.
        """
        data = (x,) if labels is None else (x, labels)
        return training.fit(
            self, data, epochs=epochs, batch_size=batch_size, optimizer=optimizer, rng=rng, validation=validation,
            patience=patience, progress=progress, checkpoint=checkpoint,
        )  # fmt: skip

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model to path, whole or not at all; `aescratch.load` reads it.

        Raises
        ------
        TypeError
            If the model is built on a class that isn't ours, which a file could not bring back.
        OSError
            If the folder isn't there or can't be written to.
        """
        files.save_model(self, path)

    @property
    def saved_parameters(self) -> list[Parameter]:
        """What a file keeps, which is the parameters, and those of a model that this one is built on."""
        return self.parameters

    @property
    def generators(self) -> dict[str, np.random.Generator]:
        """The sources of noise whose state a file keeps, by name."""
        return {"rng": self.rng}

    @property
    def n_parameters(self) -> int:
        """How many numbers are trained."""
        return sum(parameter.size for parameter in self.parameters)

    def __str__(self) -> str:
        lines = [f"{type(self).__name__}, {self.n_parameters:,} parameters, {self.dtype} on {self.backend}"]
        wide = max(len(name) for name in self.parts)
        lines += [f"  {name:<{wide}}  {part!r}" for name, part in self.parts.items()]
        objective = " + ".join(name for name, part in self.parts.items() if part.is_term)
        return "\n".join([*lines, f"  objective: {objective}"])

    def _repr_html_(self) -> str:
        from aescratch.models.page import model_html

        return model_html(self)
