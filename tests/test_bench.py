"""`aescratch bench` measures and prints what it promises. No test asks how fast anything is."""

import dataclasses
import functools
import importlib.metadata
import importlib.util
import json
import multiprocessing
import os
import subprocess
import sys
import time
from types import SimpleNamespace

import numpy as np
import pytest

import aescratch as ae
from aescratch import backend
from aescratch.backend import compiled
from aescratch.programs.bench import (
    QUESTIONS,
    Row,
    as_text,
    machine,
    memory,
    mpi,
    processes,
    pytorch,
    questions,
    timing,
)
from aescratch.programs.bench.cases import Case, our_step, random_data
from aescratch.programs.bench.floor import floor_step
from aescratch.programs.bench.variants import VARIANTS, leaves_of
from aescratch.programs.cli import bench as command
from aescratch.programs.cli import main
from aescratch.training import contract

TINY = Case((7, 5, 3), 11, "GELU")
has_torch = pytest.mark.skipif(not pytorch.is_installed(), reason="needs PyTorch")


@pytest.fixture
def without_torch(monkeypatch):
    monkeypatch.setattr(pytorch, "is_installed", lambda: False)


@pytest.fixture
def at_once(monkeypatch):
    """Turns of one call."""
    monkeypatch.setattr(timing, "REST", 0.0)
    monkeypatch.setattr(questions, "threads_of_products", lambda: 1)
    monkeypatch.setattr(questions, "median_seconds", lambda sides, rounds: timing.median_seconds(sides, 1, turn=0))


def test_a_step_trains(monkeypatch):
    made = []
    monkeypatch.setattr("aescratch.programs.bench.cases.make_model", lambda case: made.append(model(case)) or made[-1])
    step, x = our_step(TINY), random_data(11, 7)
    before = made[0].loss(x)
    for _ in range(50):
        step()
    assert made[0].loss(x) < before


def model(case):
    return ae.Autoencoder(list(case.widths), activation=getattr(ae, case.activation), rng=0)


def test_the_floor_is_every_product_of_a_step_and_one_pass(monkeypatch):
    shapes, passed = [], []
    stand_in = SimpleNamespace(
        matmul=lambda a, b, out: shapes.append((a.shape, b.shape)) or np.matmul(a, b, out=out),
        subtract=lambda a, b, out: passed.append(out.size) or np.subtract(a, b, out=out),
        zeros_like=np.zeros_like, full_like=np.full_like,
    )  # fmt: skip
    monkeypatch.setattr("aescratch.programs.bench.floor.np", stand_in)
    floor_step(TINY)()
    forwards = [((11, n), (n, m)) for n, m in ((7, 5), (5, 3), (3, 5), (5, 7))]
    backwards = []
    for n, m in ((5, 7), (3, 5), (5, 3), (7, 5)):
        backwards += [((n, 11), (11, m)), ((11, m), (m, n))]
    assert shapes == forwards + backwards[:-1]
    assert sum(passed) == 2 * model(TINY).n_parameters


def test_processes_that_train_together_are_compared_by_batch(monkeypatch):
    monkeypatch.setattr(mpi, "launcher", lambda: "mpiexec")
    monkeypatch.setattr(mpi, "seconds_of_step", lambda n, case: {1: 0.010, 2: 0.012}[n])
    (row,) = questions.many(True, TINY)
    assert (row.ours, row.theirs, row.verdict) == (pytest.approx(6), pytest.approx(10), "missed")
    monkeypatch.setattr(mpi, "launcher", lambda: None)
    assert not list(questions.many(True, TINY))


@pytest.mark.skipif(mpi.launcher() is None, reason="needs MPI: pip install mpi4py mpich")
def test_a_step_of_two_processes_is_timed():
    assert 0 < mpi.seconds_of_step(2, TINY) < 10


def test_sides_take_turns_and_the_median_is_taken(monkeypatch):
    calls, clock = [], iter(np.arange(1000.0))
    monkeypatch.setattr(timing, "time", SimpleNamespace(sleep=calls.append, perf_counter=lambda: next(clock)))
    taken = timing.median_seconds({"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, rounds=2, turn=0)
    rest = timing.REST
    assert calls == [rest, "a", "a", rest, "b", "b"] * 2
    assert taken == {"a": 1.0, "b": 1.0}


def test_a_ratio_is_met_at_the_two_decimals_that_are_printed():
    row = Row("step", "a case", 1.004, 1.0, "another", "ms", target=1.0)
    assert row.verdict == "met"
    assert Row("step", "a case", 1.006, 1.0, "another", "ms", target=1.0).verdict == "missed"
    assert Row("step", "a case", 9.0, 1.0, "another", "ms").verdict == ""
    assert "a case  1.00 ms  1.00 ms  another  1.00   1.00 met" in as_text([row])


@pytest.mark.usefixtures("without_torch", "at_once")
@pytest.mark.parametrize("question", ["steps", "growth", "fit"])
def test_questions_without_pytorch(question):
    cases = [TINY, Case((7, 5), 13)]
    rows = list(getattr(questions, question)(True, cases if question != "fit" else [(case, 2) for case in cases]))
    assert all(row.ours > 0 and row.theirs > 0 for row in rows)
    assert [row.case for row in rows[:2]] == ["7-5-3 GELU, batch 11", "7-5 ReLU, batch 13"]
    assert not [row for row in rows if "PyTorch" in row.against]


@pytest.mark.usefixtures("at_once")
def test_what_looking_costs():
    monitor, diagnosis = questions.looking(True, [(TINY, 3)])
    assert (monitor.case, diagnosis.case) == ("with a monitor, 7-5-3 GELU, batch 11", "diagnosed, 7-5-3 GELU, batch 11")
    assert (monitor.target, diagnosis.target) == (1.03, 1.05)
    assert monitor.theirs == diagnosis.theirs < diagnosis.ours


@pytest.mark.usefixtures("without_torch", "at_once")
def test_the_check_alone(monkeypatch):
    monkeypatch.setattr(questions, "CHECKED", TINY)
    (row,) = questions.check(True)
    assert (row.against, row.theirs) == ("one second", 1000.0)


@pytest.mark.usefixtures("without_torch")
@pytest.mark.skipif(not memory.can_be_measured(), reason="needs /proc")
def test_memory_is_that_of_a_fresh_python(monkeypatch):
    variables = []

    def run(program, **given):
        variables.append(given)
        return "21.5" if "'ours'" in program else "bad"

    monkeypatch.setattr(processes, "run_python", run)
    (row,) = questions.peak_memory(True)
    assert (row.ours, row.unit) == (21.5, "MiB")
    assert variables == [{"AESCRATCH_COMPILED": "0"}], "a compiler is no part of a training"


@pytest.mark.skipif(not memory.can_be_measured(), reason="needs /proc")
def test_the_rise_is_what_a_training_takes():
    program = (
        "import numpy as np; from aescratch.programs.bench import memory; memory.random_data = lambda *a: None; "
        "memory.our_fit = lambda *a: lambda: np.ones(40 * 2**20, np.uint8).any(); print(memory.rise('ours'))"
    )
    assert 39 < float(processes.run_python(program)) < 45


def test_imports_are_timed_in_a_fresh_python(tmp_path):
    assert 0 < processes.import_seconds("json", str(tmp_path)) < 30
    assert list(tmp_path.rglob("*.pyc"))


def test_a_measurement_that_fails_says_so():
    with pytest.raises(RuntimeError, match="but it failed: ZeroDivisionError: division by zero"):
        processes.run_python("1 / 0")


def test_notes(monkeypatch):
    for name in machine.OVERRIDES:
        monkeypatch.delenv(name, raising=False)
    facts = {"processor": "an AMD EPYC", "torch": "2"}
    assert [note.split()[0] for note in machine.notes(facts)] == ["MKL"]
    assert machine.notes({**facts, "processor": "an Intel Xeon"}) == []
    assert machine.notes({"processor": "an AMD EPYC"}) == [pytorch.MISSING]
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Haswell")
    assert machine.notes(facts)[0].startswith("OPENBLAS_CORETYPE=Haswell is set: ")


def test_the_machine_is_described():
    facts = machine.describe_machine()
    assert facts["numpy"] == np.__version__
    assert facts["processor"]
    assert all(isinstance(value, (str, int)) for value in facts.values())


@pytest.fixture
def one_row(monkeypatch):
    """One question with one row in place of all."""
    monkeypatch.setitem(QUESTIONS, "step", lambda quick: [Row("step", f"quick {quick}", 1.0, 2.0, "other", "ms", 0.4)])


@pytest.mark.usefixtures("one_row", "without_torch")
def test_the_command_prints_machine_notes_and_table(capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    assert main(["bench", "--only", "step", "--quick"]) == 0
    out, err = capsys.readouterr()
    assert f"numpy {np.__version__}" in out.splitlines()[0]
    assert f"note: {pytorch.MISSING}" in out
    assert out.splitlines()[-1].split() == ["step", "quick", "True", "1.00", "ms", "2.00", "ms", "other", "0.50", "0.40", "missed"]
    assert "measured: step, quick True" in err


@pytest.mark.usefixtures("one_row")
def test_the_command_prints_json(capsys):
    assert main(["bench", "--only", "step", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["rows"][0]["ratio"] == 0.5
    assert found["machine"]["numpy"] == np.__version__


def test_threads_are_set_before_the_libraries_are_loaded(monkeypatch):
    started = []
    monkeypatch.setattr(subprocess, "run", lambda words, **given: started.append((words, given)) or SimpleNamespace(returncode=7))
    assert main(["bench", "--only", "step", "--threads", "3"]) == 7
    (words, given), = started
    assert words == [sys.executable, "-m", "aescratch", "bench", "--only", "step", "--threads", "3"]
    assert {given["env"][name] for name in command.THREADS} == {"3"}
    for name in command.THREADS:
        monkeypatch.setenv(name, "3")
    monkeypatch.setattr(command, "measure", lambda names, quick: [])
    assert main(["bench", "--threads", "3"]) == 0


@pytest.mark.usefixtures("without_torch", "at_once")
def test_compiled_formulas_have_a_column_where_there_are_any(monkeypatch):
    monkeypatch.setattr(questions, "why_not", lambda: "")
    sizes = []
    monkeypatch.setattr(questions, "our_step", lambda case: lambda: sizes.append(compiled.SMALLEST))
    (row,) = questions.steps(True, [TINY])
    assert row.compiled > 0
    assert set(sizes) == {compiled.SMALLEST, sys.maxsize}
    monkeypatch.setattr(questions, "why_not", lambda: "not installed")
    (row,) = questions.steps(True, [TINY])
    assert row.compiled is None


@pytest.mark.usefixtures("at_once")
def test_gelu_is_measured_against_the_same_network_with_relu(monkeypatch):
    (row,) = questions.gelu(True, [TINY])
    assert row.ours > 0
    made = []
    monkeypatch.setattr(questions, "our_step", lambda case: made.append(case) or case)
    monkeypatch.setattr(questions, "milliseconds", lambda sides, rounds: {"GELU": 3.0, "ReLU": 2.0})
    (row,) = questions.gelu(True, [TINY])
    assert made == [TINY, dataclasses.replace(TINY, activation="ReLU")]
    assert (row.ours, row.theirs, row.verdict) == (3.0, 2.0, "missed")


@pytest.mark.in_turn
@pytest.mark.usefixtures("without_torch")
def test_sides_of_several_threads_are_measured_in_processes_of_their_own(monkeypatch, tmp_path):
    monkeypatch.setattr(timing, "REST", 0.0)
    monkeypatch.setattr(questions, "threads_of_products", lambda: 2)
    monkeypatch.setattr(questions, "milliseconds", None)
    row = next(questions.steps(True, [TINY]))
    assert 0 < row.ours < 1000
    assert 0 < row.theirs < 1000
    makers = {name: functools.partial(noting, str(tmp_path / name)) for name in ("one", "two")}
    taken = timing.median_seconds_apart(makers, rounds=2, turn=0)
    assert min(taken.values()) >= 0.02
    calls = {name: (tmp_path / name).read_text().split() for name in makers}
    assert [len(pids) for pids in calls.values()] == [4, 4]  # in each turn one that isn't counted
    assert len({*calls["one"], *calls["two"], str(os.getpid())}) == 3
    assert not multiprocessing.active_children()


def noting(path):
    """A side that takes a fiftieth of a second, and notes in which process it runs."""
    return functools.partial(note, path)


def note(path):
    with open(path, "a") as file:
        file.write(f"{os.getpid()} ")
    time.sleep(0.02)


def ending():
    raise SystemExit


def test_a_side_that_ends_is_told():
    with pytest.raises(RuntimeError, match="expected one to be measured in its own process, but that has ended"):
        timing.median_seconds_apart({"one": ending}, rounds=1, turn=0)


def test_a_target_is_meant_for_compiled_formulas_where_there_are_any():
    row = Row("step", "a case", 1.2, 1.0, "another", "ms", target=1.05, compiled=1.04)
    assert (row.ratio, row.ratio_compiled, row.verdict) == (1.2, 1.04, "met")
    assert "a case  1.20 ms  1.04 ms   1.00 ms  another  1.20   1.04      1.05 met" in as_text([row])


def test_info_says_what_is_in_use_and_why_not(capsys, monkeypatch):
    monkeypatch.setattr(compiled, "why_not", lambda: "turned off by AESCRATCH_COMPILED=0")
    monkeypatch.setattr(machine, "_cupy", lambda: "CuPy is installed but finds no NVIDIA driver")
    with backend.as_written():
        assert main(["info"]) == 0
    found = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert (found["numpy"], found["aescratch"]) == (np.__version__, ae.__version__)
    assert (found["numba"], found["cupy"]) == (compiled.why_not(), machine._cupy())
    assert "compiled" not in found
    assert found["as"].startswith("written")


@pytest.mark.skipif(importlib.util.find_spec("numba") is None, reason='needs Numba: pip install "aescratch[fast]"')
def test_info_says_where_compiled_formulas_are_kept(capsys):
    from aescratch.backend import machine_code

    assert main(["info", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["numba"] == importlib.metadata.version("numba")
    assert facts["compiled"] == f"formulas of {compiled.SMALLEST:,} numbers and more, kept in {machine_code.folder_of_loops()}"
    assert facts["cupy"]


def test_what_is_unknown_is_refused(capsys):
    assert main(["bench", "--only", "speed"]) == 2
    assert "choose from" in capsys.readouterr().err


@has_torch
@pytest.mark.parametrize("adam", pytorch.ADAMS)
def test_pytorchs_step_trains(adam):
    import torch

    step = pytorch.torch_step(TINY, adam)
    step()
    assert torch.is_grad_enabled()


@has_torch
@pytest.mark.usefixtures("at_once")
def test_pytorch_is_beside_us(monkeypatch):
    monkeypatch.setattr(questions, "CHECKED", TINY)
    rows = [*questions.steps(True, [TINY]), *questions.check(True)]
    assert [row.question for row in rows if row.target] == ["step", "step", "check", "check"]
    assert pytorch.torch_fit(TINY, random_data(22, 7), 2)() is None
    assert pytorch.torch_check(TINY)()


@has_torch
def test_both_losses_are_the_same():
    import torch

    x = random_data(11, 7)
    loss = pytorch.squared_error(torch.from_numpy(x * 0.5), torch.from_numpy(x))
    assert float(loss) == pytest.approx(float(ae.functions.squared_error(x * 0.5, x)), rel=1e-6)


@has_torch
@pytest.mark.parametrize("name", VARIANTS)
def test_a_variants_step_in_pytorch_is_ours(name, monkeypatch):
    import torch

    def like(draw):
        return lambda *shape: torch.tensor(draw(tuple(shape[0].shape) if torch.is_tensor(shape[0]) else shape))

    drawn = np.random.default_rng(5)  # in place of what PyTorch draws, what our model does
    for function in ("randn", "randn_like"):
        monkeypatch.setattr(torch, function, like(drawn.standard_normal))
    monkeypatch.setattr(torch, "rand_like", like(drawn.random))
    variant, x = VARIANTS[name], np.random.default_rng(1).normal(size=(11, 17))
    model = variant.make([17, 32] if len(variant.sizes[0][0]) == 2 else [17, 13, 8])
    model = type(model)(**{**model.settings(), "dtype": "float64"}, rng=0)
    leaves = leaves_of(model)
    with contract.training(model, frozen=True):
        ours = model.loss(x, np.random.default_rng(5))
        model.backward()
    theirs = variant.torch_loss(torch, leaves, torch.from_numpy(x))
    theirs.backward()
    assert float(theirs.detach()) == pytest.approx(float(ours), rel=1e-6)  # labels and the like are float32 there
    for parameter in model.parameters:
        np.testing.assert_allclose(parameter.grad, leaves[parameter.name].grad, rtol=1e-5, atol=1e-7, err_msg=parameter.name)


@has_torch
@pytest.mark.usefixtures("at_once")
def test_variants_are_beside_pytorch():
    rows = list(questions.variants(True, {"masked": VARIANTS["masked"]}))
    assert [row.case for row in rows] == ["masked 64-32-8, batch 64"]
    assert min(rows[0].ours, rows[0].theirs) > 0


@pytest.mark.skipif(not memory.can_be_measured(), reason="needs /proc")
def test_a_training_on_a_file_is_measured_against_two_blocks_and_a_batch(monkeypatch):
    programs = []
    monkeypatch.setattr(processes, "run_python", lambda program, **variables: programs.append(program) or "32.4")
    rows = list(questions.files(True))
    assert [row.case for row in rows] == [
        "a float32 .npy of 256 MiB, 784-32 ReLU, batch 256", "a float64 .npy of 256 MiB, 784-32 ReLU, batch 256"
    ]  # fmt: skip
    assert [round(row.theirs, 2) for row in rows] == [64.77, 64.77]
    assert all((row.ratio < 1) and row.verdict == "met" for row in rows)
    assert "rise_by_file('float64', 256)" in programs[1]


@pytest.mark.skipif(not memory.can_be_measured(), reason="needs /proc")
def test_the_rise_by_a_file_is_that_of_what_is_read_of_it():
    told = (
        "import numpy as np; from aescratch.programs.bench import memory; "
        "memory.our_fit = lambda case, x, epochs: lambda: (np.ones(40 * 2**20, np.uint8).any(), x.shape, x.dtype); "
        "print(memory.rise_by_file('float64', 32))"
    )
    assert 39 < float(processes.run_python(told)) < 48
