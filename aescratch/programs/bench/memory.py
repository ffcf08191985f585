"""The increase of a process's memory during a training, measured in a new Python by `processes.memory_rise`.

Model and data exist before, and don't count; a file is opened before, but data read from it count. Only Linux reports
the peak of the resident memory.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from aescratch.datasets import open_file
from aescratch.foundations.streams import BLOCK
from aescratch.foundations.validation import Data
from aescratch.programs.bench import pytorch
from aescratch.programs.bench.cases import DEEP, Case, make_model, random_data

CASE, N_EXAMPLES, EPOCHS = Case(DEEP, 256), 5_120, 2
STREAMED = Case((784, 32), 256)  # its own memory is small compared with that of the data
STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def can_be_measured() -> bool:
    """Whether this system reports a process's peak memory, and can reset it."""
    return STATUS.exists() and os.access(CLEAR, os.W_OK)


def rise(side: str) -> float:
    """Return the increase of memory, in MiB, during the training of a side, ``"ours"`` or ``"torch"``."""
    x = random_data(N_EXAMPLES, CASE.widths[0])
    return _rise_of(our_fit(CASE, x, EPOCHS) if side == "ours" else pytorch.torch_fit(CASE, x, EPOCHS))


def rise_by_file(dtype: str, size: int) -> float:
    """Return the increase of memory, in MiB, during the training on a .npy file of this dtype and size in MiB."""
    width = STREAMED.widths[0]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "data.npy")
        n_examples = size * 2**20 // (np.dtype(dtype).itemsize * width)
        x = np.lib.format.open_memmap(path, "w+", np.dtype(dtype), (n_examples, width))
        for start in range(0, len(x), 4096):
            x[start : start + 4096] = random_data(len(x[start : start + 4096]), width)
        del x
        return _rise_of(our_fit(STREAMED, open_file(path).x, epochs=1))


def two_blocks_and_a_batch() -> float:
    """Return the size of these arrays in MiB of float32: the limit for a training on a file."""
    return 4 * (2 * BLOCK + STREAMED.batch * STREAMED.widths[0]) / 2**20


def _rise_of(train: Callable[[], object]) -> float:
    CLEAR.write_text("5", encoding="ascii")  # resets the peak to the memory held now
    before = _mebibytes("VmRSS")
    train()
    return _mebibytes("VmHWM") - before


def our_fit(case: Case, x: Data, epochs: int) -> Callable[[], object]:
    """Return a training on x in shuffled batches, by `fit`."""
    model = make_model(case)
    return lambda: model.fit(x, epochs=epochs, batch_size=case.batch, rng=0, progress=False)


def _mebibytes(name: str) -> float:
    """Return a figure of /proc/self/status, which are given in kB."""
    found = next(line for line in STATUS.read_text(encoding="ascii").splitlines() if line.startswith(name))
    return int(found.split()[1]) / 1024
