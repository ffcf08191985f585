"""What a browser's Python can and can't do, run under Pyodide by test_pyodide.py: imports, checks, notebooks, sentences."""

import importlib
import linecache
import pathlib
import sys

import pytest

import aescratch as ae
from aescratch.classroom import all_exercises, check_file
from aescratch.classroom.packaging import check_here
from aescratch.classroom.packaging.here import score_here
from aescratch.foundations.platforms import NoProcessesError
from aescratch.programs.cli import main

PACKAGE = pathlib.Path(ae.__file__).parent
EXERCISES = all_exercises()
RELU = next(exercise for exercise in EXERCISES if exercise.name == "relu_backward")
# What only a grader's machine runs, or needs what is optional.
NOT_HERE = {
    "aescratch.__main__": "it is the command itself",
    "aescratch.classroom.grading.child": "the process that is confined, which needs the module resource",
    "aescratch.backend.machine_code": "needs Numba",
}


def modules():
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        if not {"path", "template", "autograder"} & set(parts):
            yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def test_this_is_a_browsers_python():
    assert sys.platform == "emscripten"


def test_every_module_can_be_imported():
    names = list(modules())
    assert set(NOT_HERE) < set(names)
    for name in names:
        if name not in NOT_HERE:
            importlib.import_module(name)


def test_a_check_runs_in_this_interpreter(tmp_path):
    path = tmp_path / RELU.file_name
    path.write_text(RELU.solution)
    assert check_file(RELU, path).passed
    path.write_text("def relu_backward(grad_y, a):\n    while True:\n        pass\n")
    outcome = check_file(RELU, path, 0.2)
    assert (outcome.kind, outcome.line in (2, 3)) == ("timed-out", True)


def written(text, namespace, name="<cell 1>"):
    """Run a text as a notebook's cell, whose lines a traceback finds."""
    linecache.cache[name] = (len(text), None, text.splitlines(True), name)
    exec(compile(text, name, "exec"), namespace)


def test_a_notebook_checks_its_cell(capsys):
    namespace = {}
    written(RELU.solution, namespace)
    check_here("relu_backward", namespace)
    assert capsys.readouterr().out == "relu_backward: passed\n"
    written(RELU.mutated(RELU.mutants["no mask"]), namespace)
    check_here("relu_backward", namespace)
    assert "forward's own derivative is missing\n      cell.py:" in capsys.readouterr().out
    written("def relu_backward(grad_y, a):\n    while True: pass\n", namespace)
    with pytest.raises(NoProcessesError, match=r"^judging a submission needs processes.*; zip the folder, and grade it on Linux"):
        score_here("relu_backward", namespace, 10, None)


WITH_INSTEAD = {
    ("bench",): "aescratch bench needs processes, which a browser's Python doesn't have; measure where the package is installed",
    ("exercises", "grade", "."): "aescratch exercises grade needs processes, which a browser's Python doesn't have; zip the folder",
    ("exercises", "validate", "builtin"): "aescratch exercises validate needs processes, which a browser's Python doesn't have; validate the",
    ("exercises", "watch"): "aescratch exercises watch needs processes, which a browser's Python doesn't have; run aescratch exercises check",
}  # fmt: skip


@pytest.mark.parametrize("words", WITH_INSTEAD)
def test_what_needs_processes_says_what_to_use_instead(words, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(list(words)) == 4
    assert WITH_INSTEAD[words] in capsys.readouterr().err


def test_a_page_is_written_but_not_opened(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["step", "vanilla", "--open"]) == 0
    assert capsys.readouterr().out.endswith("step.html is among the files of this Python; download it, and open it in a browser\n")


def test_the_command_line_works_in_a_notebook(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for words in (["exercises", "init", "."], ["exercises", "start", "relu_backward"]):
        assert main(words) == 0
    (tmp_path / RELU.file_name).write_text(RELU.solution)
    assert main(["exercises", "check"]) == 0
    assert "relu_backward: passed" in capsys.readouterr().out


def test_a_training_has_no_time_limit_and_needs_no_thread():
    digits = ae.datasets.load_digits()
    model = ae.Autoencoder([64, 8], rng=0)
    history = model.fit(digits.x[:200], epochs=2, rng=0)
    assert history.loss[-1] < history.loss[0]
    assert ae.check_gradients(model, digits.x[:5]).verdict == "pass"
