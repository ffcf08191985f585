"""The program of each process in the tests: `mpiexec -n 3 python tests/many_processes.py SCENARIO FOLDER`.

A scenario is a function of mpi4py's communicator and of a folder, into which every process writes its results.
"""

import os
import pathlib
import signal
import sys

import numpy as np
from test_models import MODELS
from turns import has_turn

import aescratch as ae

# The last of the 50 batches has three rows: none for the last of four processes.
N_EXAMPLES, BATCH_SIZE = 346, 7
FEW = {"epochs": 3, "batch_size": 8, "rng": 2, "progress": False}


def data(n_examples=N_EXAMPLES, width=5):
    return np.random.default_rng(7).random((n_examples, width))


def outcome(model, history):
    """All that a training leaves, in one vector."""
    holders = [*model.parameters, *model.buffers.values()]
    numbers = [*history.loss, *history.validation_loss, history.first_loss, history.last_loss or 0.0]
    return np.concatenate([*(np.ravel(holder.value) for holder in holders), numbers])


def trained(name, dtype, communicator=None):
    """A variant after 50 steps. Adam would blow up what is rounding alone: the derivative of a bias before BatchNorm."""
    model = MODELS[name](dtype=dtype, rng=3)
    x = data(width=model.n_inputs)
    history = model.fit(
        x, epochs=1, batch_size=BATCH_SIZE, optimizer=ae.Momentum(0.01), rng=5, validation=x[:17], progress=False,
        communicator=communicator,
    )  # fmt: skip
    return outcome(model, history)


def stacked(communicator=None):
    """A stack that is pre-trained, layer by layer, and then gets a head; the optimiser scales gradients down."""
    optimizer, both = ae.Adam(clip_norm=0.1), {"rng": 4, "batch_size": 7, "progress": False, "communicator": communicator}
    stack = ae.StackedAutoencoder([5, 4, 3], ae.MaskingNoise(0.2), dtype="float64", rng=1)
    histories = stack.pretrain(data(), epochs=1, optimizer=optimizer, **both)
    classifier = ae.SoftmaxClassifier(stack, 3, weight_decay=0.1, rng=1)
    labels = (data()[:, 0] * 3).astype(int)
    history = classifier.fit(data(), labels, epochs=1, optimizer=optimizer, validation=(data(), labels), **both)
    return np.concatenate([outcome(classifier, history), *(layer.loss for layer in histories)])


# All variants in float64, in their turn; in float32 one of each class.
TRAINED = [(name, "float64") for name in MODELS] + [(name, "float32") for name in MODELS if "as found" in name]
TRAINED = [(name, dtype) for name, dtype in TRAINED if has_turn(f"{name} {dtype}")]


def every_variant(communicator, folder):
    """What the trainings come to, one array each."""
    found = {f"{name} {dtype}": trained(name, dtype, communicator) for name, dtype in TRAINED}
    np.savez(folder / f"{communicator.rank}.npz", stacked=stacked(communicator), **found)


def small(**options):
    return ae.Autoencoder([5, 3], **{"dtype": "float64", "rng": 0, **options})


def refused(kind, communicator, model, x, **options):
    """The messages with which fit refuses; nothing has changed then."""
    before = outcome_of_values(model)
    try:
        model.fit(x, **{**FEW, **options}, communicator=communicator)
    except kind as error:
        assert np.array_equal(before, outcome_of_values(model))
        return str(error)
    return "nothing"


def outcome_of_values(model):
    return np.concatenate([parameter.value.ravel() for parameter in model.parameters])


def agreement(communicator, folder):
    """What processes agree on, one thing after the other; the last process is the one that differs."""
    rank, last, said, numbers = communicator.rank, communicator.size - 1, {}, {}
    is_odd = rank == last

    x = data(width=5 + is_odd)
    said["width"] = refused(ValueError, communicator, small(), x)
    said["width of all"] = refused(ValueError, communicator, ae.Autoencoder([5 + is_odd, 3], rng=0), x)
    said["integers"] = refused(TypeError, communicator, small(), data().astype(int) if is_odd else data())
    said["data"] = refused(ValueError, communicator, small(), data() + is_odd * 1e-3)
    said["epochs"] = refused(ValueError, communicator, small(), data(), epochs=3 + is_odd)
    said["lbfgs"] = refused(ValueError, communicator, small(), data(), optimizer=ae.LBFGS())
    said["last batch"] = refused(ValueError, communicator, small(batch_norm=True), data(17))
    said["no checkpoint"] = refused(
        ValueError, communicator, small(), data(), checkpoint=folder / "none" / "c.npz" if is_odd else None
    )

    far = data()
    far[-1] = 1e200  # whose square is infinite, in one process alone
    said["diverged"] = refused(ae.TrainingDivergedError, communicator, small(), far)
    said["rate"] = refused(ae.TrainingDivergedError, communicator, small(), data(), optimizer=ae.SGD(1e300))

    model = small(rng=None)  # other weights in each, until the first's are taken
    history = model.fit(data(), **{**FEW, "rng": None}, communicator=communicator)
    numbers["without a seed"] = outcome(model, history)

    model, seen = small(), []
    history = model.fit(
        data(), **{**FEW, "epochs": 40}, validation=10 * data(20), patience=2, communicator=communicator,
        checkpoint=folder / "patient.npz", observer=lambda *given: seen.append(given),
    )  # fmt: skip
    numbers["patient"] = outcome(model, history)
    said["patient"] = f"{history.stopped} {len(history)} {history.seconds}"
    said["seen"] = str(len(seen))

    stored = np.lib.format.open_memmap(folder / "x.npy", "r")
    model = small()
    numbers["stream"] = outcome(model, model.fit(stored, **FEW, communicator=communicator))

    said["interrupted"] = interrupted(communicator)
    numbers |= local_rows(communicator)
    np.savez(folder / f"{rank}.npz", said=np.array(list(said.items())), **numbers)


def interrupted(communicator):
    """Control-C in one process, in the middle of the second epoch of many: all are as they were after the first."""
    model, calls, loss = small(), [], ae.Autoencoder.loss

    def counted(self, *given, **named):
        calls.append(None)
        if len(calls) == 60 and communicator.rank == communicator.size - 1:
            os.kill(os.getpid(), signal.SIGINT)
        return loss(self, *given, **named)

    ae.Autoencoder.loss = counted
    history = model.fit(data(), **{**FEW, "epochs": 1000}, communicator=communicator)
    ae.Autoencoder.loss = loss
    first = small()
    first.fit(data(), **{**FEW, "epochs": len(history)}, communicator=communicator)
    same = np.array_equal(outcome_of_values(first), outcome_of_values(model))
    return f"{history.stopped} after {len(history)}, {same}"


def local_rows(communicator):
    """Rows of one's own: 20, 7 and 3 of them; in one batch, and in several, of which the last are of few or one."""
    rows = np.split(data(30), [20, 27])[communicator.rank]
    found = {}
    for name, kind in {
        "batch norm": lambda: small(batch_norm=True),
        "kl": lambda: ae.SparseAutoencoder([5, 3], ae.KLSparsity(0.1, 0.7), dtype="float64", rng=0),
        "wasserstein": lambda: ae.WassersteinAutoencoder([5, 3], dtype="float64", rng=0),
        "denoising": lambda: ae.DenoisingAutoencoder([5, 3], dropout=0.2, dtype="float64", rng=0),
        "codebook": lambda: ae.VectorQuantizedAutoencoder([5, 4], 3, 2, dtype="float64", rng=0),
    }.items():
        for size in (20, 3):
            model = kind()
            history = model.fit(
                rows, epochs=3, batch_size=size, optimizer=ae.SGD(0.01), rng=2, validation=rows, local=True,
                communicator=communicator, progress=False,
            )  # fmt: skip
            found[f"local {name} {size}"] = outcome(model, history)
    return found


class Failing(ae.Autoencoder):
    """An autoencoder whose loss fails in one process, in the middle of the third epoch."""

    failure, calls = None, 0

    def loss(self, x, rng=None):
        self.calls += 1
        if self.calls == 120 and self.failure is not None:
            self.failure()
        return super().loss(x, rng)


def fail(failure, communicator, folder):
    model = Failing([5, 3], dtype="float64", rng=0)
    model.failure = failure if communicator.rank == communicator.size - 1 else None
    model.fit(data(), **{**FEW, "epochs": 1000}, checkpoint=folder / "c.npz", communicator=communicator)


def raises(communicator, folder):
    def failure():
        raise OSError("the disk went away")

    fail(failure, communicator, folder)


def dies(communicator, folder):
    fail(lambda: os.kill(os.getpid(), signal.SIGKILL), communicator, folder)


def waits(communicator, folder):
    """Train for long, until Control-C at the terminal."""
    model = small()
    history = model.fit(data(), **{**FEW, "epochs": 10**6}, communicator=communicator, checkpoint=folder / "c.npz")
    (folder / f"{communicator.rank}.txt").write_text(history.stopped)


def resumed(communicator, folder):
    """Go on from a checkpoint that another number of processes left."""
    model = Failing([5, 3], dtype="float64", rng=0)
    history = model.fit(data(), **{**FEW, "epochs": 5}, checkpoint=folder / "c.npz", communicator=communicator)
    np.savez(folder / f"{communicator.rank}.npz", numbers=outcome(model, history))


if __name__ == "__main__":
    from mpi4py import MPI

    globals()[sys.argv[1]](MPI.COMM_WORLD, pathlib.Path(sys.argv[2]))
