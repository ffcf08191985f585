"""Second opinions: each agrees with its formula, shares nothing with the sheet, and fails when the formula is broken.

Broken are: the numbers that a forward returns, in five ways; and its text, where each factor, term and sign is dropped
once, and each number changed.
"""

import ast
import copy
import inspect
import sys
import textwrap

import numpy as np
import pytest
from mutation import Replace, replacements
from numeric import D, H, N

import aescratch as ae
from aescratch import functions
from aescratch.activations import LAYERS, Slope
from aescratch.codes.adversary import Discrimination
from aescratch.codes.bounds import FittedGaussian, ImportanceBound
from aescratch.codes.codebook import Commitment
from aescratch.divergences import GaussianKL, MaximumMeanDiscrepancy
from aescratch.inspection.gradcheck.meaning.choosing import oracle_of
from aescratch.inspection.gradcheck.meaning.comparing import MeaningReport, compare
from aescratch.losses import LOSSES, SoftmaxCrossEntropy
from aescratch.penalties import SPARSITIES, Contraction, L0Sparsity

FORMULAS = functions.FORMULAS
AGREES = 1e-9


def draw(name, seed=0):
    return FORMULAS[name].inputs(np.random.default_rng(seed), N, D, H)


def listed(values):
    return [np.asarray(value, float) for value in (values if isinstance(values, tuple) else (values,))]


def agree(found, expected):
    """Whether these are the same numbers, to far more digits than a wrong formula could have in common."""
    pairs = list(zip(listed(found), listed(expected), strict=True))
    return all(a.shape == b.shape and np.allclose(a, b, rtol=AGREES, atol=AGREES * abs(b).max()) for a, b in pairs)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", FORMULAS)
def test_a_second_opinion_agrees_with_its_formula(name, seed):
    inputs = draw(name, seed)
    assert agree(FORMULAS[name].forward(**inputs), FORMULAS[name].again(*inputs.values()))


@pytest.mark.parametrize("name", FORMULAS)
def test_a_second_opinion_calls_no_formula_of_the_sheet(name, monkeypatch):
    inputs = draw(name)
    expected = FORMULAS[name].forward(**inputs)

    def refuse(*arguments, **named):
        raise AssertionError("a second opinion asked the sheet")

    for function in functions.__all__:
        monkeypatch.setattr(functions, function, refuse)
        for family in functions.FAMILIES:
            if hasattr(family, function):
                monkeypatch.setattr(family, function, refuse)
    assert agree(expected, FORMULAS[name].again(*inputs.values()))


BREAKS = {
    "times 1.5": lambda y, x: 1.5 * y,
    "plus 0.1": lambda y, x: y + 0.1,
    "of the other sign": lambda y, x: -y,
    "0": lambda y, x: 0 * y,
    "plus a thousandth of its square": lambda y, x: y + 1e-3 * y * y,
}


@pytest.mark.parametrize("how", BREAKS)
@pytest.mark.parametrize("name", FORMULAS)
def test_a_second_opinion_notices_broken_numbers(name, how):
    inputs = draw(name)
    expected = FORMULAS[name].again(*inputs.values())
    results = listed(FORMULAS[name].forward(**inputs))
    for place in range(len(results)):
        broken = [BREAKS[how](y, inputs) if number == place else y for number, y in enumerate(results)]
        assert not agree(tuple(broken), tuple(listed(expected)))


def broken_texts(name):
    """Yield what was done to a forward's text, and the function that it then is."""
    forward = inspect.unwrap(FORMULAS[name].forward)
    tree = ast.parse(textwrap.dedent(inspect.getsource(forward)))
    tree.body[0].decorator_list = []
    for number, node in enumerate(ast.walk(tree)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue
        choices = list(replacements(node))
        if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)) and not isinstance(node.value, bool):
            choices.append(("change the number", ast.Constant(node.value + 1)))
        for choice, (word, _) in enumerate(choices):
            mutated = copy.deepcopy(tree)
            target = list(ast.walk(mutated))[number]
            again = list(replacements(target))
            replacement = again[choice][1] if choice < len(again) else ast.Constant(target.value + 1)
            what = f"{name}: {word} in `{ast.unparse(target)}`"
            Replace(target, replacement).visit(mutated)
            names = dict(vars(sys.modules[forward.__module__]))
            exec(compile(ast.fix_missing_locations(mutated), "mutant", "exec"), names)
            yield what, names[name]


# Nothing is drawn at a kink, what keeps exponentials small changes nothing else, and NumPy sorts short rows whole.
SAME = (
    "relu_slope: turn > into >= in `a > 0`",
    "leaky_relu_slope: turn > into >= in `a > 0`",
    "top_k_mask: drop the sign in `-k`",
    "softmax_cross_entropy: drop the right term in `logits - logits.max(axis=1, keepdims=True)`",
    "nearest_entries: change the number in `1`",  # in reshape(-1, ...), to which −2 says the same
    "nearest_entries: change the number in `1`",
    "codebook_entries: change the number in `1`",
    "moving_sums: change the number in `1`",
    "perplexity: change the number in `1`",  # whose logarithm is multiplied by 0
    "softmax: drop the right term in `logits - logits.max(axis=1, keepdims=True)`",
)


@pytest.mark.parametrize("name", FORMULAS)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_second_opinion_notices_broken_text(name):
    inputs = draw(name)
    expected = FORMULAS[name].again(*inputs.values())
    survived = []
    for what, mutant in broken_texts(name):
        try:
            found = mutant(**inputs)
        except Exception:
            continue  # it doesn't even run
        if agree(found, expected):
            survived.append(what)
    assert survived == [what for what in SAME if what.startswith(f"{name}:")]


PARTS = {
    **{name: LAYERS[record.layer] for name, record in functions.ACTIVATIONS.items()},
    **{f"{name}_slope": lambda record=record: Slope(LAYERS[record.layer]()) for name, record in functions.ACTIVATIONS.items()},
    **LOSSES, **SPARSITIES, "softmax_cross_entropy": SoftmaxCrossEntropy, "contraction": Contraction, "gaussian_kl": GaussianKL,
    "l0_sparsity": L0Sparsity, "gaussian_cost": FittedGaussian, "importance_bound": ImportanceBound, "mmd": MaximumMeanDiscrepancy,
    "quantization_error": Commitment, "discrimination": Discrimination,
}  # fmt: skip


def part(name):
    wanted = inspect.signature(PARTS[name]).parameters.values()
    return PARTS[name](*[0.3 for parameter in wanted if parameter.default is parameter.empty])


def looked_at(name):
    """The verdict on a part alone, as check_meaning comes to it."""
    report, subject = MeaningReport(name), part(name)
    oracle = oracle_of(subject, np.random.default_rng(0))
    compare(report, name, subject.forward, oracle)
    return report


@pytest.mark.in_turn
@pytest.mark.parametrize("name", PARTS)
def test_the_meaning_check_notices_a_broken_formula_in_its_part(name, monkeypatch):
    assert looked_at(name).verdict == "pass"
    right = getattr(functions, name)
    for how, broken in BREAKS.items():
        with monkeypatch.context() as patch:
            patch.setattr(functions, name, lambda *arguments, broken=broken: broken(right(*arguments), None))
            report = looked_at(name)
            assert report.verdict == "fail", how
            assert report.findings[-1].question


def test_every_part_that_the_sheet_describes_is_looked_at():
    described = [record.name for record in FORMULAS.values() if getattr(record, "layer", "")]
    assert {*described, *functions.ACTIVATIONS} <= PARTS.keys()
    assert ae.check_meaning(ae.Autoencoder([5, 3], rng=0)).verdict == "pass"


def test_a_square_matrix_that_is_transposed_is_named():
    layer, rng = ae.Dense(D, D, dtype="float64", rng=0), np.random.default_rng(1)
    layer.b.value = rng.normal(size=D)
    report = MeaningReport("dense")
    compare(report, "dense", lambda x: x @ layer.W.value.T + layer.b.value, oracle_of(layer, rng))
    assert [finding.cause for finding in report.findings] == ["W is transposed"]


def test_a_squared_error_that_is_another_far_off_is_noticed():
    def hubers(x_hat, x):
        distance = np.abs(x_hat - x)
        return np.where(distance < 10, distance**2 / 2, 10 * distance - 50).sum(axis=1).mean()

    report = MeaningReport("huber")
    compare(report, "loss", hubers, oracle_of(ae.SquaredError(), np.random.default_rng(0)))
    assert report.verdict == "fail"
