"""The base of every model, apart from its own loss and backward: validated batches, training, saving, moving, printing.

A model writes out `loss` and `backward`, and lists its `parameters` and its `parts`, in forward order. Training,
gradient checks and tracing need no more; `aescratch.training.contract` lists what else they use if it exists.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, TypeVar

import numpy as np

from aescratch import training
from aescratch.backend import Array, Number, array_module, require_backend
from aescratch.foundations.buffers import Buffer, move_buffers, named_buffers
from aescratch.foundations.language import gettext
from aescratch.foundations.parameters import Parameter, pack
from aescratch.foundations.parts import Part, in_mode
from aescratch.foundations.recipes import Recipe
from aescratch.foundations.scaling import Scaling
from aescratch.foundations.showing import shown
from aescratch.foundations.validation import Data, Rng, as_generator, own_generator
from aescratch.models.opinion import SecondOpinion
from aescratch.models.statements import Option, TourRow
from aescratch.optimizers import Optimizer
from aescratch.optimizers.lbfgs import LBFGS
from aescratch.training import contract, saving
from aescratch.training.history import History

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
        The model's own generator, for a ``loss(x)`` without rng.
    word : str
        The variant's name on the command line. A class in this folder that defines it is found as a variant.
    order : int
        Its place in lists of variants.
    objective, formula : str
        The objective in words, and term by term, as in `loss`.
    takes_labels : bool
        Whether it learns from labels and predicts them: it has `predict` and `score`.
    n_reconstructions : int
        The number of outputs that its loss compares with x.
    hidden_layers : str
        ``"optional"``; ``"refused"`` if there may be none between input and code; ``"wanted"`` if the variant needs
        some to show its idea.
    may_be_wide : bool
        Whether its code is often wider than the data, since another mechanism keeps it from copying them.
    figures : tuple of str
        The pictures that are meaningful for it, of ``"filters"``, ``"reconstructions"``, ``"denoising"``,
        ``"code-activity"``, ``"latent-traversal"`` and ``"samples"``.
    options : dict of str to Option
        The constructor's arguments on the command line; those of its base classes are valid, too.
    why_suited : dict of str to str
        The reasons for what `suited_settings` returns, by the setting's name, in a few words.
    tour : tuple of TourRow
        Its rows of the tour.
    loss_measures_progress : bool
        Whether a lower loss means a better model, so that the losses of two epochs can be compared. It doesn't if the
        objective changes during training, by a weight that rises step by step, or if another network is trained against
        this one. `fit` then refuses patience and L-BFGS, which compare losses.
    """

    word: ClassVar[str] = ""
    order: ClassVar[int] = 1000
    objective: ClassVar[str] = ""
    formula: ClassVar[str] = ""
    takes_labels: ClassVar[bool] = False
    hidden_layers: ClassVar[str] = "optional"
    n_reconstructions: int = 1
    may_be_wide: ClassVar[bool] = False
    figures: ClassVar[tuple[str, ...]] = ("filters",)
    options: ClassVar[Mapping[str, Option]] = {}
    why_suited: ClassVar[Mapping[str, str]] = {}
    tour: ClassVar[tuple[TourRow, ...]] = ()

    dtype: str
    rng: np.random.Generator
    loss_measures_progress = True
    _scaling: Scaling | None = None
    _columns: tuple[str, ...] | None = None
    _trusting_thread: int | None = None

    def loss(self, x: Array, rng: Rng = None) -> Number:
        """Return the objective of this batch, a number, every term included; remember what backward needs."""
        raise NotImplementedError

    def backward(self) -> None:
        """Fill parameter.grad of every parameter with the gradient of the last loss.

        It reads the current batch and values: change neither in place between `loss` and `backward`.
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

    @property
    def buffers(self) -> dict[str, Buffer]:
        """The state that isn't trained, by the part's name and the buffer's own."""
        return named_buffers(contract.parts_of(self))

    @contextlib.contextmanager
    def training(self) -> Iterator[None]:
        """Enter training mode within the block; outside of it, the model is in use mode.

        In training mode, dropout drops units, batch normalisation uses the batch's statistics, and buffers are updated.
        `fit` enters it itself; a handwritten loop must do so around `loss` and `backward`.

        Examples
        --------
        >>> import aescratch as ae
        >>> model = ae.Autoencoder([5, 3], dropout=0.5, rng=0)
        >>> x = np.ones((7, 5), np.float32)
        >>> with model.training():
        ...     in_training = model.loss(x, rng=0)
        >>> bool(in_training == model.loss(x, rng=0))
        False
        """
        with in_mode(contract.parts_of(self).values(), training=True):
            yield

    def second_opinion(self) -> SecondOpinion | None:
        """Return the objective and the promises, computed independently, or None if the model has no second opinion."""
        return None

    def as_data(self, x: Any) -> Sequence[Array]:
        """Return the arrays that `loss` takes, validated, in the model's dtype, on its device."""
        raise NotImplementedError

    @classmethod
    def arguments_for(cls, widths: Sequence[int], *, n_classes: int | None = None, rng: Rng = None) -> dict[str, Any]:
        """Return the constructor's arguments if only the widths, and the classes of the labels, are known."""
        return {"widths": widths, "rng": rng}

    @property
    def n_inputs(self) -> int:
        """How many numbers an example has."""
        return self.parameters[0].shape[0]

    @property
    def wanted_activity(self) -> float | None:
        """The desired mean activity of every code unit, if any."""
        return None

    @property
    def scaling(self) -> Scaling | None:
        """The `Scaling` of its data, for programs that apply and undo it; the model's own methods never do."""
        return self._reader._scaling

    @scaling.setter
    def scaling(self, scaling: Scaling | None) -> None:
        if scaling is not None and not isinstance(scaling, Scaling):
            message = gettext("expected scaling to be an ae.Scaling, or None, got {kind}")
            raise TypeError(message.format(kind=type(scaling).__name__))
        if scaling is not None and len(scaling.shift) != self.n_inputs:
            message = gettext("expected a scaling of {n_inputs} columns, got one of {found}")
            raise ValueError(message.format(n_inputs=self.n_inputs, found=len(scaling.shift)))
        self._reader._scaling = scaling

    @property
    def columns(self) -> tuple[str, ...] | None:
        """The names of the columns of its data, for programs that read new data by name; None if they have no names."""
        return self._reader._columns

    @columns.setter
    def columns(self, columns: Sequence[str] | None) -> None:
        names = None if columns is None else tuple(columns)
        if names is not None and (len(names) != self.n_inputs or not all(isinstance(name, str) for name in names)):
            message = gettext("expected the names of {n_inputs} columns, got {columns!r}")
            raise ValueError(message.format(n_inputs=self.n_inputs, columns=columns))
        self._reader._columns = names

    @property
    def _reader(self) -> Model:
        """The model that reads the data: itself, or the autoencoder of a classifier."""
        reader: Model = getattr(self, "autoencoder", self)
        return reader

    def suited_settings(self, x: Array) -> dict[str, Any]:
        """Return better defaults for data x (N, D), for the reasons in `why_suited`; none here."""
        return {}

    def settle(self, rng: Rng) -> None:
        """Put all parameters into one flat buffer, and create the model's own generator; ends a constructor."""
        pack(self.parameters, self.dtype)
        self.rng = own_generator(rng)

    def noise(self, rng: Rng) -> np.random.Generator:
        """Return the generator of rng, or the model's own for None."""
        return self.rng if rng is None else as_generator(rng)

    @property
    def backend(self) -> str:
        """The model's backend, ``"numpy"`` or ``"cupy"``."""
        return array_module(self.parameters[0].value).__name__

    def to(self: ModelType, backend: str) -> ModelType:
        """Move the model to ``"numpy"`` or ``"cupy"`` and return it.

        Raises
        ------
        ValueError
            If the backend is unknown.
        RuntimeError
            If CuPy isn't installed, finds no GPU, or can't compute on it.
        MemoryError
            If the GPU has too little memory; the model is then not moved.
        """
        require_backend(backend)
        if backend == self.backend:
            return self
        pack(self.parameters, self.dtype, backend)
        move_buffers(self.buffers.values(), backend)
        for part in contract.parts_of(self).values():
            part.forget()
        return self

    def require_same_backend(self, x: Array) -> Array:
        """Return x if it is on the model's device.

        Raises
        ------
        TypeError
            If it isn't.
        """
        if array_module(x).__name__ != self.backend:
            message = gettext(
                "expected an array on {backend}, where the model is, got one on {found}; move one of them: "
                'ae.to_numpy(x), cupy.asarray(x), or model.to("{found}")'
            )
            raise TypeError(message.format(backend=self.backend, found=array_module(x).__name__))
        return x

    @contextlib.contextmanager
    def trusting_batches(self) -> Iterator[None]:
        """Let `loss` skip the validation of its batches within the block: the caller has validated the data."""
        before, self._trusting_thread = self._trusting_thread, threading.get_ident()
        try:
            yield
        finally:
            self._trusting_thread = before

    @property
    def trusts_batches(self) -> bool:
        """Whether this thread is within `trusting_batches`; other threads still validate."""
        return self._trusting_thread == threading.get_ident()

    def fit(
        self, x: Data, labels: Data | None = None, *, epochs: int = 20, batch_size: int = 64,
        optimizer: Optimizer | LBFGS | None = None, rng: Rng = None, validation: Data | tuple[Data, Data] | None = None,
        patience: int | None = None, progress: bool | None = None, checkpoint: str | os.PathLike[str] | None = None,
        observer: Callable[[Any, History], None] | None = None, stop_when_hopeless: bool = False,
        communicator: Any = None, local: bool = False,
    ) -> History:  # fmt: skip
        """Train on x.

        Parameters
        ----------
        x : (N, D) array of floats
            One example per row. For a model on a GPU it is moved there once. Data that aren't in memory, such as a
            memmap, an HDF5 dataset or an `aescratch.Stream`, are read and shuffled in blocks.
        labels : (N,) array of integers, optional
            For a classifier only.
        epochs : int
            Passes over the data.
        batch_size : int
            Rows per step; the last batch of an epoch may be smaller.
        optimizer : Optimizer or LBFGS, optional
            By default ``Adam(1e-3)``. It is a recipe: every fit starts from a new state.
        rng : int or numpy.random.Generator, optional
            Shuffles the data and draws the noise; the same seed gives the same training. By default the model's own
            generator.
        validation : (M, D) array, or the pair (x, labels) for a classifier, optional
            Data whose loss is computed after every epoch.
        patience : int, optional
            Stop after this many epochs without a better validation loss, and restore the best epoch's values. Only
            for a model whose loss measures progress.
        progress : bool, optional
            Whether to show a progress bar; by default only on a terminal.
        checkpoint : path, optional
            A file with the state after a complete epoch. It is written at most once a second, and when training ends,
            is interrupted or fails; a killed process loses about a second. If the file exists already, training
            continues from it. On the CPU, an interrupted and resumed training equals an uninterrupted one, bit for bit.
        observer : callable, optional
            Called with the model and the history after every epoch. It may read the model, and call `loss`, with its
            own rng, and `backward`, without changing the training.
        stop_when_hopeless : bool
            Whether to stop if more epochs would change nothing: the model predicts the mean of the data, and its code
            can't recover, for example since all its ReLUs are dead. `History.diagnosis` says why.
        communicator : mpi4py.MPI.Comm, optional
            Train together with the other processes that call this with the same arguments: each takes its share of
            every batch, and all get the same result as one process. Only the first writes, logs and calls the observer.
        local : bool
            Whether every process passes its own rows in x and validation, and takes batch_size of them in each step;
            otherwise all pass the same rows.

        Returns
        -------
        History
            What happened in each epoch. After Control-C, what happened so far; the model is then restored to its last
            good epoch.

        Raises
        ------
        TypeError, ValueError
            If an argument is invalid; then nothing has changed.
        TrainingDivergedError
            If the loss stops being finite; the model is then restored to its last good epoch.
        """
        return training.fit(
            self, x, labels, epochs=epochs, batch_size=batch_size, optimizer=optimizer, rng=rng, validation=validation,
            patience=patience, progress=progress, checkpoint=checkpoint, observer=observer,
            stop_when_hopeless=stop_when_hopeless, communicator=communicator, local=local,
        )  # fmt: skip

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model to path, completely or not at all; `aescratch.load` reads it.

        Raises
        ------
        TypeError
            If the model uses a class that is neither ours nor registered, so that a file couldn't be loaded.
        OSError
            If the folder doesn't exist or can't be written to.
        """
        saving.save(self, path)

    @property
    def saved_parameters(self) -> list[Parameter]:
        """The parameters to save, including those of a model that this one is built on."""
        return self.parameters

    @property
    def saved_buffers(self) -> dict[str, Buffer]:
        """The buffers to save, including those of a model that this one is built on."""
        return self.buffers

    @property
    def generators(self) -> dict[str, np.random.Generator]:
        """The generators whose state is saved, by name."""
        return {"rng": self.rng}

    @property
    def n_parameters(self) -> int:
        """The number of trained values."""
        return sum(parameter.size for parameter in self.parameters)

    def __str__(self) -> str:
        head = gettext("{model}, {count:,} parameters, {dtype} on {backend}")
        about = {"count": self.n_parameters, "dtype": self.dtype, "backend": self.backend}
        lines = [head.format(model=type(self).__name__, **about)]
        wide = max(len(name) for name in self.parts)
        lines += [f"  {name:<{wide}}  {part!r}" for name, part in self.parts.items()]
        objective = " + ".join(name for name, part in self.parts.items() if part.is_term)
        return "\n".join([*lines, "  " + gettext("objective: {terms}").format(terms=objective)])

    def _repr_html_(self) -> str:
        html: str = shown(self, "html")
        return html
