"""The exercises: stubs fail, solutions pass, every mistake gets its answer and a hint, and the commands do what they say."""

import json
import os
import pathlib
import re
import subprocess
import sys
import warnings

import pytest

import aescratch as ae
from aescratch.cli import main
from aescratch.exercises import Workspace, WorkspaceError, all_exercises, check_file
from aescratch.exercises import watching as watching_module
from aescratch.exercises.answering import answer, changed_since
from aescratch.exercises.hints import LEVELS, Hints, read_hints
from aescratch.exercises.looking import look
from aescratch.exercises.outcome import Outcome
from aescratch.exercises.stubs import BEGIN, END, HOLE, INSTEAD, MarkerError, shown_solution, stub_of

EXERCISES = all_exercises()
NAMES = [exercise.name for exercise in EXERCISES]
MUTANTS = [(exercise, name) for exercise in EXERCISES for name in exercise.mutants]


def by_name(name):
    return EXERCISES[NAMES.index(name)]


def looked_at(exercise, text, folder):
    """Return the outcome of a text as the student's file, in this process."""
    path = folder / exercise.file_name
    path.write_text(text)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a student's overflow is a warning, no error
        return look(exercise, path)


# The exercises themselves


def test_the_path_is_numbered_without_gaps():
    assert [exercise.number for exercise in EXERCISES] == list(range(1, len(EXERCISES) + 1))
    assert len(set(NAMES)) == len(NAMES)
    chapters = [exercise.chapter for exercise in EXERCISES]
    assert chapters == sorted(chapters)
    assert all(exercise.task and 1 <= exercise.minutes <= 60 for exercise in EXERCISES)


@pytest.mark.parametrize("exercise", EXERCISES, ids=NAMES)
def test_a_stub_is_not_begun_and_holds_no_solution(exercise, tmp_path):
    stub = exercise.stub
    outcome = looked_at(exercise, stub, tmp_path)
    if HOLE in stub:
        assert outcome.kind == "not-begun"
        assert stub.splitlines()[outcome.line - 1].strip() == HOLE
    else:  # a bug was planted
        assert outcome.kind == "wrong"
    assert "###" not in stub
    solutions = re.findall(f"{BEGIN}\n(.*?){END}", exercise.solution, re.DOTALL)
    lines = {line.strip() for solution in solutions for line in solution.splitlines() if INSTEAD not in line} - {""}
    assert lines
    assert not lines & {line.strip() for line in stub.splitlines()}


@pytest.mark.parametrize("exercise", EXERCISES, ids=NAMES)
def test_a_stub_says_every_shape(exercise):
    documentation = exercise.stub.split('"""')
    for name in exercise.checks.FUNCTIONS:
        contract = next(text for before, text in zip(documentation, documentation[1:], strict=False) if f"def {name}(" in before)
        arguments = re.search(rf"def {name}\((.*?)\):", exercise.stub, re.DOTALL)[1]
        described = re.findall(r"^    ([\w, ]+) : (?:array \(|array of int \(|float$|int$)", contract, re.MULTILINE)
        assert set(re.findall(r"\w+", arguments)) <= set(", ".join(described).split(", "))
        assert "Returns\n" in contract


@pytest.mark.parametrize("exercise", EXERCISES, ids=NAMES)
def test_a_solution_passes(exercise, tmp_path):
    assert looked_at(exercise, exercise.solution, tmp_path).kind == "passed"
    assert looked_at(exercise, exercise.shown_solution, tmp_path).kind == "passed"
    assert "###" not in exercise.shown_solution


@pytest.mark.parametrize(("exercise", "name"), MUTANTS, ids=[f"{e.name}: {name}" for e, name in MUTANTS])
def test_a_mistake_gets_its_answer_and_a_hint(exercise, name, tmp_path):
    mutant = exercise.mutants[name]
    outcome = looked_at(exercise, exercise.mutated(mutant), tmp_path)
    assert not outcome.passed
    assert mutant.expected in {*outcome.codes, *(code.partition("@")[0] for code in outcome.codes)}
    key, levels = exercise.hints.choose(outcome.codes)
    assert len(levels) == LEVELS
    assert key in {*outcome.codes, *(code.partition("@")[0] for code in outcome.codes), "*"}


@pytest.mark.parametrize("exercise", EXERCISES, ids=NAMES)
def test_an_exercise_has_mistakes_and_hints_of_its_own(exercise):
    assert len(exercise.mutants) >= 3
    assert "*" in exercise.hints.own
    assert len(exercise.hints.own) >= 3
    for levels in exercise.hints.own.values():
        assert all(levels)
        assert len(set(levels)) == LEVELS


def test_most_mistakes_get_a_hint_of_the_exercises_own(tmp_path):
    falling_back = [
        (exercise.name, name) for exercise, name in MUTANTS if not exercise.mutants[name].expected.startswith("?")
        and exercise.hints.choose([exercise.mutants[name].expected])[0] == "*"
    ]  # fmt: skip
    assert len(falling_back) <= len(MUTANTS) // 5, falling_back


STYLES = {
    ("dense_forward", "einsum"): "import numpy as np\ndef dense(x, W, b):\n    return np.einsum('nd,dh->nh', x, W) + b[None]\n",
    ("dense_forward", "loops"): """
import numpy
def dense(x, W, b):
    rows = []
    for row in x:
        rows.append([sum(row[d] * W[d, h] for d in range(len(row))) + b[h] for h in range(len(b))])
    return numpy.array(rows)
""",
    ("dense_backward", "einsum"): """
import numpy as np
def dense_backward(grad_y, x, W):
    return np.einsum('nh,dh->nd', grad_y, W), np.einsum('nd,nh->dh', x, grad_y), np.ones(len(x)) @ grad_y
""",
    ("dense_backward", "one example after the other"): """
import numpy as np
def dense_backward(grad_y, x, W):
    grad_x, grad_W, grad_b = np.empty_like(x), np.zeros_like(W), np.zeros(W.shape[1])
    for n in range(len(x)):
        grad_x[n] = W.dot(grad_y[n])
        grad_W += np.outer(x[n], grad_y[n])
        grad_b += grad_y[n]
    return [grad_x, grad_W, grad_b]
""",
    ("relu_backward", "where"): "import numpy as np\ndef relu_backward(grad_y, a):\n    return np.where(a > 0, grad_y, 0.0)\n",
    ("relu_backward", "by index"): "def relu_backward(grad_y, a):\n    g = grad_y.copy()\n    g[a <= 0] = 0\n    return g\n",
    ("sigmoid_backward", "expanded"): "def sigmoid_backward(grad_y, y):\n    return (y - y**2) * grad_y\n",
    ("sigmoid_backward", "through the input"): "import numpy as np\ndef sigmoid_backward(grad_y, y):\n    a = np.log(y / (1 - y))\n    return grad_y * np.exp(-a) / (1 + np.exp(-a)) ** 2\n",
    ("gelu_backward", "math, entry by entry"): """
import math
import numpy as np
def gelu_backward(grad_y, a):
    slope = np.vectorize(lambda v: 0.5 * math.erfc(-v / math.sqrt(2)) + v * math.exp(-v * v / 2) / math.sqrt(2 * math.pi))
    return slope(a) * grad_y
""",
    ("gelu_backward", "Φ out of the forward"): """
import numpy as np
from aescratch.backend import erf
def gelu_backward(grad_y, a):
    Phi = (1 + erf(a * 0.5**0.5)) / 2
    return Phi * grad_y + grad_y * a * (2 * np.pi) ** -0.5 * np.e ** (-(a**2) / 2)
""",
    ("squared_error_backward", "mean of ones"): "import numpy as np\ndef squared_error_backward(x_hat, x):\n    n, _ = x.shape\n    return np.subtract(x_hat, x) * (1.0 / n)\n",
    ("squared_error_backward", "step by step"): "def squared_error_backward(x_hat, x):\n    g = x_hat.copy()\n    g -= x\n    g /= x_hat.shape[0]\n    return g\n",
    ("softmax_backward", "one-hot matrix"): """
import numpy as np
def softmax_cross_entropy_backward(logits, labels):
    z = logits - logits.max(1)[:, None]
    p = np.exp(z - np.log(np.exp(z).sum(1))[:, None])
    return (p - np.eye(logits.shape[1])[labels]) / logits.shape[0]
""",
    ("softmax_backward", "one example after the other"): """
import numpy as np
def softmax_cross_entropy_backward(logits, labels):
    out = np.zeros(logits.shape)
    for n, (row, label) in enumerate(zip(logits, labels)):
        e = np.exp(row - max(row))
        out[n] = e / sum(e)
        out[n, label] -= 1
    return out / len(out)
""",
    ("gelu_tanh_backward", "logarithmic derivative"): """
import numpy as np
def gelu_tanh_backward(grad_y, a):
    c, k = (2 / np.pi) ** 0.5, 0.044715
    s = 1 / (1 + np.exp(-2 * c * (a + k * a**3)))
    return grad_y * (s + a * 2 * s * (1 - s) * c * (1 + 3 * k * a * a))
""",
    ("gelu_tanh_backward", "cosh"): """
import numpy as np
def gelu_tanh_backward(grad_y, a):
    u = np.sqrt(2 / np.pi) * a + np.sqrt(2 / np.pi) * 0.044715 * np.power(a, 3)
    du = np.sqrt(2 / np.pi) + np.sqrt(2 / np.pi) * 0.134145 * np.square(a)
    first = (1 + np.tanh(u)) / 2 * grad_y
    return first + grad_y * a * du / (2 * np.cosh(u) ** 2)
""",
    ("weight_decay", "in two halves"): "def weight_decay_backward(W, lam):\n    half = 0.5 * lam * W\n    return half + half\n",
    ("weight_decay", "loop"): "import numpy as np\ndef weight_decay_backward(W, lam):\n    return np.array([[lam * w for w in row] for row in W])\n",
    ("denoising", "transposed throughout"): """
import numpy as np
def denoising_backward(x_tilde, x, W1, W2):
    h = np.tanh(W1.T @ x_tilde.T)
    e = (W2.T @ h - x.T) / x.shape[0]
    d = (W2 @ e) * (1 - h) * (1 + h)
    return (d @ x_tilde).T, h @ e.T
""",
    ("denoising", "example by example"): """
import numpy as np
def denoising_backward(x_tilde, x, W1, W2):
    a, b = np.zeros_like(W1), np.zeros_like(W2)
    for dirty, clean in zip(x_tilde, x):
        h = np.tanh(dirty @ W1)
        e = h @ W2 - clean
        b += np.outer(h, e) / len(x)
        a += np.outer(dirty, (W2 @ e) / np.cosh(dirty @ W1) ** 2) / len(x)
    return a, b
""",
    ("l1_sparsity_backward", "comparisons"): "def l1_sparsity_backward(h):\n    return ((h > 0) * 1.0 - (h < 0)) / len(h)\n",
    ("l1_sparsity_backward", "copysign"): "import numpy as np\ndef l1_sparsity_backward(h):\n    g = np.copysign(1 / h.shape[0], h)\n    g[h == 0] = 0\n    return g\n",
    ("top_k_backward", "scatter"): """
import numpy as np
def top_k_backward(grad_y, a, k):
    out = np.zeros_like(grad_y)
    for n in range(len(a)):
        for j in sorted(range(a.shape[1]), key=lambda j: -a[n, j])[:k]:
            out[n, j] = grad_y[n, j]
    return out
""",
    ("top_k_backward", "threshold"): "import numpy as np\ndef top_k_backward(grad_y, a, k):\n    return np.where(a >= np.sort(a, axis=1)[:, [-k]], grad_y, 0)\n",
    ("contraction_backward", "einsum"): """
import numpy as np
def contraction_backward(slope, W):
    n = slope.shape[0]
    return np.einsum('nj,dj,dj->nj', slope, W, W) * 2 / n, np.einsum('nj,nj,dj->dj', slope, slope, W) * 2 / n
""",
    ("contraction_backward", "norms"): """
import numpy as np
def contraction_backward(slope, W):
    norms = np.linalg.norm(W, axis=0) ** 2
    return slope * norms * 2 / len(slope), 2 * W * (np.linalg.norm(slope, axis=0) ** 2 / len(slope))
""",
    ("vae_backward", "calls the sheet"): """
from aescratch import functions as F
def vae_backward(x, eps, W1, W_mu, W_log_var, W2, beta):
    h = F.tanh(x @ W1)
    mu, log_var = h @ W_mu, h @ W_log_var
    z = F.reparameterize(mu, log_var, eps)
    e = F.squared_error_backward(z @ W2, x)
    mu_z, log_var_z = F.reparameterize_backward(e @ W2.T, log_var, eps)
    mu_kl, log_var_kl = F.gaussian_kl_backward(mu, log_var)
    d_mu, d_log_var = mu_z + beta * mu_kl, log_var_z + beta * log_var_kl
    d_h = F.tanh_backward(d_mu @ W_mu.T + d_log_var @ W_log_var.T, h)
    return x.T @ d_h, h.T @ d_mu, h.T @ d_log_var, z.T @ e
""",
    ("vae_backward", "both outputs at once"): """
import numpy as np
def vae_backward(x, eps, W1, W_mu, W_log_var, W2, beta):
    h = np.tanh(x @ W1)
    W = np.hstack([W_mu, W_log_var])
    mu, log_var = np.hsplit(h @ W, 2)
    s = np.exp(log_var / 2)
    e = (mu + s * eps) @ W2 - x
    g = e @ W2.T
    both = np.hstack([g + beta * mu, (g * eps * s + beta * (s * s - 1)) / 2]) / len(x)
    grad = h.T @ both
    return x.T @ ((both @ W.T) * (1 - h * h)), grad[:, : mu.shape[1]], grad[:, mu.shape[1] :], (mu + s * eps).T @ e / len(x)
""",
    ("adam_step", "one line"): """
def adam_step(value, grad, m, v, t, lr, beta1, beta2, eps):
    m, v = m + (1 - beta1) * (grad - m), v + (1 - beta2) * (grad * grad - v)
    return value - lr * (m / (1 - beta1**t)) / ((v / (1 - beta2**t)) ** 0.5 + eps)
""",
    ("adam_step", "corrected step size"): """
import numpy as np
def adam_step(value, grad, m, v, t, lr, beta1, beta2, eps):
    m = np.average([m, grad], axis=0, weights=[beta1, 1 - beta1])
    v = np.average([v, grad**2], axis=0, weights=[beta2, 1 - beta2])
    root = np.sqrt(1 - beta2**t)
    return value - lr * root / (1 - beta1**t) * m / (np.sqrt(v) + eps * root)
""",
    ("autoencoder_backward", "calls the sheet"): """
from aescratch import functions as F
def autoencoder_backward(x, W1, b1, W2, b2):
    h = F.sigmoid(x @ W1 + b1)
    d2 = F.squared_error_backward(F.dense(h, W2, b2), x)
    dh, dW2, db2 = F.dense_backward(d2, h, W2)
    _, dW1, db1 = F.dense_backward(F.sigmoid_backward(dh, h), x, W1)
    return dW1, db1, dW2, db2
""",
    ("autoencoder_backward", "errors for each example"): """
import numpy as np
def autoencoder_backward(x, W1, b1, W2, b2):
    grads = [np.zeros_like(p) for p in (W1, b1, W2, b2)]
    for row in x:
        h = 1 / (1 + np.exp(-(row @ W1 + b1)))
        e = h @ W2 + b2 - row
        d = (W2 @ e) * h * (1 - h)
        for total, part in zip(grads, (np.outer(row, d), d, np.outer(h, e), e)):
            total += part / len(x)
    return tuple(grads)
""",
    ("tied_weights", "two weights, then one"): """
import numpy as np
def tied_backward(x, W, b, c):
    V = W.T
    h = np.tanh(x @ W + b)
    e = (h @ V + c - x) / len(x)
    grad_V = h.T @ e
    grad_a = e @ V.T
    grad_a -= grad_a * h * h
    return x.T @ grad_a + grad_V.T, np.ones(len(x)) @ grad_a, e.sum(0)
""",
    ("tied_weights", "einsum"): """
import numpy as np
def tied_backward(x, W, b, c):
    h = np.tanh(np.einsum('nd,dh->nh', x, W) + b)
    e = (np.einsum('nh,dh->nd', h, W) + c - x) / x.shape[0]
    a = np.einsum('nd,dh,nh->nh', e, W, 1 / np.cosh(x @ W + b) ** 2)
    return np.einsum('nd,nh->dh', x, a) + np.einsum('nd,nh->dh', e, h), a.sum(0), e.sum(0)
""",
    ("kl_sparsity_backward", "one fraction"): """
import numpy as np
def kl_sparsity_backward(h, rho):
    r = np.mean(h, axis=0, keepdims=True)
    return np.ones_like(h) * (r - rho) / (r * (1 - r)) / h.shape[0]
""",
    ("kl_sparsity_backward", "unit by unit"): """
import numpy as np
def kl_sparsity_backward(h, rho):
    grad = np.empty(h.shape)
    for j in range(h.shape[1]):
        r = sum(h[:, j]) / len(h)
        grad[:, j] = ((1 - rho) / (1 - r) - rho / r) / len(h)
    return grad
""",
    ("reparameterize_backward", "sigma by the root"): """
import numpy as np
def reparameterize_backward(grad_z, log_var, eps):
    sigma = np.sqrt(np.exp(log_var))
    return 1 * grad_z, grad_z * eps * sigma / 2
""",
    ("reparameterize_backward", "a list"): """
import numpy as np
def reparameterize_backward(grad_z, log_var, eps):
    return [grad_z + 0, np.multiply(grad_z, eps) * np.exp(log_var / 2) * 0.5]
""",
    ("gaussian_kl_backward", "expm1"): "import numpy as np\ndef gaussian_kl_backward(mu, log_var):\n    n = mu.shape[0]\n    return mu / n, np.expm1(log_var) / (2 * n)\n",
    ("gaussian_kl_backward", "sigma"): "import numpy as np\ndef gaussian_kl_backward(mu, log_var):\n    s = np.exp(log_var / 2)\n    return mu * (1 / len(mu)), (s * s - 1) * 0.5 / len(s)\n",
}


@pytest.mark.parametrize(("name", "style"), STYLES, ids=lambda text: text)
def test_a_right_solution_in_another_style_passes(name, style, tmp_path):
    outcome = looked_at(by_name(name), STYLES[name, style], tmp_path)
    assert outcome.kind == "passed", outcome.reports


# Stubs and hints


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("x = 1\n", "got neither"),
        (f"{BEGIN}\nx = 1\n", "line 1: expected ### END SOLUTION after"),
        (f"x = 1\n{END}\n", "line 2: expected ### BEGIN SOLUTION before"),
        (f"{BEGIN}\n{BEGIN}\n{END}\n", "line 2: expected ### END SOLUTION for line 1 first"),
    ],
)
def test_markers_that_do_not_match_are_refused(text, sentence):
    with pytest.raises(MarkerError, match=re.escape(sentence)):
        stub_of(text)


def test_a_planted_bug_stands_in_the_stub():
    solution = f"def f(x):\n    {BEGIN}\n    y = x\n    return 2 * y\n    {INSTEAD}y = -x\n    {INSTEAD}return y\n    {END}\n"
    assert stub_of(solution) == "def f(x):\n    y = -x\n    return y\n"
    assert shown_solution(solution) == "def f(x):\n    y = x\n    return 2 * y\n"


def test_an_exercise_knows_its_own_mistakes_where_no_cause_can_be_claimed(tmp_path):
    exercise = by_name("vae_backward")
    outcome = looked_at(exercise, STYLES["vae_backward", "calls the sheet"].replace("mu_z + beta * mu_kl", "mu_z"), tmp_path)
    assert outcome.codes[0] == "divergence-missing@grad_W1"
    assert "likely cause: what the divergence sends to mu is missing: that gives the same 21 entries to rounding" in outcome.reports[0]
    assert "ask yourself: By how many ways does mu reach the loss?" in outcome.reports[0]
    outcome = looked_at(exercise, STYLES["vae_backward", "calls the sheet"].replace("mu_z + beta * mu_kl", "mu_z + 1e-6 * mu_kl"), tmp_path)
    assert outcome.codes[0] == "wrong-values@grad_W1"


def test_a_hint_is_chosen_by_what_was_found():
    own = {"scale@grad_b": ("a", "b", "c"), "sign": ("d", "e", "f"), "*": ("g", "h", "i")}
    hints = Hints(own, {"raised": ("j", "k", "l"), "sign": ("m", "n", "o")})
    assert hints.choose(["scale@grad_b", "sign"])[0] == "scale@grad_b"
    assert hints.choose(["scale@grad_W", "sign@grad_x"]) == ("sign", ("d", "e", "f"))
    assert hints.choose(["raised"])[1][0] == "j"
    assert hints.choose(["unheard-of"])[0] == "*"
    assert hints.choose([])[0] == "*"
    with pytest.raises(ValueError, match="expected 3 levels of hints for sign, got 1"):
        read_hints("# sign\n1. only one\n")


# The process in which a student's file runs


def checked(text, folder, name="dense_backward", time_limit=5.0):
    exercise = by_name(name)
    path = folder / exercise.file_name
    path.write_text(text)
    outcome = check_file(exercise, path, time_limit)
    return outcome, answer(exercise, path, outcome, Outcome("").to_dict())


def test_a_loop_that_never_ends_is_stopped_and_its_line_shown(tmp_path):
    text = "def dense_backward(grad_y, x, W):\n    while True:\n        grad_y = grad_y + 1\n"
    outcome, said = checked(text, tmp_path, time_limit=1.0)
    assert outcome.kind == "timed-out"
    assert outcome.line in (2, 3)
    assert f"02_dense_backward.py:{outcome.line}:  " in said
    assert "still running after 1 s" in said


def test_a_loop_at_the_top_of_the_file_is_stopped_too(tmp_path):
    assert checked("while True:\n    try:\n        1 / 0\n    except BaseException:\n        pass\n", tmp_path, time_limit=1.0)[0].kind == "timed-out"


def test_a_syntax_error_shows_its_line(tmp_path):
    outcome, said = checked("def dense_backward(grad_y, x, W):\n    return (grad_y\n", tmp_path)
    assert outcome.kind == "syntax-error"
    assert "02_dense_backward.py:2:  return (grad_y" in said
    assert "was never closed" in said
    assert "Traceback" not in said


def test_an_exception_shows_the_students_own_line_and_the_shapes(tmp_path):
    text = "def dense_backward(grad_y, x, W):\n    grad_W = helper(x, grad_y)\n    return grad_W\ndef helper(a, b):\n    return a @ b\n"
    outcome, said = checked(text, tmp_path)
    assert (outcome.kind, outcome.line) == ("raised", 5)
    assert "02_dense_backward.py:5:  return a @ b" in said
    assert "it was given grad_y (7, 3), x (7, 5), W (5, 3)" in said
    assert "dense_backward raised ValueError: matmul" in said


@pytest.mark.parametrize(
    ("text", "line"),
    [("import nothing_of_the_kind\n", 1), ("1 / 0\n", 1), ("def f():\n    return 1 / 0\nf()\n", 2), ("x = 1\nexit()\n", 2), ("input()\n", 1)],
)
def test_an_exception_when_the_file_is_read(text, line, tmp_path):
    outcome, said = checked(text, tmp_path)
    assert (outcome.kind, outcome.line) == ("raised", line)
    assert f"02_dense_backward.py:{line}:  {text.splitlines()[line - 1].strip()}" in said


def test_a_function_that_is_missing_or_takes_something_else(tmp_path):
    outcome, said = checked("def dense_backwards(grad_y, x, W):\n    pass\n", tmp_path)
    assert outcome.kind == "missing-function"
    assert "there is no function dense_backward in 02_dense_backward.py" in said
    outcome, said = checked("import numpy\ndef dense_backward(dout, x, w):\n    pass\n", tmp_path)
    assert outcome.kind == "other-arguments"
    assert "dense_backward takes dout, x, w; the checks call it by name, with grad_y, x, W, as in the stub" in said
    assert "02_dense_backward.py:2:  def dense_backward(dout, x, w):" in said
    outcome, said = checked("def dense_backward(*given):\n    pass\n", tmp_path)
    assert outcome.kind == "raised"
    assert "expected backward to name its arguments, got dense_backward with *given" in said
    renamed = by_name("dense_backward").solution.replace("grad_y", "dout").replace("x, W)", "x, W, verbose=False)")
    assert checked(renamed, tmp_path)[0].passed


@pytest.mark.parametrize("text", ["import os\nos._exit(0)\n", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n"])
def test_a_process_that_ends_early_is_no_pass(text, tmp_path):
    outcome, said = checked(text, tmp_path)
    assert outcome.kind == "died"
    assert "before the checks did" in said


def test_what_is_printed_is_shown_and_harms_nothing(tmp_path):
    solution = by_name("dense_forward").solution.replace("return x", "print('hello', x.shape); return x")
    outcome, said = checked(solution, tmp_path, "dense_forward")
    assert outcome.passed
    assert "your code printed:\n    | hello (7, 5)" in said
    noisy = solution.replace("print('hello', x.shape)", "[print('y' * 1000) for _ in range(9999)]")
    outcome, said = checked(noisy, tmp_path, "dense_forward")
    assert outcome.passed
    assert len(outcome.printed) <= 2000
    assert "your code printed (and more):" in checked(noisy.replace("* 1000", ""), tmp_path, "dense_forward")[1]


def test_the_answer_in_the_documentation_is_the_answer(tmp_path):
    exercise = by_name("dense_backward")
    _, said = checked(exercise.mutated(exercise.mutants["bias averaged"]), tmp_path)
    page = (pathlib.Path(__file__).parent.parent / "docs" / "exercises.md").read_text(encoding="utf-8")
    rounding = re.compile(r"\d(\.\d)?e-\d+")  # differs from machine to machine
    assert rounding.sub("e", "".join(f"    {line}\n" for line in said.splitlines())) in rounding.sub("e", page)


def test_what_changed_since_the_last_check():
    before = Outcome("wrong", codes=["sign@grad_x"], verdicts={"grad_x": "fail", "grad_b": "fail"}).to_dict()
    assert changed_since(before, Outcome("wrong", codes=["sign@grad_x"], verdicts={"grad_x": "fail", "grad_b": "pass"})) == "grad_b is right now"
    assert changed_since(before, Outcome("wrong", codes=["sign@grad_x"], verdicts=before["verdicts"])) == "the same findings"
    assert changed_since(before, Outcome("wrong", codes=["scale@grad_x"], verdicts=before["verdicts"])) == "another finding"
    assert "passed, where it was: not right yet" in changed_since(before, Outcome("passed"))
    assert changed_since(Outcome("").to_dict(), Outcome("passed")) == ""


# The commands


@pytest.fixture
def course(tmp_path, monkeypatch, capsys):
    """A student's folder, in which we are."""
    monkeypatch.chdir(tmp_path)
    assert main(["exercises", "init", "course"]) == 0
    capsys.readouterr()
    monkeypatch.chdir("course")
    return tmp_path / "course"


def run(capsys, *words):
    outcome = main(["exercises", *words])
    printed = capsys.readouterr()
    return outcome, printed.out, printed.err


def test_from_init_to_the_solution(course, capsys, monkeypatch):
    file = course / "02_dense_backward.py"
    solution = by_name("dense_backward").solution
    outcome, out, _ = run(capsys, "start", "dense_backward")
    assert outcome == 0
    assert "write in 02_dense_backward.py, then: aescratch exercises check" in out
    assert file.read_text() == by_name("dense_backward").stub
    (course / "notes" / "deeper").mkdir(parents=True)
    monkeypatch.chdir("notes/deeper")  # every command works from here

    outcome, out, _ = run(capsys, "check")
    assert outcome == 1
    assert "dense_backward: not begun yet" in out

    file.write_text(solution.replace("grad_y.sum(axis=0)", "grad_y.mean(axis=0)"))
    outcome, out, _ = run(capsys, "check")
    assert outcome == 1
    assert "dense_backward: not right yet" in out
    assert "likely cause: grad_b is the right gradient" in out
    assert "ask yourself:" in out
    assert "for a hint that fits: aescratch exercises hint dense_backward" in out

    levels = by_name("dense_backward").hints.own["scale@grad_b"]
    for level in (1, 2, 3, 3):
        outcome, out, _ = run(capsys, "hint")
        assert outcome == 0
        assert out == f"dense_backward, hint {level} of 3 on scale of grad_b:\n  {levels[level - 1]}\n"
    assert run(capsys, "hint", "2", "--level", "1")[1].endswith(f"{levels[0]}\n")

    outcome, _, err = run(capsys, "solution", "dense_backward")
    assert outcome == 2
    assert "hasn't passed yet" in err

    file.write_text(solution)
    outcome, out, _ = run(capsys, "check", "dense_backward")
    assert outcome == 0
    assert "dense_backward: passed" in out
    assert "since the last check: passed, where it was: not right yet; grad_b is right now" in out
    assert "next: aescratch exercises start relu_backward" in out
    assert f"1 of {len(EXERCISES)} pass" in out
    assert "nothing to hint at" in run(capsys, "hint")[1]
    assert run(capsys, "solution", "dense_backward")[1] == by_name("dense_backward").shown_solution

    outcome, out, _ = run(capsys, "reset", "dense_backward")
    assert outcome == 0
    assert "kept in ../../backups/02_dense_backward.1.py" in out.replace(os.sep, "/")
    assert file.read_text() == by_name("dense_backward").stub
    assert (course / "backups/02_dense_backward.1.py").read_text() == solution
    run(capsys, "reset", "dense_backward")
    assert (course / "backups/02_dense_backward.2.py").read_text() == by_name("dense_backward").stub
    progress = json.loads((course / "progress.json").read_text())
    assert progress["exercises"]["dense_backward"]["passed"] is True
    assert progress["exercises"]["dense_backward"]["checks"] == 3
    assert run(capsys, "check")[0] == 1
    assert re.search(r"dense_backward +passed ", run(capsys, "list")[1]), "what has passed once stays so"


def test_start_leaves_what_was_written(course, capsys):
    run(capsys, "start", "1")
    (course / "01_dense_forward.py").write_text("mine\n")
    assert "go on in 01_dense_forward.py" in run(capsys, "start", "1")[1]
    assert (course / "01_dense_forward.py").read_text() == "mine\n"


def test_check_all_and_the_list(course, capsys):
    for exercise in EXERCISES[:2]:
        run(capsys, "start", exercise.name)
    (course / "01_dense_forward.py").write_text(EXERCISES[0].solution)
    outcome, out, _ = run(capsys, "check", "--all")
    assert outcome == 1
    assert out.startswith("dense_forward: passed\ndense_backward: not begun yet\n[")
    (course / "02_dense_backward.py").write_text(EXERCISES[1].solution)
    assert run(capsys, "check", "--all")[0] == 0
    _, out, _ = run(capsys, "list")
    assert re.search(r"^   1  dense_forward +passed ", out, re.MULTILINE)
    assert re.search(r"^>  2  dense_backward +passed ", out, re.MULTILINE)
    assert all(name in out for name in NAMES)
    assert out.endswith(f"2 of {len(EXERCISES)} pass\n")


def test_giving_up_is_recorded(course, capsys):
    outcome, out, _ = run(capsys, "solution", "1", "--give-up")
    assert (outcome, out) == (0, EXERCISES[0].shown_solution)
    assert json.loads((course / "progress.json").read_text())["exercises"]["dense_forward"]["gave_up"] is True
    assert run(capsys, "solution", "1")[0] == 0
    run(capsys, "start", "1")
    (course / "01_dense_forward.py").write_text(out)
    assert run(capsys, "check")[0] == 0
    assert re.search(r"dense_forward +seen ", run(capsys, "list")[1])


REFUSED = [
    (["check"], "there is no 01_dense_forward.py yet; write it with aescratch exercises start dense_forward"),
    (["check", "--all"], "no exercise was started yet; begin with aescratch exercises start dense_forward"),
    (["start", "dense_forwards"], "there is no exercise 'dense_forwards'; did you mean dense_forward?"),
    (["start", "zzz"], "there is no exercise 'zzz'; see aescratch exercises list"),
    (["reset"], "expected the name of the exercise to reset, so that none is reset by mistake"),
    (["hint", "1", "--level", "4"], "expected --level from 1 to 3, got 4"),
    (["list", "--give-up"], "--give-up is for aescratch exercises solution; leave it out"),
    (["list", "x"], "there is one word too many, 'x'"),
    (["init"], "expected a folder after init, such as aescratch exercises init course"),
    (["init", "."], ". holds exercises already; go there and run aescratch exercises list"),
]


@pytest.mark.parametrize(("words", "sentence"), REFUSED, ids=lambda words: " ".join(words) if isinstance(words, list) else "")
def test_what_is_refused(course, capsys, words, sentence):
    assert run(capsys, *words) == (2, "", f"aescratch: {sentence}\n")


def test_outside_any_folder_of_exercises(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    outcome, _, err = run(capsys, "list")
    assert outcome == 2
    assert "is in none; make one with aescratch exercises init DIR" in err


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 1}', '{"format": 2, "current": null, "exercises": {}}', '{"format": 1, "current": null, "exercises": {"dense_forward": {"checks": "3"}}}'])
def test_a_damaged_progress_file_is_refused_in_one_sentence(course, capsys, text):
    (course / "progress.json").write_text(text)
    outcome, _, err = run(capsys, "list")
    assert outcome == 2
    assert "put it right, or delete it and run aescratch exercises init on the folder: your files stay" in err
    assert err.count("\n") == 1


def test_init_again_after_the_progress_is_gone_finds_the_files(course, capsys):
    run(capsys, "start", "1")
    (course / "progress.json").unlink()
    assert run(capsys, "init", ".")[0] == 0
    assert re.search(r"dense_forward +started ", run(capsys, "list")[1])


def test_watch_checks_what_is_saved_and_never_moves_on(course):
    workspace = Workspace.find(course)
    first, second = EXERCISES[:2]
    checks = []

    def looks():
        yield  # nothing was saved
        workspace.path(first).write_text(first.solution)
        yield
        yield
        workspace.start(second)
        yield
        workspace.path(first).unlink()
        yield

    workspace.start(first)
    watching_module.watch(workspace, first, lambda exercise: checks.append(exercise.name), looks())
    assert checks == [first.name, first.name, second.name]


def test_watch_ends_with_control_c(course, capsys, monkeypatch):
    def interrupted():
        raise KeyboardInterrupt
        yield

    monkeypatch.setattr(watching_module, "ticks", interrupted)
    run(capsys, "start", "1")
    outcome, out, _ = run(capsys, "watch")
    assert outcome == 0
    assert "dense_forward: not begun yet" in out
    assert "watching; save a file to have it checked, Control-C to end" in out


def test_the_command_on_a_shell_with_little_around(course):
    environment = {"PYTHONPATH": os.path.dirname(os.path.dirname(ae.__file__)), "PATH": os.environ.get("PATH", "")}
    (course / "01_dense_forward.py").write_text(EXERCISES[0].solution)
    done = subprocess.run(
        [sys.executable, "-m", "aescratch", "exercises", "check", "1"], capture_output=True, text=True, check=False,
        env=environment, cwd=course,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("dense_forward: passed\nnext: ")


def test_a_workspace_that_is_none():
    with pytest.raises(WorkspaceError, match="expected to be inside a folder of exercises"):
        Workspace.find(EXERCISES[0].folder)
