"""Model files: they restore everything, are written completely or not at all, and a damaged file does no harm.

`tests/data/model-format-1.npz` and the numbers in `test_a_file_of_format_1_opens` were made once, by

    model = ae.DenoisingAutoencoder(
        [5, 4, 3], corruption=ae.GaussianNoise(0.2), activation=functools.partial(ae.LeakyReLU, 0.1),
        code_activation=ae.Tanh, weight_decay=0.01, dtype="float64", rng=0,
    )
    model.save("tests/data/model-format-1.npz")

and stay as they are: a model that one version saved opens in every later one.
"""

import copy
import functools
import io
import json
import os
import pickle
import signal
import subprocess
import sys
import time
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

import aescratch as ae
from aescratch.activations import LAYERS
from aescratch.foundations.files import read_archive, write_archive
from aescratch.losses import LOSSES
from aescratch.models import MODELS as KINDS

ROOT = Path(__file__).resolve().parent.parent
FORMAT_1 = ROOT / "tests" / "data" / "model-format-1.npz"

X = np.random.default_rng(0).random((7, 5))
LABELS = np.array([0, 1, 2, 0, 1, 2, 0])

LEAKY = functools.partial(ae.LeakyReLU, 0.1)


def as_found(kind):
    """A small model of a class, of which nothing else is known."""
    widths = [5, 3] if kind.hidden_layers == "refused" else [5, 4, 3]
    return kind(**kind.arguments_for(widths, n_classes=3, rng=0))


MODELS = {
    **{f"{kind.word} as found": functools.partial(as_found, kind) for kind in KINDS},
    **{name: functools.partial(ae.Autoencoder, [5, 4, 3], activation=kind, rng=0) for name, kind in LAYERS.items()},
    **{name: functools.partial(ae.Autoencoder, [5, 3], reconstruction=kind(), rng=0) for name, kind in LOSSES.items()},
    "vanilla": lambda: ae.Autoencoder([5, 4, 3], rng=0),
    "activations": lambda: ae.Autoencoder(
        [5, 4, 3], activation=LEAKY, code_activation=functools.partial(ae.LeakyReLU, alpha=0.3),
        output_activation=ae.Sigmoid, rng=0,
    ),
    "gelu": lambda: ae.Autoencoder([5, 4, 3], activation=ae.GELU, code_activation=ae.GELUTanh, rng=0),
    "float64": lambda: ae.Autoencoder([5, 4, 3], dtype="float64", activation=ae.Tanh, rng=0),
    "tied": lambda: ae.Autoencoder([5, 4, 3], tied=True, weight_decay=0.1, rng=0),
    "cross-entropy": lambda: ae.Autoencoder([5, 3], reconstruction=ae.BinaryCrossEntropy(), rng=0),
    "initializer": lambda: ae.Autoencoder([5, 3], initializer=ae.he_normal, rng=0),
    "linear": lambda: ae.LinearAutoencoder([5, 3], weight_decay=0.1, rng=0),
    "gaussian": lambda: ae.DenoisingAutoencoder([5, 3], corruption=ae.GaussianNoise(0.5), rng=0),
    "masking": lambda: ae.DenoisingAutoencoder([5, 3], corruption=ae.MaskingNoise(0.25), tied=True, rng=0),
    "salt and pepper": lambda: ae.DenoisingAutoencoder([5, 3], ae.SaltAndPepperNoise(0.4), dtype="float64", rng=0),
    "kl-sparse": lambda: ae.SparseAutoencoder([5, 3], sparsity=ae.KLSparsity(rho=0.1, weight=2), rng=0),
    "l1-sparse": lambda: ae.SparseAutoencoder([5, 3], ae.L1Sparsity(0.1), unit_norm_decoder=True, rng=0),
    "k-sparse": lambda: ae.KSparseAutoencoder([5, 4], k=2, code_activation=ae.ReLU, rng=0),
    "contractive": lambda: ae.ContractiveAutoencoder([5, 3], weight=0.2, code_activation=ae.Tanh, rng=0),
    "stacked": lambda: ae.StackedAutoencoder([5, 4, 3], corruption=ae.MaskingNoise(0.1), rng=0),
    "stacked, clean": lambda: ae.StackedAutoencoder([5, 4, 3], tied=True, rng=0),
    "variational": lambda: ae.VariationalAutoencoder([5, 4, 2], beta=0.5, rng=0),
    "variational, shallow": lambda: ae.VariationalAutoencoder([5, 2], reconstruction=ae.BinaryCrossEntropy(), rng=0),
    "classifier": lambda: ae.SoftmaxClassifier(
        ae.StackedAutoencoder([5, 4, 3], rng=0), n_classes=3, weight_decay=0.1, rng=1
    ),
    "variational classifier": lambda: ae.SoftmaxClassifier(
        ae.VariationalAutoencoder([5, 4, 2], dtype="float64", rng=0), n_classes=3, rng=1
    ),
}  # fmt: skip
every_model = pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)


def data(model):
    return (X, LABELS) if model.takes_labels else (X,)


def used(model):
    """Return the model after some training and a loss: with values of its own, a rng on its way, and a memory."""
    model.fit(*data(model), epochs=2, batch_size=4, optimizer=ae.Adam(0.01))
    model.loss(*data(model))
    return model


def values(model):
    return {parameter.name: parameter.value.copy() for parameter in model.parameters}


def assert_same(first, second):
    assert list(first) == list(second)
    for name, value in first.items():
        assert value.dtype == second[name].dtype
        np.testing.assert_array_equal(value, second[name], err_msg=name)


# Round trips


@every_model
def test_a_saved_model_comes_back_whole(make, tmp_path):
    model = used(make())
    model.save(tmp_path / "model.npz")
    loaded = ae.load(tmp_path / "model.npz")
    assert type(loaded) is type(model)
    assert_same(values(loaded), values(model))
    assert repr(loaded) == repr(model)
    assert str(loaded) == str(model)


@every_model
def test_a_loaded_model_goes_on_like_the_saved_one_noise_included(make, tmp_path):
    model = used(make())
    model.save(tmp_path / "model.npz")
    loaded = ae.load(tmp_path / "model.npz")
    assert [float(loaded.loss(*data(model))) for _ in range(2)] == [float(model.loss(*data(model))) for _ in range(2)]
    used(loaded)
    used(model)
    assert_same(values(loaded), values(model))


@every_model
def test_saving_changes_nothing_and_says_the_same_twice(make, tmp_path):
    model = used(make())
    before, state = values(model), model.rng.bit_generator.state
    model.save(tmp_path / "one.npz")
    model.save(tmp_path / "two.npz")
    assert_same(values(model), before)
    assert model.rng.bit_generator.state == state
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()


def test_tied_weights_are_one_array_after_loading_and_training(tmp_path):
    used(MODELS["tied"]()).save(tmp_path / "model.npz")
    loaded = used(ae.load(tmp_path / "model.npz"))
    outer, inner = loaded.encoder.layers[0], loaded.decoder.layers[-1]
    assert outer.W is inner.W
    assert [parameter.name for parameter in loaded.parameters].count("encoder.W1") == 1


def test_options_of_every_kind_come_back(tmp_path):
    MODELS["activations"]().save(tmp_path / "model.npz")
    loaded = ae.load(tmp_path / "model.npz")
    assert [layer.alpha for layer in loaded.encoder.layers[1::2]] == [0.1, 0.3]
    assert loaded.output_activation is ae.Sigmoid


def test_numbers_of_numpys_are_options_like_any_other(tmp_path):
    model = ae.Autoencoder(
        [np.int64(5), np.int32(3)], activation=functools.partial(ae.LeakyReLU, np.float32(0.5)),
        weight_decay=np.float64(0.25), rng=0,
    )  # fmt: skip
    model.save(tmp_path / "model.npz")
    assert ae.load(tmp_path / "model.npz").encoder.layers[1].alpha == 0.5


def test_a_model_made_by_a_generator_of_another_kind_comes_back(tmp_path):
    model = ae.DenoisingAutoencoder([5, 3], rng=np.random.Generator(np.random.MT19937(0)))
    model.save(tmp_path / "model.npz")
    assert float(ae.load(tmp_path / "model.npz").loss(X)) == float(model.loss(X))


def test_a_path_may_be_a_string_without_an_ending(tmp_path):
    MODELS["vanilla"]().save(str(tmp_path / "model"))
    assert os.listdir(tmp_path) == ["model"]
    assert ae.load(str(tmp_path / "model")).widths == [5, 4, 3]


def test_a_file_holds_json_and_plain_numbers(tmp_path):
    used(MODELS["classifier"]()).save(tmp_path / "model.npz")
    with np.load(tmp_path / "model.npz", allow_pickle=False) as archive:
        kinds = {archive[name].dtype.str for name in archive.files}
        header = json.loads(archive["header"].tobytes())
    assert kinds == {"|u1", "<f4"}
    assert (header["format"], header["kind"]) == (1, "model")
    assert header["model"]["with"]["autoencoder"]["made by"] == "StackedAutoencoder"


def test_a_file_of_format_1_opens():
    model = ae.load(FORMAT_1)
    assert repr(model) == (
        "DenoisingAutoencoder(widths=[5, 4, 3], corruption=GaussianNoise(sigma=0.2), "
        "activation=partial(LeakyReLU, 0.1), code_activation=Tanh, output_activation=None, tied=False, "
        "reconstruction=SquaredError(), weight_decay=0.01, dropout=0.0, batch_norm=False, initializer=xavier_uniform, dtype='float64')"
    )
    x = np.linspace(0, 1, 10).reshape(2, 5)
    code = [
        [-0.3512759763286, -0.2721334925133, 0.2092985676027],
        [-0.8659482721954, -0.7820387630208, 0.4946167240291],
    ]
    x_hat = [[-0.1618543340514, 0.1450181375413, -0.1673647941365, -0.0684146140265, -0.1293112544116]]
    np.testing.assert_allclose(model.encode(x), code, rtol=1e-11)
    np.testing.assert_allclose(model.reconstruct(x)[:1], x_hat, rtol=1e-11)


# Writing, whole or not at all


def test_a_model_on_a_foreign_activation_says_that_it_cannot_be_saved(tmp_path):
    class Swish(ae.Sigmoid):
        pass

    with pytest.raises(TypeError) as caught:
        ae.Autoencoder([5, 3], activation=Swish, rng=0).save(tmp_path / "model.npz")
    assert str(caught.value) == (
        f"expected a class, function or object of aescratch, got {Swish.__qualname__}, which a file can't "
        "restore; write @ae.register above a class of your own, or save the values of model.parameters with numpy.savez, "
        "and build the model in your own code"
    )
    assert os.listdir(tmp_path) == []


def test_a_foreign_class_of_a_familiar_name_is_still_foreign(tmp_path):
    foreign, noise = type("ReLU", (ae.ReLU,), {}), type("GaussianNoise", (ae.GaussianNoise,), {})
    with pytest.raises(TypeError, match="got ReLU, which a file can't restore"):
        ae.Autoencoder([5, 3], activation=foreign, rng=0).save(tmp_path / "model.npz")
    with pytest.raises(TypeError, match="got GaussianNoise, which a file can't restore"):
        ae.DenoisingAutoencoder([5, 3], corruption=noise(0.1), rng=0).save(tmp_path / "model.npz")


@pytest.mark.parametrize(
    "make",
    [
        lambda: ae.Autoencoder([5, 3], initializer=lambda n_in, n_out, rng: rng.normal(size=(n_in, n_out)), rng=0),
        lambda: ae.Autoencoder([5, 3], activation=functools.partial(type("Mine", (ae.LeakyReLU,), {}), 0.1), rng=0),
        lambda: ae.DenoisingAutoencoder([5, 3], type("Mine", (ae.GaussianNoise,), {})(0.1), rng=0),
        lambda: type("Mine", (ae.Autoencoder,), {})([5, 3], rng=0),
    ],
    ids=["initializer", "partial", "corruption", "model"],
)
def test_foreign_things_anywhere_cannot_be_saved_and_leave_no_file(make, tmp_path):
    with pytest.raises(TypeError, match=r"^expected a class, function or object of aescratch, got .*which a file"):
        make().save(tmp_path / "model.npz")
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(os.name == "nt", reason="Windows has no umask")
@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_the_permissions_of_a_file_obey_the_umask(umask, mode, tmp_path):
    before = os.umask(umask)
    try:
        MODELS["vanilla"]().save(tmp_path / "model.npz")
    finally:
        os.umask(before)
    assert (tmp_path / "model.npz").stat().st_mode & 0o777 == mode


def test_a_folder_that_is_not_there_is_an_oserror(tmp_path):
    with pytest.raises(FileNotFoundError):
        MODELS["vanilla"]().save(tmp_path / "nowhere" / "model.npz")


@pytest.mark.skipif(
    os.name == "nt" or not hasattr(os, "geteuid") or os.geteuid() == 0, reason="needs a user whom permissions stop"
)
def test_a_folder_without_permission_is_an_oserror(tmp_path):
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(PermissionError):
            MODELS["vanilla"]().save(tmp_path / "model.npz")
    finally:
        tmp_path.chmod(0o700)


def test_a_file_in_the_place_of_a_folder_is_an_oserror(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(NotADirectoryError, match=r"expected a folder to write model\.npz into, but .*file is not a folder"):
        MODELS["vanilla"]().save(tmp_path / "file" / "model.npz")
    with pytest.raises(FileNotFoundError, match=r"expected a folder to write model\.npz into, but .*not a folder; create it first"):
        MODELS["vanilla"]().save(tmp_path / "nowhere" / "model.npz")


def test_a_folder_in_place_of_a_model_is_refused_with_the_file_to_give(tmp_path):
    with pytest.raises(IsADirectoryError, match=r"got the folder .*; give a file in it, such as model\.npz"):
        ae.load(tmp_path)


def test_a_folder_in_the_place_of_the_file_is_an_oserror(tmp_path):
    (tmp_path / "model.npz").mkdir()
    with pytest.raises(IsADirectoryError, match=r"expected the name of a file to write, but .*model\.npz is a folder"):
        MODELS["vanilla"]().save(tmp_path / "model.npz")
    assert os.listdir(tmp_path) == ["model.npz"]


@pytest.mark.skipif(not hasattr(os, "pathconf"), reason="needs a system that says how long a name may be")
@pytest.mark.parametrize("letter", ["a", "é", "수"])
def test_a_name_may_be_as_long_as_the_system_allows(letter, tmp_path):
    longest = os.pathconf(tmp_path, "PC_NAME_MAX")
    name = letter * (longest // len(letter.encode()))
    name += "a" * (longest - len(name.encode()))
    for model in (MODELS["vanilla"](), used(MODELS["vanilla"]())):
        model.save(tmp_path / name)
        assert os.listdir(tmp_path) == [name]
        assert_same(values(ae.load(tmp_path / name)), values(model))
    with pytest.raises(OSError, match="too long"):
        MODELS["vanilla"]().save(tmp_path / f"{name}a")
    assert os.listdir(tmp_path) == [name]


@pytest.mark.parametrize("step", ["np.lib.format.write_array", "os.fsync", "os.replace"])
@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt()], ids=["disk full", "control-c"])
def test_a_save_that_fails_at_any_step_leaves_the_old_file_and_no_other(step, error, tmp_path, monkeypatch):
    path = tmp_path / "model.npz"
    MODELS["vanilla"]().save(path)
    old = path.read_bytes()

    def fail(target, *rest, **named):
        if step == "np.lib.format.write_array":
            target.write(b"half a file")
        raise error

    monkeypatch.setattr(f"aescratch.foundations.files.{step}", fail)
    with pytest.raises(type(error)):
        used(MODELS["vanilla"]()).save(path)
    assert path.read_bytes() == old
    assert os.listdir(tmp_path) == ["model.npz"]


def written_until(path, line):
    """Write an archive, with Control-C before the line of Python that has this number; return the class of what was raised."""
    counted = 0

    def trace(frame, event, argument):
        nonlocal counted
        if "__del__" in (frame.f_code.co_name, frame.f_back.f_code.co_name):
            return None  # what is raised there goes nowhere
        if event == "line":
            counted += 1
            if counted == line:
                sys.settrace(None)
                raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        write_archive(path, {"kind": "model"}, {"x": np.arange(3.0), "y": np.zeros((2, 5))})
    except BaseException as error:
        return type(error)  # the error itself would keep the interrupted frames, and what they hold, alive
    finally:
        sys.settrace(before)
    return None


def test_control_c_at_any_line_of_writing_is_control_c(tmp_path, monkeypatch):
    """Closing a zip file complains of a member that is open, and would hide it."""
    ignored = []
    monkeypatch.setattr(sys, "unraisablehook", lambda raised: ignored.append(str(raised.exc_value)))
    path = tmp_path / "model.npz"
    write_archive(path, {"kind": "model"}, {"x": np.arange(2.0)})
    old, line = path.read_bytes(), 1
    while (error := written_until(path, line)) is not None:
        assert error is KeyboardInterrupt, line
        assert os.listdir(tmp_path) == ["model.npz"]
        assert line > 100 or path.read_bytes() == old
        line += 1
    assert line > 300
    assert not [text for text in ignored if "open writing handle" in text]


@pytest.mark.in_turn
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs kill -9")
def test_killing_a_save_at_random_moments_leaves_a_whole_file(tmp_path):
    """A process saves two models alternately, until it is killed; the file is then one of the two."""
    path, code = tmp_path / "model.npz", """
import sys, aescratch as ae
models = [ae.Autoencoder([300, 100], rng=seed) for seed in (0, 1)]
print("ready", flush=True)
while True:
    for model in models:
        model.save(sys.argv[1])
"""
    models = [values(ae.Autoencoder([300, 100], rng=seed)) for seed in (0, 1)]
    ae.Autoencoder([300, 100], rng=0).save(path)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    for delay in np.random.default_rng(0).uniform(0, 0.02, 12):
        command = [sys.executable, "-c", code, str(path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as process:
            process.stdout.readline()
            time.sleep(delay)
            process.send_signal(signal.SIGKILL)
        found = values(ae.load(path))["encoder.W1"]
        assert any((found == model["encoder.W1"]).all() for model in models)


# Reading what is damaged, truncated, foreign or hostile


@pytest.fixture
def small(tmp_path):
    path = tmp_path / "model.npz"
    ae.DenoisingAutoencoder([3, 2], rng=0).save(path)
    return path


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError):
        ae.load(tmp_path / "model.npz")


def test_a_folder_is_an_oserror(tmp_path):
    with pytest.raises(OSError, match=tmp_path.name):
        ae.load(tmp_path)


FOREIGN = {
    "nothing": b"",
    "text": b"a letter\n" * 1000,
    "pickle": pickle.dumps({"weights": [1, 2, 3]}),
    "zeros": bytes(10_000),
    "noise": np.random.default_rng(0).bytes(10_000),
    "picture": b"\x89PNG\r\n\x1a\n" + bytes(500),
    "the end of a zip": b"PK\x05\x06" + bytes(18),
}


@pytest.mark.parametrize("content", FOREIGN.values(), ids=FOREIGN)
def test_a_foreign_file_is_refused(content, tmp_path):
    (tmp_path / "model.npz").write_bytes(content)
    with pytest.raises(ae.FileFormatError, match=r"^expected a model that aescratch saved, but .*\.npz is another file, or a damaged one"):
        ae.load(tmp_path / "model.npz")


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed, np.save])
def test_arrays_of_somebody_else_are_refused(save, tmp_path):
    save(tmp_path / "model.npz", np.zeros(3))
    (written,) = tmp_path.iterdir()
    with pytest.raises(ae.FileFormatError):
        ae.load(written)


def test_a_checkpoint_is_no_model(tmp_path):
    ae.Autoencoder([5, 3], rng=0).fit(X, epochs=1, rng=0, checkpoint=tmp_path / "run.npz")
    with pytest.raises(ae.FileFormatError, match=r"^expected a model, but .*run\.npz holds a checkpoint; pass it to fit as checkpoint="):
        ae.load(tmp_path / "run.npz")


def test_every_truncation_is_refused(small):
    whole = small.read_bytes()
    for length in [*range(0, len(whole) - 200, 7), *range(len(whole) - 200, len(whole))]:
        small.write_bytes(whole[:length])
        with pytest.raises(ae.FileFormatError):
            ae.load(small)


def test_random_byte_flips_are_refused_or_harmless(small):
    whole, original, rng = small.read_bytes(), values(ae.load(small)), np.random.default_rng(0)
    refused = 0
    for _ in range(300):
        damaged = bytearray(whole)
        damaged[rng.integers(len(whole))] ^= rng.integers(1, 256)
        small.write_bytes(damaged)
        try:
            model = ae.load(small)
        except ae.FileFormatError:
            refused += 1
        else:
            assert_same(values(model), original)  # the flip hit what nobody reads
            assert np.isfinite(float(model.loss(np.ones((2, 3)))))
    assert 150 < refused < 300


def test_random_byte_flips_behind_a_right_checksum_are_refused_or_give_a_valid_model(small):
    rng, refused = np.random.default_rng(0), 0
    with zipfile.ZipFile(small) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    names = list(members)
    for _ in range(300):
        name = names[rng.integers(len(names))]
        damaged = bytearray(members[name])
        damaged[rng.integers(len(damaged))] ^= rng.integers(1, 256)
        with zipfile.ZipFile(small, "w") as archive:
            for other, content in members.items():
                archive.writestr(other, bytes(damaged) if other == name else content)
        try:
            model = ae.load(small)
        except ae.FileFormatError:
            refused += 1
        else:
            assert all(np.isfinite(value).all() for value in values(model).values())
            model.encode(np.ones((2, model.widths[0])))
    assert 100 < refused < 300


def rewritten(path, header=lambda header: header, arrays=lambda arrays: arrays):
    """Write a file again with a changed header and changed arrays, all checksums right."""
    old_header, old_arrays = read_archive(path, "model")
    write_archive(path, header(old_header), arrays(dict(old_arrays)))


def change_settings(**changed):
    def change(header):
        header["model"]["with"].update(changed)
        return header

    return change


def nested(depth):
    value = 0
    for _ in range(depth):
        value = [value]
    return value


def classifier_on(autoencoder, n_classes):
    return {"made by": "SoftmaxClassifier", "with": {"autoencoder": autoencoder, "n_classes": n_classes}}


HUGE = {"made by": "Autoencoder", "with": {"widths": [10**5, 10**5]}}
HEADERS = {
    "another class": lambda header: {**header, "model": {"made by": "Recipe2", "with": {"widths": [3, 2]}}},
    "no model": lambda header: {**header, "model": {"made by": "SquaredError", "with": {}}},
    "an activation": lambda header: {**header, "model": {"made by": "ReLU", "with": {}}},
    "an optimizer": lambda header: {**header, "model": {"made by": "Adam", "with": {"learning_rate": 0.1}}},
    "a function": lambda header: {**header, "model": {"named": "xavier_uniform"}},
    "a module's function": lambda header: {**header, "model": {"made by": "os.system", "with": {"command": "true"}}},
    "a number": lambda header: {**header, "model": 7},
    "nothing": lambda header: {**header, "model": None},
    "no description": lambda header: {"kind": "model"},
    "settings as pairs": lambda header: {**header, "model": {"made by": "Autoencoder", "with": [["widths", [3, 2]]]}},
    "an unknown setting": change_settings(colour="blue"),
    "huge widths": change_settings(widths=[10**9, 10**9]),
    "many widths": change_settings(widths=[1] * 10**5),
    "widths of text": change_settings(widths=["x", 10**9]),
    "widths below nothing": change_settings(widths=[-3, -2]),
    "widths in floats": change_settings(widths=[3.0, 2.0]),
    "widths as a number": change_settings(widths=3),
    "other widths": change_settings(widths=[2, 3]),
    "a huge model as an option": change_settings(weight_decay=HUGE),
    "a huge model as a list of options": change_settings(weight_decay=[[HUGE]]),
    "a huge model as a partial": change_settings(activation={"partial": "ReLU", "args": [HUGE], "with": {}}),
    "an option that is NaN": change_settings(weight_decay=float("nan")),
    "a wrong dtype": change_settings(dtype="float64"),
    "an unknown dtype": change_settings(dtype="object"),
    "an activation by a wrong name": change_settings(activation={"named": "he_normal"}),
    "an initializer that is none": change_settings(initializer={"named": "Sigmoid"}),
    "deep settings": change_settings(weight_decay=nested(800)),
    "no generator": lambda header: {key: value for key, value in header.items() if key != "rng"},
    "a broken generator": lambda header: {**header, "rng": {**header["rng"], "state": {"state": -1, "inc": 10**99}}},
    "a huge classifier": lambda header: {**header, "model": classifier_on(header["model"], 10**9)},
    "a classifier on a huge model": lambda header: {**header, "model": classifier_on(HUGE, 2)},
    "a classifier on a classifier": lambda header: {
        **header, "model": classifier_on(classifier_on(header["model"], 2), 2)
    },
}  # fmt: skip


def assert_refused_cheaply(path, text):
    """A file that is refused takes no time, and little more memory than it is long."""
    size = path.stat().st_size
    tracemalloc.start()
    started = time.process_time()
    try:
        with pytest.raises(ae.FileFormatError, match=text):
            ae.load(path)
        assert time.process_time() - started < 2
        assert tracemalloc.get_traced_memory()[1] < 20 * size + 3_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("change", HEADERS.values(), ids=HEADERS)
def test_a_hostile_header_is_refused_cheaply(change, small):
    rewritten(small, header=change)
    assert_refused_cheaply(small, r"^expected a model that aescratch saved, but the contents of .* are not a valid model \(")


ARRAYS = {
    "NaN": lambda arrays: {**arrays, "encoder.b1": np.array([np.nan, 0], np.float32)},
    "infinity": lambda arrays: {**arrays, "encoder.b1": np.array([np.inf, 0], np.float32)},
    "a wrong dtype": lambda arrays: {**arrays, "encoder.b1": np.zeros(2)},
    "another byte order": lambda arrays: {**arrays, "encoder.b1": np.zeros(2, ">f4")},
    "a wrong shape": lambda arrays: {**arrays, "encoder.b1": np.zeros((2, 1), np.float32)},
    "a missing array": lambda arrays: {name: value for name, value in arrays.items() if name != "encoder.b1"},
    "an array too many": lambda arrays: {**arrays, "encoder.b9": np.zeros(2, np.float32)},
    "no arrays": lambda arrays: {},
}


@pytest.mark.parametrize("change", ARRAYS.values(), ids=ARRAYS)
def test_arrays_that_do_not_fit_are_refused(change, small):
    rewritten(small, arrays=change)
    assert_refused_cheaply(small, r"^expected a model that aescratch saved, but the contents of .* are not a valid model \(")


def npy(descr="<f4", shape="(2,)", content=bytes(8), version=(1, 0)):
    """Return the bytes of an npy file whose header says whatever it is told."""
    text = f"{{'descr': {descr!r}, 'fortran_order': False, 'shape': {shape}, }}".encode()
    return b"\x93NUMPY" + bytes(version) + len(text).to_bytes(2, "little") + text + content


def pickled():
    stream = io.BytesIO()
    np.save(stream, np.array([{"a": 1}], object), allow_pickle=True)
    return stream.getvalue()


MEMBERS = {
    "a shape beyond the content": npy(shape="(1000000000, 1000)"),
    "a shape beyond all memory": npy(shape="(10000000000000000000, 10000000000000000000)"),
    "a shape below nothing": npy(shape="(-1, -2)"),
    "a shape of nothing": npy(shape="(0, 1000000000000000000000000)", content=b""),
    "a shape in words": npy(shape="'big'"),
    "less content than its shape": npy(content=bytes(7)),
    "more content than its shape": npy(content=bytes(9)),
    "objects": pickled(),
    "objects by name": npy(descr="|O"),
    "records": npy(descr="[('a', '<f4')]"),
    "text": npy(descr="<U1"),
    "complex numbers": npy(descr="<c8"),
    "no dtype": npy(descr="nonsense"),
    "a header that is no dictionary": b"\x93NUMPY\x01\x00\x04\x00open",
    "a header of python 2": npy(shape="(2L,)"),
    "a header in brackets": b"\x93NUMPY\x01\x00\x10\x27" + b"(" * 10_000,
    "another version": npy(version=(3, 0)),
    "no npy at all": b"hello",
    "nothing": b"",
}


@pytest.mark.parametrize("content", MEMBERS.values(), ids=MEMBERS)
def test_a_hostile_member_is_refused_cheaply(content, small):
    with zipfile.ZipFile(small) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(small, "w") as archive:
        for name, original in members.items():
            archive.writestr(name, content if name == "encoder.b1.npy" else original)
    assert_refused_cheaply(small, "^expected a model that aescratch saved, but ")


def with_raw_header(path, text):
    header = npy("|u1", f"({len(text)},)", text)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("header.npy", header)


JSON = {
    "nothing": (b"", "is another file, or a damaged one"),
    "no JSON": (b"{", "is another file, or a damaged one"),
    "no text": (b"\xff\xfe\x00", "is another file, or a damaged one"),
    "a list": (b"[]", "is another file, or a damaged one"),
    "brackets 100,000 deep": (b"[" * 100_000 + b"]" * 100_000, "is another file, or a damaged one"),
    "braces 100,000 deep": (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "is another file, or a damaged one"),
    "a number of 100,000 digits": (b'{"format": ' + b"9" * 100_000 + b"}", "is another file, or a damaged one"),
    "no kind": (b'{"format": 1}', "is another file, or a damaged one"),
    "format 2": (b'{"format": 2, "kind": "model"}', "has format 2; open it with a newer aescratch"),
    "a format in words": (b'{"format": "new", "kind": "model"}', "has format new; open it with a newer aescratch"),
    "another kind": (b'{"format": 1, "kind": "poem"}', "holds a poem; give the path of a model"),
    "no description": (b'{"format": 1, "kind": "model"}', "are not a valid model"),
}


def test_what_is_said_of_a_file_doesnt_repeat_the_file(small):
    header, arrays = read_archive(small, "model")
    long = "x" * 800_000
    for changed in ({**header, "model": {"made by": long, "with": {}}}, {**header, "model": {**header["model"], "with": {long: 1}}}, {**header, "kind": long}, {**header, "format": [long]}):
        write_archive(small, changed, arrays)
        with pytest.raises(ae.FileFormatError) as caught:
            ae.load(small)
        assert len(str(caught.value)) < 600


@pytest.mark.parametrize(("text", "said"), JSON.values(), ids=JSON)
def test_a_hostile_json_header_is_refused_cheaply(text, said, small):
    with_raw_header(small, text)
    assert_refused_cheaply(small, said)


def test_a_compressed_member_is_refused_before_it_is_unpacked(small):
    with zipfile.ZipFile(small, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.npy", bytes(50_000_000))
    assert small.stat().st_size < 100_000
    assert_refused_cheaply(small, "a member is compressed")


def test_members_that_overlap_are_refused_before_they_are_read(small):
    """The directory names one stored megabyte a thousand times."""
    with zipfile.ZipFile(small, "w") as archive:
        archive.writestr("bomb.npy", bytes(1_000_000))
        (member,) = archive.filelist
        for number in range(1000):
            other = copy.copy(member)
            other.filename = f"bomb{number}.npy"
            archive.filelist.append(other)
    assert_refused_cheaply(small, "the members are larger than the file")


def test_opening_a_file_never_runs_code_from_it(small, tmp_path):
    class Evil:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "ran",))

    stream = io.BytesIO()
    np.save(stream, np.array([Evil()], object), allow_pickle=True)
    for name in ("header.npy", "encoder.b1.npy", "evil.npy"):
        with zipfile.ZipFile(small, "w") as archive:
            archive.writestr(name, stream.getvalue())
        with pytest.raises(ae.FileFormatError):
            ae.load(small)
    assert not (tmp_path / "ran").exists()


# Copies


COPIES = {"deepcopy": copy.deepcopy, "pickle": lambda model: pickle.loads(pickle.dumps(model))}


@every_model
@pytest.mark.parametrize("duplicate", COPIES.values(), ids=COPIES)
def test_a_copy_is_a_whole_model_of_its_own_that_trains(make, duplicate):
    model = used(make())
    original, state = values(model), model.rng.bit_generator.state
    twin = duplicate(model)
    assert_same(values(twin), original)
    mine, other = model.parameters, twin.parameters
    assert not any(np.shares_memory(a.value, b.value) for a in mine for b in other)
    buffers = {id(parameter.buffer): parameter.buffer for parameter in other}.values()
    assert len(buffers) == (2 if isinstance(model, ae.SoftmaxClassifier) else 1)  # a classifier's head has its own
    for parameter in other:
        assert np.shares_memory(parameter.value, parameter.buffer.values)
        assert np.shares_memory(parameter.grad, parameter.buffer.grads)
    used(twin)
    assert any((values(twin)[name] != value).any() for name, value in original.items())
    assert_same(values(model), original)
    assert model.rng.bit_generator.state == state


@every_model
@pytest.mark.parametrize("duplicate", COPIES.values(), ids=COPIES)
def test_a_copy_goes_on_like_its_original(make, duplicate):
    model = used(make())
    twin = duplicate(model)
    used(twin)
    used(model)
    assert_same(values(twin), values(model))


def test_a_copy_forgets_the_forward_pass():
    model = used(MODELS["vanilla"]())
    with pytest.raises(RuntimeError, match=r"expected a forward pass before backward\(\)"):
        copy.deepcopy(model).backward()
    model.backward()


def test_a_copy_of_a_tied_model_is_tied_to_itself():
    twin = copy.deepcopy(MODELS["tied"]())
    assert twin.encoder.layers[0].W is twin.decoder.layers[-1].W
    assert twin.decay.weights[0] is twin.encoder.layers[0].W


def test_a_copy_of_a_classifier_trains_its_own_autoencoder():
    model = MODELS["classifier"]()
    twin = copy.deepcopy(model)
    assert twin.autoencoder.parameters[0] is twin.parameters[0]
    assert twin.autoencoder is not model.autoencoder
