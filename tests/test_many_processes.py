"""Many processes with the real MPI: the same numbers as one process, common decisions, and a common end.

The program of each process is in many_processes.py. Each start of several processes tests many things, since starting
takes longer than most tests.
"""

import contextlib
import os
import pathlib
import pickle
import re
import shutil
import signal
import subprocess
import sys
import time

import fakecupy
import many_processes
import numpy as np
import pytest

import aescratch as ae
from aescratch.backend import batch_mean
from aescratch.backend.sharing import SharedBatch, SharedNoise, share_batch
from aescratch.programs.bench.mpi import launcher
from aescratch.programs.cli import main
from aescratch.training.checkpoints import TrainingState
from aescratch.training.processes import Processes

HERE = pathlib.Path(__file__).parent
SECONDS = 30  # after which whatever has failed has ended
# More processes than cores: MPICH's wait for a message by asking for it all the time, unless told to sleep between.
PATIENT = {
    "MPIR_CVAR_ENABLE_HEAVY_YIELD": "1", "MPIR_CVAR_POLLS_BEFORE_YIELD": "10", "MPIR_CVAR_POSIX_POLL_FREQUENCY": "10",
    "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1",
}  # fmt: skip


needs_mpi = pytest.mark.skipif(launcher() is None, reason="needs MPI: pip install mpi4py mpich")


def start(n, *words, **options):
    command = [launcher(), "-n", str(n), sys.executable, *map(str, words)]
    return subprocess.Popen(
        command, env={**os.environ, **PATIENT}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options
    )


def run(n, *words, seconds=SECONDS):
    """Run a program in n processes, and return its status and what it printed."""
    started = start(n, *words)
    try:
        out, err = started.communicate(timeout=seconds)
    finally:
        started.kill()
    return started.returncode, out, err


def scenario(n, name, folder, seconds=SECONDS):
    """Return what each of n processes wrote into its file."""
    status, _, err = run(n, HERE / "many_processes.py", name, folder, seconds=seconds)
    assert status == 0, err
    return [dict(np.load(folder / f"{rank}.npz")) for rank in range(n)]


# The numbers of one process


@pytest.fixture(scope="module")
def by_one():
    trained = {f"{name} {dtype}": many_processes.trained(name, dtype) for name, dtype in many_processes.TRAINED}
    return {**trained, "stacked": many_processes.stacked()}


@needs_mpi
@pytest.mark.parametrize("n", [2, 3])
def test_every_variant_comes_to_the_numbers_of_one_process(n, by_one, tmp_path):
    first, *others = scenario(n, "every_variant", tmp_path, seconds=300)
    assert len(first) > len(many_processes.TRAINED) > len(many_processes.MODELS) / 6
    for name, numbers in first.items():
        for other in others:
            assert numbers.tobytes() == other[name].tobytes(), f"{name}: not the same bits in all processes"
        size = abs(by_one[name]).max()
        apart = abs(numbers - by_one[name]).max() / size
        assert apart <= (1e-5 if "float32" in name else 1e-12), f"{name}: {apart:.1e}"


# What they agree on


@pytest.fixture(scope="module")
def agreed(tmp_path_factory):
    if launcher() is None:
        pytest.skip("needs MPI: pip install mpi4py mpich")
    folder = tmp_path_factory.mktemp("agreed")
    np.save(folder / "x.npy", many_processes.data())
    found = scenario(3, "agreement", folder, seconds=90)
    return [(dict(each.pop("said")), each) for each in found]


def said(agreed, name):
    return [texts[name] for texts, _ in agreed]


@needs_mpi
def test_data_of_another_width_in_one_process_are_refused_by_all(agreed):
    sentence = "expected x to have 5 columns, got shape (346, 6)"
    for rank, text in enumerate(said(agreed, "width")):
        assert text.startswith(sentence if rank == 2 else f"in process 2 of 3, counted from 0: {sentence}")
    for text in said(agreed, "width of all"):
        assert text.startswith("expected the same parameters in every process, got [('encoder.W1', (5, 3)")


@needs_mpi
@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("integers", "expected x to hold floats, got int64"),
        ("data", "expected the same checksums of x and labels in every process, got "),
        ("epochs", "expected the same epochs, batch_size, patience and local in every process, got (3, 8, None, False)"),
        ("no checkpoint", "expected the same choice of a checkpoint in every process, got False in process 0 and True"),
        ("lbfgs", "expected no communicator with LBFGS"),
        ("last batch", "expected batches of at least 2 examples, which encoder.batchnorm1 needs in training"),
    ],
)
def test_what_one_process_refuses_is_refused_by_all(name, sentence, agreed):
    for text in said(agreed, name):
        assert sentence in text


@needs_mpi
def test_a_loss_that_diverges_in_one_process_ends_all_with_the_sentence_of_one(agreed):
    far = many_processes.data()
    far[-1] = 1e200
    for name, x, optimizer in (("diverged", far, None), ("rate", many_processes.data(), ae.SGD(1e300))):
        with pytest.raises(ae.TrainingDivergedError) as alone:
            many_processes.small().fit(x, **many_processes.FEW, optimizer=optimizer)
        assert said(agreed, name) == [str(alone.value)] * 3


@needs_mpi
def test_control_c_in_one_process_ends_all_after_the_last_good_epoch(agreed):
    assert said(agreed, "interrupted") == ["interrupted after 1, True"] * 3


@needs_mpi
def test_without_a_seed_all_start_from_the_first_ones_weights_and_numbers(agreed):
    assert len({numbers["without a seed"].tobytes() for _, numbers in agreed}) == 1


@needs_mpi
def test_early_stopping_history_and_seconds_are_those_of_all_and_the_first_alone_shows_them(agreed):
    model = many_processes.small()
    history = model.fit(
        many_processes.data(), **{**many_processes.FEW, "epochs": 40}, validation=10 * many_processes.data(20), patience=2
    )
    assert history.stopped == "early"
    for _, numbers in agreed:
        np.testing.assert_allclose(numbers["patient"], many_processes.outcome(model, history), rtol=1e-11)
    texts = said(agreed, "patient")
    assert len(set(texts)) == 1
    assert texts[0].startswith(f"early {len(history)} ")
    assert said(agreed, "seen") == [str(len(history)), "0", "0"]


@needs_mpi
def test_a_file_is_taken_in_the_order_of_one_process(agreed, tmp_path):
    np.save(tmp_path / "x.npy", many_processes.data())
    model = many_processes.small()
    history = model.fit(np.load(tmp_path / "x.npy", mmap_mode="r"), **many_processes.FEW)
    for _, numbers in agreed:
        np.testing.assert_allclose(numbers["stream"], many_processes.outcome(model, history), rtol=1e-11)


@needs_mpi
def test_rows_of_ones_own_count_by_their_number(agreed):
    """Of 20, 7 and 3 rows in one batch of each, the whole batch is all 30, in whatever order."""
    kinds = {
        "batch norm": many_processes.small(batch_norm=True),
        "kl": ae.SparseAutoencoder([5, 3], ae.KLSparsity(0.1, 0.7), dtype="float64", rng=0),
    }
    for name, model in kinds.items():
        x = many_processes.data(30)
        model.fit(x, epochs=3, batch_size=30, optimizer=ae.SGD(0.01), rng=2)
        values = many_processes.outcome_of_values(model)
        for _, numbers in agreed:
            np.testing.assert_allclose(numbers[f"local {name} 20"][: len(values)], values, rtol=1e-12, atol=1e-15)


@needs_mpi
@pytest.mark.parametrize("name", ["batch norm", "kl", "wasserstein", "denoising", "codebook"])
@pytest.mark.parametrize("size", [20, 3])
def test_rows_of_ones_own_may_be_used_up_before_those_of_others(name, size, agreed):
    first, *others = (numbers[f"local {name} {size}"] for _, numbers in agreed)
    assert np.isfinite(first).all()
    assert all(np.array_equal(first, other) for other in others)


# How all of them end


@pytest.mark.in_turn
@needs_mpi
@pytest.mark.parametrize(
    ("failure", "sentence"), [("raises", "OSError: the disk went away"), ("dies", r"EXIT CODE: 9|[Kk]illed")],
    ids=["raises", "dies"],
)  # fmt: skip
def test_a_process_that_fails_ends_all_and_its_checkpoint_goes_on_with_any_number(failure, sentence, tmp_path):
    status, out, err = run(3, HERE / "many_processes.py", failure, tmp_path)
    assert status != 0
    assert re.search(sentence, out + err), out + err
    model = many_processes.Failing([5, 3], dtype="float64", rng=0)
    whole = many_processes.outcome(model, model.fit(many_processes.data(), **{**many_processes.FEW, "epochs": 5}))
    for n in (2, 4) if failure == "dies" else (1,):
        folder = tmp_path / str(n)
        folder.mkdir()
        shutil.copy(tmp_path / "c.npz", folder)
        for each in scenario(n, "resumed", folder):
            np.testing.assert_allclose(each["numbers"], whole, rtol=1e-11)


@needs_mpi
@pytest.mark.skipif(os.name != "posix", reason="Control-C is sent as a signal")
def test_control_c_at_the_terminal_ends_all(tmp_path):
    started = start(3, HERE / "many_processes.py", "waits", tmp_path, start_new_session=True)
    try:
        deadline = time.monotonic() + SECONDS
        while not (tmp_path / "c.npz").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        os.killpg(started.pid, signal.SIGINT)
        started.communicate(timeout=SECONDS)
    finally:
        started.kill()
    assert [(tmp_path / f"{rank}.txt").read_text() for rank in range(3)] == ["interrupted"] * 3


# The command


@pytest.mark.in_turn(0)
@needs_mpi
def test_the_command_is_the_same_under_mpirun_and_the_first_process_alone_speaks(tmp_path):
    words = ["-m", "aescratch", "train", "denoising", "--epochs", "2", "--validation", "0.2", "--seed", "3", "--out"]
    alone = subprocess.run([sys.executable, *words, str(tmp_path / "one")], capture_output=True, text=True, check=True)
    status, out, err = run(2, *words, tmp_path / "two")
    assert (status, err) == (0, "")
    assert re.sub(r"in [\d.]+ s|two", "", out).split()[:40] == re.sub(r"in [\d.]+ s|one", "", alone.stdout).split()[:40]
    assert out.count("examples of digits to train on") == 1
    one, two = (ae.load(tmp_path / name / "model.npz") for name in ("one", "two"))
    for p, q in zip(one.parameters, two.parameters, strict=True):
        np.testing.assert_allclose(q.value, p.value, rtol=1e-4, atol=1e-6)


@needs_mpi
def test_the_program_on_the_page_runs(tmp_path, monkeypatch):
    page = (HERE.parent / "docs" / "how-to" / "many-processes.md").read_text(encoding="utf-8")
    (program,) = re.findall(r"^```python\n(import aescratch.*?)^```", page, re.MULTILINE | re.DOTALL)
    (tmp_path / "program.py").write_text(program, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    status, _, err = run(2, "-m", "mpi4py", "program.py")
    assert status == 0, err
    digits, model = ae.datasets.load_digits(), ae.Autoencoder([64, 32], rng=0)
    model.fit(digits.x, epochs=20, batch_size=256, rng=0)
    for p, q in zip(ae.load(tmp_path / "model.npz").parameters, model.parameters, strict=True):
        np.testing.assert_allclose(p.value, q.value, rtol=1e-3, atol=1e-5)


@needs_mpi
@pytest.mark.parametrize(
    ("words", "status", "sentence"),
    [
        (["nothere.npy"], 2, "there is no file and no data set 'nothere.npy'"),
        (["--optimizer", "sgd", "--learning-rate", "1e30"], 1, "expected a finite loss, but in epoch 1, batch 2"),
    ],
)
def test_the_command_says_once_what_is_wrong(words, status, sentence, tmp_path):
    found, _, err = run(2, "-m", "aescratch", "train", "vanilla", *words, "--out", tmp_path / "out")
    assert found == status
    assert err.count(sentence) == 1, err


@pytest.mark.parametrize("variable", [{"PMI_SIZE": "4"}, {"OMPI_COMM_WORLD_SIZE": "2"}, {"PMIX_RANK": "0"}])
def test_the_command_says_what_is_missing_where_mpi4py_is(variable, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "mpi4py", None)
    for name, value in variable.items():
        monkeypatch.setenv(name, value)
    assert main(["train", "vanilla", "--epochs", "1"]) == 2
    assert 'pip install "aescratch[mpi]"' in capsys.readouterr().err


# Without MPI


class Mirror:
    """A communicator of processes that all have the same rows, of which this one counts the messages."""

    def __init__(self, size=2):
        self.size, self.sent = size, []

    def Get_rank(self):
        return 0

    def Get_size(self):
        return self.size

    def Allreduce(self, sent, total):
        self.sent.append(("sum", sent.size))
        total[...] = self.size * sent

    def Allgatherv(self, sent, into):
        self.sent.append(("rows", sent.size))
        into[0][...] = np.concatenate([sent] * self.size).reshape(into[0].shape)

    def allgather(self, value):
        return [value] * self.size

    def bcast(self, value):
        return value

    def Abort(self, status):
        self.sent.append(("abort", status))


STEPS = 4
MESSAGES = {  # in one step, beside that of the gradient
    "vanilla relu": [], "denoising gaussian": [], "sparse l1": [], "k-sparse": [], "variational": [], "gated": [],
    "importance-weighted as found": [], "weight decay": [], "matryoshka bernoulli": [],
    "sparse kl": [("sum", 3)] * 2,  # rho_hat, forwards and backwards
    "k-sparse batch": [("rows", 24)] * 2,  # the code, and its gradient
    "wasserstein tied": [("rows", 24)] * 2,  # the code, and the samples
    "vector-quantized": [("rows", 24)] * 2,  # the code, and its indices
}  # fmt: skip


@pytest.mark.parametrize("name", MESSAGES)
def test_a_step_sends_its_gradient_in_one_and_a_statistic_where_all_rows_matter(name):
    """There are as many messages in two epochs of four steps as in one and in four steps more."""
    sent = []
    for epochs in (1, 2):
        mirror, model = Mirror(), many_processes.MODELS[name](dtype="float64", rng=0)
        model.fit(
            many_processes.data(16 * STEPS, model.n_inputs), epochs=epochs, batch_size=16, rng=0, communicator=mirror
        )  # fmt: skip
        sizes = [message for message in mirror.sent if message != ("sum", 2)]  # those are of the epochs
        sent.append(sorted(sizes))
    for message in sent[0]:
        sent[1].remove(message)
    gradient = ("sum", sum(parameter.size for parameter in model.parameters))
    assert sent[1] == sorted([gradient, *MESSAGES[name]] * STEPS)


def drawn(counts, rank, local, draw):
    """What one of several processes draws, and the state in which its generator is then."""
    batch, rng = SharedBatch(Mirror(), local), SharedNoise(np.random.PCG64(3))
    batch.rank, batch.counts = rank, counts
    share_batch(batch)
    try:
        return draw(rng), rng.bit_generator.state
    finally:
        share_batch(None)


@pytest.mark.parametrize("draw", ["random", "standard_normal", "uniform", "normal"])
@pytest.mark.parametrize("each", [1, 2])
def test_noise_is_that_of_the_whole_batch_and_its_own_for_rows_of_ones_own(draw, each):
    whole = getattr(np.random.default_rng(3), draw)(size=(each * 5, 2))
    parts = [
        drawn([3, 2], rank, False, lambda rng, n=n: getattr(rng, draw)(size=(each * n, 2)))
        for rank, n in ((0, 3), (1, 2))
    ]
    assert np.array_equal(np.concatenate([part for part, _ in parts]), whole)
    assert parts[0][1] == parts[1][1], "both have drawn for all"
    (one, state), (other, same) = (
        drawn([3, 3], rank, True, lambda rng: getattr(rng, draw)(size=(3 * each, 2))) for rank in range(2)
    )
    assert one.shape == other.shape == (3 * each, 2)
    assert not np.isin(one, other).any()
    assert state == same
    _, beside_many = drawn([3, 1000], 0, True, lambda rng: getattr(rng, draw)(size=(3 * each, 2)))
    assert state == beside_many, "others' rows cost nothing"


def test_a_checkpoint_of_rows_of_ones_own_goes_on_with_others(tmp_path):
    settings = {**many_processes.FEW, "checkpoint": tmp_path / "c.npz", "local": True}
    many_processes.small().fit(many_processes.data(20), **settings, communicator=Mirror(2))
    model = many_processes.small()
    history = model.fit(many_processes.data(30)[::-1], **{**settings, "epochs": 5}, communicator=Mirror(3))
    assert len(history) == 5
    with pytest.raises(ValueError, match="expected a checkpoint of this very run"):
        model.fit(many_processes.data(20), **{**settings, "epochs": 5, "batch_size": 9}, communicator=Mirror(2))


class Worded(ValueError):
    def __init__(self, what, where):
        super().__init__(f"{what} in {where}")


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (FileNotFoundError("x.npy"), FileNotFoundError),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid"), UnicodeError),
        (Worded("a hole", "row 3"), ValueError),
        (type("Here", (OSError,), {})("of a class that no other process finds"), OSError),
    ],
)
def test_what_one_process_refuses_is_refused_by_all_whatever_its_class_takes(error, kind):
    mirror = Mirror()
    mirror.allgather = lambda value: [pickle.loads(pickle.dumps(each)) for each in (value, (kind, str(error)))]
    with pytest.raises(type(error), match=re.escape(str(error))), Processes(mirror).agreed():
        raise error
    told = []
    mirror.allgather = lambda value: told.append(value) or [value]
    with contextlib.suppress(type(error)), Processes(mirror).agreed():
        raise error
    mirror.allgather = lambda value: [value, *told]
    with pytest.raises(kind, match=re.escape(f"in process 1 of 2, counted from 0: {error}")), Processes(mirror).agreed():
        pass


def test_a_process_that_fails_alone_says_so_and_ends_all(capsys, monkeypatch):
    monkeypatch.setattr("aescratch.training.processes.SECONDS_TO_PRINT", 0)
    mirror, model = Mirror(), many_processes.small()

    def loss(x, rng=None):
        raise OSError("no more rows")

    model.loss = loss
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(OSError, match="no more rows"):
        model.fit(many_processes.data(), communicator=mirror, rng=0)
    assert mirror.sent[-1] == ("abort", 1)
    assert "process 0 of 2, counted from 0, ends all:" in capsys.readouterr().err
    assert signal.getsignal(signal.SIGINT) is before
    x = np.ones((4, 3))
    assert np.array_equal(batch_mean(x), x[0]), "the batch is whole again"


def test_a_second_control_c_ends_at_once():
    processes = Processes(Mirror())
    with processes.ending_together(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
        assert processes.batch.interrupted
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_processes_that_have_come_apart_are_told(monkeypatch):
    mirror = Mirror()
    monkeypatch.setattr(mirror, "allgather", lambda value: [value, ((2, 2), False)])
    with pytest.raises(RuntimeError, match="expected the same weights and random numbers in every process after an epoch"):
        Processes(mirror).end_epoch((1, 2))


def test_what_is_compared_after_an_epoch_is_every_weight_and_the_random_numbers(monkeypatch):
    def fingerprint(seed=3, added=0.0):
        model = many_processes.small()
        model.parameters[-1].value[0] += added
        return TrainingState(model, ae.Adam().start(model.parameters), np.random.default_rng(seed)).fingerprint()

    assert fingerprint() == fingerprint()
    assert fingerprint() != fingerprint(added=1e-300)
    assert fingerprint() != fingerprint(seed=4)
    seen = []
    monkeypatch.setattr(Processes, "end_epoch", lambda self, found: seen.append(found))
    many_processes.small().fit(many_processes.data(), **{**many_processes.FEW, "epochs": 2}, communicator=Mirror())
    assert len(seen) == 2
    assert seen[0] != seen[1]


@pytest.mark.parametrize("name", [*MESSAGES, "stacked batch norm", "k-sparse auxiliary", "vector-quantized moving"])
def test_a_model_on_a_gpu_sends_by_way_of_the_host(name, monkeypatch):
    trained = {}
    for backend in ("numpy", "cupy"):
        with monkeypatch.context() as patched:
            patched.setitem(sys.modules, "cupy", fakecupy.cupy)
            model = many_processes.MODELS[name](dtype="float64", rng=0).to(backend)
            model.fit(
                many_processes.data(48, model.n_inputs), epochs=2, batch_size=16, optimizer=ae.Momentum(0.01), rng=0,
                communicator=Mirror(),
            )  # fmt: skip
            trained[backend] = many_processes.outcome_of_values(model.to("numpy"))
    np.testing.assert_allclose(trained["cupy"], trained["numpy"], rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(
    ("options", "kind", "sentence"),
    [
        ({"communicator": 4}, TypeError, "expected communicator to be one of mpi4py, such as MPI.COMM_WORLD, got 4"),
        ({"local": True}, ValueError, "expected a communicator with local=True"),
        ({"local": 1, "communicator": Mirror()}, TypeError, "expected local to be True or False"),
        ({"communicator": Mirror(), "optimizer": ae.LBFGS()}, ValueError, "expected no communicator with LBFGS"),
    ],
)
def test_invalid_arguments_are_refused(options, kind, sentence):
    with pytest.raises(kind, match=re.escape(sentence)):
        many_processes.small().fit(many_processes.data(), **options)


def test_a_communicator_of_one_process_is_none_at_all():
    mirror = Mirror(1)
    one, other = (many_processes.small() for _ in range(2))
    histories = [one.fit(many_processes.data(), **many_processes.FEW),
                 other.fit(many_processes.data(), **many_processes.FEW, communicator=mirror)]  # fmt: skip
    assert histories[0].loss == histories[1].loss
    assert not mirror.sent


@pytest.mark.in_turn
def test_a_package_without_mpi4py_never_notices(tmp_path):
    code = (
        "import sys; sys.modules['mpi4py'] = None\n"
        "import numpy as np, aescratch as ae\n"
        "from aescratch.programs.cli import main\n"
        "ae.Autoencoder([5, 3], rng=0).fit(np.ones((7, 5)) / 2, epochs=1)\n"
        "sys.exit(main(['train', 'vanilla', '--epochs', '1', '--out', sys.argv[1]]))"
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PMI", "OMPI"))}
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, env=environment, capture_output=True)
