"""Editors and type checkers understand the installed package: its place, every public name, and the types of results."""

import ast
import importlib.metadata
import importlib.util
import inspect
import json
import os
import pathlib
import shutil
import subprocess
import sys
import venv
import zipfile

import matplotlib
import numpy
import pytest

import aescratch as ae
from aescratch.activations import LAYERS
from aescratch.losses import LOSSES
from aescratch.models.autoencoder import AutoencoderSettings
from aescratch.models.stacked import PretrainSettings
from aescratch.penalties import SPARSITIES

ROOT = pathlib.Path(__file__).parents[1]
# What a user writes. It is checked by the checkers and run; what it says of types holds for both.
USER = '''# pyright: reportUnnecessaryTypeIgnoreComment=true
from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes

import aescratch as ae
from aescratch.inspection.gradcheck import MeaningReport, Report

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from typing_extensions import assert_type
else:
    from typing import get_origin

    NDArray = np.ndarray

    def assert_type(value, kind):
        assert isinstance(value, get_origin(kind) or kind), (value, kind)


digits = ae.datasets.load_digits()
train, test = digits.split(0.5, rng=0)
x = train.x[:50]
assert train.labels is not None
labels = train.labels[:50]

model = ae.SparseAutoencoder([64, 8], sparsity=ae.KLSparsity(rho=0.05, weight=0.5), tied=True, rng=0)
assert_type(model, ae.SparseAutoencoder)
history = model.fit(x, epochs=2, optimizer=ae.Adam(ae.CosineRate(1e-2)), validation=test.x, rng=0)
assert_type(history, ae.History)
assert_type(history.loss, list[float])
assert_type(history.plot(), Axes)
assert_type(model.loss(x), np.floating[Any])
assert_type(model.loss(x) / 2 + model.loss(x), np.floating[Any])
assert_type(model.loss(x).item(), float)
assert_type(f"{model.loss(x):.3f}", str)
assert_type(model.encode(x), NDArray[Any])
assert_type(model.reconstruct(x), NDArray[Any])
assert_type(model.parameters, list[ae.Parameter])
assert_type(model.parameters[0].grad, NDArray[Any])
with model.training():
    assert_type(model.loss(x, rng=0), np.floating[Any])
    model.backward()

report = ae.check_gradients(model, x[:7])
assert_type(report, Report)
assert_type(report.verdict, str)
assert_type(report.max_relative_error, float)
assert_type(ae.check_meaning(model), MeaningReport)
assert_type(ae.check_layer(ae.Dense(5, 3, rng=0), np.ones((7, 5))), Report)
step = ae.trace(ae.Autoencoder([64, 2], rng=0), x[:2], optimizer=ae.SGD(0.1))
assert_type(step, ae.Trace)
assert_type(step["a1"].formula, str)

transformer = ae.AutoencoderTransformer(ae.SparseAutoencoder, n_components=4, epochs=1, random_state=0)
assert_type(transformer.fit(x), ae.AutoencoderTransformer)
assert_type(transformer.fit_transform(x), NDArray[Any])
assert_type(transformer.model_.widths, list[int])
assert_type(transformer.history_, ae.History)

plain = ae.Autoencoder([64, 8], activation=ae.GELU, code_activation=functools.partial(ae.LeakyReLU, 0.1), rng=0)
assert_type(plain.to("numpy"), ae.Autoencoder)
assert_type(ae.LeakyReLU(0.1).alpha, float)
assert_type(ae.GELU(), ae.GELU)
assert_type(ae.ReLU().forward(x), NDArray[Any])
assert_type(ae.functions.squared_error(x, x), np.floating[Any])
assert_type(ae.SquaredError().forward(x, x), np.floating[Any])
assert_type(ae.L1Sparsity(0.1).forward(x), np.floating[Any])
plain.save("model.npz")
again: ae.Autoencoder = ae.load("model.npz")

stack = ae.StackedAutoencoder([64, 16, 8], corruption=ae.MaskingNoise(0.3), dropout=0.1, rng=0)
assert_type(stack.pretrain(x, epochs=1, optimizer=ae.Momentum(1e-2), rng=0), list[ae.History])
classifier = ae.SoftmaxClassifier(stack, n_classes=10, rng=0)
assert_type(classifier.fit(x, labels, epochs=1), ae.History)
assert_type(classifier.loss(x, labels), np.floating[Any])
assert_type(classifier.score(x, labels), float)
assert_type(ae.VariationalAutoencoder([64, 8], reconstruction=ae.BinaryCrossEntropy()).sample(3, rng=0), NDArray[Any])


@ae.register
class Mine(ae.Autoencoder):
    def __init__(self, widths: Sequence[int], share: float = 0.5, **options: Any) -> None:
        super().__init__(widths, **options)
        self.share = share

    def loss(self, x: NDArray[Any], rng: int | np.random.Generator | None = None) -> np.floating[Any]:
        x, rng = self.as_batch(x), self.noise(rng)
        h = self.encoder.forward(x, rng)
        x_hat = self.decoder.forward(h, rng)
        return self.share * self.reconstruction.forward(x_hat, x) + self.decay.forward()

    def backward(self) -> None:
        grad_h = self.decoder.backward(self.share * self.reconstruction.backward())
        self.encoder.backward(grad_h)
        self.decay.backward()


assert_type(ae.check_gradients(Mine([5, 3], weight_decay=0.1, rng=0), np.ones((7, 5))).verdict, str)


def mistakes() -> None:
    """A checker has to see each of them: one that isn't there is an ignored error too many."""
    ae.SparseAutoencoder([64, 8], weight_decy=0.1)  # type: ignore[call-arg]
    ae.DenoisingAutoencoder([64, 8], tied="yes")  # type: ignore[arg-type]
    ae.Autoencoder([64, 8], activation=ae.Relu)  # type: ignore[attr-defined]
    model.fit(x, epoch=3)  # type: ignore[call-arg]
    model.fit(x, epochs="3")  # type: ignore[arg-type]
    model.fit([[0.5] * 64])  # type: ignore[arg-type]
    stack.pretrain(x, patience=3)  # type: ignore[call-arg]
    ae.fit(Mine, x)  # type: ignore[arg-type]
    ae.LeakyReLU("0.1")  # type: ignore[arg-type]
    ae.GELU().forwards(x)  # type: ignore[attr-defined]
    model.loss(x).shapes  # type: ignore[attr-defined]
'''
# Every name is there, and none is Any: where one is, its second line has no error to be ignored.
NAMES = '''# pyright: reportUnnecessaryTypeIgnoreComment=true
from typing import Any

from typing_extensions import assert_type

import aescratch as ae

''' + "".join(
    f"print(ae.{name})\nassert_type(ae.{name}, Any)  # type: ignore[assert-type]\n" for name in ae.__all__
)


@pytest.fixture(scope="module")
def user(tmp_path_factory):
    """A folder with a user's files, and with the environment that they are checked in.

    There the package is where an editable install says that it is, by a .pth file, and what it needs is that from here.
    """
    folder = tmp_path_factory.mktemp("user")
    (folder / "user.py").write_text(USER, encoding="utf-8")
    (folder / "names.py").write_text(NAMES, encoding="utf-8")
    venv.create(folder / "environment", symlinks=os.name == "posix")
    packages = {str(pathlib.Path(module.__file__).parents[1]) for module in (numpy, matplotlib)}
    where = [str(python_of(folder)), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    found = subprocess.run(where, capture_output=True, text=True, check=True).stdout.strip()
    pathlib.Path(found, "here.pth").write_text("\n".join([*packages, str(ROOT)]), encoding="utf-8")
    return folder


def python_of(folder):
    return folder / "environment" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def test_what_the_users_file_says_of_types_holds_when_it_runs(user):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "MPLBACKEND": "agg"}
    done = subprocess.run(
        [sys.executable, "user.py"], cwd=user, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.in_turn(2)
def test_mypy_understands_a_users_file_and_every_public_name(user):
    if importlib.util.find_spec("mypy") is None:
        pytest.skip("needs mypy: pip install mypy")
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--python-executable", python_of(user),
         "--cache-dir", user / "cache", "user.py", "names.py"],
        cwd=user, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "Success: no issues found in 2 source files\n"), done.stderr


def test_pyright_understands_a_users_file_and_every_public_name(user):
    if shutil.which("pyright") is None:
        pytest.skip("needs pyright: npm install -g pyright")
    done = subprocess.run(
        [shutil.which("pyright"), "--pythonpath", python_of(user), "--outputjson", "user.py", "names.py"],
        cwd=user, capture_output=True, text=True, check=False,
    )  # fmt: skip
    answer = json.loads(done.stdout)
    said = [(place["range"]["start"]["line"] + 1, place["message"]) for place in answer["generalDiagnostics"]]
    assert (done.returncode, said, answer["summary"]["filesAnalyzed"]) == (0, [], 2)


# How an editable install puts the package on the path


def test_this_install_is_a_path_if_it_is_an_editable_one():
    found = importlib.metadata.distributions(name="aescratch")  # a build leaves one in the repository, too
    left = [file for each in found for file in each.files or () if file.name.startswith("__editable__")]
    if not left:
        pytest.skip("needs an editable install: pip install -e .")
    assert [file.suffix for file in left] == [".pth"], "it is an import hook, which editors don't follow; install anew"
    assert pathlib.Path(left[0].read_text().strip()) == ROOT


def test_setuptools_makes_an_editable_install_a_path(tmp_path):
    version = importlib.metadata.version("setuptools") if importlib.util.find_spec("setuptools") else "0"
    if int(version.partition(".")[0]) < 77:
        pytest.skip("needs setuptools 77 or later, with which the package is built")
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE", "DATA_LICENSES.md"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "aescratch", tmp_path / "aescratch", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "docs").mkdir()
    shutil.copy(ROOT / "docs" / "description.txt", tmp_path / "docs")
    build = "import setuptools.build_meta as backend; backend.build_editable('wheel')"
    (tmp_path / "wheel").mkdir()
    subprocess.run([sys.executable, "-c", build], cwd=tmp_path, capture_output=True, check=True)
    with zipfile.ZipFile(next((tmp_path / "wheel").glob("*.whl"))) as wheel:
        left = [name for name in wheel.namelist() if ".dist-info/" not in name]
        assert [pathlib.Path(name).suffix for name in left] == [".pth"]
        assert pathlib.Path(wheel.read(left[0]).decode().strip()) == tmp_path


# What is made when the package is imported is named for checkers, which run nothing


def declared(node):
    """The classes that stand under ``if TYPE_CHECKING:`` in a file's syntax tree, by their names."""
    blocks = [each for each in node.body if isinstance(each, ast.If) and ast.unparse(each.test) == "TYPE_CHECKING"]
    return {each.name: each for block in blocks for each in block.body if isinstance(each, ast.ClassDef)}


@pytest.mark.parametrize(("file", "made"), [("activations", LAYERS), ("losses", LOSSES), ("penalties", SPARSITIES)])
def test_every_class_that_is_made_is_declared_as_it_is(file, made):
    tree = ast.parse((ROOT / "aescratch" / f"{file}.py").read_text(encoding="utf-8"))
    written = {node.name for node in tree.body if isinstance(node, ast.ClassDef)}
    expected = {kind.__name__: kind for kind in made.values() if kind.__name__ not in written}
    found = declared(tree)
    assert sorted(found) == sorted(expected), f"under if TYPE_CHECKING: in {file}.py"
    for name, kind in expected.items():
        assert [ast.unparse(base) for base in found[name].bases] == [kind.__base__.__name__], name
        inits = [ast.unparse(node.args) for node in found[name].body if isinstance(node, ast.FunctionDef)]
        parameters = [*inspect.signature(kind).parameters.values()]
        stated = f"def __init__(self, {', '.join(map(str, parameters))}): ..."
        assert inits == ([ast.unparse(ast.parse(stated).body[0].args)] if parameters else []), name


def test_every_public_name_is_written_where_checkers_look():
    tree = ast.parse((ROOT / "aescratch" / "__init__.py").read_text(encoding="utf-8"))
    imports = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
    names = {alias.asname or alias.name for node in imports for alias in node.names}
    listed = next(node.value for node in tree.body if isinstance(node, ast.Assign) and node.targets[0].id == "__all__")
    assert sorted(set(ae.__all__) - names) == [], "import it in aescratch/__init__.py"
    assert sorted(set(ae.__all__) - set(ast.literal_eval(listed))) == [], "list it in __all__ of aescratch/__init__.py"


def annotations(function):
    return {name: parameter.annotation for name, parameter in inspect.signature(function).parameters.items()}


def test_the_settings_that_variants_take_are_those_of_the_autoencoder():
    stated = {name: kind.__forward_arg__ for name, kind in AutoencoderSettings.__annotations__.items()}
    assert {"widths": "Sequence[int]", **stated} == annotations(ae.Autoencoder)


def test_the_settings_of_pretraining_are_those_of_fit():
    stated = {name: kind.__forward_arg__ for name, kind in PretrainSettings.__annotations__.items()}
    refused = {"validation", "patience", "checkpoint", "observer", "stop_when_hopeless"}
    own = set(annotations(ae.StackedAutoencoder.pretrain)) | refused
    assert stated == {name: kind for name, kind in annotations(ae.Autoencoder.fit).items() if name not in own}
