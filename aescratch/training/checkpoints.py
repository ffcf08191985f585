"""Checkpoints: the complete state of a training run, kept in memory after each good epoch, and optionally in a file.

    TrainingState --keep--> Snapshot --write_checkpoint--> file     at most once a second, and at the end
    TrainingState <--put--- Snapshot <--read_checkpoint--- file

Control-C, divergence, and resuming in another process all restore a snapshot in the same way.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import time
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from aescratch.backend import Array, move, to_numpy
from aescratch.foundations.files import FileFormatError, named, read_archive, write_archive
from aescratch.foundations.language import gettext
from aescratch.foundations.recipes import describe, identify, with_defaults
from aescratch.foundations.streams import Stream, pieces_of
from aescratch.optimizers import OptimizerState
from aescratch.training.contract import backend_of, buffers_of, dtype_of, parts_of
from aescratch.training.history import History
from aescratch.training.saving import require_like

PathLike = str | os.PathLike[str]
MOST_STEPS = 2**53  # a larger count isn't exact as a float
SECONDS_BETWEEN = 1.0  # two writings of a checkpoint, since flushing it to the disk can take longer than an epoch


@dataclass
class Snapshot:
    """A copy of everything that training changes, after a complete epoch.

    The values of parameters and buffers, now and at the best epoch, are stored by name; `best` is empty without early
    stopping.
    """

    values: dict[str, Array]
    moments: dict[str, Array]
    steps: int
    rng: dict[str, Any]
    history: History
    best: dict[str, Array]


class TrainingState:
    """What a training run changes: the model's values and buffers, the optimiser's moments, the generator, the history.

    Parameters
    ----------
    model : Model
        The model in training.
    optimizer : OptimizerState
        For L-BFGS, whose state isn't kept, one without parameters.
    rng : numpy.random.Generator
        Shuffles the examples and draws the noise.
    """

    model: Any
    optimizer: OptimizerState
    rng: np.random.Generator
    history: History

    def __init__(self, model: Any, optimizer: OptimizerState, rng: np.random.Generator) -> None:
        self.model, self.optimizer, self.rng = model, optimizer, rng
        self.holders: dict[str, Any] = holders_of(model)
        self.history = History()
        self.best: dict[str, Array] = {}
        self.good: Snapshot = Snapshot({}, {}, 0, {}, History(), {})
        self.keep()

    def keep(self) -> None:
        """Take the snapshot that `go_back` restores; it replaces the previous one, array by array."""
        self.being_kept: bool = True  # from here on the snapshot is incomplete, but the model is good
        values, moments = self.good.values, self.good.moments
        for name, holder in self.holders.items():
            _copy_into(values, name, holder.value)
        for name, moment in self.optimizer.arrays().items():
            _copy_into(moments, name, moment)
        rng, history = dict(self.rng.bit_generator.state), self.history.copy()
        self.good = Snapshot(values, moments, self.optimizer.steps, rng, history, self.best)
        self.being_kept = False

    def values(self) -> dict[str, Array]:
        """Return a copy of the value of every parameter and buffer, by name."""
        return {name: holder.value.copy() for name, holder in self.holders.items()}

    def put(self, snapshot: Snapshot) -> None:
        """Restore everything from the snapshot."""
        self.put_values(snapshot.values)
        self.optimizer.restore(snapshot.moments, snapshot.steps)
        self.rng.bit_generator.state = snapshot.rng
        self.history, self.best = snapshot.history.copy(), snapshot.best

    def fingerprint(self) -> list[int | str]:
        """Return a value that is equal for two training runs with exactly the same state after an epoch."""
        return [*map(checksum_of, self.good.values.values()), repr(self.good.rng)]

    def put_values(self, values: dict[str, Array]) -> None:
        """Write values, by name, into the model's parameters and buffers."""
        for name, holder in self.holders.items():
            holder.value = move(values[name], backend_of(self.model))

    def restart(self, snapshot: Snapshot) -> None:
        """Continue from a snapshot of another process."""
        self.put(snapshot)
        self.keep()

    def go_back(self) -> None:
        """Restore everything to the state after the last good epoch."""
        if self.being_kept:  # interrupted while taking it: the model still has the state for the snapshot
            self.keep()
        self.put(self.good)

    @contextlib.contextmanager
    def kept_whole(self) -> Iterator[None]:
        """Restore the last good epoch if the block fails; Control-C ends the block without an error."""
        try:
            yield
        except BaseException as error:
            self.go_back()
            if not isinstance(error, KeyboardInterrupt):
                raise
            self.history.stopped = "interrupted"


def holders_of(model: Any) -> dict[str, Any]:
    """Return the model's parameters and buffers, which training changes, by name."""
    return {**{parameter.name: parameter for parameter in model.parameters}, **buffers_of(model)}


def _copy_into(copies: dict[str, Array], name: str, array: Array) -> None:
    """Copy an array into the copy of this name, which is created if necessary."""
    if name in copies:
        copies[name][...] = array
    else:
        copies[name] = array.copy()


def describe_run(
    model: Any, data: Sequence[Any], validation: Sequence[Any] | None, rng: Any, **settings: Any
) -> Any:  # fmt: skip
    """Return, as JSON, the settings that identify a run; arrays by their checksums.

    A run without its own rng may continue from any state of the model's generator: the checkpoint has that state. The
    way noise is drawn is recorded only for float32 models: for float64 it has never changed.
    """
    run = {
        "model": identify(model), "data": [checksum_of(array) for array in data],
        "validation": None if validation is None else [checksum_of(array) for array in validation],
        "rng": rng.bit_generator.state if isinstance(rng, np.random.Generator) else describe(rng),
        **{name: describe(setting) for name, setting in settings.items()},
    }  # fmt: skip
    if dtype_of(model) == "float32" and any(part.draws for part in parts_of(model).values()):
        run["noise"] = "drawn in float64"
    return json.loads(json.dumps(run))


def checksum_of(data: Any) -> int | str:
    """Return the checksum of an array; for a stream, with the sizes of reading, which determine the order of rows."""
    checksum = 0
    for array in pieces_of(data):
        checksum = zlib.crc32(np.ascontiguousarray(to_numpy(array)).view(np.uint8).data, checksum)
    is_stream = isinstance(data, Stream)
    return f"{checksum} by {data.pieces_per_block} x {data.rows_per_piece} rows" if is_stream else checksum


def write_checkpoint(path: PathLike, run: Any, snapshot: Snapshot) -> None:
    """Write a snapshot of a run to path, completely or not at all."""
    header = {
        "kind": "checkpoint", "run": run, "history": snapshot.history.to_dict(), "steps": snapshot.steps,
        "rng": snapshot.rng,
    }  # fmt: skip
    write_archive(path, header, _named(snapshot.values, snapshot.moments, snapshot.best))


class CheckpointFile:
    """The file of a checkpoint: a good epoch that is at most about a second old and, at the end, the last one.

    Parameters
    ----------
    path : str or path, optional
        Without it nothing is written.
    run : dict
        The description of the run.
    n_epochs : int
        The number of epochs that the file has already.
    """

    def __init__(self, path: PathLike | None, run: Any, n_epochs: int) -> None:
        self.path, self.run, self.n_epochs = path, run, n_epochs
        self.last_written = -math.inf

    def offer(self, snapshot: Snapshot) -> None:
        """Write the snapshot if the last writing was at least a second ago."""
        if time.monotonic() - self.last_written >= SECONDS_BETWEEN:
            self.write(snapshot)

    def write(self, snapshot: Snapshot) -> None:
        """Write the snapshot unless the file has it."""
        if self.path is not None and len(snapshot.history) > self.n_epochs:
            write_checkpoint(self.path, self.run, snapshot)
            self.n_epochs, self.last_written = len(snapshot.history), time.monotonic()

    @contextlib.contextmanager
    def complete(self, training: TrainingState) -> Iterator[None]:
        """Write the last good epoch when the block ends, also by an error."""
        try:
            yield
        finally:
            self.write(training.good)


def _named(values: dict[str, Array], moments: dict[str, Array], best: dict[str, Array]) -> dict[str, Array]:
    """Return all arrays of a snapshot by their names in a file."""
    kinds = {"value": values, "moment": moments, "best": best}
    return {f"{kind} {name}": array for kind, arrays in kinds.items() for name, array in arrays.items()}


def read_checkpoint(path: PathLike, run: Any, model: Any, optimizer: OptimizerState, keeps_best: bool) -> Snapshot:
    """Return the snapshot of this run at path; the initial model and optimizer determine the arrays that it must have.

    Raises
    ------
    ValueError
        If it belongs to another run; the message names the differences.
    FileFormatError
        If it is damaged.
    """
    header, arrays = read_archive(path, "checkpoint")
    try:
        differing = _differing_from(header.get("run"), run)
    except Exception as error:  # for example nested too deeply
        raise _none(path, error) from error
    _require_same_run(path, differing)
    try:
        values = {name: holder.value for name, holder in holders_of(model).items()}
        require_like(_named(values, optimizer.arrays(), values if keeps_best else {}), arrays)
        history = _as_history(header["history"])
        np.random.default_rng(0).bit_generator.state = header["rng"]  # raises for an invalid state
        values, moments, best = (_of_kind(kind, arrays) for kind in ("value", "moment", "best"))
        steps = header["steps"]
        if type(steps) is not int or not 0 <= steps < MOST_STEPS:
            raise ValueError(gettext("the count of steps is invalid"))
        return Snapshot(values, moments, steps, header["rng"], history, best)
    except Exception as error:  # a hostile header makes almost anything fail
        raise _none(path, error) from error


def _none(path: PathLike, error: Exception) -> FileFormatError:
    """Return the error for a damaged file."""
    message = gettext(
        "expected a checkpoint that aescratch saved, but the contents of {path} are invalid ({error}); delete it to "
        "start again"
    )
    return FileFormatError(message.format(path=os.fspath(path), error=named(error)))


def _of_kind(kind: str, arrays: dict[str, Array]) -> dict[str, Array]:
    """Return the arrays of one kind, under the names that `_named` extended."""
    return {name.removeprefix(f"{kind} "): array for name, array in arrays.items() if name.startswith(f"{kind} ")}


def _differing(saved: Any, run: dict[str, Any], prefix: str = "") -> list[str]:
    """Return the names of the differences; for two descriptions of the same class, those of its settings."""
    names: list[str] = []
    for name, value in run.items():
        before: Any = saved.get(name) if isinstance(saved, dict) else None
        if not isinstance(saved, dict) or before != value:
            inner = _differing(before["with"], value["with"], f"{prefix}{name}.") if _one_class(before, value) else []
            names += inner or [f"{prefix}{name}"]
    return names


def _one_class(before: Any, value: Any) -> bool:
    """Whether these are descriptions, as from `describe`, of objects of the same class."""
    both = [before, value]
    return all(isinstance(one, dict) and "with" in one for one in both) and {**before, "with": value["with"]} == value


def _differing_from(saved: Any, run: Any) -> list[str] | None:
    """Return the error for a saved run that differs, or None if it is the same."""
    saved, run = with_defaults(saved), with_defaults(run)
    return None if saved == run else _differing(saved, run)


def _require_same_run(path: PathLike, differing: list[str] | None) -> None:
    if differing is not None:
        if differing == ["noise"]:
            message = gettext(
                "expected a checkpoint of this version, but {path} is from an earlier aescratch, which drew other "
                "noise for the same seed in float32; pass another path to start again"
            )
            raise ValueError(message.format(path=os.fspath(path)))
        message = gettext(
            "expected a checkpoint of this very run, but {path} differs in {differing}; pass the same arguments to "
            "continue, or another path to start again"
        )
        raise ValueError(message.format(path=os.fspath(path), differing=", ".join(differing)))


def _as_history(record: Any) -> History:
    """Return the history in a checkpoint's header."""
    history = History(**record)
    numbers = [*history.loss, *history.learning_rate, *history.validation_loss, history.seconds]
    numbers += [number for number in (history.first_loss, history.last_loss) if number is not None]
    lengths = {len(history), len(history.learning_rate), len(history.validation_loss) or len(history)}
    best = int(np.argmin(history.validation_loss)) if history.validation_loss else None
    if not all(isinstance(number, float) and math.isfinite(number) for number in numbers) or len(lengths) != 1:
        raise ValueError(gettext("the history is not made of lists of finite numbers, one per epoch"))
    if history.best_epoch != best or history.stopped not in ("finished", "early", "hopeless"):
        raise ValueError(gettext("the history contradicts itself"))
    return history
