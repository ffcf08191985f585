"""A student's first minute: with only the released folder, without a network or the repository, and on systems without
POSIX features, as far as Linux can simulate them.
"""

import importlib.util
import json
import os
import pathlib
import shutil
import subprocess
import sys
import zipfile
from importlib import metadata
from types import SimpleNamespace

import pytest

import aescratch
from aescratch.classroom import all_exercises
from aescratch.classroom.packaging.beginning import INSTALL
from aescratch.classroom.packaging.wheel import NAME, licences, requirements, write_wheel
from aescratch.programs.cli import main

FORWARD, DENSE = all_exercises()[:2]
HIDING = '''
"""Hides what Windows hasn't, from every Python that finds this file, as it starts."""
import os, signal, subprocess, sys

for name in ("resource", "fcntl", "pwd", "grp", "termios", "tty", "pty", "syslog", "readline", "_posixshmem"):
    sys.modules[name] = None
for name in ("fork", "forkpty", "killpg", "getpgid", "setsid", "getuid", "geteuid", "getgid", "setuid", "chown", "mkfifo",
             "posix_spawn", "getloadavg", "sched_getaffinity", "O_NOFOLLOW", "O_DIRECTORY"):
    if hasattr(os, name):
        delattr(os, name)
for name in ("SIGKILL", "SIGALRM", "SIGHUP", "SIGUSR1", "SIGCHLD", "SIGSTOP", "setitimer", "alarm", "pthread_kill",
             "pthread_sigmask", "sigwait"):
    if hasattr(signal, name):
        delattr(signal, name)
subprocess.Popen.kill = lambda self: self.send_signal(9)  # as Windows ends a process
'''


def environment(**more):
    """A student's environment: no network, and nothing of the repository."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "PIP_", "COV", "AESCRATCH"))}
    nowhere = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), "http://127.0.0.1:9")
    return {**kept, **nowhere, "PIP_NO_INDEX": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1", **more}


@pytest.fixture(scope="module")
def handed_out(tmp_path_factory):
    """Only the folder that a teacher hands out."""
    out = tmp_path_factory.mktemp("student") / "handout"
    assert main(["exercises", "release", "builtin", str(out), "--only", FORWARD.name, DENSE.name]) == 0
    return out


@pytest.fixture(scope="module")
def python(handed_out, tmp_path_factory):
    """A student's virtual environment with the package's requirements, in which its wheel is installed."""
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    program = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    (packages,) = folder.rglob("site-packages")
    there = {pathlib.Path(importlib.util.find_spec(name).origin).parents[1] for name in ("numpy", "tqdm", "matplotlib")}
    (packages / "there.pth").write_text("".join(f"{place}\n" for place in there))
    command = [sys.executable, "-m", "pip", "--python", str(program), "install", "--quiet", f"./{NAME}"]
    done = subprocess.run(command, cwd=handed_out, env=environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return program


def told(python, folder, *words, **more):
    """The finished process of the student's command."""
    command = [str(python.parent / "aescratch"), "exercises", *words]
    done = subprocess.run(command, cwd=folder, env=environment(**more), capture_output=True)
    return done.returncode, done.stdout, done.stderr


def test_the_readme_names_the_wheel_and_what_it_needs_for_three_shells(handed_out):
    text = (handed_out / "README.md").read_text()
    for line in (rf"    python -m pip install .\{NAME}", f"    python -m pip install ./{NAME}",
                 r"    .venv\Scripts\Activate.ps1", r"    .venv\Scripts\activate.bat", "    . .venv/bin/activate"):  # fmt: skip
        assert line in text.splitlines()
    assert all(need in text for need in requirements()[1])
    assert not {"WHEEL", "PYTHON", "NEEDS"} & set(text.replace("`", " ").split())


def test_the_wheel_is_the_package_the_same_to_the_byte(handed_out, tmp_path):
    assert write_wheel(tmp_path).read_bytes() == (handed_out / NAME).read_bytes()
    with zipfile.ZipFile(handed_out / NAME) as archive:
        names = archive.namelist()
        (about,) = (archive.read(name).decode() for name in names if name.endswith("METADATA"))
    package = pathlib.Path(aescratch.__file__).parent
    there = {path.relative_to(package.parent).as_posix() for path in package.rglob("*.py")}
    assert there | {"aescratch/py.typed", "aescratch/classroom/template/README.md"} <= set(names)
    assert not [name for name in names if "__pycache__" in name or name.endswith(".pyc")]
    assert {name.partition(".dist-info/licenses/")[2] for name in names} >= {"LICENSE", "DATA_LICENSES.md", "LICENSES/MIT.txt"}
    assert [line for line in about.splitlines() if line.startswith("Requires-Dist")] == [
        f"Requires-Dist: {need}" for need in requirements()[1]
    ]


@pytest.mark.in_turn(1)
def test_a_first_exercise_passes_in_the_terminal_from_what_was_handed_out_alone(handed_out, python):
    code = "import aescratch; from aescratch.classroom.packaging import wheel; print(aescratch.__file__, list(wheel.licences()), wheel.requirements())"
    found = subprocess.run([str(python), "-c", code], cwd=handed_out, env=environment(), capture_output=True, text=True).stdout
    assert found.startswith(str(python.parents[1]))
    assert found.endswith(f"{sorted(licences())} {requirements()}\n")  # so a teacher who has no repository either can hand it on
    assert told(python, handed_out, "start", FORWARD.name)[0] == 0
    status, printed, _ = told(python, handed_out, "check")
    assert status != 0
    assert b"not begun yet" in printed
    (handed_out / FORWARD.file_name).write_text(FORWARD.shown_solution)
    status, printed, errors = told(python, handed_out, "check")
    assert (status, errors) == (0, b"")
    assert printed.startswith(b"dense_forward: passed")


@pytest.fixture
def windows_like(tmp_path, python):
    """Code that removes from every Python of that environment what Windows doesn't have."""
    (tmp_path / "sitecustomize.py").write_text(HIDING)
    more = {"PYTHONPATH": str(tmp_path)}
    code = "import os, signal; print(hasattr(os, 'fork'), hasattr(signal, 'SIGKILL')); import resource"
    tried = subprocess.run([str(python), "-c", code], env=environment(**more), capture_output=True, text=True)
    assert tried.stdout == "False False\n"
    assert "ModuleNotFoundError" in tried.stderr
    return more


def copied(handed_out, folder):
    return shutil.copytree(handed_out, folder / "handout", ignore=shutil.ignore_patterns("*.whl"))


@pytest.mark.in_turn
def test_without_what_is_posixs_a_student_starts_checks_and_asks(handed_out, python, windows_like, tmp_path):
    folder = copied(handed_out, tmp_path)
    assert told(python, folder, "start", DENSE.name, **windows_like)[0] == 0
    averaged = DENSE.shown_solution.replace("grad_y.sum(axis=0)", "grad_y.mean(axis=0)")
    (folder / DENSE.file_name).write_text(averaged)
    _, printed, errors = told(python, folder, "check", **windows_like)
    assert errors == b""
    assert b"not right yet" in printed
    assert b"1/N" in printed
    for words in (("hint",), ("list",), ("reset", DENSE.name)):
        status, _, errors = told(python, folder, *words, **windows_like)
        assert (status, errors) == (0, b""), words
    (folder / DENSE.file_name).write_text(DENSE.shown_solution)
    assert told(python, folder, "check", **windows_like)[1].startswith(b"dense_backward: passed")


@pytest.mark.in_turn
def test_without_what_is_posixs_a_cell_is_checked_and_a_loop_ends(handed_out, python, windows_like, tmp_path):
    folder = copied(handed_out, tmp_path)
    code = (
        "import linecache, sys\n"
        "from aescratch.classroom.packaging import check_here\n"
        "from aescratch.classroom import running\n"
        "running.check_file.__defaults__ = (1.0,)\n"
        "for source in sys.argv[1:]:\n"
        "    names = {'__name__': '__main__'}\n"
        "    linecache.cache[source] = (len(source), None, source.splitlines(keepends=True), source)\n"
        "    exec(compile(source, source, 'exec'), names)\n"
        "    check_here('dense_forward', names)\n"
    )
    sources = [FORWARD.shown_solution, "def dense(x, W, b):\n    while True:\n        pass\n"]
    command = [str(python), "-c", code, *sources]
    done = subprocess.run(command, cwd=folder, env=environment(**windows_like), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "dense_forward: passed" in done.stdout
    assert "dense_forward: it didn't finish in time" in done.stdout


@pytest.mark.in_turn
@pytest.mark.parametrize("encoding", ["cp949", "cp1252"])
def test_a_console_of_another_encoding_shows_every_answer(handed_out, python, tmp_path, encoding):
    folder, more = copied(handed_out, tmp_path), {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    assert told(python, folder, "start", DENSE.name, **more)[0] == 0
    (folder / DENSE.file_name).write_text("print('Δ → ü 한')\n" + DENSE.stub, encoding="utf-8")
    for words in (("check",), ("list",), ("hint",)):
        _, printed, errors = told(python, folder, *words, **more)
        assert b"Traceback" not in errors, words
        assert printed.decode(encoding)


def test_in_colab_the_cell_asks_for_the_courses_zip_and_goes_into_its_folder(handed_out, tmp_path, monkeypatch):
    """With a stand-in for Colab's module, and for pip."""
    shutil.make_archive(str(tmp_path / "course"), "zip", handed_out.parent, handed_out.name)
    files, ran = SimpleNamespace(upload=lambda: {"course.zip": b""}), []
    for name, module in (("google", {}), ("google.colab", {"files": files})):
        monkeypatch.setitem(sys.modules, name, SimpleNamespace(**module))
    monkeypatch.setattr(subprocess, "run", lambda command, check: ran.append(command))
    monkeypatch.chdir(tmp_path)
    exec(INSTALL, {})
    assert pathlib.Path.cwd() == tmp_path / handed_out.name
    assert ran == [[sys.executable, "-m", "pip", "install", "--quiet", NAME]]
    monkeypatch.delitem(sys.modules, "google.colab")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    with pytest.raises(FileNotFoundError, match="unpack the whole course"):
        exec(INSTALL, {})


@pytest.mark.in_turn(1)
def test_a_first_exercise_passes_in_a_notebook_from_what_was_handed_out_alone(handed_out, python, tmp_path):
    for name in ("jupytext", "nbclient", "nbformat", "ipykernel"):
        pytest.importorskip(name)
    folder = shutil.copytree(handed_out, tmp_path / "handout")
    notebook = json.loads((folder / "start.ipynb").read_text())
    stub = next(cell for cell in notebook["cells"] if "".join(cell["source"]) == FORWARD.stub.strip())
    stub["source"] = FORWARD.shown_solution.splitlines(keepends=True)
    (folder / "start.ipynb").write_text(json.dumps(notebook))
    script = "import nbformat, nbclient\nfound = nbformat.read('start.ipynb', 4)\nnbclient.execute(found)\nnbformat.write(found, 'start.ipynb')"
    places = {str(metadata.distribution(name).locate_file("")) for name in ("nbclient", "pip")}
    more = {"PYTHONPATH": os.pathsep.join(places), "HOME": str(tmp_path)}
    done = subprocess.run([str(python), "-c", script], cwd=folder, env=environment(**more), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    outputs = json.loads((folder / "start.ipynb").read_text())["cells"][-1]["outputs"]
    assert "".join(outputs[0]["text"]).startswith("dense_forward: passed")
