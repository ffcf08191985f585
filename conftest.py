"""What all tests and doctests share: names for doctests, matplotlib without a screen, and figures closed again."""

import importlib.util
import os
import sys

os.environ.setdefault("MPLBACKEND", "agg")
# Matrices are small here: on a busy machine the threads of a BLAS wait for each other far longer than they compute.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pytest

# Scripts to be run by hand, which need what the tests don't; the pages of docs/ are tested as they are read.
collect_ignore = [
    "tests/benchmarks", "tests/make_before.py", "tests/make_data.py", "tests/mutation.py", "tutorials", "docs/_ext",
]  # fmt: skip
collect_ignore_glob = ["docs/*.py", "docs/tutorials/*.py"]
if importlib.util.find_spec("torch") is None:
    collect_ignore.append("docs/how-to/pytorch.md")


@pytest.fixture(autouse=True)
def _shared(doctest_namespace):
    import aescratch as ae

    doctest_namespace["np"] = np
    doctest_namespace["ae"] = ae
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")
