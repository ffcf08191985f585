"""What needs a fresh Python: how long an import takes, and how far a training raises the memory that is held."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import aescratch as ae


def run_python(program: str, launcher: Sequence[str] = (), **variables: str) -> str:
    """Return what a program prints in a Python of its own, with these variables beside our environment's."""
    path = [str(Path(ae.__file__).parent.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    done = subprocess.run(
        [*launcher, sys.executable, "-c", program], capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path), **variables},
    )  # fmt: skip
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise RuntimeError(f"expected a measurement in a Python of its own, but it failed: {said[-1] if said else ''}")
    return done.stdout.strip()


def import_seconds(module: str, folder: str) -> float:
    """Return how long a module takes to import in a fresh Python, which finds and leaves compiled modules in folder."""
    timed = f"import {module}; print(time.perf_counter() - started)"
    text = run_python(
        f"import time; started = time.perf_counter(); {timed}",
        PYTHONPYCACHEPREFIX=folder, PYTHONDONTWRITEBYTECODE="",
    )  # fmt: skip
    return float(text)


def memory_rise(side: str) -> float:
    """Return by how many MiB a training raises the resident memory, in a fresh Python; see `memory`."""
    return _in_memory(f"rise({side!r})")


def memory_rise_by_file(dtype: str, size: int) -> float:
    """Return by how many MiB a training on a file of so many raises the resident memory, in a fresh Python."""
    return _in_memory(f"rise_by_file({dtype!r}, {size})")


def _in_memory(call: str) -> float:
    """Return what a function of `memory` gives, without the compiler of formulas, which a process holds only once."""
    program = f"from aescratch.programs.bench import memory; print(memory.{call})"
    return float(run_python(program, AESCRATCH_COMPILED="0"))
