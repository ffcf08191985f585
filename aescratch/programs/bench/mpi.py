"""The speed of several processes that train together by MPI, with one batch each, compared with one process.

    mpiexec -n 2 python -c "...; mpi.print_seconds(...)" --the first process prints--> seconds of a step
"""

from __future__ import annotations

import importlib.util
import shutil
import statistics
import sys
import time
from pathlib import Path
from typing import Any

from aescratch.programs.bench.cases import Case, make_model, random_data
from aescratch.programs.bench.processes import run_python

STEPS, EPOCHS = 4, 8
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def launcher() -> str | None:
    """Return the path of mpiexec, beside this Python or elsewhere; None if it or mpi4py is missing."""
    beside = Path(sys.executable).with_name("mpiexec")
    found = str(beside) if beside.exists() else shutil.which("mpiexec")
    return found if importlib.util.find_spec("mpi4py") else None


def seconds_of_step(n_processes: int, case: Case) -> float:
    """Return the time of a step in `n_processes`, each with one thread and a batch of this case."""
    program = f"from aescratch.programs.bench import cases, mpi; mpi.print_seconds(cases.{case!r})"
    return float(run_python(program, (str(launcher()), "-n", str(n_processes)), **ONE_THREAD))


def print_seconds(case: Case) -> None:
    """Train together with the other processes; the first prints the median time of a step."""
    from mpi4py import MPI

    together, ends = MPI.COMM_WORLD, []

    def observer(*given: Any) -> None:
        ends.append(time.perf_counter())

    size = case.batch * together.Get_size()
    make_model(case).fit(
        random_data(STEPS * size, case.widths[0]), epochs=EPOCHS, batch_size=size, rng=0, progress=False,
        communicator=together, observer=observer,
    )  # fmt: skip
    if together.Get_rank() == 0:  # without the first and the last epoch
        print(statistics.median(after - before for before, after in zip(ends[:-2], ends[1:-1], strict=True)) / STEPS)
