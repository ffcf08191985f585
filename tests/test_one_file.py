"""A variant is one file: winner-take-all, added to a copy of the package, passes the package's own tests unchanged."""

import os
import shutil

import pytest
from copied_package import ROOT, copy_package, run_python

NEW = ROOT / "tests" / "data" / "winner_take_all.py"
# The tests that go over all variants; each has cases of its own for a new one.
GENERIC = (
    "test_models.py", "test_files.py", "test_statements.py", "test_cli.py", "test_tracing.py", "test_tour.py",
    "test_meaning_models.py", "test_cupy.py", "test_localise.py",
)  # fmt: skip


@pytest.fixture(scope="module")
def extended(tmp_path_factory):
    """A copy of the package with one file more."""
    folder = copy_package(tmp_path_factory.mktemp("copy"))
    shutil.copy(NEW, folder / "aescratch" / "models" / "winner_take_all.py")
    return folder


def run(folder, *words):
    return run_python(folder, "-m", *words)


@pytest.mark.in_turn(1)
def test_it_passes_the_tests_that_go_over_all_variants(extended):
    files = [f"tests/{name}" for name in GENERIC]
    done = run(extended, "pytest", "-q", "-p", "no:cacheprovider", *files, "-k", "winner or Winner")
    passed = int(done.stdout.split(" passed")[0].split()[-1])
    assert done.returncode == 0, done.stdout[-3000:]
    assert passed > 30, done.stdout[-1000:]


@pytest.mark.in_turn
def test_the_public_names_the_storeys_and_the_reference_have_it(extended):
    done = run(
        extended, "pytest", "-q", "-p", "no:cacheprovider", "tests/test_architecture.py",
        "tests/test_docs.py::test_the_reference_leaves_no_public_name_out", "aescratch/models/winner_take_all.py",
        "-k", "winner or concrete or public",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]


@pytest.mark.in_turn
def test_the_command_line_checks_and_trains_it(extended, tmp_path):
    checked = run(extended, "aescratch", "check", "winner-take-all", "--share", "0.25")
    assert (checked.returncode, checked.stderr) == (0, "")
    assert "pass: 164 of 164" in checked.stdout
    out = str(tmp_path / "run")
    trained = run(extended, "aescratch", "train", "winner-take-all", "--code", "8", "--epochs", "2", "--out", out)
    assert trained.returncode == 0, trained.stderr
    assert {"code-activity.png", "reconstructions.png", "model.npz"} <= set(os.listdir(out))
    code = f"import aescratch as ae; print(type(ae.load({out + '/model.npz'!r})) is ae.WinnerTakeAllAutoencoder)"
    assert run_python(extended, "-c", code).stdout == "True\n"
    refused = run(extended, "aescratch", "check", "vanilla", "--share", "0.5")
    assert (refused.returncode, "which is for winner-take-all" in refused.stderr) == (2, True)


@pytest.mark.in_turn
def test_a_wrong_backward_of_it_is_found(extended):
    path = extended / "aescratch" / "models" / "winner_take_all.py"
    right = path.read_text(encoding="utf-8")
    path.write_text(right.replace("return grad_z * self.keep", "return grad_z"), encoding="utf-8")
    try:
        checked = run(extended, "pytest", "-q", "-p", "no:cacheprovider", "tests/test_models.py", "-k", "winner")
    finally:
        path.write_text(right, encoding="utf-8")
    assert checked.returncode == 1
    assert "test_gradients_of_training_mode_equal_central_differences[winner-take-all as found]" in checked.stdout
    assert "winners is the first wrong part" in checked.stdout
