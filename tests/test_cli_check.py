"""`aescratch check FILE.py:NAME`: functions, layers and models of the user's own, and whatever they may do."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from test_cli import refused, run

import aescratch as ae

LAYERS = '''
import numpy as np
import aescratch as ae

def dense_backward(grad_y, x, W):
    return grad_y @ W.T, x.T @ grad_y, grad_y.sum(axis=0)

def tanh_backward(grad_y, y):
    return grad_y * (1 - y)

def swish(a):
    return a / (1 + np.exp(-a))

def swish_backward(grad_y, a):
    s = 1 / (1 + np.exp(-a))
    return grad_y * s * (1 + a * (1 - s))

def power(q, p=3):
    return q ** p

def power_backward(grad_y, q, p):
    return grad_y * p * q ** (p - 1)

def power_inputs():
    return {"q": np.linspace(0.5, 1.5, 21).reshape(7, 3)}

def odd(q):
    return q.sum(axis=1)

def odd_backward(grad_y, q):
    return grad_y[:, None] * np.ones_like(q)

def affine_forward(x, w, b):
    return x @ w + b, (x, w)

def affine_backward(dout, cache):
    x, w = cache
    return dout @ w.T, x.T @ dout, dout.sum(axis=0)

def half_square(x):
    return 0.5 * (x ** 2).sum(), x.copy()

def relu_backward(grad_y, a):
    raise NotImplementedError

def sigmoid_backward(grad_y, y):
    return np.nonsense

def d_tanh(g, a):
    return g * (1 - np.tanh(a) ** 2)

def d_gelu(q, a):
    return q

def dense_grad(dout, x, W):
    return dout @ W.T, x.T @ dout, dout.sum(axis=0)

def half_square_grad(x):
    return 0.5 * (x ** 2).sum(), x.copy()

class Scratch:
    """A whole network."""
    def __init__(self):
        self.W1 = np.ones((5, 3))
    def loss(self, x):
        return (x @ self.W1).sum()
    def backward(self):
        pass

class Called:
    def __init__(self):
        self.W = np.ones((5, 3))
    def __call__(self, x):
        return x @ self.W
    def backward(self, grad):
        return grad @ self.W.T

def closed(a):
    return np.tanh(a), lambda grad_y: grad_y * (1 - np.tanh(a) ** 2)

def closed_wrong(a):
    return np.tanh(a), lambda grad_y: grad_y * (1 - np.tanh(a))

def mse(y_true, y_pred):
    return np.mean((y_true - y_pred) ** 2)

def mse_prime(y_true, y_pred):
    return 2 * (y_pred - y_true) / y_true.size

def cost(theta, x):
    error = x @ theta[:15].reshape(5, 3) + theta[15:]
    return [np.array([[0.5 * (error ** 2).sum()]]), np.concatenate([(x.T @ error).ravel(), error.mean(axis=0)])]

def cost_inputs():
    return {"theta": np.random.default_rng(0).normal(size=18)}

cost_blocks = {"W": (5, 3), "b": (3,)}

class Updates:
    def __init__(self):
        self.w, self.lr = np.random.default_rng(0).normal(size=(5, 3)), 0.01
    def forward_pass(self, X):
        self.seen = X
        return X @ self.w
    def backward_pass(self, accum_grad):
        w = self.w
        self.w = self.w - self.lr * self.seen.T @ accum_grad
        return accum_grad @ w.T

class Lookup:
    def __init__(self):
        self.table = np.random.default_rng(0).normal(size=(5, 3))
        self.dtable = np.zeros((5, 3))
    def forward(self, labels):
        self.labels = labels
        return self.table[labels]
    def backward(self, dout):
        self.dtable = np.zeros((5, 3))
        np.add.at(self.dtable, self.labels, dout)

class Nested:
    def __init__(self):
        self.layers = [Scale(), MyDense(1, 2, rng=0)]
    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x
    def backward(self, grad):
        for layer in reversed(self.layers):
            grad = layer.backward(grad)
        return grad

def broken(x):
    return x @ x
def broken_backward(grad_y, x):
    return grad_y

class Scale:
    """Made without arguments."""
    def __init__(self):
        self.W = np.full((5, 1), 2.0)
        self.dW = None
    def forward(self, x):
        self.x = x
        return x @ self.W
    def backward(self, grad):
        self.dW = self.x.T @ grad
        return grad @ self.W.T

class MyDense(ae.Dense):
    def backward(self, grad_y):
        grad_x = super().backward(grad_y)
        self.W.grad /= len(grad_y)
        return grad_x

class MyModel(ae.SparseAutoencoder):
    def backward(self):
        self.encoder.backward(self.decoder.backward(self.reconstruction.backward()))

class Wants:
    def __init__(self, path, /, *, size):
        pass

class Fails:
    def __init__(self):
        raise OSError("no such\\nfile")

made = MyDense(4, 2, rng=0)
number = 3
unusual_backward = dense_backward
'''


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    Path("my_layers.py").write_text(LAYERS)
    return tmp_path


def line_of(text):
    return next(number for number, line in enumerate(LAYERS.splitlines(), 1) if text in line)


@pytest.mark.in_turn
@pytest.mark.parametrize(
    ("words", "outcome", "title"),
    [
        ("my_layers.py:dense_backward", 0, "gradient check of dense_backward for dense"),
        ("my_layers:dense_backward", 0, "gradient check of dense_backward for dense"),
        ("my_layers.py:dense_backward --input x=11,5", 0, "gradient check of dense_backward for dense"),
        ("my_layers.py:unusual_backward --forward dense", 0, "gradient check of dense_backward for dense"),
        ("my_layers.py:tanh_backward", 1, "gradient check of tanh_backward for tanh"),
        ("my_layers.py:swish_backward", 0, "gradient check of swish_backward for swish"),
        ("my_layers.py:swish", 0, "gradient check of swish_backward for swish"),
        ("my_layers.py:power_backward", 0, "gradient check of power_backward for power"),
        ("my_layers.py:power_backward --input p=2", 0, "gradient check of power_backward for power"),
        ("my_layers.py:odd_backward --input q=7,3", 0, "gradient check of odd_backward for odd"),
        ("my_layers.py:affine_backward", 0, "gradient check of affine_backward for affine_forward"),
        ("my_layers.py:half_square", 0, "gradient check of half_square for half_square"),
        ("my_layers.py:d_tanh", 0, "gradient check of d_tanh for tanh"),
        ("my_layers.py:dense_grad", 0, "gradient check of dense_grad for dense"),
        ("my_layers.py:half_square_grad", 0, "gradient check of half_square_grad for half_square_grad"),
        ("my_layers.py:closed", 0, "gradient check of closed for closed"),
        ("my_layers.py:closed_wrong", 1, "gradient check of closed_wrong for closed_wrong"),
        ("my_layers.py:mse", 0, "gradient check of mse_prime for mse"),
        ("my_layers.py:mse_prime", 0, "gradient check of mse_prime for mse"),
        ("my_layers.py:affine_forward", 0, "gradient check of affine_backward for affine_forward"),
        ("my_layers.py:cost", 1, "gradient check of cost for cost"),
        ("my_layers.py:Updates", 0, "gradient check of Updates, (7, 5) in"),
        ("my_layers.py:Lookup", 0, "gradient check of Lookup, (7,) in"),
        ("my_layers.py:Nested", 1, "gradient check of Nested, (7, 5) in"),
        ("my_layers.py:Scale", 0, "gradient check of Scale, (7, 5) in"),
        ("my_layers.py:MyDense", 1, "gradient check of MyDense, (7, 5) in"),
        ("my_layers.py:made", 1, "gradient check of MyDense, (7, 4) in"),
        ("my_layers.py:made --input x=11,4", 1, "gradient check of MyDense, (11, 4) in"),
        ("my_layers.py:MyModel", 1, "gradient check of MyModel, 7 examples"),
        ("my_layers.py:MyModel --hidden 13 --code 2 --data digits --examples 5", 1, "gradient check of MyModel, 5 examples"),
        ("my_layers.py:relu_backward", 1, "gradient check of relu_backward for relu"),
        ("my_layers.py:sigmoid_backward", 1, "gradient check of sigmoid_backward for sigmoid"),
    ],
)
def test_what_can_be_checked(capsys, words, outcome, title):
    found, out, err = run(capsys, "check", *words.split())
    assert (found, err) == (outcome, ""), out
    assert out.startswith(title), out
    assert out.splitlines()[-1].startswith("pass: " if outcome == 0 else "fail: ")


@pytest.mark.in_turn
@pytest.mark.parametrize("words", ["vanilla", "my_layers.py:swish_backward", "my_layers.py:MyDense", "my_layers.py:MyModel"])
def test_the_mode_reaches_every_kind_of_check(capsys, words):
    directional, exhaustive = (run(capsys, "check", words, *more)[1] for more in (("--mode", "directional"), ()))
    assert "directional" in directional.splitlines()[0]
    assert "directional" not in exhaustive.splitlines()[0]


def test_sizes_come_from_where_they_are_said(capsys):
    shapes = {}
    for words in ("dense_backward", "dense_backward --input x=11,5", "power_backward", "Scale"):
        name, *rest = words.split()
        out = run(capsys, "check", f"my_layers.py:{name}", *rest, "--json")[1]
        shapes[words] = [tuple(tensor["shape"]) for tensor in json.loads(out)["tensors"]]
    assert shapes["dense_backward"] == [(7, 5), (5, 3), (3,)]
    assert shapes["dense_backward --input x=11,5"] == [(11, 5), (5, 3), (3,)]
    assert shapes["power_backward"] == [(7, 3)]
    assert shapes["Scale"] == [(7, 5), (5, 1)]


def test_whose_gradient_it_is_and_which_block_is_wrong_is_said(capsys):
    said = run(capsys, "check", "my_layers.py:mse_prime")[1]
    assert "what backward returned is the gradient of y_pred, not of y_true" in said
    assert "sign" not in said
    rows = json.loads(run(capsys, "check", "my_layers.py:cost", "--json")[1])["tensors"]
    assert [(row["name"], row["verdict"]) for row in rows] == [("grad_W", "pass"), ("grad_b", "fail")]


def test_called_as_its_forward_a_layer_is_checked_too(capsys):
    said = run(capsys, "check", "my_layers.py:Called")[1]
    assert "W (5, 3) was not checked: its gradient was not found" in said
    assert said.splitlines()[-1].startswith("inconclusive: ")


def test_the_report_names_cause_and_place(capsys):
    out = run(capsys, "check", "my_layers.py:MyModel", "--json")[1]
    first = next(f for f in json.loads(out)["findings"] if f["code"] == "first-wrong")
    assert (first["evidence"]["file"], first["evidence"]["contribution"]) == ("my_layers.py", "sparsity")
    assert first["evidence"]["line"] == line_of("self.encoder.backward(self.decoder")
    out = run(capsys, "check", "my_layers.py:MyDense")[1]
    assert "grad_W is the right gradient, times 1/N (N = 7, the number of rows of x)" in out


@pytest.mark.parametrize("name", sorted(set(vars(ae.functions)) & {f"{n}_backward" for n in vars(ae.functions)}))
def test_inputs_are_known_for_every_function_of_the_sheet(capsys, name):
    Path("theirs.py").write_text(f"from aescratch.functions import {name}\n")
    outcome, out, err = run(capsys, "check", f"theirs.py:{name}")
    assert (outcome, err) == (0, ""), out


def test_a_backward_that_is_not_written_yet_says_so(capsys):
    out = run(capsys, "check", "my_layers.py:relu_backward")[1]
    assert f"backward isn't written yet (my_layers.py:{line_of('raise NotImplementedError')})" in out
    assert "memory" not in out


REFUSED = [
    ("my_layers.py", "argument VARIANT: expected a name after my_layers.py and a colon, such as my_layers.py:dense_backward"),
    ("my_layers.py:", "expected FILE.py:NAME or MODULE:NAME, got 'my_layers.py:'"),
    ("none.py:f", "there is no file 'none.py'; check the path"),
    ("none:f", "there is no module 'none'; check the name, or give a file: none.py:NAME"),
    ("my_layers.py:dense_bakward", "my_layers.py has no dense_bakward; did you mean dense_backward?"),
    ("my_layers.py:number", "expected number to be a function, a layer or a model, got int"),
    ("my_layers.py:Scratch", "expected Scratch to be a function, a layer with forward(x) and backward(grad), or a model "
     "built on ae.Autoencoder, got Scratch with backward and loss only; to check a whole network of your own, write it as "
     "two functions, forward(x, W1, ...) and backward(grad_y, x, W1, ...), for ae.check_function, or build it on "
     "ae.Autoencoder"),
    ("my_layers.py:d_gelu", "expected d_gelu to take the upstream gradient under a name such as grad_y, got the arguments "
     "q, a; rename the argument that is the upstream gradient"),
    ("my_layers.py:odd_backward", "expected a shape or value for q of odd, got none; write a function odd_inputs() in the file that "
     "returns a dict of arrays, or give --input q=7,5"),
    ("my_layers.py:unusual_backward", "there is no function unusual or unusual_forward, the forward of unusual_backward, in "
     "my_layers.py or in aescratch.functions; name it with --forward"),
    ("my_layers.py:dense_backward --input q=3", "--input names q, but dense takes x, W, b; check the name"),
    ("my_layers.py:dense_backward --tied", "my_layers.py:dense_backward has no option --tied, which is for "),
    ("my_layers.py:dense_backward --data digits", "--data has no effect on my_layers.py:dense_backward; leave it out"),
    ("my_layers.py:Wants", "the arguments of Wants(path, /, *, size) are unknown; create an object in your file"),
    ("my_layers.py:Fails", f"my_layers.py:{line_of('raise OSError')}: OSError: no such file"),
    ("my_layers.py:broken_backward", f"my_layers.py:{line_of('return x @ x')}: ValueError: matmul: "),
    ("linear --input x=3", "--input is for your own code, FILE.py:NAME; leave it out"),
    ("linear --forward f", "--forward is for your own code, FILE.py:NAME; leave it out"),
    ("my_layers.py:dense_backward --input x=0,3", "argument --input: expected NAME=SHAPE or NAME=NUMBER, such as x=7,5"),
]  # fmt: skip


@pytest.mark.parametrize(("words", "sentence"), REFUSED, ids=[words for words, _ in REFUSED])
def test_wrong_input_is_one_sentence(capsys, words, sentence):
    assert refused(capsys, "check", *words.split()).startswith(sentence)


MODULES = {
    "syntax": ("def f(:\n    pass\n", "bad.py:1: SyntaxError: invalid syntax"),
    "import": ("import none_such_module\n", "bad.py:1: ModuleNotFoundError: No module named 'none_such_module'"),
    "raises": ("x = 1\ny = 1 / 0\n", "bad.py:2: ZeroDivisionError: division by zero"),
    "exits": ("import sys\nsys.exit(3)\n", "bad.py:2: SystemExit: 3"),
    "empty": ("raise NotImplementedError\n", "bad.py:1: NotImplementedError"),
    "inputs": ("def f_inputs():\n    return 3\ndef f(x):\n    return x\n", "expected f_inputs to be, or to return, a dict"),
    "inputs raise": ("def inputs():\n    return {}['x']\ndef f(x):\n    return x\n", "bad.py:2: KeyError: 'x'"),
    "forward": ("def f(x):\n    raise NotImplementedError\ndef f_backward(grad_y, x):\n    pass\n",
                "bad.py:2: NotImplementedError"),
}  # fmt: skip


@pytest.mark.parametrize("case", MODULES)
def test_what_the_users_file_does_is_shown_with_its_line(capsys, case):
    text, sentence = MODULES[case]
    Path("bad.py").write_text(text)
    said = refused(capsys, "check", "bad.py:f")
    assert said.startswith(sentence)
    assert said.count("bad.py") <= 1


def test_a_file_may_import_its_neighbours(capsys):
    Path("lessons").mkdir()
    Path("lessons/mine.py").write_text("from my_helper import tanh_backward\n")
    Path("lessons/my_helper.py").write_text("def tanh_backward(grad_y, y):\n    return grad_y * (1 - y * y)\n")
    assert run(capsys, "check", "lessons/mine.py:tanh_backward")[0] == 0


def test_inconclusive_has_its_own_status(capsys):
    Path("rough.py").write_text(
        "import numpy as np\ninputs = {'a': np.zeros((7, 3))}\n"
        "def f(a):\n    return np.abs(a)\ndef f_backward(grad_y, a):\n    return 0 * grad_y\n"
    )
    assert run(capsys, "check", "rough.py:f_backward")[0] == 3
    np.testing.assert_equal(json.loads(run(capsys, "check", "rough.py:f_backward", "--json")[1])["verdict"], "inconclusive")
