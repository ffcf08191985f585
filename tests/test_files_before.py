"""Files that an earlier aescratch wrote: models still load and give the same, trainings still go on.

`tests/make_before.py` wrote them once; they stay as they are.
"""

import re
import shutil

import make_before
import numpy as np
import pytest
from make_before import DONE, EPOCHS, FOLDER, MODELS, TRAININGS

import aescratch as ae
from aescratch.foundations.files import read_archive

DREW_OTHERWISE = ["denoising", "variational"]  # noise in float32
GO_ON = [name for name in TRAININGS if name not in DREW_OTHERWISE]

# Another machine's matrix products may sum in another order. What a wrong generator, moment or count of steps does is
# a thousand times larger.
ROUNDING = {"float32": {"rtol": 1e-5, "atol": 1e-6}, "float64": {"rtol": 1e-12, "atol": 1e-13}}


@pytest.fixture(scope="module")
def numbers():
    with np.load(FOLDER / "numbers.npz") as archive:
        return dict(archive)


def of(name, numbers):
    """Return the numbers that are kept for one file."""
    return {key.partition(": ")[2]: array for key, array in numbers.items() if key.partition(": ")[0] == name}


def assert_close(found, kept):
    assert sorted(found) == sorted(kept)
    for name, array in kept.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_allclose(found[name], array, **ROUNDING[array.dtype.name], err_msg=name)


@pytest.mark.parametrize("name", MODELS)
def test_a_model_loads_and_gives_the_same_numbers(name, numbers):
    model = ae.load(FOLDER / f"{name}.npz")
    assert repr(model) == repr(MODELS[name]())
    assert_close(make_before.outputs(model), of(name, numbers))


@pytest.mark.parametrize("name", MODELS)
def test_a_model_that_was_loaded_is_saved_and_trained_like_any_other(name, tmp_path):
    model = ae.load(FOLDER / f"{name}.npz")
    model.save(tmp_path / "again.npz")
    before, again = make_before.outputs(model), make_before.outputs(ae.load(tmp_path / "again.npz"))
    for what, array in before.items():
        np.testing.assert_array_equal(again[what], array, err_msg=what)
    after = make_before.outputs(make_before.train(model, 1))
    assert all((after[what] != array).any() for what, array in before.items())


def resumed(name, folder):
    """Return the model after the training in a checkpoint went on to its end."""
    path = shutil.copy(FOLDER / f"checkpoint-{name}.npz", folder / "run.npz")
    return make_before.train(TRAININGS[name](), EPOCHS, checkpoint=path)


@pytest.mark.parametrize("name", GO_ON)
def test_a_training_goes_on_to_where_it_would_have_ended(name, numbers, tmp_path):
    assert_close(make_before.values(resumed(name, tmp_path)), of(f"checkpoint-{name}", numbers))


@pytest.mark.parametrize("name", GO_ON)
def test_resumed_equals_uninterrupted_bit_for_bit(name, tmp_path):
    _, kept = read_archive(FOLDER / f"checkpoint-{name}.npz", "checkpoint")
    halfway = make_before.values(make_before.train(TRAININGS[name](), DONE))
    if any((kept[f"value {key}"] != value).any() for key, value in halfway.items()):
        pytest.skip("this machine rounds otherwise than the one that wrote the files")
    uninterrupted = make_before.values(make_before.train(TRAININGS[name](), EPOCHS))
    for key, value in make_before.values(resumed(name, tmp_path)).items():
        np.testing.assert_array_equal(value, uninterrupted[key], err_msg=key)


@pytest.mark.parametrize("name", DREW_OTHERWISE)
def test_a_training_whose_noise_was_drawn_otherwise_is_refused_and_nothing_changes(name, tmp_path):
    path = shutil.copy(FOLDER / f"checkpoint-{name}.npz", tmp_path / "run.npz")
    model, kept = TRAININGS[name](), path.read_bytes()
    sentence = (
        f"expected a checkpoint of this version, but {path} is from an earlier aescratch, which drew other noise for the "
        "same seed in float32; pass another path to start again"
    )
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        make_before.train(model, EPOCHS, checkpoint=path)
    assert path.read_bytes() == kept
    for key, value in make_before.values(TRAININGS[name]()).items():
        np.testing.assert_array_equal(make_before.values(model)[key], value)


@pytest.mark.parametrize("name", DREW_OTHERWISE)
def test_what_else_differs_is_said_of_such_a_training_too(name, tmp_path):
    path = shutil.copy(FOLDER / f"checkpoint-{name}.npz", tmp_path / "run.npz")
    with pytest.raises(ValueError, match=r"run\.npz differs in batch_size, noise; pass the same arguments to continue"):
        TRAININGS[name]().fit(
            make_before.X, epochs=EPOCHS, batch_size=4, optimizer=ae.Adam(0.01), rng=0, checkpoint=path
        )


@pytest.mark.parametrize("name", TRAININGS)
def test_a_training_of_today_goes_on_whatever_its_noise(name, tmp_path):
    make_before.train(TRAININGS[name](), DONE, checkpoint=tmp_path / "run.npz")
    gone_on = make_before.train(TRAININGS[name](), EPOCHS, checkpoint=tmp_path / "run.npz")
    for key, value in make_before.values(make_before.train(TRAININGS[name](), EPOCHS)).items():
        np.testing.assert_array_equal(make_before.values(gone_on)[key], value, err_msg=key)
