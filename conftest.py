"""What all tests and doctests share: names for doctests, matplotlib without a screen, closed figures, the core."""

import gc
import importlib.util
import os
import pathlib
import sys

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

sys.path.insert(0, str(pathlib.Path(__file__).parent / "tests"))
from turns import has_turn, number_of

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

def pytest_addoption(parser):
    """Offer to run a quarter of all tests, not only of the slow ones."""
    parser.addoption("--in-turn", action="store_true", help="of all tests run a quarter, see tests/turns.py")


def pytest_ignore_collect(collection_path, config):
    """Read no other file for `pytest -m core`: reading all of them takes longer than the core's tests."""
    if config.option.markexpr == "core" and collection_path.is_file() and collection_path.stem not in CORE:
        return True
    return None


def pytest_collection_modifyitems(config, items):
    """Mark the tests of the core, and leave out slow tests that have their turn another time."""
    now, later = [], []
    for item in items:
        if item.path.stem in CORE:
            item.add_marker("core")
        marker = item.get_closest_marker("in_turn")
        number = marker.args[0] if marker and marker.args else number_of(item)
        has_to_wait = (marker is not None or config.option.in_turn) and not has_turn(number)
        (later if has_to_wait else now).append(item)
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
