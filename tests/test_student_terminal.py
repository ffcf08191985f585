"""The student's side on a real terminal, and in poor environments: no home, no locale, no right to write."""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time
import warnings

import pytest

import aescratch
from aescratch.classroom import all_exercises

PACKAGE = pathlib.Path(aescratch.__file__).parent
FIRST, SECOND = all_exercises()[:2]
COMMAND = [sys.executable, "-m", "aescratch", "exercises"]
BARE = {"PATH": os.environ.get("PATH", ""), "TERM": "dumb", "LC_ALL": "C", "PYTHONPATH": str(PACKAGE.parent)}


def run(folder, *words, environment=BARE, before=()):
    return subprocess.run(
        [*before, *COMMAND, *words], cwd=folder, env=environment, capture_output=True, check=False, timeout=300
    )


@pytest.fixture(scope="module")
def begun(tmp_path_factory):
    """A course as it begins."""
    folder = tmp_path_factory.mktemp("begun")
    done = run(folder, "init", "course")
    assert (done.returncode, done.stderr) == (0, b"")
    return folder / "course"


@pytest.fixture
def course(begun, tmp_path):
    return shutil.copytree(begun, tmp_path / "course")


# On a terminal


def hear_control_c():
    """Undo the signal settings with which a shell without job control starts background processes, such as these tests."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.fixture
def terminal(course):
    """A function that starts a command on a terminal of so many columns."""
    pexpect = pytest.importorskip("pexpect", reason="pexpect isn't installed")
    if not hasattr(pexpect, "spawn"):
        pytest.skip("there is no terminal of that kind on this system")
    started = []

    def start(*words, columns=100):
        environment = {**BARE, "LC_ALL": "C.UTF-8", "TERM": "xterm"}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of a fork beside threads, which exec follows at once
            child = pexpect.spawn(
                COMMAND[0], [*COMMAND[1:], *words], cwd=str(course), env=environment, encoding="utf-8", timeout=300,
                dimensions=(40, columns), preexec_fn=hear_control_c,
            )  # fmt: skip
        started.append(child)
        return child

    yield start
    for child in started:
        child.close(force=True)


@pytest.mark.in_turn
def test_watch_answers_to_what_is_saved_until_control_c(terminal, course):
    run(course, "start", "1")
    file = course / "01_dense_forward.py"
    child = terminal("watch")
    child.expect_exact("dense_forward: not begun yet")
    child.expect_exact("watching: save a file to check it; Control-C to stop")
    file.write_text(FIRST.solution.replace("x @ W + b", "x @ W"))
    child.expect_exact("dense_forward: not right yet")
    child.expect_exact("likely cause: the bias is left out")
    child.expect_exact("for a hint: aescratch exercises hint dense_forward")
    child.expect_exact("watching:")
    file.write_text(FIRST.solution)
    child.expect_exact("dense_forward: passed")
    child.expect_exact("next: aescratch exercises start dense_backward")
    child.expect_exact("watching:")
    run(course, "start", "2")
    child.expect_exact("dense_backward: not begun yet")
    child.expect_exact("watching:")
    child.sendintr()
    child.expect(__import__("pexpect").EOF)
    child.wait()
    assert (child.exitstatus, child.signalstatus) == (0, None)
    assert "Traceback" not in child.before


def test_control_c_while_a_check_runs_ends_watch_with_status_0(terminal, course):
    run(course, "start", "1")
    (course / "01_dense_forward.py").write_text("open('running', 'w').close()\nwhile True:\n    pass\n")
    child = terminal("watch")
    started = time.monotonic()
    while not (course / "running").exists() and time.monotonic() - started < 300:
        time.sleep(0.05)
    child.sendintr()
    child.expect(__import__("pexpect").EOF)
    child.wait()
    assert (child.exitstatus, child.signalstatus) == (0, None)
    assert "Traceback" not in child.before


def test_watch_says_when_all_is_done(terminal, course):
    for exercise in all_exercises()[:-1]:
        (course / exercise.file_name).write_text(exercise.solution)
    last = all_exercises()[-1]
    (course / "progress.json").unlink()
    run(course, "init", ".")
    progress = json.loads((course / "progress.json").read_text())
    for entry in progress["exercises"].values():
        entry["passed"] = True
    (course / "progress.json").write_text(json.dumps(progress))
    (course / last.file_name).write_text(last.solution)
    child = terminal("watch", last.name)
    child.expect_exact("all exercises pass: you are done")
    child.expect_exact(f"{len(all_exercises())} of {len(all_exercises())} pass")


@pytest.mark.in_turn
@pytest.mark.parametrize("columns", [40, 80, 100, 200])
def test_an_answer_fits_the_terminal(terminal, course, columns):
    (course / "02_dense_backward.py").write_text(SECOND.mutated(SECOND.mutants["bias averaged"]))
    child = terminal("check", "2", columns=columns)
    child.expect(__import__("pexpect").EOF)
    lines = child.before.splitlines()
    assert any("error: grad_b is the right gradient" in line for line in lines)
    assert max(map(len, lines)) <= max(columns, 80)
    assert any(line.startswith("  grad_b  (3,)    3        0  ") and line.endswith("fail") for line in lines)
    child = terminal("hint", "2", columns=columns)
    child.expect_exact("hint 1 of 3 on the factor of grad_b")


# With little around


@pytest.mark.in_turn(0)
def test_everything_works_without_home_locale_and_terminal(course):
    (course / "02_dense_backward.py").write_text(SECOND.mutated(SECOND.mutants["bias averaged"]))
    for words, status in (
        (["list"], 0), (["start", "3"], 0), (["start", "8"], 0), (["check", "2"], 1), (["hint", "2"], 0), (["hint", "2", "--level", "3"], 0),
        (["check", "--all"], 1), (["list", "--json"], 0), (["solution", "13", "--give-up"], 0), (["reset", "3"], 0), (["--help"], 0),
    ):  # fmt: skip
        done = run(course, *words)
        assert done.returncode == status, (words, done)
        assert done.stderr == b"", words
        assert done.stdout


@pytest.mark.in_turn
@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
def test_whatever_the_output_can_write(course, encoding):
    environment = {**BARE, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    (course / "05_gelu_backward.py").write_text("print('Φ is printed')\nraise ValueError('Σ Φ')\n")
    several = [
        ["exercises", *words]
        for number in ("5", "13")  # with letters that not every encoding has
        for words in (["start", number], ["solution", number, "--give-up"], ["hint", number, "--level", "3"])
    ]
    in_turn = f"from aescratch.programs.cli import main; print([main(words) for words in {several}])"
    done = subprocess.run([sys.executable, "-c", in_turn], cwd=course, env=environment, capture_output=True, timeout=300)
    assert done.stdout.decode(encoding).splitlines()[-1] == str([0] * 6)
    assert (done.returncode, done.stderr) == (0, b""), done.stderr.decode()
    done = run(course, "check", "5", environment=environment)
    assert (done.returncode, done.stderr) == (1, b"")
    assert b"it raised an exception" in done.stdout
    (course / "05_gelu_backward.py").write_text(all_exercises()[4].solution, encoding="utf-8")
    done = run(course, "check", "5", environment=environment)
    assert done.stdout.startswith(b"gelu_backward: passed")


@pytest.fixture(scope="module")
def read_only_package(tmp_path_factory):
    """A copy of the package in which nothing may be written."""
    folder = tmp_path_factory.mktemp("installed")
    # Compiled as far as it is here, as what pip installs is, without what another process is just writing.
    shutil.copytree(PACKAGE, folder / "aescratch", ignore=shutil.ignore_patterns("*.pyc.*"))
    folders = [folder, *(path for path in folder.rglob("*") if path.is_dir())]
    for path in folders:
        path.chmod(0o555)
    yield folder
    for path in folders:
        path.chmod(0o755)


def unprivileged(writable):
    """Return the words before a command under which nothing but a folder may be written to, also by root."""
    if os.name != "posix":
        pytest.skip("modes of folders are another matter here")
    if os.geteuid() != 0:
        return []
    bwrap = shutil.which("bwrap")
    words = [bwrap or "", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--bind", str(writable), str(writable)]
    if bwrap and subprocess.run([*words, "true"], capture_output=True, check=False).returncode == 0:
        return words
    pytest.skip("root may write anywhere, and bubblewrap, which could forbid it, isn't here or can't run")


@pytest.mark.in_turn(0)
def test_a_package_that_cannot_be_written_to(course, read_only_package):
    before, files = unprivileged(course.parent), set(read_only_package.rglob("*"))
    environment = {**BARE, "PYTHONPATH": str(read_only_package), "TMPDIR": str(course.parent)}
    writing = [sys.executable, "-c", f"open({str(read_only_package / 'aescratch/x')!r}, 'w')"]
    refused = subprocess.run([*before, *writing], capture_output=True, check=False, cwd=course)
    assert b"Read-only file system" in refused.stderr or b"Permission denied" in refused.stderr
    (course / "02_dense_backward.py").write_text(SECOND.mutated(SECOND.mutants["bias averaged"]))
    for words, status in ((["list"], 0), (["start", "1"], 0), (["check", "2"], 1), (["hint", "2"], 0), (["check", "--all"], 1)):
        done = run(course, *words, environment=environment, before=before)
        assert (done.returncode, done.stderr) == (status, b""), (words, done.stderr.decode())
    assert b"error: grad_b is the right gradient, times 1/N" in run(course, "check", "2", environment=environment, before=before).stdout
    assert set(read_only_package.rglob("*")) == files


def test_a_folder_that_cannot_be_written_to_is_said_in_one_sentence(course, tmp_path):
    before = unprivileged(PACKAGE)
    course.chmod(0o555)
    try:
        done = run(course, "start", "1", before=before)
    finally:
        course.chmod(0o755)
    assert done.returncode == 4, done.stderr
    assert re.fullmatch(rb"aescratch: .*(Read-only file system|Permission denied)\n", done.stderr)
