"""`mpirun -n 4 aescratch train ...`: the processes that were started together, of which the first alone speaks."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Iterator
from typing import Any

from aescratch.programs.cli.status import UsageError
from aescratch.training.processes import Processes

# What mpirun tells each process: how many there are, by MPICH, Intel's and Slurm's, and by Open MPI; PMIx says no more
# than which one it is.
SIZES, RANKS = ("PMI_SIZE", "OMPI_COMM_WORLD_SIZE"), ("PMIX_RANK",)


def communicator() -> Any:
    """Return mpi4py's communicator of all processes that mpirun has started; None if this one was started alone.

    Raises
    ------
    UsageError
        If there are several, and mpi4py is missing.
    """
    if not any(os.environ.get(name, "1") != "1" for name in SIZES) and not any(name in os.environ for name in RANKS):
        return None
    try:
        from mpi4py import MPI
    except ImportError as error:
        raise UsageError(
            'several processes were started together, but mpi4py is missing; pip install "aescratch[mpi]", or start one'
        ) from error
    return MPI.COMM_WORLD


@contextlib.contextmanager
def quiet_but_first(processes: Processes) -> Iterator[None]:
    """Let the first process alone print, since all would print the same."""
    with contextlib.nullcontext() if processes.is_first else contextlib.redirect_stdout(io.StringIO()):
        yield
