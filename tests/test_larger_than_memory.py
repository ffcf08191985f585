"""Data that aren't in memory: the rows of an epoch, refusals, and the amount held in memory at once."""

import tracemalloc

import numpy as np
import pytest

import aescratch as ae
from aescratch.foundations import streams
from aescratch.foundations.streams import is_streamed
from aescratch.training import batches, ending

N, D, H, PIECE, PER_BLOCK = 1009, 7, 3, 31, 5  # rows; 33 pieces, the last of 17 rows, in 7 blocks
X = np.random.default_rng(0).random((N, D), np.float32)
X[:, 0] = np.arange(N) / N  # a row can be told by it


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Pieces of 31 rows, of which 5 make a block."""
    monkeypatch.setattr(streams, "PIECE", PIECE * D)
    monkeypatch.setattr(streams, "BLOCK", PER_BLOCK * PIECE * D)
    monkeypatch.setattr(streams, "SAMPLE", 200 * D)


class Stored:
    """A matrix that isn't in memory: it gives slices of rows, and notes which were asked for."""

    def __init__(self, x):
        self.x, self.shape, self.dtype, self.asked = x, x.shape, x.dtype, []

    def __getitem__(self, rows):
        assert isinstance(rows, slice)
        assert rows.step is None
        self.asked.append((rows.start, rows.stop))
        return self.x[rows].copy()


def model(kind=ae.Autoencoder, **options):
    return kind([D, H], rng=0, **options)


class Seen(ae.Autoencoder):
    """An autoencoder that notes the rows of its batches."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.batches = []

    def loss(self, x, rng=None):
        self.batches.append(np.rint(x[:, 0] * N).astype(int))
        return super().loss(x, rng)


def orders(x, epochs=1, batch_size=13, seed=0):
    """The batches of each epoch of a training on x, as numbers of rows."""
    n_batches = -(-N // batch_size)
    seen = model(Seen)
    seen.fit(x, epochs=epochs, batch_size=batch_size, rng=seed)
    taken, place = [], 0
    for epoch in range(epochs):
        taken.append(seen.batches[place : place + n_batches])
        place += n_batches + (1 if epoch in (0, epochs - 1) else 0)  # then the loss as left is taken, of one batch
    return taken


# What an epoch takes


@pytest.mark.parametrize("batch_size", [1, 13, 31, 200, N, 5000])
def test_an_epoch_takes_every_row_once_in_batches_of_the_size_asked_for(batch_size):
    plan_batches = list(batches._regrouped(batches._shuffled_blocks([ae.Stream(X)], np.random.default_rng(0)), batch_size))
    sizes = [len(batch) for (batch,) in plan_batches]
    assert sizes == [batch_size] * (N // batch_size) + [N % batch_size] * bool(N % batch_size)
    rows = np.rint(np.concatenate([batch for (batch,) in plan_batches])[:, 0] * N).astype(int)
    assert sorted(rows) == list(range(N))


def test_fit_takes_every_row_once_in_each_epoch_in_another_order():
    first, second = (np.concatenate(epoch) for epoch in orders(Stored(X), epochs=2))
    assert sorted(first) == sorted(second) == list(range(N))
    assert (first != second).any()


def test_the_seed_decides():
    once, again, other = (np.concatenate(orders(Stored(X), seed=seed)[0]) for seed in (0, 0, 1))
    assert np.array_equal(once, again)
    assert not np.array_equal(once, other)


def test_a_block_is_of_pieces_from_all_over_the_data_and_shuffled_within():
    first_block = np.concatenate(orders(Stored(X), batch_size=PIECE)[0][:PER_BLOCK])
    pieces = np.unique(first_block // PIECE)
    assert len(pieces) == PER_BLOCK
    assert np.ptp(pieces) > PER_BLOCK
    assert len(np.unique(first_block[:PIECE] // PIECE)) > 1  # a batch mixes them


def test_data_of_one_block_are_shuffled_as_an_array_is(monkeypatch):
    monkeypatch.setattr(streams, "BLOCK", N * D * 2)
    for kind in (ae.Autoencoder, ae.VariationalAutoencoder):  # with noise, which is drawn from the same numbers
        in_memory, stored = (model(kind).fit(x, epochs=3, rng=0, validation=x) for x in (X, Stored(X)))
        assert in_memory.loss == stored.loss
        assert in_memory.validation_loss == stored.validation_loss


def test_the_loss_is_that_of_the_same_rows_in_memory_in_the_same_order(monkeypatch):
    order = iter([np.concatenate(epoch) for epoch in orders(Stored(X), epochs=3)])
    stored = model().fit(Stored(X), epochs=3, batch_size=13, rng=0)
    monkeypatch.setattr(batches, "order_of_epoch", lambda data, rng: next(order))
    assert model().fit(X, epochs=3, batch_size=13, rng=0).loss == stored.loss


def test_float64_becomes_what_the_model_computes_in():
    wide = X.astype(np.float64) + 1e-12
    assert model().fit(Stored(wide), epochs=2, rng=0).loss == model().fit(Stored(wide.astype("f4")), epochs=2, rng=0).loss


def test_labels_stay_beside_their_rows():
    seen = []

    class Classifier(ae.SoftmaxClassifier):
        def loss(self, x, labels, rng=None):
            seen.append((np.rint(x[:, 0] * N) % 5 == labels).all())
            return super().loss(x, labels, rng)

    labels = np.arange(N) % 5
    Classifier(model(), 5, rng=0).fit(
        Stored(X), labels, epochs=2, rng=0, batch_size=13, validation=(Stored(X), labels), patience=2
    )
    assert len(seen) > 4 * N // 13
    assert all(seen)


def test_the_validation_loss_is_that_in_memory():
    validation = X[:300] + 0.1
    history, other = (model().fit(Stored(X), epochs=2, rng=0, validation=v) for v in (validation, Stored(validation)))
    assert history.validation_loss == other.validation_loss


def test_a_stack_is_pretrained_on_codes_that_are_computed_as_they_are_read(monkeypatch):
    monkeypatch.setattr(streams, "BLOCK", N * D * 2)
    in_memory, stored = (ae.StackedAutoencoder([D, 5, H], rng=0).pretrain(x, epochs=2, rng=0) for x in (X, Stored(X)))
    assert [history.loss for history in in_memory] == [history.loss for history in stored]


def test_a_checkpoint_goes_on_bit_for_bit_and_knows_how_its_data_were_read(tmp_path, monkeypatch):
    path = tmp_path / "run.npz"
    whole = model().fit(Stored(X), epochs=4, rng=0)
    model().fit(Stored(X), epochs=2, rng=0, checkpoint=path)
    resumed = model().fit(Stored(X), epochs=4, rng=0, checkpoint=path)
    assert resumed.loss == whole.loss
    others = X.copy()
    others[3, 2] += 0.5
    for data in (X, Stored(others)):
        with pytest.raises(ValueError, match="differs in data"):
            model().fit(data, epochs=4, rng=0, checkpoint=path)
    monkeypatch.setattr(streams, "BLOCK", 2 * PIECE * D)
    with pytest.raises(ValueError, match="differs in data"):
        model().fit(Stored(X), epochs=4, rng=0, checkpoint=path)


def test_divergence_is_replayed_in_the_same_batches():
    diverging = model()
    before = [parameter.value.copy() for parameter in diverging.parameters]
    with pytest.raises(ae.TrainingDivergedError, match=r"in epoch 1, batch \d+, .* is the first tensor"):
        diverging.fit(Stored(1e3 * X), epochs=2, rng=0, optimizer=ae.SGD(1e6))
    assert all(np.array_equal(old, new.value) for old, new in zip(before, diverging.parameters, strict=True))


def test_what_looks_on_looks_at_a_sample():
    stored, trained = Stored(X), model()
    monitor = ae.Monitor(stored, epochs=2)
    history = trained.fit(stored, epochs=2, rng=0, observer=monitor, stop_when_hopeless=True, progress=True)
    in_memory = ae.Monitor(X, epochs=2)
    assert [snapshot.code.shape for snapshot in monitor.snapshots] == [(128, H)] * 2
    assert sorted(monitor.levels) == ["PCA", "the mean"]
    assert len(in_memory.rows[0]) == 128
    assert history.diagnosis.codes == ae.diagnose(trained, stored, history=history).codes
    assert len(history.diagnosis) > 0


def test_a_larger_sample_isnt_the_smaller_one_that_was_taken_before():
    stream = ae.Stream(X)
    for most in (3, 100, 3):
        rows, numbers = stream.sample(most)
        assert len(rows) == most
        assert np.array_equal(rows, X[numbers])


def test_the_loss_as_left_is_that_of_a_whole_batch_which_may_be_larger_than_the_sample(monkeypatch):
    x = np.random.default_rng(0).random((3001, 2), np.float32)
    monkeypatch.setattr(streams, "SAMPLE", x.size)
    trained, stream = ae.Autoencoder([2, 1], rng=0), ae.Stream(x)
    stream.sample(ending.MOST_ROWS)  # as it is taken before the first epoch
    lefts = [ending.loss_as_left(trained, [data], 2500, 0) for data in (x, stream)]
    assert lefts[0] == lefts[1]


def test_the_sample_is_what_would_be_looked_at_in_memory(monkeypatch):
    monkeypatch.setattr(streams, "SAMPLE", N * D)
    rows, numbers = ae.Stream(X).sample(100)
    assert np.array_equal(rows, X[numbers])
    assert np.array_equal(rows, ending.sampled([X], 100)[0])


@pytest.mark.parametrize("how", ["auto", "standardize", "minmax", "none"])
def test_a_scaling_of_a_stream_is_that_of_the_array(how):
    for x in (X, 1e6 + X.astype(np.float64), np.ones((N, D)), 30 * X):
        expected, found = ae.Scaling.fit(x, how), ae.Scaling.fit(Stored(x), how)
        assert found.how == expected.how
        np.testing.assert_allclose(found.shift, expected.shift, rtol=1e-14)
        np.testing.assert_allclose(found.size, expected.size, rtol=1e-9)
        scaled = expected.apply(ae.Stream(Stored(x)))
        assert is_streamed(scaled)
        assert np.array_equal(np.asarray(scaled), expected.apply(x))


def test_a_model_says_the_scaling_of_a_stream():
    assert model().scaling_for(Stored(X)) is None or model().scaling_for(X).how == model().scaling_for(Stored(X)).how
    cross_entropy = model(reconstruction=ae.BinaryCrossEntropy())
    assert cross_entropy.scaling_for(Stored(X)) is None
    assert cross_entropy.scaling_for(Stored(3 * X)).how == "minmax"


def test_parts_of_a_stream_share_no_row_and_lose_none():
    train, test = ae.Stream(X).split(0.2, rng=0)
    assert (len(train), len(test)) == (807, 202)
    rows = [np.rint(np.asarray(part)[:, 0] * N).astype(int) for part in (train, test)]
    assert sorted(np.concatenate(rows)) == list(range(N))
    assert np.array_equal(test.rows_of(np.arange(N)), rows[1])
    assert len(np.unique(rows[1] // PIECE)) > 5
    inner, _ = train.split(0.5, rng=0)
    assert set(np.rint(np.asarray(inner)[:, 0] * N)) < set(rows[0])
    model().fit(train, epochs=1, rng=0, validation=test)
    with pytest.raises(ValueError, match="between 0 and 1"):
        train.split(1.5)


# What is taken as it is


def test_a_memmap_is_taken_as_it_is(tmp_path):
    for order in ("C", "F"):
        np.save(tmp_path / f"{order}.npy", np.asarray(X, order=order))
        mapped = np.load(tmp_path / f"{order}.npy", mmap_mode="r")
        assert model().fit(mapped, epochs=2, rng=0).loss == model().fit(Stored(X), epochs=2, rng=0).loss


def test_an_hdf5_dataset_is_taken_as_it_is(tmp_path):
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "x.h5", "w") as file:
        whole = file.create_dataset("whole", data=X)
        chunked = file.create_dataset("chunked", data=X, chunks=(10, D))
        assert model().fit(whole, epochs=2, rng=0).loss == model().fit(Stored(X), epochs=2, rng=0).loss
        assert ae.Stream(chunked).rows_per_piece == 30
        assert sorted(np.concatenate(orders(chunked)[0])) == list(range(N))
        images = file.create_dataset("images", data=np.full((3, 2, 2), 51, np.uint8))
        assert np.asarray(ae.Stream(images, divide_by=255)).tolist() == [[np.float32(0.2)] * 4] * 3


def test_a_zarr_array_is_taken_as_it_is(tmp_path):
    zarr = pytest.importorskip("zarr")
    x = zarr.create_array(str(tmp_path / "x.zarr"), shape=X.shape, dtype="f4", chunks=(10, D))
    x[:] = X
    assert ae.Stream(x).rows_per_piece == 30
    assert sorted(np.concatenate(orders(x)[0])) == list(range(N))


def test_a_dask_array_is_taken_by_its_blocks():
    dask = pytest.importorskip("dask.array")
    x = dask.from_array(X, chunks=(100, 3))
    assert ae.Stream(x).rows_per_piece == 100
    assert sorted(np.concatenate(orders(x)[0])) == list(range(N))
    assert sorted(np.concatenate(orders(dask.concatenate([x[:300], x[300:307], x[307:]]))[0])) == list(range(N))
    with pytest.raises(ValueError, match=r"to have a known number of rows, got shape \(nan, 7\); call x.compute_chunk"):
        model().fit(x[x[:, 0] > 0.5])


def test_what_is_in_memory_is_no_stream():
    assert not is_streamed(X)
    assert not is_streamed(X[0, 0])
    assert not is_streamed(memoryview(X))
    assert not is_streamed([[1.0, 2.0]])


@pytest.mark.parametrize(("name", "make"), [
    ("torch", lambda torch: torch.ones((3, 2))), ("scipy.sparse", lambda sparse: sparse.eye(3)),
    ("pandas", lambda pandas: pandas.DataFrame(X)), ("polars", lambda polars: polars.DataFrame(X)),
])  # fmt: skip
def test_what_others_hold_in_memory_is_no_stream(name, make):
    assert not is_streamed(make(pytest.importorskip(name)))


# What is refused


def refused(x, sentence, error=ValueError, **options):
    """The model refuses x with this sentence, and is as it was."""
    refusing = model(**options)
    before = [parameter.value.copy() for parameter in refusing.parameters]
    with pytest.raises(error, match=sentence):
        refusing.fit(x, epochs=1, rng=0)
    with pytest.raises(error, match="in the validation data: " + sentence):
        refusing.fit(X, epochs=1, rng=0, validation=x)
    assert all(np.array_equal(old, new.value) for old, new in zip(before, refusing.parameters, strict=True))


@pytest.mark.parametrize("row", [0, 30, 31, 789, N - 1])
def test_the_first_bad_row_is_named(row):
    bad = X.astype(np.float64)
    bad[row, 2] = np.nan
    bad[min(row + 2, N - 1)] = np.inf
    where = f"in row {row} of the data, counted from 0: "
    refused(Stored(bad), where + "expected finite numbers in x, got [17] that are NaN or infinite; remove")
    with pytest.raises(ValueError, match=where):
        ae.Scaling.fit(Stored(bad))
    bad = X.astype(np.float64)
    bad[row, 2] = 1e39
    refused(Stored(bad), where + r"expected x to fit into float32, got values up to 1e\+39; rescale the data")
    outside = X.copy()
    outside[row, 2] = 1.5
    cross_entropy = {"reconstruction": ae.BinaryCrossEntropy()}
    refused(Stored(outside), where + r"expected data in \[0, 1\] for binary cross-entropy", **cross_entropy)


def test_a_row_that_goes_bad_during_training_is_named_and_the_model_is_at_its_last_good_epoch():
    stored, trained, kept = Stored(X.copy()), model(), []

    def spoil(model, history):
        kept.append([parameter.value.copy() for parameter in model.parameters])
        stored.x[500] = np.nan

    with pytest.raises(ValueError, match="in row 500 of the data"):
        trained.fit(stored, epochs=3, rng=0, observer=spoil)
    assert len(kept) == 1
    assert all(np.array_equal(old, new.value) for old, new in zip(kept[0], trained.parameters, strict=True))


def test_other_data_are_refused_in_a_sentence():
    refused(Stored(X[:, :3]), r"expected x to have 7 columns, got shape \(1009, 3\)")
    refused(Stored(X[:0]), r"expected x to hold one example per row, with at least one row and one column, got shape \(0, 7\)")
    refused(Stored(X.reshape(N, D, 1)), r"expected x to be a matrix .* got shape \(1009, 7, 1\); pass ae.Stream\(x\), which turns images into rows")
    whole = (255 * X).astype(np.uint8)
    advice = r"expected x to hold floats, got uint8; divide while reading: pass ae.Stream\(x, divide_by=255\)"
    refused(Stored(whole), advice, TypeError)
    refused(Stored(whole.astype(int)), "expected x to hold floats, got int(?:64|32); divide .* divide_by=their largest possible value", TypeError)
    refused(Stored(X > 0.5), r"expected x to hold floats, got bool; pass x.astype\(float\)", TypeError)
    refused(Stored(X.astype(object)), "expected x to hold floats, got object; an array of Python objects", TypeError)
    assert len(model().fit(ae.Stream(Stored(whole), divide_by=255), epochs=1)) == 1
    with pytest.raises(ValueError, match="expected divide_by to be a number above 0"):
        ae.Stream(X, divide_by=0)
    with pytest.raises(TypeError, match="expected x to be an array, got list; pass"):
        ae.Stream([[1.0]])
    with pytest.raises(ValueError, match="expected data in memory with LBFGS, which takes no batches; pass"):
        model().fit(Stored(X), optimizer=ae.LBFGS())


def test_a_source_that_gives_other_rows_than_it_was_asked_for_is_refused():
    stored = Stored(X)
    stored.x = X[:-1]
    refused(stored, r"expected rows 992 to 1008 of the data, got an array of shape \(16, 7\)")


def test_labels_of_a_stream_are_checked():
    classifier = ae.SoftmaxClassifier(model(), 2, rng=0)
    with pytest.raises(ValueError, match=r"expected one label per example, shape \(1009,\), got shape \(3,\)"):
        classifier.fit(Stored(X), np.zeros(3, int))
    with pytest.raises(ValueError, match="expected labels from 0 to 1"):
        classifier.fit(Stored(X), np.full(N, 2))
    with pytest.raises(TypeError, match="expected labels, one class number per example"):
        classifier.fit(Stored(X))
    with pytest.raises(TypeError, match="expected no labels"):
        model().fit(Stored(X), np.zeros(N, int))


def test_a_model_whose_data_are_more_than_x_is_told_so():
    class Pair(ae.Autoencoder):
        def as_data(self, x, labels=None):
            return (*super().as_data(x), x)

    with pytest.raises(TypeError, match=r"expected Pair\.as_data to return as many arrays as it gets"):
        Pair([D, H], rng=0).fit(Stored(X))


# What is asked for, and held


def test_no_more_than_a_piece_is_asked_for_each_once_in_an_epoch_and_once_before():
    stored = Stored(X)
    model().fit(stored, epochs=3, rng=0)
    assert max(stop - start for start, stop in stored.asked) == PIECE
    rows = np.zeros(N, int)
    for start, stop in stored.asked:
        if stop - start > 1:  # one row alone is asked for to see its type
            rows[start:stop] += 1
    assert (rows == 1 + 3).all()
    pieces = [start for start, stop in stored.asked if stop - start > 1]
    assert pieces[:33] == sorted(pieces[:33])  # the look before the first epoch
    block = pieces[33 : 33 + PER_BLOCK]
    assert block == sorted(block)  # forwards, as a disk likes it


def test_what_looks_on_reads_no_more():
    stored, trained = Stored(X), model()
    history = trained.fit(stored, epochs=2, rng=0, stop_when_hopeless=True, progress=True)
    read = sum(stop - start for start, stop in stored.asked)
    assert history.diagnosis is not None
    assert sum(stop - start for start, stop in stored.asked) == read < 3 * N + 12


def peak(function):
    """How many bytes are held at most while the function runs."""
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        function()
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


@pytest.mark.in_turn
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("way", ["memmap", "file", "stored"])
def test_a_fit_holds_a_batch_and_two_blocks(tmp_path, monkeypatch, dtype, way):
    monkeypatch.setattr(streams, "PIECE", 2**14)
    monkeypatch.setattr(streams, "BLOCK", 2**18)
    monkeypatch.setattr(streams, "SAMPLE", 2**15)
    monkeypatch.setattr("aescratch.optimizers.optimizer.keep_freed_memory", lambda: None)  # which asks for 32 MiB
    width, batch_size, block = 128, 256, 4 * 2**18
    x = np.lib.format.open_memmap(tmp_path / "x.npy", "w+", dtype, (2**15, width))
    x[:] = np.random.default_rng(0).random(x.shape, np.float32)
    x.flush()
    make = {
        "memmap": lambda: np.load(tmp_path / "x.npy", mmap_mode="r"), "stored": lambda: Stored(np.asarray(x)),
        "file": lambda: ae.datasets.open_file(tmp_path / "x.npy").x,
    }  # fmt: skip
    trained, source = ae.Autoencoder([width, 3], rng=0), make[way]()
    own = peak(lambda: trained.fit(np.asarray(x[: 2 * batch_size], np.float32), epochs=1, batch_size=batch_size, rng=0))
    held = peak(lambda: trained.fit(source, epochs=1, batch_size=batch_size, rng=0, validation=source))
    assert held < own + 2 * block + 4 * width * batch_size
    assert held < 0.3 * x.nbytes
    assert peak(lambda: ae.Scaling.fit(source)) < block
