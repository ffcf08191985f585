"""The package with other libraries: frames, notebooks, axes, logs, and JSON for programs."""

import configparser
import inspect
import json
import logging
import pathlib
import xml.etree.ElementTree

import numpy as np
import pytest

import aescratch as ae
from aescratch import plots
from aescratch.programs.cli import main
from aescratch.programs.cli.exercises import ACTIONS
from aescratch.programs.cli.program import COMMANDS

X = np.random.default_rng(0).random((7, 5))


def model(**options):
    return ae.Autoencoder([5, 3], **{"dtype": "float64", "rng": 0, **options})


def pandas_frame(**changed):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X, columns=list("abcde"), index=range(10, 17))
    for name, column in changed.items():
        frame[name] = pandas.Series(column, index=frame.index)
    return frame


def polars_frame(**changed):
    polars = pytest.importorskip("polars")
    return polars.DataFrame({**dict(zip("abcde", X.T, strict=True)), **changed}, strict=False)


FRAMES = pytest.mark.parametrize("frame", [pandas_frame, polars_frame])


@FRAMES
def test_a_frame_is_its_matrix(frame):
    expected, data = model(), frame()
    assert np.array_equal(expected.encode(data), expected.encode(X))
    assert np.array_equal(expected.reconstruct(data), expected.reconstruct(X))
    assert expected.loss(data) == expected.loss(X)
    trained = [model().fit(x, epochs=2, validation=x, rng=0).validation_loss for x in (X, data)]
    assert trained[0] == trained[1]
    assert np.array_equal(expected.decode(frame()[["a", "b", "c"]]), expected.decode(X[:, :3]))


@FRAMES
def test_whole_numbers_among_floats_are_numbers(frame):
    mixed = X.copy()
    mixed[:, 1] = range(7)
    assert model().loss(frame(b=range(7))) == model().loss(mixed)


@FRAMES
@pytest.mark.parametrize(
    ("column", "kind", "sentence"),
    [(list("uvwxyzu"), TypeError, r"expected numbers in every column of x, got \w+ in column 'b'; convert it to numbers"),
     ([True, False] * 3 + [True], TypeError, r"got (bool|Boolean) in column 'b'"),
     ([0.5, None, 0.5, 0.5, 0.5, None, 0.5], ValueError, "got 2 in column 'b' that are missing, NaN or infinite"),
     ([np.inf] * 7, ValueError, "got 7 in column 'b' that are missing, NaN or infinite"),
     (np.array(["2026-01-01"] * 7, "datetime64[us]"), TypeError, r"got [Dd]atetime.* in column 'b'")],
    ids=["text", "truth", "missing", "infinite", "dates"],
)  # fmt: skip
def test_a_column_that_is_of_no_use_is_named(frame, column, kind, sentence):
    with pytest.raises(kind, match=sentence):
        model().fit(frame(b=column))


def test_kinds_of_columns_that_only_pandas_has():
    pandas = pytest.importorskip("pandas")
    whole = pandas.array([0.5] * 7, dtype="Float64")
    expected = X.copy()
    expected[:, 1] = 0.5
    assert model().loss(pandas_frame(b=whole)) == model().loss(expected)
    with pytest.raises(ValueError, match="got 1 in column 'b' that are missing"):
        model().loss(pandas_frame(b=pandas.array([0.5] * 6 + [None], dtype="Float64")))
    with pytest.raises(TypeError, match="got category in column 'b'"):
        model().loss(pandas_frame(b=pandas.Categorical([1.0, 2.0] * 3 + [1.0])))
    with pytest.raises(TypeError, match=r"divide first, for example x / 16\.0"):
        model().loss(pandas.DataFrame(np.full((7, 5), 15)))
    with pytest.raises(ValueError, match="expected x to have 5 columns"):
        model().loss(pandas_frame()[["a"]])


def test_a_series_of_labels():
    pandas, polars = pytest.importorskip("pandas"), pytest.importorskip("polars")
    labels = np.array([0, 1, 2, 0, 1, 2, 0])
    losses = [
        ae.SoftmaxClassifier(model(), 3, rng=0).fit(X, given, epochs=1, rng=0).loss
        for given in (labels, pandas.Series(labels, index=range(3, 10)), polars.Series(labels))
    ]
    assert losses[0] == losses[1] == losses[2]
    with pytest.raises(TypeError, match="expected labels to be an array of integers"):
        ae.SoftmaxClassifier(model(), 3, rng=0).fit(X, pandas.Series(list("abcabca")))


class Holder:
    """An object that isn't an array but converts to one."""

    def __init__(self, x):
        self.x = x

    def __array__(self, dtype=None, copy=None):
        if self.x is None:
            raise RuntimeError("it is elsewhere")
        return self.x


def test_what_gives_an_array_is_taken_for_it():
    assert model().loss(Holder(X)) == model().loss(X)
    with pytest.raises(TypeError, match=r"got test_ecosystem\.Holder, which NumPy can't convert \(it is else"):
        model().loss(Holder(None))
    with pytest.raises(TypeError, match="got a masked one"):
        model().loss(np.ma.masked_array(X, X > 0.5))


class Odd(ae.Autoencoder):
    """Has a part with a name that would be HTML."""

    @property
    def parts(self):
        return {**super().parts, "<script>&": self.decay}


def parsed(html):
    """The elements of a piece of HTML, which is well-formed XML here."""
    return xml.etree.ElementTree.fromstring(html)


def rows(html):
    return [[cell.text or "" for cell in row] for row in parsed(html).iter("tr")]


def test_a_model_shows_in_a_notebook_what_it_prints_and_counts():
    shown = ae.SparseAutoencoder([64, 32], tied=True, rng=0)
    head, *body = rows(shown._repr_html_())
    assert head == ["part", "what it is", "shapes", "parameters"]
    assert [row[:2] for row in body] == [[name, repr(part)] for name, part in shown.parts.items()]
    assert body[0][2:] == ["W1 (64, 32), b1 (32,)", "2,080"]
    assert sum(int(row[3].replace(",", "")) for row in body if row[3]) == shown.n_parameters
    texts = "".join(parsed(shown._repr_html_()).itertext())
    assert all(line.strip() in texts for line in (str(shown).splitlines()[0], str(shown).splitlines()[-1]))
    assert rows(Odd([5, 3])._repr_html_())[-1][0] == "<script>&"


def test_a_history_shows_its_first_and_last_epochs_and_a_curve():
    history = model().fit(X, epochs=20, validation=X[:3], rng=0)
    history.best_epoch = 9
    head, *body = rows(history._repr_html_())
    assert head == ["epoch", "loss", "validation loss", "learning rate"]
    assert [row[0] for row in body] == ["1", "2", "3", "…", "10 (best)", "…", "18", "19", "20"]
    assert body[-1][1:] == [f"{value:.4g}" for value in (history.loss[-1], history.validation_loss[-1], 1e-3)]
    curves = [node.get("points").split() for node in parsed(history._repr_html_()).iter("polyline")]
    assert [len(points) for points in curves] == [20, 20]
    heights = np.array([[float(point.split(",")[1]) for point in points] for points in curves])
    values = np.array([history.loss, history.validation_loss])
    assert np.corrcoef(heights.ravel(), values.ravel())[0, 1] == pytest.approx(-1, abs=1e-3), "SVG counts from the top"
    assert 4 <= heights.min() < heights.max() <= 92


def test_short_and_long_histories_show_too():
    assert "no epochs" in ae.History()._repr_html_()
    one = model().fit(X, epochs=1, rng=0)
    assert "polyline" not in one._repr_html_()
    assert [row[0] for row in rows(one._repr_html_())] == ["epoch", "1"]
    many = ae.History(loss=[1.0] * 100_000, learning_rate=[0.1] * 100_000)
    assert len(many._repr_html_()) < 10_000


def test_every_plot_takes_axes_and_says_that_it_returns_them():
    drawing = [
        function for name, function in inspect.getmembers(plots, inspect.isfunction)
        if function.__module__.startswith(plots.__name__ + ".") and name != "show"
        and not name.startswith("_")
    ]  # fmt: skip
    assert len(drawing) >= 8
    for function in drawing:
        signature = inspect.signature(function)
        assert signature.parameters["ax"].default is None, function
        assert signature.return_annotation == "Axes", function


def test_nothing_is_logged_or_printed_unasked(capsys, caplog):
    with caplog.at_level(logging.WARNING):
        model().fit(X, epochs=1, rng=0)
    assert (capsys.readouterr(), caplog.records) == (("", ""), [])


JSON = {
    "train": (["train", "sparse", "--code", "4", "--epochs", "1", "--out", "new"], {"variant": "sparse", "epochs": 1}),
    "evaluate": (["evaluate", "run"], {"model": "SparseAutoencoder", "examples": 1797}),
    "encode": (["encode", "run", "digits", "--out", "h.npy"], {"file": "h.npy", "codes": 1797, "units": 4}),
    "decode": (["decode", "run", "codes.npy", "--out", "x.npy"], {"file": "x.npy", "examples": 1797, "numbers": 64}),
    "check": (["check", "vanilla"], {"verdict": "pass"}),
    "step": (["step", "vanilla"], {"page": "step.html"}),
    "site": (["site", "public"], {"site": "public", "exercises": 38}),
    "playground": (["playground"], {"page": "playground.html"}),
    "tour": (["tour", "--quick", "--variant", "linear"], {"quick": True}),
    "bench": (["bench", "--quick", "--only", "import"], {}),
    "info": (["info"], {"numpy": np.__version__, "aescratch": ae.__version__}),
}
SAYS_IT_PER_ACTION = {"exercises"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where the commands run, with a trained model in run/."""
    folder = tmp_path_factory.mktemp("json")
    assert main(["train", "sparse", "--code", "4", "--epochs", "1", "--out", str(folder / "run"), "--json"]) == 0
    assert main(["encode", str(folder / "run"), "digits", "--out", str(folder / "codes.npy")]) == 0
    return folder


@pytest.mark.in_turn
@pytest.mark.parametrize("command", JSON)
def test_a_command_answers_in_json_and_prints_nothing_else(command, folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    words, expected = JSON[command]
    capsys.readouterr()
    assert main([*words, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert {name: answer[name] for name in expected} == expected


def test_what_step_answers_holds_every_number(folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    assert main(["step", "vanilla", "--text", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    traced = ae.trace(ae.Autoencoder([8, 4], rng=0), np.array(answer["given"]["x"]), optimizer=ae.SGD(0.1), rng=0)
    assert answer["page"] is None
    assert [operation["name"] for operation in answer["operations"]] == [operation.name for operation in traced]
    for ours, theirs in zip(traced, answer["operations"], strict=True):
        assert np.array_equal(ours.output, theirs["output"])


def test_every_command_has_json_and_its_help_says_so(capsys):
    assert set(JSON) | SAYS_IT_PER_ACTION == set(COMMANDS)
    for command in JSON:
        assert main([command, "--help"]) == 0
        assert "--json" in capsys.readouterr().out


@pytest.mark.parametrize("action", sorted(set(ACTIONS) - {"watch"}))
def test_every_action_of_exercises_has_json(action, capsys):
    assert main(["exercises", action, "--help"]) == 0
    assert "--json" in capsys.readouterr().out


def test_what_an_action_did_is_json_too(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    answers = {}
    for words in (["init", "course"], ["new", "mine", "--in", "src"], ["validate", "src"], ["release", "src", "out"]):
        assert main(["exercises", *words, "--json"]) == 0
        answers[words[0]] = json.loads(capsys.readouterr().out)
        assert (answers[words[0]]["action"], answers[words[0]]["status"]) == (words[0], 0)
    assert answers["init"]["said"][0].startswith("course is ready: ")
    assert [row["exercise"] for row in answers["validate"]["exercises"]] == ["mine"]
    assert answers["validate"]["problems"] == []


def test_what_goes_wrong_leaves_the_output_empty(capsys):
    assert main(["evaluate", "nothing.npz", "--json"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("aescratch: ")


def test_what_is_no_python_is_installed_too():
    root = pathlib.Path(__file__).parents[1]
    if not (root / "setup.cfg").exists():
        pytest.skip("needs the repository")
    settings = configparser.ConfigParser()
    settings.read(root / "setup.cfg")
    package = root / "aescratch"
    patterns = settings["options.package_data"]["aescratch"].split()
    listed = {path for pattern in patterns for path in package.glob(pattern)}
    files = {path for path in package.rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    modules = {path for path in files if path.suffix == ".py" and (path.parent / "__init__.py").exists()}
    left_out = {path.relative_to(package).as_posix() for path in files - modules - listed}
    # The first is for the repository's own tests; the second is packed into a .json, which is installed.
    assert left_out <= {"classroom/path/conftest.py", "data/locale/ko/LC_MESSAGES/aescratch.po"}
    assert not [pattern for pattern in patterns if not list(package.glob(pattern))]
