"""Students', teachers' and users' files are compiled from the text that is there now; bytecode is neither read nor written."""

import json
import os
import py_compile
import shutil
import subprocess
import sys
import traceback
from pathlib import Path

import pytest

import aescratch as ae
from aescratch.classroom import all_exercises, check_file, read_course
from aescratch.classroom.exercise import read_exercise
from aescratch.classroom.grading.ledger import digest_of_exercise
from aescratch.classroom.leaks import leaks_in, secrets_of
from aescratch.classroom.looking import look
from aescratch.classroom.releasing import release
from aescratch.classroom.scaffolding import scaffold
from aescratch.foundations.sources import is_others, module_of_file, module_of_text, text_of_plain_file
from aescratch.programs.cli import main

ROOT = Path(ae.__file__).parent.parent
WHEN = 1_700_000_000  # of every file here: the clock never tells one text from another
FIRST = all_exercises()[0]


@pytest.fixture(autouse=True)
def as_a_user_has_it(monkeypatch):
    """Bytecode is written, whatever runs these tests."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    for name in ("PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


def write(path, text):
    """Write a file that is as old as all others here."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    os.utime(path, (WHEN, WHEN))


def python(*words, folder):
    done = subprocess.run([sys.executable, *map(str, words)], cwd=folder, capture_output=True, text=True, timeout=300)
    assert done.stderr == ""
    return done


def aescratch(*words, folder):
    return python("-m", "aescratch", *words, folder=folder)


def files_in(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_an_error_that_a_courses_checks_raise_is_placed_where_the_students_code_called_them(tmp_path):
    exercise = next(each for each in all_exercises() if each.name == "own_checker")
    shutil.copytree(exercise.folder, tmp_path / "course" / exercise.folder.name)
    copied = read_exercise(tmp_path / "course" / exercise.folder.name)
    path = tmp_path / exercise.file_name
    path.write_text(exercise.mutated(exercise.mutants["entries in a row"]))
    said, wanted = look(copied, path), look(exercise, path)
    assert said.line == wanted.line == path.read_text().splitlines().index("        above = loss(x.ravel())") + 1
    assert said.message == wanted.message


# One file


def test_a_file_that_changed_within_a_second_at_the_same_size_is_compiled_anew(tmp_path):
    path = tmp_path / "mine.py"
    for text in ("x = 1\n", "x = 2\n"):
        write(path, text)
        assert module_of_file(path, "mine_of_test").x == int(text[4])
    assert files_in(tmp_path) == ["mine.py"]


@pytest.mark.parametrize("mode", py_compile.PycInvalidationMode)
def test_bytecode_that_lies_there_is_not_read(tmp_path, mode):
    path = tmp_path / "mine.py"
    write(path, "x = 1\n")
    py_compile.compile(str(path), invalidation_mode=mode)
    before = files_in(tmp_path)
    write(path, "x = 2\n")
    assert module_of_file(path, "mine_of_test").x == 2
    assert files_in(tmp_path) == before


def test_a_traceback_shows_the_lines_that_are_there_now(tmp_path):
    path = tmp_path / "mine.py"
    for word in ("one", "two"):
        write(path, f"raise KeyError('{word}')\n")
        with pytest.raises(KeyError) as caught:
            module_of_file(path, "mine_of_test")
        assert f"    raise KeyError('{word}')\n" in "".join(traceback.format_tb(caught.value.__traceback__))


def test_what_is_installed_and_what_is_ours_are_not_others(tmp_path):
    assert is_others(tmp_path / "mine.py")
    assert not is_others(json.__file__)
    assert not is_others(pytest.__file__)
    assert not is_others(ae.functions.__file__)
    assert not is_others(Path(ae.__file__).parent)
    assert is_others(ROOT / "tests")


def test_a_text_is_run_as_if_it_stood_in_a_file_and_nothing_imports_it():
    text = "from dataclasses import dataclass\n\n\n@dataclass\nclass Pair:\n    a: {}\n"
    for annotation in ("float", "'float'"):
        module = module_of_text(text.format(annotation), "text_of_test", "mine.py")
        assert module.Pair(1.0).a == 1.0
        assert "text_of_test" not in sys.modules
    assert module.Pair.__init__.__annotations__["a"] == "float"
    with pytest.raises(ZeroDivisionError) as caught:
        module_of_text("1 / 0", "json", "mine.py")
    assert caught.traceback[-1].frame.code.raw.co_filename == "mine.py"
    assert sys.modules["json"] is json


def test_what_is_handed_in_is_read_once_and_never_through_a_link(tmp_path):
    path = tmp_path / "mine.py"
    path.write_bytes(b"x = 1\n")
    assert [text_of_plain_file(path, most) for most in (6, 4)] == [b"x = 1\n", b"x = 1"]
    assert text_of_plain_file(tmp_path, 6) is None
    with pytest.raises(FileNotFoundError):
        text_of_plain_file(tmp_path / "yours.py", 6)
    if os.name == "posix":
        os.mkfifo(tmp_path / "pipe.py")
        assert text_of_plain_file(tmp_path / "pipe.py", 6) is None
        (tmp_path / "link.py").symlink_to(path)
        with pytest.raises(OSError, match="symbolic link"):
            text_of_plain_file(tmp_path / "link.py", 6)


# What it imports


IMPORTING = """
import sys
from aescratch.foundations.sources import import_from_source
import_from_source()
sys.path.insert(0, "lib")
import helper, package.inner, space.inner, wave, numpy.polynomial
try:
    import gone
except ModuleNotFoundError:
    print(helper.x, package.y, package.inner.z, space.inner.z, type(wave.__loader__).__name__)
"""


def test_what_is_imported_is_compiled_anew_and_what_is_installed_is_not(tmp_path):
    lib = tmp_path / "lib"
    write(lib / "gone.py", "x = 1\n")
    py_compile.compile(str(lib / "gone.py"), cfile=str(lib / "gone.pyc"))
    (lib / "gone.py").unlink()
    for number in (1, 2):
        write(lib / "helper.py", f"x = {number}\n")
        write(lib / "package" / "__init__.py", f"y = {number}\n")
        write(lib / "package" / "inner.py", f"z = {number}\n")
        write(lib / "space" / "inner.py", f"z = {number}\n")
        assert python("-c", IMPORTING, folder=tmp_path).stdout == f"{number} {number} {number} {number} SourceFileLoader\n"
    assert not list(tmp_path.rglob("__pycache__"))


def test_a_folder_from_which_something_was_imported_before_is_no_exception(tmp_path):
    (tmp_path / "lib").mkdir()
    early = "import sys; sys.path.insert(0, 'lib')\ntry:\n    import nothing\nexcept ImportError:\n    pass\n"
    for number in (1, 2):
        write(tmp_path / "lib" / "helper.py", f"x = {number}\n")
        program = f"{early}from aescratch.foundations.sources import import_from_source\nimport_from_source()\nimport helper; print(helper.x)"
        assert python("-c", program, folder=tmp_path).stdout == f"{number}\n"


# Where it is used


def test_a_students_file_and_its_neighbour(tmp_path):
    path = tmp_path / FIRST.file_name
    write(path, "from my_helper import dense\n")
    for sign, kind in (("-", "wrong"), ("+", "passed")):
        write(tmp_path / "my_helper.py", f"def dense(x, W, b):\n    return x @ W {sign} b\n")
        assert check_file(FIRST, path).kind == kind
    assert files_in(tmp_path) == [FIRST.file_name, "my_helper.py"]


@pytest.mark.in_turn
@pytest.mark.parametrize("place", ["mine.py:double_backward", "mine:double_backward"])
def test_code_of_ones_own(tmp_path, place):
    write(tmp_path / "mine.py", "from near import factor\ndef double(x):\n    return 2 * x\ndef double_backward(grad_y, x):\n    return factor * grad_y\n")
    for factor, status in ((3, 1), (2, 0)):
        write(tmp_path / "near.py", f"factor = {factor}\n")
        assert aescratch("check", place, folder=tmp_path).returncode == status
    assert files_in(tmp_path) == ["mine.py", "near.py"]


@pytest.fixture
def source(tmp_path):
    """A teacher's folder, with checks that import a module beside them."""
    scaffold("softplus", tmp_path / "source")
    checks = tmp_path / "source/01_softplus/checks.py"
    importing = "import sys, pathlib\nsys.path.insert(0, str(pathlib.Path(__file__).parent))\nfrom near import SIZE\n"
    checks.write_text(checks.read_text(encoding="utf-8").replace("import numpy as np\n", f"{importing}import numpy as np\n", 1))
    assert "from near" in checks.read_text()
    write(checks.with_name("near.py"), "SIZE = 7\n")
    return tmp_path / "source"


@pytest.mark.in_turn
@pytest.mark.parametrize("jobs", [1, 2])
def test_validating_leaves_a_teachers_folder_as_it_was(source, tmp_path, jobs):
    before = files_in(source)
    done = aescratch("exercises", "validate", source, "--jobs", jobs, folder=tmp_path)
    assert done.returncode == 0, done.stdout
    assert files_in(source) == before


def test_grading_leaves_folders_as_they_were(source, tmp_path):
    (tmp_path / "handed_in/zoe").mkdir(parents=True)
    (tmp_path / "handed_in/zoe/01_softplus.py").write_text(read_course(source)[0].shown_solution)
    before = files_in(source), files_in(tmp_path / "handed_in")
    words = ["--exercises", source, "--seed", 1, "--out", "grades", "--unconfined"]
    done = aescratch("exercises", "grade", "handed_in", *words, folder=tmp_path)
    assert done.returncode == 0, done.stdout
    assert (files_in(source), files_in(tmp_path / "handed_in")) == before


# Bytecode that is there


def test_bytecode_beside_exercises_is_no_leak_and_never_handed_out(source, tmp_path, capsys):
    clean = digest_of_exercise(read_course(source)[0])
    for path in list(source.rglob("*.py")):
        py_compile.compile(str(path))
        py_compile.compile(str(path), cfile=str(path.with_suffix(".pyc")))
    exercises = read_course(source)
    assert main(["exercises", "validate", str(source)]) == 0
    assert "a release gives no answer away" in capsys.readouterr().out
    release(exercises, tmp_path / "out")
    assert not [name for name in files_in(tmp_path / "out") if "pyc" in name]
    assert leaks_in(tmp_path / "out", secrets_of(exercises)) == []
    assert digest_of_exercise(exercises[0]) == clean
