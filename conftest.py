"""What all tests and doctests share: names for doctests, matplotlib without a screen, closed figures, the core."""

import gc
import importlib.util
import os
import sys
import zlib

os.environ.setdefault("MPLBACKEND", "agg")
# Matrices are small here: on a busy machine the threads of a BLAS wait for each other far longer than they compute.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
# readline puts these where pytest-xdist's processes find them; what isn't a terminal has no width.
os.environ.pop("COLUMNS", None)
os.environ.pop("LINES", None)
os.environ.pop("AESCRATCH_LANGUAGE", None)  # the tests read English

import numpy as np
import pytest

# The files of the tests hold half a million objects, and each collection of garbage goes over all of them: few, then.
gc.set_threshold(10_000, 20, 100)

# Scripts to be run by hand, which need what the tests don't; the pages of docs/ are tested as they are read.
collect_ignore = [
    "tests/benchmarks", "tests/blind", "tests/make_before.py", "tests/make_data.py", "tests/mutation.py",
    "tests/planted/code", "tutorials", "docs/_ext", "aescratch/classroom/template",
]  # fmt: skip
collect_ignore_glob = ["docs/*.py", "docs/tutorials/*.py"]
if importlib.util.find_spec("torch") is None:
    collect_ignore.append("docs/how-to/pytorch.md")
if importlib.util.find_spec("numba") is None:
    collect_ignore.append("aescratch/backend/machine_code.py")

# The tests of the core: the formula sheet, layers, models, optimisers, training, files, state.
CORE = {
    "test_backend", "test_contract", "test_files", "test_files_before", "test_functions", "test_larger_than_memory",
    "test_layers", "test_models", "test_optimizers", "test_sparse_variants", "test_sparse_variants_against_torch",
    "test_speed", "test_state", "test_state_against_torch", "test_training",
}  # fmt: skip

# Of a sweep that is marked `in_turn` (over all models, exercises or planted mistakes) a third runs: the one that
# AESCRATCH_TEST_TURN names, 0, 1 or 2, or everything for "all". CI takes another third after each commit.
TURNS = 3


def pytest_ignore_collect(collection_path, config):
    """Read no other file for `pytest -m core`: reading all of them takes longer than the core's tests."""
    if config.option.markexpr == "core" and collection_path.is_file() and collection_path.stem not in CORE:
        return True
    return None


def pytest_collection_modifyitems(config, items):
    """Mark the tests of the core, and leave out the cases of a sweep that have their turn another time."""
    turn = os.environ.get("AESCRATCH_TEST_TURN", "0")
    now, later = [], []
    for item in items:
        if item.path.stem in CORE:
            item.add_marker("core")
        has_turn = turn == "all" or zlib.crc32(item.nodeid.encode()) % TURNS == int(turn) % TURNS
        (now if has_turn or item.get_closest_marker("in_turn") is None else later).append(item)
    if later:
        items[:] = now
        config.hook.pytest_deselected(items=later)


@pytest.fixture(autouse=True, scope="session")
def _everything_compiled():
    """Compile formulas for arrays of any size, if AESCRATCH_TEST_COMPILED is set and Numba is there."""
    if os.environ.get("AESCRATCH_TEST_COMPILED"):
        from aescratch.backend import compiled

        compiled.SMALLEST = 1


@pytest.fixture
def numpy_alone():
    """Nothing is compiled: for tests that count operations, or ask for the same bits."""
    from aescratch.backend import compiled

    with compiled.numpy_alone():
        yield


@pytest.fixture(autouse=True)
def _shared(doctest_namespace):
    import aescratch as ae

    doctest_namespace["np"] = np
    doctest_namespace["ae"] = ae
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")
