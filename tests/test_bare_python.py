"""A Python without threads, sockets and processes, like that of a browser: everything that doesn't need them works.

A browser's Python isn't available here. In its place is a child process with the same restrictions: some modules can't
be imported, and no thread or process can be started.
"""

import shutil
import subprocess
import sys
import textwrap

import pytest

BARE = """
import _thread, importlib.abc, os, signal, sys, types

ABSENT = {
    "_curses", "_multiprocessing", "_posixsubprocess", "_socket", "asyncio", "concurrent.futures", "fcntl", "grp", "mmap",
    "multiprocessing", "pwd", "resource", "select", "selectors", "socket", "ssl", "subprocess", "termios", "webbrowser",
}

class Absent(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name in ABSENT:
            raise ImportError(f"{name} isn't there", name=name)

def refuse(*arguments, **named):
    raise RuntimeError("can't start new thread")

for name in ("start_new_thread", "start_new", "start_joinable_thread"):
    if hasattr(_thread, name):
        setattr(_thread, name, refuse)

import platform  # NumPy needs it; in Python 3.10 it brings subprocess along, which is taken away again

sys.meta_path.insert(0, Absent())
for name in ABSENT & set(sys.modules):
    del sys.modules[name]
for module, names in ((os, ("fork", "forkpty", "posix_spawn", "posix_spawnp", "system", "popen", "pipe")),
                      (signal, ("setitimer", "alarm", "pthread_kill", "pthread_sigmask"))):
    for name in names:
        if hasattr(module, name):
            delattr(module, name)

def bring_a_module_that_starts_nothing():
    # As in a browser, where subprocess can be imported, and starting anything is an OSError.
    def start_nothing(*arguments, **named):
        raise OSError(138, "processes are not supported")
    stub = types.ModuleType("subprocess")
    stub.__getattr__ = lambda name: type(name, (Exception,), {"__init__": start_nothing})
    sys.modules["subprocess"] = stub

import threading
try:
    threading.Thread(target=print).start()
except RuntimeError:
    pass
else:
    raise SystemExit("a thread started: this test tests nothing")

import numpy as np
import aescratch as ae

X = np.random.default_rng(0).random((7, 5))
"""

TASKS = {
    "training": """
        digits = ae.datasets.load_digits()
        ae.datasets.load_fashion()
        model = ae.StackedAutoencoder([64, 16, 8], corruption=ae.MaskingNoise(0.2), rng=0)
        model.pretrain(digits.x, epochs=1, rng=0)
        history = model.fit(digits.x, epochs=2, validation=digits.x[:9], patience=1, checkpoint="training.npz", rng=0)
        model.save("model.npz")
        assert (ae.load("model.npz").encode(digits.x) == model.encode(digits.x)).all()
        model._repr_html_(), history._repr_html_()
        import warnings

        warnings.simplefilter("ignore")  # that one epoch is too few
        ae.AutoencoderTransformer(epochs=1).fit(X).score(X)
    """,
    "checks": """
        def wrong(grad_y, y):
            return grad_y * (1 - y)

        for kind in (ae.SparseAutoencoder, ae.VariationalAutoencoder, ae.ContractiveAutoencoder):
            assert ae.check_gradients(kind([5, 3], rng=0), X).verdict == "pass"
        report = ae.check_function(ae.functions.tanh, wrong, {"a": X})
        assert report.verdict == "fail" and "without the factor (1 + y)" in str(report), report
        assert ae.check_layer(ae.Dense(5, 3, dtype="float64"), {"x": X}).verdict == "pass"
        assert ae.check_meaning(ae.Autoencoder([5, 3], rng=0)).verdict == "pass"
    """,
    "tracing": """
        trace = ae.trace(ae.SparseAutoencoder([5, 3], rng=0), X)
        str(trace), trace["grad_W1"].numeric
        assert trace.to_html("step.html").stat().st_size > 10_000
        trace._repr_html_()
    """,
    "the command line": """
        from aescratch.programs.cli import main
        ae.Autoencoder([64, 3], rng=0).save("model.npz")
        assert main(["evaluate", "model.npz"]) == 0
        assert main(["encode", "model.npz", "digits", "--out", "h.npy", "--json"]) == 0
        assert main(["decode", "model.npz", "h.npy", "--out", "x.npy", "--json"]) == 0
        assert main(["check", "vanilla"]) == 0
        assert main(["step", "vanilla"]) == 0
    """,
    "exercises": """
        bring_a_module_that_starts_nothing()
        from pathlib import Path
        from aescratch.classroom.exercise import read_course
        from aescratch.classroom.looking import look
        exercise = next(exercise for exercise in read_course(None) if exercise.name == "dense_backward")
        solution = (exercise.folder / "solution.py").read_text()
        Path("right.py").write_text(solution)
        Path("wrong.py").write_text(solution.replace(".sum(axis=0)", ".mean(axis=0)"))
        assert look(exercise, Path("right.py")).passed, look(exercise, Path("right.py"))
        assert look(exercise, Path("wrong.py")).codes, look(exercise, Path("wrong.py"))
    """,
}


def run(python, task, folder):
    code = BARE + textwrap.dedent(task)
    done = subprocess.run([python, "-W", "error", "-c", code], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.in_turn
@pytest.mark.parametrize("task", TASKS)
def test_it_works_without_threads_sockets_and_processes(task, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", ":".join(path for path in sys.path if path))
    run(sys.executable, TASKS[task], tmp_path)


def test_python_3_14_with_every_warning_an_error(tmp_path):
    python = shutil.which("python3.14")
    if python is None:
        pytest.skip("no python3.14 on this machine")
    if subprocess.run([python, "-c", "import numpy"], capture_output=True, check=False).returncode:
        pytest.skip("python3.14 is here, and NumPy isn't in it")
    for task in TASKS.values():
        run(python, task, tmp_path)
