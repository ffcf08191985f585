"""The assertions for a course's tests: they pass, or fail with the explanation, under pytest and under unittest."""

import subprocess
import sys

import numpy as np
import pytest

import aescratch as ae
from aescratch import testing

X = np.random.default_rng(0).random((7, 5))
LABELS = np.arange(7) % 3


class Forgetful(ae.SparseAutoencoder):
    def backward(self):
        grad_h = self.decoder.backward(self.reconstruction.backward())
        self.encoder.backward(grad_h)
        self.decay.backward()


class Summing(ae.SquaredError):
    def forward(self, x_hat, x):
        return super().forward(x_hat, x) * len(x)


class Averaging(ae.Dense):
    def backward(self, grad_y):
        grad_x = super().backward(grad_y)
        self.W.grad = self.W.grad / len(grad_y)
        return grad_x


def test_what_is_right_passes():
    testing.assert_gradients(ae.SparseAutoencoder([5, 3], rng=0), X)
    testing.assert_gradients(ae.SoftmaxClassifier(ae.Autoencoder([5, 3], rng=0), 3, rng=0), X, LABELS, rng=1)
    testing.assert_function(ae.functions.tanh, ae.functions.tanh_backward, {"a": X}, tolerance=1e-5)
    testing.assert_meaning(ae.SoftmaxClassifier(ae.Autoencoder([5, 3], rng=0), 3, rng=0), X, LABELS)
    testing.assert_layer(ae.Dense(5, 3, rng=0), X)
    testing.assert_meaning(ae.VariationalAutoencoder([5, 3], rng=0), rng=1)


@pytest.mark.in_turn
def test_what_is_wrong_fails_with_the_report():
    model = Forgetful([5, 3], rng=0)
    with pytest.raises(AssertionError) as caught:
        testing.assert_gradients(model, X)
    assert str(caught.value) == str(ae.check_gradients(model, X))
    with pytest.raises(AssertionError, match="35 of 35 entries differ"):
        testing.assert_function(ae.functions.tanh, lambda grad_y, y: grad_y * (1 - y), {"a": X})
    with pytest.raises(AssertionError, match="grad_W"):
        testing.assert_layer(Averaging(5, 3, rng=0), X)
    with pytest.raises(AssertionError, match="it sums over the batch, where it should average"):
        testing.assert_meaning(ae.Autoencoder([5, 3], reconstruction=Summing(), rng=0))


def test_what_cannot_be_judged_fails_too():
    with pytest.raises(ae.GradientCheckError, match="inconclusive"):
        testing.assert_function(lambda x: np.abs(x), lambda grad_y, x: grad_y * np.sign(x), {"x": 0 * X})


def test_what_the_caller_gives_wrong_raises_as_ever():
    with pytest.raises(TypeError, match="expected a model of aescratch"):
        testing.assert_gradients(np.tanh, X)


COURSE = '''
import unittest
import numpy as np
import aescratch as ae
from aescratch.testing import assert_function

def wrong(grad_y, y):
    return grad_y * (1 - y)

def test_mine():
    assert_function(ae.functions.tanh, wrong, {"a": np.random.default_rng(0).normal(size=(7, 5))})

class Mine(unittest.TestCase):
    def test_mine(self):
        test_mine()
'''


@pytest.mark.in_turn
@pytest.mark.parametrize("runner", [["pytest", "-p", "no:cacheprovider", "course.py::test_mine"], ["unittest", "course"]], ids=["pytest", "unittest"])
def test_a_courses_test_shows_the_report_and_its_own_line(tmp_path, runner, monkeypatch):
    (tmp_path / "course.py").write_text(COURSE, encoding="utf-8")
    root = str(ae.__path__[0]).removesuffix("aescratch")
    monkeypatch.setenv("PYTHONPATH", root)
    monkeypatch.setenv("PYTHONIOENCODING", "utf-8")
    run = subprocess.run([sys.executable, "-m", *runner], cwd=tmp_path, capture_output=True, text=True, encoding="utf-8")
    output = run.stdout + run.stderr
    assert run.returncode != 0
    assert "gradient check of wrong for tanh, rng=0" in output
    assert "35 of 35 entries differ" in output
    assert "assert_function(ae.functions.tanh, wrong" in output
    assert ("testing.py" in output) == (runner[0] == "unittest"), output  # which leaves nothing out


def test_the_assertions_import_no_test_runner():
    code = "import sys, aescratch.testing; print({'pytest', 'unittest', '_pytest'} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert found.strip() in ("set()", "{'unittest'}")  # NumPy may have it
