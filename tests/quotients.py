"""Right gradients without a formula, by which the flags of grading are measured; and formulas that agree badly.

    python tests/quotients.py      how many of them are flagged, by method and step, and how many right answers are
"""

import re

import numpy as np
import right_styles
from mistakes import PAIRS
from test_exercise_styles import STYLES

from aescratch import functions as sheet
from aescratch.classroom import all_exercises
from aescratch.classroom.grading.parts import fair_seed
from aescratch.classroom.grading.quotients import Call, Calls, copied, evidence, of_numbers
from aescratch.classroom.grading.quotients_in_source import Shown
from aescratch.inspection.gradcheck.binding import bind, call

EXERCISES = {exercise.name: exercise for exercise in all_exercises()}
METHODS = '''
import numpy as np

def central(f, x, h):
    g = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        old = x[i]
        x[i] = old + h
        up = f()
        x[i] = old - h
        down = f()
        x[i] = old
        g[i] = (up - down) / (2 * h)
    return g

def forward(f, x, h):
    g = np.zeros_like(x)
    base = f()
    for i in np.ndindex(x.shape):
        old = x[i]
        x[i] = old + h
        g[i] = (f() - base) / h
        x[i] = old
    return g

def richardson(f, x, h):
    return (4 * central(f, x, h / 2) - central(f, x, h)) / 3

def five_points(f, x, h):
    g = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        old, s = x[i], 0.0
        for k, c in ((-2, 1), (-1, -8), (1, 8), (2, -1)):
            x[i] = old + k * h
            s += c * f()
        x[i] = old
        g[i] = s / (12 * h)
    return g
'''
STEPS = {
    "central": (1e-3, 1e-4, 1e-5, 1e-6, 1e-7), "forward": (1e-6, 1e-7, 1e-8), "richardson": (1e-1, 1e-2, 1e-3),
    "five_points": (1e-1, 1e-2, 1e-3),
}  # fmt: skip
# arguments, what is done first, the objective, and what gets a gradient
OBJECTIVES = {
    "dense_backward": ("grad_y, x, W", "b = np.zeros(W.shape[1])", "(grad_y * (x @ W + b)).sum()", "x W b"),
    "relu_backward": ("grad_y, a", "pass", "(grad_y * np.maximum(a, 0)).sum()", "a"),
    "gelu_tanh_backward": (
        "grad_y, a", "pass", "(grad_y * 0.5 * a * (1 + np.tanh(np.sqrt(2 / np.pi) * (a + 0.044715 * a**3)))).sum()", "a",
    ),
    "weight_decay": ("W, lam", "pass", "lam / 2 * (W**2).sum()", "W"),
    "squared_error_backward": ("x_hat, x", "pass", "0.5 * ((x_hat - x) ** 2).sum() / len(x)", "x_hat"),
    "cross_entropy_backward": ("logits, x", "pass", "(np.logaddexp(0, logits) - x * logits).sum() / len(x)", "logits"),
    "softmax_backward": (
        "logits, labels", "pass",
        "(np.logaddexp.reduce(logits, 1) - logits[np.arange(len(labels)), labels]).sum() / len(labels)", "logits",
    ),
    "denoising": ("x_tilde, x, W1, W2", "pass", "0.5 * ((np.tanh(x_tilde @ W1) @ W2 - x) ** 2).sum() / len(x)", "W1 W2"),
    "kl_sparsity_backward": (
        "h, rho", "pass", "(rho * np.log(rho / h.mean(0)) + (1 - rho) * np.log((1 - rho) / (1 - h.mean(0)))).sum()", "h",
    ),
    "l1_sparsity_backward": ("h", "pass", "np.abs(h).sum() / len(h)", "h"),
    "contraction_backward": ("slope, W", "pass", "(slope**2 * (W**2).sum(0)).sum() / len(slope)", "slope W"),
    "reparameterize_backward": (
        "grad_z, log_var, eps", "mu = np.zeros_like(log_var)", "(grad_z * (mu + np.exp(log_var / 2) * eps)).sum()",
        "mu log_var",
    ),
    "gaussian_kl_backward": (
        "mu, log_var", "pass", "-0.5 * (1 + log_var - mu**2 - np.exp(log_var)).sum() / len(mu)", "mu log_var",
    ),
}  # fmt: skip
RELU = "import numpy as np\ndef relu_backward(grad_y, a):\n"
ELEMENTWISE = {  # the forward twice, for all entries together; without a division by a step in some
    "relu, central": "    h = 1e-5\n    return grad_y * (np.maximum(a + h, 0) - np.maximum(a - h, 0)) / (2 * h)\n",
    "relu, hidden": "    k = 10**5\n    return grad_y * (np.maximum(a + 1 / k, 0) - np.maximum(a - 1 / k, 0)) * k / 2\n",
    "relu, a power of two": "    h = 2.0**-20\n    return grad_y * (np.maximum(a + h, 0) - np.maximum(a - h, 0)) / (2 * h)\n",
}
COMPLEX = {
    "dense_backward": """
import numpy as np
def loss(grad_y, x, W, b): return (grad_y * (x @ W + b)).sum()
def dense_backward(grad_y, x, W):
    found, given = [], [x, W, np.zeros(W.shape[1])]
    for n, value in enumerate(given):
        g = np.zeros_like(value)
        for i in np.ndindex(value.shape):
            moved = [each.astype(complex) for each in given]
            moved[n][i] += 1e-20j
            g[i] = loss(grad_y, *moved).imag / 1e-20
        found.append(g)
    return tuple(found)
""",
    "sigmoid_backward": """
import numpy as np
def sigmoid_backward(grad_y, y):
    a = np.log(y / (1 - y))
    return grad_y * np.imag(1 / (1 + np.exp(-(a + 1e-30j)))) / 1e-30
""",
}
DENSE = "import numpy as np\ndef dense_backward(grad_y, x, W):\n"
ANSWER = "    return grad_y @ W.T, x.T @ grad_y, grad_y.sum(0)\n"
SIGMOID = "import numpy as np\ndef sigmoid_backward(grad_y, y):\n"
CHECK = """
def check(f, x, g, h=1e-5):
    for i in np.ndindex(x.shape):
        e = np.zeros_like(x)
        e[i] = h
        assert abs((f(x + e) - f(x - e)) / (2 * h) - g[i]) < 1e-6
    return True
"""
# Right, though they agree with the solution to single precision or so.
OTHER_REASONS = {
    ("dense_backward", "all in single precision"): DENSE + "    grad_y, x, W = (v.astype(np.float32) for v in (grad_y, x, W))\n" + ANSWER,
    ("dense_backward", "one in single precision"): DENSE + "    W = np.float32(W)\n" + ANSWER,
    ("dense_backward", "in single precision at the end"): DENSE + "    return tuple(np.asarray(v, 'f4') for v in (grad_y @ W.T, x.T @ grad_y, grad_y.sum(0)))\n",
    ("dense_backward", "arrays of single precision, filled"): DENSE + "    g = np.zeros(W.shape, np.float32)\n    for n in range(len(x)):\n        g += np.outer(x[n], grad_y[n])\n    return grad_y @ W.T, g, grad_y.sum(0)\n",
    ("dense_backward", "rounded to digits"): DENSE + "    return tuple(np.round(v, 9) for v in (grad_y @ W.T, x.T @ grad_y, grad_y.sum(0)))\n",
    ("dense_backward", "long doubles"): DENSE + "    x = x.astype(np.longdouble)\n    return grad_y @ W.T, (x.T @ grad_y).astype(float), grad_y.sum(0)\n",
    ("dense_backward", "checks itself"): DENSE + "    g = grad_y @ W.T\n    f = lambda x: (grad_y * (x @ W)).sum()\n    assert check(f, x, g)\n    return g, x.T @ grad_y, grad_y.sum(0)\n" + CHECK,
    ("dense_backward", "checks itself without an assertion"): DENSE + "    g = grad_y @ W.T\n    check(lambda x: (grad_y * (x @ W)).sum(), x, g)\n    return g, x.T @ grad_y, grad_y.sum(0)\n" + CHECK,
    ("dense_backward", "has a check beside"): DENSE + ANSWER + CHECK,
    ("sigmoid_backward", "through the input, in single precision within"): SIGMOID + "    a = np.log(y / (1 - y)).astype(np.float32)\n    return grad_y * np.exp(-a) / (1 + np.exp(-a)) ** 2\n",
    ("sigmoid_backward", "a small number against 0"): SIGMOID + "    a = np.log((y + 1e-12) / (1 - y + 1e-12))\n    return grad_y * np.exp(-a) / (1 + np.exp(-a)) ** 2\n",
    ("gelu_tanh_backward", "constants to eight digits"): "import numpy as np\ndef gelu_tanh_backward(grad_y, a):\n    t = np.tanh(0.79788456 * (a + 0.044715 * a**3))\n    return grad_y * (0.5 * (1 + t) + 0.5 * a * (1 - t * t) * 0.79788456 * (1 + 0.134145 * a * a))\n",
    ("gelu_backward", "π to nine digits"): "import math\nimport numpy as np\ndef gelu_backward(grad_y, a):\n    P = np.vectorize(lambda v: 0.5 * math.erfc(-v / math.sqrt(2)))(a)\n    return grad_y * (P + a * np.exp(-a * a / 2) / (2 * 3.14159265) ** 0.5)\n",
    ("gelu_backward", "integrated"): "import numpy as np\ndef gelu_backward(grad_y, a):\n    t = np.linspace(0, 1, 4001)[:, None, None]\n    f = np.exp(-(t * a) ** 2 / 2) * a / np.sqrt(2 * np.pi)\n    P = 0.5 + (f[0] + f[-1] + 4 * f[1:-1:2].sum(0) + 2 * f[2:-1:2].sum(0)) / 12000\n    return grad_y * (P + a * np.exp(-a * a / 2) / np.sqrt(2 * np.pi))\n",
    ("gelu_backward", "a series"): "import numpy as np\nfrom math import factorial\ndef gelu_backward(grad_y, a):\n    P = 0.5 + sum((-1) ** n * a ** (2 * n + 1) / (2**n * factorial(n) * (2 * n + 1)) for n in range(40)) / np.sqrt(2 * np.pi)\n    return grad_y * (P + a * np.exp(-a * a / 2) / np.sqrt(2 * np.pi))\n",
    ("relu_backward", "a quotient of the forward and a"): RELU + "    return grad_y * np.maximum(a, 0) / (np.abs(a) + 1e-300)\n",
    ("relu_backward", "checks itself and says so"): RELU + "    h = 1e-6\n    slope = a > 0\n    estimate = (np.maximum(a + h, 0) - np.maximum(a - h, 0)) / (2 * h)\n    if not np.allclose(estimate[abs(a) > h], slope[abs(a) > h]):\n        print('wrong')\n    return grad_y * slope\n",
    ("pretraining", "nearly, with a mask that is compared"): STYLES["pretraining", "a class"] + "inner = pretraining_backward\ndef pretraining_backward(x, keep, W1, W2, V2):\n    return tuple(g * (1 + 1e-11) for g in inner(x, keep, W1, W2, V2))\n",
    ("l1_sparsity_backward", "a root"): "import numpy as np\ndef l1_sparsity_backward(h):\n    return h / np.sqrt(h**2 + 1e-14) / len(h)\n",
    ("cross_entropy_backward", "in logarithms"): "import numpy as np\ndef binary_cross_entropy_backward(logits, x):\n    return (np.exp(logits - np.logaddexp(0, logits)) - x) / len(x)\n",
    ("softmax_backward", "in logarithms"): "import numpy as np\ndef softmax_cross_entropy_backward(logits, labels):\n    p = np.exp(logits - np.logaddexp.reduce(logits, axis=1)[:, None])\n    p[np.arange(len(p)), labels] -= 1\n    return p / len(p)\n",
    ("kl_sparsity_backward", "a small number against 0"): "import numpy as np\ndef kl_sparsity_backward(h, rho):\n    r = h.mean(0) + 1e-10\n    return np.tile((-rho / r + (1 - rho) / (1 - r + 1e-10)) / len(h), (len(h), 1))\n",
}  # fmt: skip


def with_prediction(exercise, text):
    """Return a text with the right prediction above it, where one is asked for."""
    return "\n".join([*re.findall(r"^PREDICTION = .*$", exercise.solution, re.MULTILINE), text])


def by_quotient(name, method, step, hidden=False):
    """Return an answer to an exercise by a method; hidden, no line divides by the step."""
    exercise = EXERCISES[name]
    arguments, first, objective, wanted = OBJECTIVES[name]
    answers = ", ".join(f"{method}(f, {each}, {step!r})" for each in wanted.split())
    copies = "".join(f"    {each} = {each}.copy()\n" for each in wanted.split() if each in arguments)
    body = f"{copies}    {first}\n    f = lambda: {objective}\n    return {answers}\n"
    methods = METHODS if not hidden else re.sub(r"/ (h|\((?:2|12) \* h\))$", r"* \1 ** -1.0", METHODS, flags=re.MULTILINE)
    return with_prediction(exercise, f"{methods}\ndef {exercise.checks.FUNCTIONS[0]}({arguments}):\n{body}")


class Here:
    """A text of ours in the role of a submission, called in this process."""

    def __init__(self, module):
        self.module = module

    def call(self, name, arguments, named):
        return getattr(self.module, name)(*arguments, **named)

    def counted(self, name, named):
        return "", 0, False


def flags(name, text, seed=0):
    """Return the evidence against a text, and the verdicts of its reports."""
    exercise, calls = EXERCISES[name], Calls()
    text = text if "PREDICTION" in text else with_prediction(exercise, text)

    def wrap(function_name, function):
        def noted(*arguments, **named):
            before, value = copied(named), function(*arguments, **named)
            if not arguments:
                calls.note(function_name, before, value)
            return value

        noted.__name__, noted.__signature__ = function_name, __import__("inspect").signature(function)
        return noted

    with np.errstate(all="ignore"):
        reports = list(exercise.reports_on(text, fair_seed(exercise, seed), wrap))
        told = evidence(exercise, text.encode(), reports, calls, Here(exercise.module_of(text)))
    return told, [report.verdict for report in reports]


def flags_of_a_style(pair, backward, seed):
    """Return the evidence against a right backward, compared with the sheet's own or, if that doesn't fit, the first style."""
    forward, draw = PAIRS[pair][:2]
    inputs = draw(np.random.default_rng(seed))
    others = [own for _, name, own in right_styles.STYLES if name == pair]
    for own in (getattr(sheet, f"{pair}_backward", others[0]), others[0]):
        try:
            ours, theirs = bind(forward, own, inputs), bind(forward, backward, inputs)
            break
        except TypeError:
            continue
    output = call(forward, copied(inputs))
    upstream = np.random.default_rng(seed + 1).normal(size=np.shape(output))
    for_ours, for_theirs = (list(each.arguments(upstream, output)) for each in (ours, theirs))
    arguments = {**theirs.arguments(upstream, output), **ours.arguments(upstream, output)}

    def ask(given):
        return call(backward, {name: given[name] for name in for_theirs})

    def formula(**given):
        return call(own, {name: given[name] for name in for_ours})

    return of_numbers(Call("backward", arguments, ask(copied(arguments))), ask, formula, Shown())


def main():
    """Print the table."""
    rights = [(name, exercise.solution) for name, exercise in EXERCISES.items()]
    rights += [(name, text) for (name, _), text in {**STYLES, **OTHER_REASONS}.items()]
    flagged = [name for name, text in rights for seed in range(5) if flags(name, text, seed)[0]]
    print(f"right answers, at 5 seeds each: {5 * len(rights)}, flagged: {len(flagged)} {flagged}")
    styles = [flags_of_a_style(pair, own, seed) for _, pair, own in right_styles.STYLES for seed in range(5)]
    print(f"right styles of other pairs, at 5 seeds each: {len(styles)}, flagged: {sum(map(bool, styles))}")
    for method, steps in STEPS.items():
        for step in steps:
            found = {hidden: [flags(name, by_quotient(name, method, step, hidden)) for name in OBJECTIVES] for hidden in (False, True)}
            earns = ["pass" in verdicts for _, verdicts in found[False]]
            counts = [sum(bool(told) for (told, _), passes in zip(each, earns, strict=True) if passes) for each in found.values()]
            print(f"{method:12} {step:7g}: {sum(earns)} earn points, flagged: {counts[0]}, with the division hidden: {counts[1]}")


if __name__ == "__main__":
    main()
