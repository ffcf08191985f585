"""Measures that need a new Python: the time of an import, and the increase of memory during a training."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import aescratch as ae
from aescratch.foundations.language import gettext


def run_python(program: str, launcher: Sequence[str] = (), **variables: str) -> str:
    """Return the output of a program in a Python of its own, with these variables added to our environment."""
    path = [str(Path(ae.__file__).parent.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    done = subprocess.run(
        [*launcher, sys.executable, "-c", program], capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path), **variables},
    )  # fmt: skip
    if done.returncode:
        said = done.stderr.strip().splitlines()
        sentence = gettext("expected a measurement in a separate Python, but it failed: {error}")
        raise RuntimeError(sentence.format(error=said[-1] if said else ""))
    return done.stdout.strip()


def import_seconds(module: str, folder: str) -> float:
    """Return the time of a module's import in a new Python, which reads and writes compiled modules in `folder`."""
    timed = f"import {module}; print(time.perf_counter() - started)"
    text = run_python(
        f"import time; started = time.perf_counter(); {timed}",
        PYTHONPYCACHEPREFIX=folder, PYTHONDONTWRITEBYTECODE="",
    )  # fmt: skip
    return float(text)


def memory_rise(side: str) -> float:
    """Return the increase of resident memory during a training, in MiB, in a new Python; see `memory`."""
    return _in_memory(f"rise({side!r})")


def memory_rise_by_file(dtype: str, size: int) -> float:
    """Return the increase of resident memory during a training on a file of `size` MiB, in a new Python."""
    return _in_memory(f"rise_by_file({dtype!r}, {size})")


def _in_memory(call: str) -> float:
    """Return the result of a function of `memory`, without the compiler of formulas, which a process loads once."""
    program = f"from aescratch.programs.bench import memory; print(memory.{call})"
    return float(run_python(program, AESCRATCH_COMPILED="0"))
