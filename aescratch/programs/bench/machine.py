"""The machine under a measurement: versions, matrix libraries and their kernels, threads."""

from __future__ import annotations

import ctypes
import importlib.metadata
import os
import platform
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np

import aescratch as ae
from aescratch.backend import compiled, require_backend
from aescratch.foundations.language import gettext, gettext_noop, in_language
from aescratch.programs.bench import pytorch

# With these set, OpenBLAS doesn't choose its kernel by the processor.
OVERRIDES = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
# How the backend's reasons begin.
REASONS = (
    gettext_noop('not installed: pip install "aescratch[fast]"'),
    gettext_noop("turned off by AESCRATCH_COMPILED=0"),
    gettext_noop("installed, but can't be imported"),
    gettext_noop("CuPy is not installed"),
    gettext_noop("CuPy is installed but can't be imported"),
    gettext_noop("CuPy is installed but finds no GPU"),
    gettext_noop("CuPy is installed but finds no NVIDIA driver"),
    gettext_noop("CuPy is installed but the NVIDIA driver is too old for it"),
    gettext_noop("CuPy finds a GPU but can't compute on it"),
)
# The names of OpenBLAS's functions, in NumPy's own wheels and elsewhere.
SPELLINGS = ("scipy_openblas_{}64_", "scipy_openblas_{}", "openblas_{}64_", "openblas_{}")


def describe_machine() -> dict[str, Any]:
    """Return the facts on which the figures depend, by name, as text and numbers."""
    machine = what_is_in_use()
    if pytorch.is_installed():
        torch = pytorch.import_torch()
        machine["torch"], machine[gettext_noop("torch threads")] = torch.__version__, torch.get_num_threads()
        with_mkl = "MKL" if torch.backends.mkl.is_available() else gettext("not MKL")
        machine[gettext_noop("torch matrices")] = with_mkl
    return machine


def what_is_in_use() -> dict[str, Any]:
    """Return the libraries that the package uses here, by name, and the reasons why it doesn't use others."""
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    return {
        gettext_noop("processor"): processor(), gettext_noop("cores"): os.cpu_count(),
        "python": platform.python_version(), "aescratch": ae.__version__, "numpy": np.__version__,
        "blas": f"{blas.get('name', gettext('unknown'))} {blas.get('version', '')}".strip(), **_openblas(),
        "numba": in_words(compiled.why_not()) or importlib.metadata.version("numba"), "cupy": in_words(_cupy()),
    }  # fmt: skip


def notes(machine: dict[str, Any]) -> list[str]:
    """Return sentences on circumstances that make these figures different from another machine's."""
    overridden = gettext(
        "{setting} is set: OpenBLAS doesn't choose its kernel by the processor, so NumPy's matrix products are "
        "probably slower than necessary"
    )
    found: list[str] = [
        overridden.format(setting=f"{name}={os.environ[name]}") for name in OVERRIDES if os.environ.get(name)
    ]
    if "torch" in machine and "AMD" in machine["processor"]:
        found.append(
            gettext("MKL doesn't use AVX-512 on AMD processors: PyTorch is faster on Intel processors than here")
        )
    if "torch" not in machine:
        found.append(gettext(pytorch.MISSING))
    return found


def in_words(reason: str) -> str:
    """Return the reason why a library isn't used, in the language in force; what a library itself says stays.

    Examples
    --------
    >>> in_words("CuPy is installed but can't be imported (ImportError: no libcuda)")
    "CuPy is installed but can't be imported (ImportError: no libcuda)"
    """
    known = next((each for each in REASONS if reason.startswith(each)), "")
    return gettext(known) + reason[len(known) :]


def processor() -> str:
    """Return the processor's name, and its model number where Linux gives one."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    facts = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in reversed(lines))}
    name, model = facts.get("model name"), facts.get("model")
    return str(gettext("{name}, model {model}").format(name=name, model=model)) if name else platform.machine()


def threads_of_products() -> int | None:
    """Return the number of threads in a matrix product of NumPy, or None if it is unknown."""
    threads: int | None = _openblas().get("blas threads")
    return threads


def _cupy() -> str:
    """Return CuPy's version, or the reason why it can't be used, in English."""
    try:
        with in_language("en"):
            require_backend("cupy")
    except RuntimeError as error:
        return str(error).partition(";")[0].partition(", or stay")[0].partition(", so ")[0]
    return str(sys.modules["cupy"].__version__)


def _openblas() -> dict[str, Any]:
    """Return OpenBLAS's kernel and number of threads, if NumPy uses OpenBLAS."""
    try:
        maps = Path("/proc/self/maps").read_text(encoding="utf-8")
        library = ctypes.CDLL(re.findall(r"/\S*openblas\S*", maps)[0])
    except (OSError, IndexError):
        return {}
    for spelling in SPELLINGS:
        corename = getattr(library, spelling.format("get_corename"), None)
        threads = getattr(library, spelling.format("get_num_threads"), None)
        if corename is not None and threads is not None:
            corename.restype = ctypes.c_char_p
            return {gettext_noop("blas kernel"): corename().decode(), gettext_noop("blas threads"): threads()}
    return {}
