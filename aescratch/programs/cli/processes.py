"""`mpirun -n 4 aescratch train ...`: the processes that were started together; only the first one prints."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Iterator
from typing import Any

from aescratch.foundations.language import gettext
from aescratch.programs.cli.status import UsageError
from aescratch.training.processes import Processes

# Variables that mpirun sets for each process: the number of processes, by MPICH, Intel MPI and Slurm, and by Open MPI;
# PMIx sets only the process's own number.
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
        sentence = gettext(
            'several processes were started, but mpi4py is missing; pip install "aescratch[mpi]", or start only one'
        )
        raise UsageError(sentence) from error
    return MPI.COMM_WORLD


@contextlib.contextmanager
def quiet_but_first(processes: Processes) -> Iterator[None]:
    """Let only the first process print, since all would print the same."""
    with contextlib.nullcontext() if processes.is_first else contextlib.redirect_stdout(io.StringIO()):
        yield
