"""By how much a training raises the memory that a process holds: run in a fresh Python by `processes.memory_rise`.

Model and data are there before, and count for neither side. Linux alone says how much memory was resident at most.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from aescratch.backend import Array
from aescratch.programs.bench import pytorch
from aescratch.programs.bench.cases import DEEP, Case, make_model, random_data

CASE, N_EXAMPLES, EPOCHS = Case(DEEP, 256), 5_120, 2
STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def can_be_measured() -> bool:
    """Whether this system says how much memory a process holds, and lets it start anew."""
    return STATUS.exists() and os.access(CLEAR, os.W_OK)


def rise(side: str) -> float:
    """Return by how many MiB the training of a side, ``"ours"`` or ``"torch"``, raises what is held before."""
    x = random_data(N_EXAMPLES, CASE.widths[0])
    train = our_fit(CASE, x, EPOCHS) if side == "ours" else pytorch.torch_fit(CASE, x, EPOCHS)
    CLEAR.write_text("5", encoding="ascii")  # the peak so far is what is held now
    before = _mebibytes("VmRSS")
    train()
    return _mebibytes("VmHWM") - before


def our_fit(case: Case, x: Array, epochs: int) -> Callable[[], object]:
    """Return a training on x in shuffled batches, by `fit`."""
    model = make_model(case)
    return lambda: model.fit(x, epochs=epochs, batch_size=case.batch, rng=0, progress=False)


def _mebibytes(name: str) -> float:
    """Return a figure of /proc/self/status, which are given in kB."""
    found = next(line for line in STATUS.read_text(encoding="ascii").splitlines() if line.startswith(name))
    return int(found.split()[1]) / 1024
