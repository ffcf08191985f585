"""The core's tests, the tab's, and what a browser's Python can't do, under Pyodide in Node.

AESCRATCH_PYODIDE names the folder of a Pyodide distribution, with NumPy in it; without it nothing is run. The core takes
minutes, and is run if AESCRATCH_PYODIDE_CORE is set, too: in CI, and before a release.
"""

import hashlib
import importlib.util
import json
import os
import pathlib
import re
import shutil
import subprocess

import pytest

HERE = pathlib.Path(__file__).parent
DISTRIBUTION = pathlib.Path(os.environ.get("AESCRATCH_PYODIDE", ""))
NEEDED = ("pytest", "_pytest", "py", "pluggy", "iniconfig", "packaging", "pygments", "tqdm")  # pure Python, as installed here

pytestmark = pytest.mark.skipif(
    not os.environ.get("AESCRATCH_PYODIDE") or shutil.which("node") is None,
    reason="needs Node, and AESCRATCH_PYODIDE, the folder of a Pyodide distribution",
)

# Tests of the core that don't pass in a browser's Python, by the beginning of their names, and why.
NO_PROCESSES = "starts another process"
NO_THREADS = "starts a thread"
EXCEPTIONS = {
    "tests/test_optimizers.py::test_scipy_is_not_imported_with_the_package": NO_PROCESSES,
    "tests/test_speed.py::test_the_environment_starts_with_the_switch_off": NO_PROCESSES,
    "tests/test_training.py::test_a_training_without_a_bar_does_not_import_tqdm": NO_PROCESSES,
    "tests/test_training.py::test_interrupted_and_resumed_in_a_new_process_equals_uninterrupted": NO_PROCESSES,
    "tests/test_models.py::test_another_thread_is_checked_while_fit_trusts_its_batches": NO_THREADS,
    "tests/test_files.py::test_a_hostile_header_is_refused_cheaply[deep settings]": "overflows the browser's stack",
    "tests/test_files.py::test_a_hostile_json_header_is_refused_cheaply": "overflows the browser's stack",
    "tests/test_files.py::test_the_permissions_of_a_file_obey_the_umask": "files in memory know no umask",
    "tests/test_files.py::test_a_name_may_be_as_long_as_the_system_allows": "files in memory have names of any length",
    "tests/test_files.py::test_killing_a_save_at_random_moments_leaves_a_whole_file": NO_PROCESSES,
    "tests/test_larger_than_memory.py::test_a_fit_holds_a_batch_and_two_blocks": "flushes a memory map; Pyodide's can't",
}
WITHOUT_SCIPY = {
    "tests/test_backend.py": "compares with SciPy",
    "tests/test_optimizers.py::test_lbfgs": "L-BFGS is SciPy's",
    "tests/test_optimizers.py::test_a_recipe_carries_no_state_from_one_fit_to_the_next[LBFGS]": "L-BFGS is SciPy's",
    "tests/test_training.py::test_lbfgs": "L-BFGS is SciPy's",
}


def packages():
    """NumPy, and SciPy where the distribution has it; each file has the hash that its lock names."""
    lock = json.loads((DISTRIBUTION / "pyodide-lock.json").read_text(encoding="utf-8"))["packages"]
    found = ["numpy"]
    if all((DISTRIBUTION / lock[name]["file_name"]).is_file() for name in ("scipy", "openblas")):
        found.append("scipy")
    for name in found:
        data = (DISTRIBUTION / lock[name]["file_name"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == lock[name]["sha256"], f"{name} isn't what pyodide-lock.json names"
    return found


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A folder with pytest and what it needs."""
    folder = tmp_path_factory.mktemp("site")
    for name in NEEDED:
        place = pathlib.Path(importlib.util.find_spec(name).origin)
        if place.name == "__init__.py":
            shutil.copytree(place.parent, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(place, folder / place.name)
    return folder


def pytest_under_pyodide(site, *words):
    """Run pytest there, and return what it printed; its sum must say that nothing failed."""
    command = ["node", str(HERE / "pyodide" / "run.mjs"), str(DISTRIBUTION), str(HERE.parent), str(site), "pytest"]
    environment = {**os.environ, "AESCRATCH_PYODIDE_PACKAGES": ",".join(packages())}
    options = ["-q", "-p", "no:cacheprovider", "--tb=short", "--capture=sys"]  # fstat of a temporary file fails there
    done = subprocess.run([*command, *options, *words], env=environment, capture_output=True, text=True, timeout=3000)
    assert done.returncode == 0, f"{done.stdout[-6000:]}\n{done.stderr[-2000:]}"
    print(done.stdout[-500:])
    return done.stdout


@pytest.mark.in_turn(3)
def test_the_tab_and_what_a_browser_cant_do(site):
    printed = pytest_under_pyodide(site, "tests/test_tab.py", "tests/pyodide/in_a_browser.py", "-k", "not cells")
    assert "failed" not in printed
    assert "clock" not in printed  # none was skipped


@pytest.mark.skipif(not os.environ.get("AESCRATCH_PYODIDE_CORE"), reason="takes minutes: set AESCRATCH_PYODIDE_CORE")
def test_the_core(site):
    exceptions = EXCEPTIONS | ({} if "scipy" in packages() else WITHOUT_SCIPY)
    ignored = [f"--ignore={name}" for name in exceptions if "::" not in name]
    deselected = [f"--deselect={name}" for name in exceptions if "::" in name]
    printed = pytest_under_pyodide(site, "-m", "core", *ignored, *deselected)
    assert int(re.search(r"(\d+) passed", printed)[1]) > 2000
