"""Localising: the place of every planted fault is named, and in a right model no place is named."""

import ast
import inspect
import itertools
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from test_models import MODELS, batch

import aescratch as ae
from aescratch import functions
from aescratch.inspection.gradcheck import causes
from aescratch.inspection.gradcheck.localise import localise, own_lines
from aescratch.inspection.gradcheck.surrogates import Surrogates
from aescratch.models.classifier import SoftmaxClassifier

SEED = 3
LABELS = np.array([0, 1, 0, 1, 1, 0, 1])
ALL = {**MODELS, "classifier": None}


def made(name):
    """A model, its biases away from 0, and a batch."""
    if name == "classifier":
        inner = ae.Autoencoder([11, 5, 3], activation=ae.Tanh, dtype="float64", rng=0)
        model = SoftmaxClassifier(inner, n_classes=2, weight_decay=0.1, rng=0)
        data = [np.random.default_rng(7).random((7, 11)), LABELS]
    else:
        # Nothing is claimed of a code that is mostly 0, as a ReLU's may be.
        options = {"code_activation": ae.Tanh} if name == "sparse l1" else {}
        model = MODELS[name](dtype="float64", rng=0, **options)
        data = [batch(model)]
    for parameter in model.parameters:
        parameter.value = parameter.value + np.random.default_rng(1).normal(0, 0.1, parameter.shape)
    return model, data


def gradients(model, data):
    for parameter in model.parameters:
        parameter.grad[...] = 0.123
    model.loss(*data, rng=SEED)
    model.backward()
    return np.concatenate([parameter.grad.ravel() for parameter in model.parameters])


def found(model, data):
    findings = localise(model, data, SEED)
    assert [finding.code for finding in findings[1:] if finding.code in ("first-wrong", "not-localised")] == []
    return findings[0]


@pytest.mark.in_turn
@pytest.mark.parametrize("name", ALL)
def test_in_a_right_model_nothing_is_named(name):
    model, data = made(name)
    surrogates = Surrogates(model, lambda: model.loss(*data, rng=SEED), None)
    before = gradients(model, data)
    with surrogates.in_place():  # of parts that aren't to be derivatives, as the check of a model looks
        (finding,) = localise(model, data, SEED)
    assert (finding.code, finding.severity) == ("not-localised", "note")
    assert "nothing wrong was located" in finding.message
    np.testing.assert_array_equal(before, np.concatenate([p.grad.ravel() for p in model.parameters]))


@pytest.fixture
def no_causes(monkeypatch):
    """The place alone: the arrays, whose look takes most of the time, are test_causes' subject."""
    monkeypatch.setattr(causes, "explain", lambda pair, names: [])


@pytest.fixture
def place_alone(no_causes, monkeypatch):
    """The place without its line, too: to look for that takes most of the rest, and is the next test's subject."""
    monkeypatch.setattr(sys.modules[localise.__module__], "with_line", lambda found, *rest: found)


ALTERATIONS = {
    "factor": lambda gradient: gradient * 1.5,
    "sign": lambda gradient: -gradient,
    "missing": lambda gradient: gradient * 0,
    "one row": lambda gradient: gradient * (np.arange(len(gradient)) > 0).reshape(-1, *[1] * (gradient.ndim - 1)),
}


def plant(part, alter, which):
    """Let a part's backward return, or write, one gradient altered."""
    right = part.backward

    def backward(*arguments):
        returned = right(*arguments)
        if isinstance(which, int):
            gradients = list(returned) if isinstance(returned, tuple) else [returned]
            gradients[which] = alter(gradients[which])
            return tuple(gradients) if isinstance(returned, tuple) else gradients[0]
        which.grad = alter(which.grad)
        return returned

    part.backward = backward


def places(part, returned):
    """What can be altered: the gradients that backward returns, and those that it writes."""
    several = returned if isinstance(returned, tuple) else (returned,)
    yield from (number for number, gradient in enumerate(several) if gradient is not None)
    yield from (value for value in part.__dict__.values() if isinstance(value, ae.Parameter))
    yield from part.__dict__.get("weights", [])


def part_faults(name, every=False):
    """Every place in turn with the next alteration, or with each of them."""
    turns = itertools.cycle(ALTERATIONS)

    def alterations():
        return ALTERATIONS if every else [next(turns)]

    model, data = made(name)
    right = gradients(model, data)
    for part_name, part in model.parts.items():
        if part_name == "corruption" or getattr(part, "lam", 1.0) == 0:  # nobody asks for its gradient, or it has none
            continue
        arguments = len(inspect.signature(part.backward).parameters)
        returned = None
        if part_name != "decay":
            result = part.forward(**forward_arguments(model, data, part_name))
            returned = part.backward(*([np.ones(np.shape(result))] if arguments else []))
        for number, place in enumerate(places(part, returned)):
            for alteration in alterations():
                model, data = made(name)
                part = model.parts[part_name]
                mine = list(places(part, returned))[number]
                plant(part, ALTERATIONS[alteration], mine)
                if not np.allclose(gradients(model, data), right, rtol=1e-7, atol=1e-12):
                    label = place if isinstance(place, int) else place.name
                    yield f"{part_name} {label} {alteration}", part_name, model, data


def forward_arguments(model, data, part_name):
    from aescratch.inspection.recording import record

    calls = record(model, lambda: model.loss(*data, rng=SEED))
    arguments = next(call.arguments for call in calls if call.name == part_name)
    return {k: np.random.default_rng(0) if isinstance(v, np.random.Generator) else v for k, v in arguments.items()}


SOME = [  # one of each structure; all of them give the same, in three times as long
    "vanilla gelu", "tied", "cross-entropy", "weight decay", "denoising masking", "sparse kl", "sparse l1 unit",
    "k-sparse relu", "contractive gelu", "stacked tied", "variational beta", "variational bernoulli", "classifier",
]  # fmt: skip


@pytest.mark.in_turn
@pytest.mark.usefixtures("place_alone")
@pytest.mark.parametrize("name", SOME)
def test_a_fault_in_any_part_is_found_there(name):
    planted, missed = 0, []
    for label, part_name, model, data in part_faults(name):
        planted += 1
        finding = found(model, data)
        evidence = finding.evidence
        there = (evidence.get("kind"), evidence.get("part")) == ("part", part_name)
        wrote_over = (evidence.get("fault"), evidence.get("by")) == ("overwritten", part_name)
        if finding.code != "first-wrong" or not (there or wrote_over):
            missed.append((label, finding.message))
        elif Path(evidence["file"]).name != "test_localise.py":
            missed.append((label, evidence["file"]))
    assert planted >= 7
    assert missed == []


class Altered(ast.NodeTransformer):
    """One statement of a backward left out, or one gradient in it with another sign or factor."""

    def __init__(self, target, how):
        self.target, self.how, self.count, self.text = target, how, -1, ""

    def alter(self, node):
        self.count += 1
        if self.count != self.target:
            return node
        self.text = f"{self.how}: {ast.unparse(node)}"
        if self.how == "missing":
            return ast.Constant(0.0) if isinstance(node, ast.expr) else ast.Pass()
        factor = ast.Constant({"sign": -1.0, "doubled": 2.0, "scaled": 0.3}[self.how])
        return ast.BinOp(factor, ast.Mult(), node)

    def visit_AugAssign(self, node):
        node.value = self.alter(node.value)
        return node

    def visit_BinOp(self, node):
        node.left, node.right = self.alter(node.left), self.alter(node.right)
        return node

    def visit_Expr(self, node):
        if isinstance(node.value, ast.Call) and node.value.args:
            node.value.args[0] = self.alter(node.value.args[0]) if self.how != "missing" else node.value.args[0]
            return node
        if isinstance(node.value, ast.Call) and self.how == "missing":
            return self.alter(node)
        return node


def wiring_faults(name):
    model, data = made(name)
    right = gradients(model, data)
    source = textwrap.dedent(inspect.getsource(type(model).backward))
    for how in ("missing", "sign", "doubled", "scaled"):
        for target in range(9):
            altered = Altered(target, how)
            tree = ast.fix_missing_locations(altered.visit(ast.parse(source)))
            if not altered.text:
                break
            space = {}
            exec(compile(tree, "student.py", "exec"), dict(vars(inspect.getmodule(type(model)))), space)
            model, data = made(name)
            model.__class__ = type(type(model).__name__, (type(model),), {"backward": space["backward"]})
            if not np.allclose(gradients(model, data), right, rtol=1e-7, atol=1e-12):
                yield altered.text, how, model, data


@pytest.mark.in_turn
@pytest.mark.usefixtures("place_alone")
@pytest.mark.parametrize("name", [name for name in SOME if name not in ("cross-entropy", "sparse l1 unit", "variational bernoulli")])
def test_a_fault_in_any_line_of_a_models_backward_is_found_and_explained(name):
    planted, missed = 0, []
    for text, how, model, data in wiring_faults(name):
        planted += 1
        finding = found(model, data)
        evidence = finding.evidence
        right_place = (finding.code, evidence.get("kind"), evidence.get("file")) == ("first-wrong", "wiring", "student.py")
        if not right_place or evidence["fault"] != how or not finding.cause:
            missed.append((text, finding.message, finding.cause, evidence))
    assert planted >= 3
    assert missed == []


def line_of(text):
    """The line of this file that holds the text."""
    return next(number for number, line in enumerate(Path(__file__).read_text().splitlines(), 1) if text in line)


def the_fault(model, data=None):
    finding = found(model, data or [batch(model)])
    assert (finding.code, finding.severity) == ("first-wrong", "error")
    return finding, finding.evidence


USED = {  # by which model, and which part is the first to call it, going back from the loss
    "dense_backward": ("vanilla gelu", "decoder.dense2"),
    "unit_rows_backward": ("sparse l1 unit", "decoder.unitrowdense1"),
    "relu_backward": ("vanilla relu", "decoder.relu1"),
    "leaky_relu_backward": ("vanilla leaky", "decoder.leakyrelu1"),
    "gelu_tanh_backward": ("vanilla gelu tanh", "decoder.gelutanh1"),
    "sigmoid_backward": ("vanilla sigmoid", "decoder.sigmoid2"),
    "identity_backward": ("contractive linear", "encoder.identity1"),
    "top_k_backward": ("k-sparse", "encoder.topk2"),
    "sigmoid_slope_backward": ("contractive", "slope"),
    "gelu_slope_backward": ("contractive gelu", "slope"),
    "contraction_backward": ("contractive", "contraction"),
    "squared_error_backward": ("tied", "reconstruction"),
    "binary_cross_entropy_backward": ("cross-entropy", "reconstruction"),
    "softmax_cross_entropy_backward": ("classifier", "cross_entropy"),
    "kl_sparsity_backward": ("sparse kl", "sparsity"),
    "l1_sparsity_backward": ("sparse l1", "sparsity"),
    "reparameterize_backward": ("variational", "sampling"),
    "gaussian_kl_backward": ("variational", "divergence"),
    "weight_decay_backward": ("weight decay", "decay"),
}


@pytest.mark.in_turn
@pytest.mark.parametrize("name", USED)
def test_every_function_of_the_sheet_is_found_where_it_is_called(monkeypatch, name):
    right = getattr(functions, name)

    def wrong(*arguments, **named):
        found = right(*arguments, **named)
        return (*found[:-1], 1.5 * found[-1]) if isinstance(found, tuple) else 1.5 * found

    model, data = made(USED[name][0])
    wrong.__signature__ = inspect.signature(right)
    monkeypatch.setattr(functions, name, wrong)
    finding, evidence = the_fault(model, data)
    assert evidence["part"] == USED[name][1]
    assert "3/2" in finding.cause or "1.5" in finding.cause


def test_a_replaced_dense_backward_is_told_from_the_activations(monkeypatch):
    monkeypatch.setattr(functions, "dense_backward", lambda grad_y, x, W: (grad_y @ W.T, x.T @ grad_y / len(x), grad_y.sum(0)))
    finding, evidence = the_fault(MODELS["sparse kl"](dtype="float64", rng=0))
    assert (evidence["part"], evidence["tensors"]) == ("decoder.dense2", ["W"])
    assert finding.cause


def test_a_right_replacement_is_not_blamed_for_what_its_caller_does(monkeypatch):
    right = functions.dense_backward
    monkeypatch.setattr(functions, "dense_backward", lambda grad_y, x, W: right(grad_y, x, W))

    class Halved(ae.Dense):
        def backward(self, grad_y):
            return super().backward(0.5 * grad_y)

    model = ae.Autoencoder([11, 5, 3], activation=ae.Tanh, dtype="float64", rng=0)
    model.decoder.layers[0].__class__ = Halved
    _, evidence = the_fault(model)
    assert evidence["part"] == "decoder.halved1"
    assert evidence["line"] == line_of("super().backward(0.5 * grad_y)")


class MyTanh(ae.Tanh):
    def backward(self, grad_y):
        return grad_y * (1 - self.y)


class WrongForward(ae.SquaredError):
    def forward(self, x_hat, x):
        return 2 * super().forward(x_hat, x)


def test_a_students_layer_is_named():
    model = ae.Autoencoder([11, 5, 3], activation=MyTanh, dtype="float64", rng=0)
    finding, evidence = the_fault(model)
    assert (evidence["part"], evidence["line"]) == ("decoder.mytanh1", line_of("return grad_y * (1 - self.y)"))
    assert "MyTanh.backward" in finding.message


class Unnamed(ae.Tanh):
    """Its arguments have no names."""

    def forward(self, *args):
        self.y = np.tanh(*args)
        return self.y

    def backward(self, *args):
        return args[0] * (1 - self.y)


def test_a_layer_whose_arguments_have_no_names_is_located_and_explained():
    finding, evidence = the_fault(ae.Autoencoder([11, 5, 3], activation=Unnamed, dtype="float64", rng=0))
    assert (evidence["part"], evidence["line"]) == ("decoder.unnamed1", line_of("return args[0] * (1 - self.y)"))
    assert finding.cause.startswith("grad_args0 is the right gradient without the factor (1 + the output)")


def test_a_forward_that_its_backward_does_not_belong_to_is_named_itself():
    model = ae.Autoencoder([5, 3], reconstruction=WrongForward(), dtype="float64", rng=0)
    finding, evidence = the_fault(model)
    assert (evidence["part"], evidence["line"]) == ("reconstruction", line_of("class WrongForward") + 1)
    assert "its forward (tests/test_localise.py:" in finding.message


class Weighted(ae.SparseAutoencoder):
    """The loss counts the penalty three times; backward doesn't."""

    def loss(self, x, rng=None):
        h = self.encoder.forward(x)
        x_hat = self.decoder.forward(h)
        return self.reconstruction.forward(x_hat, x) + 3 * self.sparsity.forward(h)


class Dropped(ae.SparseAutoencoder):
    """The loss computes the penalty and forgets it; backward doesn't."""

    def loss(self, x, rng=None):
        h = self.encoder.forward(x)
        x_hat = self.decoder.forward(h)
        self.sparsity.forward(h)
        return self.reconstruction.forward(x_hat, x)


@pytest.mark.parametrize(("kind", "fault", "times"), [(Weighted, "scaled", (1, 3)), (Dropped, "extra", (1, 0))])
def test_a_wrong_loss_beside_a_right_backward(kind, fault, times):
    finding, evidence = the_fault(kind([5, 3], ae.L1Sparsity(0.2), dtype="float64", rng=0))
    assert (evidence["fault"], evidence["contribution"]) == (fault, "sparsity")
    assert (evidence["found"], evidence["expected"]) == pytest.approx(times)
    assert finding.cause == {
        "scaled": "the gradient from sparsity is 1/3 of what it should be; the loss has it 3 times",
        "extra": "the gradient from sparsity is in it, but doesn't belong there",
    }[fault]
    assert evidence["function"] == f"{kind.__name__}.loss"
    assert evidence["line"] == line_of(f"class {kind.__name__}(") + 3


class DecayFirst(ae.Autoencoder):
    def backward(self):
        self.decay.backward()
        self.encoder.backward(self.decoder.backward(self.reconstruction.backward()))


class TooLate(ae.SparseAutoencoder):
    def backward(self):
        grad_h = self.decoder.backward(self.reconstruction.backward())
        self.encoder.backward(grad_h)
        grad_h += self.sparsity.backward()


class NoDecay(ae.Autoencoder):
    def loss(self, x, rng=None):
        return self.reconstruction.forward(self.decoder.forward(self.encoder.forward(x)), x)


class MeanTwice(ae.Autoencoder):
    def backward(self):
        grad_h = self.decoder.backward(self.reconstruction.backward())
        self.encoder.backward(grad_h / len(grad_h))


class Doubled(ae.Autoencoder):
    def loss(self, x, rng=None):
        return 2 * self.reconstruction.forward(self.decoder.forward(self.encoder.forward(x)), x)


class OwnPenalty(ae.Autoencoder):
    def loss(self, x, rng=None):
        return super().loss(x) + 0.1 * abs(self.parameters[0].value).sum()


class OwnTerm(ae.Autoencoder):
    def loss(self, x, rng=None):
        self.h = self.encoder.forward(x)
        return self.reconstruction.forward(self.decoder.forward(self.h), x) + 0.1 * (self.h**2).sum()

    def backward(self):
        self.encoder.backward(self.decoder.backward(self.reconstruction.backward()) + 0.1 * self.h)


class NoParts(ae.Autoencoder):
    def loss(self, x, rng=None):
        W, b, V, c = (parameter.value for parameter in self.parameters)
        self.x, self.h = x, np.tanh(x @ W + b)
        self.error = self.h @ V + c - x
        return (self.error**2).mean()

    def backward(self):
        W, b, V, c = self.parameters
        grad = 2 * self.error / len(self.x)
        V.grad, c.grad = self.h.T @ grad, grad.sum(axis=0)
        grad = grad @ V.value.T * (1 - self.h**2)
        W.grad, b.grad = self.x.T @ grad, grad.sum(axis=0)


@pytest.mark.parametrize(
    ("kind", "tensor", "function", "known", "line"),
    [
        (DecayFirst, "decoder.W2", "backward", "decoder.dense2.backward, which comes later, overwrites the gradient from decay", ""),
        (TooLate, "encoder.sigmoid2", "backward", "the gradient from sparsity is missing", ""),
        (NoDecay, "decoder.W2", "loss", "the weight itself, the gradient of a penalty on its squares, is in it, but doesn't belong there", ""),
        (MeanTwice, "encoder.tanh2", "backward", "the gradient from decoder.dense1 is 1/7 of what it should be "
         "(7 is the number of examples)", "the division by `len(grad_h)` should not be there"),
        (Doubled, "decoder.dense2", "loss", "the gradient from reconstruction is half of what it should be; the loss has it 2 times", ""),
        (OwnPenalty, "encoder.W1", "loss", "the sign of the weight, the gradient of an absolute penalty, is missing", ""),
        (OwnTerm, "encoder.tanh2", "backward", "the output of encoder.tanh2 itself, the gradient of a penalty on its squares, is "
         "half of what it should be; the loss has it 1/5 times", "the number 0.1 is wrong"),
        (NoParts, "decoder.b1", "backward", "all of it is 11 times what it should be", "the factor 1/V.grad.shape[1] is missing at `2 * self.error / len(self.x)`"),
    ],
)  # fmt: skip
def test_what_students_do_in_their_own_loss_and_backward(kind, tensor, function, known, line):
    decay = {} if kind is TooLate else {"weight_decay": 0.3 if "Decay" in kind.__name__ else 0.0}
    model = kind([11, 3] if kind is NoParts else [11, 5, 3], activation=ae.Tanh, dtype="float64", rng=0, **decay)
    finding, evidence = the_fault(model)
    assert (finding.tensor, evidence["function"]) == (tensor, f"{kind.__name__}.{function}")
    assert finding.cause == (line or known)
    assert finding.message.endswith(f": {known}" if line else ")")
    assert line_of(f"class {kind.__name__}(") < evidence["line"] < line_of(f"class {kind.__name__}(") + 14
    assert finding.question


class Swapped(ae.VariationalAutoencoder):
    def backward(self):
        grad_mu, grad_log_var = self.sampling.backward(self.decoder.backward(self.reconstruction.backward()))
        divergence_mu, divergence_log_var = self.divergence.backward()
        grad_mu += divergence_log_var
        grad_log_var += divergence_mu
        hidden = self.mean.backward(grad_mu)  # the wrong one arrives here
        self.encoder.backward(hidden + self.log_variance.backward(grad_log_var))


def test_gradients_that_were_swapped():
    finding, evidence = the_fault(Swapped([11, 5, 3], activation=ae.Tanh, dtype="float64", rng=0))
    assert (evidence["part"], evidence["line"]) == ("mean", line_of("# the wrong one arrives here"))
    assert "divergence for mu is missing" in finding.cause
    assert "divergence for log_var is in it, but doesn't belong there" in finding.cause


class Clipped(ae.Autoencoder):
    def backward(self):
        grad_h = self.decoder.backward(self.reconstruction.backward())
        self.encoder.backward(np.clip(grad_h, -0.01, 0.01))


def test_what_is_no_combination_is_described_and_named_by_its_line():
    finding, evidence = the_fault(Clipped([5, 3], activation=ae.Tanh, dtype="float64", rng=0))
    assert (evidence["part"], evidence["fault"]) == ("encoder.tanh1", "described")
    assert finding.message.startswith("encoder.W1 and encoder.b1 go wrong at ")
    assert finding.cause == "`np.clip(grad_h, -0.01, 0.01)` cuts values off"
    assert finding.question


def test_of_tied_weights_the_share_that_is_written_over():
    model = MODELS["tied"](dtype="float64", rng=0)
    model.parts["encoder.dense2"].adds = False
    finding, evidence = the_fault(model)
    assert (evidence["part"], evidence["fault"], evidence["by"]) == ("encoder.W2", "overwritten", "encoder.dense2")
    assert "overwrites the gradient from decoder.transposeddense1" in finding.cause


def test_a_layer_that_adds_to_what_the_pass_before_left_is_told_by_the_check_itself():
    model = MODELS["weight decay"](dtype="float64", rng=0)
    model.parts["encoder.dense1"].adds = True
    assert found(model, [batch(model)]).code == "not-localised"
    (adds,) = [f for f in ae.check_gradients(model, batch(model)).findings if f.severity == "error"]
    assert (adds.code, adds.tensor) == ("adds-gradient", "encoder.W1")


class DecayOfBiases(ae.Autoencoder):
    def backward(self):
        super().backward()
        self.encoder.layers[0].b.grad += 0.3 * self.encoder.layers[0].b.value


def test_a_gradient_that_the_pass_before_left_is_not_right():
    model, data = made("classifier")
    scene = own_lines._scene(model, data, SEED)
    assert scene.right() == {parameter.name for parameter in model.parameters}
    model.backward = lambda: None
    assert scene.right() == set()


def test_a_decay_of_biases():
    model = DecayOfBiases([5, 3], weight_decay=0.3, dtype="float64", rng=0)
    model.parameters[1].value = np.array([0.1, 0.2, -0.3])
    finding, evidence = the_fault(model)
    assert (evidence["part"], evidence["found"]) == ("encoder.b1", pytest.approx(0.3))
    assert finding.cause == "this line should not be there"
    assert finding.message.endswith(": weight decay on the bias encoder.b1 is in it, but doesn't belong there")


class DividedAtTheEnd(ae.Autoencoder):
    """Right, in unusual style: gradients are sums over the batch, until the last lines divide them."""

    def backward(self):
        n = len(self.reconstruction.x)
        self.encoder.backward(self.decoder.backward(n * self.reconstruction.backward()))
        for parameter in self.parameters:
            parameter.grad /= n


def test_a_factor_that_is_put_right_at_the_end_is_no_fault():
    model = DividedAtTheEnd([11, 5, 3], activation=ae.Tanh, dtype="float64", rng=0)
    assert found(model, [batch(model)]).code == "not-localised"
    plant(model.parts["encoder.tanh1"], ALTERATIONS["sign"], 0)
    _, evidence = the_fault(model)
    assert (evidence["kind"], evidence["part"]) == ("part", "encoder.tanh1")


def test_a_large_model_is_searched_at_some_entries(no_causes):
    model = ae.Autoencoder([64, 100, 30], activation=ae.GELU, dtype="float64", rng=0)
    plant(model.parts["encoder.gelu1"], ALTERATIONS["one row"], 0)
    _, evidence = the_fault(model)
    assert evidence["part"] == "encoder.gelu1"


def test_a_model_that_does_not_run_in_pieces_gives_a_note():
    model = ae.Autoencoder([5, 3], dtype="float64", rng=0)
    model.backward = lambda: 1 / 0
    finding = found(model, [batch(model)])
    assert finding.code == "not-localised"
    assert "ZeroDivisionError" in finding.message


def test_one_object_in_two_places():
    model = ae.Autoencoder([11, 5, 3], activation=ae.Tanh, dtype="float64", rng=0)
    model.decoder.layers[1] = model.encoder.layers[1]
    finding, evidence = the_fault(model)
    assert (evidence["fault"], evidence["places"]) == ("shared", ["encoder.tanh1", "decoder.tanh1"])
    assert finding.cause.startswith("encoder.tanh1 and decoder.tanh1 share one object")


class TwoPasses(ae.SparseAutoencoder):
    def backward(self):
        self.encoder.backward(self.decoder.backward(self.reconstruction.backward()))
        self.encoder.backward(self.sparsity.backward())  # writes over what the first has written


def test_a_second_pass_that_writes_over_the_first():
    finding, evidence = the_fault(TwoPasses([5, 3], ae.L1Sparsity(0.2), dtype="float64", rng=0))
    assert (evidence["part"], evidence["fault"]) == ("encoder.dense1", "twice")
    assert evidence["line"] == line_of("class TwoPasses") + 3
    assert finding.cause.startswith("encoder.dense1.backward is called twice: each call gets a part of the gradient")


class AddingDense(ae.Dense):
    def backward(self, grad_y):
        self.W.grad += self.x.T @ grad_y
        self.b.grad += grad_y.sum(axis=0)
        return grad_y @ self.W.value.T


class TwoPassesThatAdd(TwoPasses):
    """Right: two passes whose gradients add up."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.encoder.layers[0].__class__ = AddingDense

    def backward(self):
        for parameter in self.parameters:
            parameter.grad[...] = 0
        super().backward()


def test_two_passes_that_add_up_are_no_fault():
    def model():
        return TwoPassesThatAdd([5, 3], ae.L1Sparsity(0.2), dtype="float64", rng=0)

    assert found(model(), [batch(model())]).code == "not-localised"
    wrong = model()
    plant(wrong.parts["decoder.dense1"], ALTERATIONS["factor"], wrong.parameters[2])
    _, evidence = the_fault(wrong)
    assert (evidence["kind"], evidence["part"]) == ("part", "decoder.dense1")


class OneMore(ae.Autoencoder):
    def backward(self):
        grad_h = self.decoder.backward(self.reconstruction.backward())
        self.encoder.backward(grad_h)
        self.decoder.backward(self.reconstruction.backward() ** 2)  # once more, on something else


def test_a_second_pass_on_something_else():
    finding, evidence = the_fault(OneMore([11, 5, 3], activation=ae.Tanh, dtype="float64", rng=0))
    assert evidence["line"] == line_of("# once more, on something else")
    assert finding.cause == "this line should not be there"


class TwiceInARow(ae.Autoencoder):
    def backward(self):
        grad = self.reconstruction.backward()
        for layer in reversed([*self.encoder.layers, *self.decoder.layers]):
            grad = layer.backward(grad)
            if layer is self.decoder.layers[1]:
                grad = layer.backward(grad)


def test_a_backward_applied_twice_in_a_row():
    finding, evidence = the_fault(TwiceInARow([11, 5, 3], activation=ae.Tanh, dtype="float64", rng=0))
    assert evidence["line"] == line_of("            if layer is self.decoder.layers[1]:") + 1
    assert finding.cause == "this line should not be there"


class Overwritten(ae.Autoencoder):
    """Runs a part forward once more, between the loss and its backward."""

    def backward(self):
        grad_h = self.decoder.backward(self.reconstruction.backward())
        self.encoder.forward(self.other(self.encoder.layers[0].x))  # overwrites what is remembered
        self.encoder.backward(grad_h)

    def other(self, x):
        return x[::-1] ** 2


class SameAgain(Overwritten):
    """Right: forgets, and computes once more."""

    def other(self, x):
        return x.copy()


def test_a_forward_within_backward_that_overwrites_what_is_remembered():
    finding, evidence = the_fault(Overwritten([11, 5, 3], activation=ae.Tanh, dtype="float64", rng=0))
    assert evidence["line"] == line_of("# overwrites what is remembered")
    assert finding.cause == "this line should not be there"


def test_a_forward_that_is_computed_once_more_is_no_fault():
    model = SameAgain([11, 5, 3], activation=ae.Tanh, dtype="float64", rng=0)
    assert found(model, [batch(model)]).code == "not-localised"
    plant(model.parts["encoder.tanh1"], ALTERATIONS["sign"], 0)
    _, evidence = the_fault(model)
    assert (evidence["kind"], evidence["part"]) == ("part", "encoder.tanh1")


class AtTheCode(ae.Autoencoder):
    """Multiplies the gradient at the code."""

    def backward(self):
        grad_h = self.decoder.backward(self.reconstruction.backward())
        self.encoder.backward(grad_h * self.times(grad_h))


SHARE = ": the gradient from decoder.dense1 is "
IS_N = " (7 is the number of examples)"


@pytest.mark.in_turn
@pytest.mark.parametrize(
    ("times", "known"),
    [
        (lambda g: 1.5, SHARE + "3/2 times what it should be"),
        (lambda g: 1 / 9, SHARE + "1/9 of what it should be"),
        (lambda g: 7, SHARE + "7 times what it should be" + IS_N),
        (len, SHARE + "7 times what it should be" + IS_N),
        (lambda g: 1 / len(g), SHARE + "1/7 of what it should be" + IS_N),
        (lambda g: 3 * len(g), SHARE + "21 times what it should be"),
        (lambda g: np.ones((7, 1)) * 7, SHARE + "7 times what it should be" + IS_N),
        (lambda g: 2**0.5, ""),  # numbers of which the numbers alone can't say whether they are constant
        (lambda g: 0.123456789, ""),
        (lambda g: 10 / 81, ""),
    ],
)  # fmt: skip
def test_a_factor_that_is_a_simple_fraction_or_a_size_is_told_beside_the_line(times, known, monkeypatch):
    monkeypatch.setattr(AtTheCode, "times", staticmethod(times), raising=False)
    finding, evidence = the_fault(AtTheCode([11, 3], activation=ae.Tanh, dtype="float64", rng=0))
    assert finding.cause
    assert "sign" not in finding.cause  # of a constant: it is 1 too
    assert evidence["fault"] == ("scaled" if known else "described")
    assert finding.message.partition(": ")[2] == known.removeprefix(": ")


@pytest.mark.parametrize(("times", "known"), [(1.5, SHARE[2:] + "3/2 times what it should be"), (0.123456789, "")])
def test_where_no_line_is_found_a_simple_factor_is_the_cause(times, known, monkeypatch, place_alone):
    monkeypatch.setattr(AtTheCode, "times", staticmethod(lambda g: times), raising=False)
    finding, evidence = the_fault(AtTheCode([11, 3], activation=ae.Tanh, dtype="float64", rng=0))
    assert finding.cause == known
    assert evidence["part"] == "encoder.tanh1"
    assert finding.message.startswith("on the way back from the loss, the first mistake is this: the gradient that ")


def test_a_large_gradient_is_explained_along_directions(monkeypatch):
    monkeypatch.setattr(AtTheCode, "times", staticmethod(lambda g: 1.5), raising=False)
    finding, _ = the_fault(AtTheCode([64, 30], activation=ae.Tanh, dtype="float64", rng=0))
    assert finding.message.endswith(SHARE + "3/2 times what it should be")


@pytest.mark.parametrize("times", [lambda g: 0.1 / np.linalg.norm(g), lambda g: g.shape[0] ** 0.5])
def test_a_factor_that_changes_with_the_batch_is_named_by_its_line(times, monkeypatch):
    monkeypatch.setattr(AtTheCode, "times", staticmethod(times), raising=False)
    finding, evidence = the_fault(AtTheCode([11, 3], activation=ae.Tanh, dtype="float64", rng=0))
    assert (evidence["fault"], finding.cause) == ("described", "the factor `self.times(grad_h)` should not be there")
    assert evidence["line"] == line_of("self.encoder.backward(grad_h * self.times(grad_h))")


class ClippedAtTheEnd(ae.Autoencoder):
    def backward(self):
        super().backward()
        for parameter in self.parameters:
            parameter.grad /= max(1.0, np.linalg.norm(parameter.grad))


def test_clipping_by_the_norm_is_no_factor():
    finding, evidence = the_fault(ClippedAtTheEnd([11, 5], activation=ae.Tanh, dtype="float64", rng=0))
    assert (evidence["fault"], finding.cause) == ("described", "this line should not be there")
    assert evidence["line"] == line_of("parameter.grad /= max(1.0")


class Recurrent(ae.Tanh):
    """Right, in unusual style: remembers every forward pass, and goes back through the last first."""

    def forward(self, a):
        self.__dict__.setdefault("ys", []).append(np.tanh(a))
        return self.ys[-1]

    def backward(self, grad_y):
        return grad_y * (1 - self.ys.pop() ** 2)


class Twice(ae.Autoencoder):
    def loss(self, x, rng=None):
        self.encoder.layers[1].__dict__["ys"] = []
        h = self.encoder.layers[1].forward(self.encoder.forward(x))
        return self.reconstruction.forward(self.decoder.forward(h), x)

    def backward(self):
        grad_h = self.decoder.backward(self.reconstruction.backward())
        self.encoder.backward(self.encoder.layers[1].backward(grad_h))


def test_a_part_that_is_used_twice():
    model = Twice([5, 3], activation=Recurrent, dtype="float64", rng=0)
    assert found(model, [batch(model)]).code == "not-localised"
    plant(model.parts["encoder.dense1"], ALTERATIONS["factor"], model.parameters[0])
    _, evidence = the_fault(model)
    assert (evidence["kind"], evidence["part"]) == ("part", "encoder.dense1")
