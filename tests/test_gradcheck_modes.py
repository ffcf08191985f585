"""The coverage of a gradient check, and how it checks many entries at once: modes, and stacks of changes."""

import functools

import numpy as np
import pytest
from numeric import D, H, N

import aescratch as ae
from aescratch import functions
from aescratch.inspection.gradcheck import coverage, models
from aescratch.inspection.gradcheck.binding import bind, with_copies
from aescratch.inspection.gradcheck.models import in_double_precision
from aescratch.inspection.gradcheck.numeric import estimates
from aescratch.inspection.gradcheck.report import judge
from aescratch.inspection.gradcheck.stacking import Stack, stack

X = np.random.default_rng(0).random((N, D))
LABELS = np.arange(N) % 3

VARIANTS = {
    "vanilla": functools.partial(ae.Autoencoder, [D, 4, H]),
    "GELU": functools.partial(ae.Autoencoder, [D, 4, H], activation=ae.GELU, weight_decay=0.1),
    "leaky": functools.partial(ae.Autoencoder, [D, H], activation=functools.partial(ae.LeakyReLU, 0.2)),
    "tied": functools.partial(ae.Autoencoder, [D, 4, H], tied=True, activation=ae.Tanh, weight_decay=0.1),
    "cross-entropy": functools.partial(ae.Autoencoder, [D, H], reconstruction=ae.BinaryCrossEntropy()),
    "linear": functools.partial(ae.LinearAutoencoder, [D, H], tied=True),
    "denoising": functools.partial(ae.DenoisingAutoencoder, [D, 4, H]),
    "masking": functools.partial(ae.DenoisingAutoencoder, [D, H], ae.MaskingNoise(0.3)),
    "KL-sparse": functools.partial(ae.SparseAutoencoder, [D, 4, H], sparsity=ae.KLSparsity(0.1, 0.5)),
    "L1-sparse": functools.partial(ae.SparseAutoencoder, [D, 4, H], sparsity=ae.L1Sparsity(0.5), unit_norm_decoder=True),
    "L1-sparse, tanh": functools.partial(
        ae.SparseAutoencoder, [D, H], sparsity=ae.L1Sparsity(0.5), activation=ae.Tanh, code_activation=ae.Tanh
    ),
    "k-sparse": functools.partial(ae.KSparseAutoencoder, [D, 4, H], k=2),
    "contractive": functools.partial(ae.ContractiveAutoencoder, [D, H], weight=0.3, weight_decay=0.1),
    "contractive, tied": functools.partial(ae.ContractiveAutoencoder, [D, H], weight=0.3, tied=True, code_activation=ae.ReLU),
    "stacked": functools.partial(ae.StackedAutoencoder, [D, 4, H], weight_decay=0.1),
    "variational": functools.partial(ae.VariationalAutoencoder, [D, 4, H]),
    "variational, two layers": functools.partial(ae.VariationalAutoencoder, [D, H], beta=2.0, activation=ae.GELU),
    "classifier": lambda rng: ae.SoftmaxClassifier(ae.Autoencoder([D, 4, H], rng=rng), 3, weight_decay=0.1, rng=rng),
}


def batch_for(model):
    return [X, LABELS] if isinstance(model, ae.SoftmaxClassifier) else [X]


@pytest.fixture
def whole_passes(monkeypatch):
    monkeypatch.setattr(models, "stack", lambda *arguments: None)


class TestStack:
    """Many changes in one pass give what each gives in a pass of its own."""

    @pytest.mark.parametrize("name", VARIANTS)
    @pytest.mark.parametrize("size", [1e-3, 0.5])
    def test_losses_and_kinks_are_those_of_whole_passes(self, name, size):
        model = VARIANTS[name](rng=1)
        with in_double_precision(model), model.trusting_batches():
            r = np.random.default_rng(2)
            for parameter in model.parameters:
                parameter.value = parameter.value + r.normal(0, 0.1, parameter.shape)
            batch = batch_for(model)
            stacked = stack(model, batch, 5)

            def here():
                loss = float(model.loss(*batch, rng=5))
                return loss, [kinks for kinks in (part.kinks for part in model.parts.values()) if kinks is not None]

            crossed = 0
            _, patterns = here()
            for parameter in model.parameters:
                entries = np.arange(parameter.size)
                offsets = size * r.choice([-1.0, 1.0], parameter.size)
                before = parameter.value.copy()
                losses, smooth = stacked.losses(parameter, entries, offsets)
                np.testing.assert_array_equal(parameter.value, before)
                flat = parameter.value.reshape(-1)
                for i in entries:
                    flat[i] += offsets[i]
                    loss, moved = here()
                    flat[i] = before.reshape(-1)[i]
                    assert losses[i] == pytest.approx(loss, rel=1e-13)
                    assert smooth[i] == all(np.array_equal(a, b) for a, b in zip(moved, patterns, strict=True))
                crossed += int((~smooth).sum())
            assert not patterns or size < 0.1 or crossed

    def test_wrong_entries_are_looked_at_again_together_too(self, monkeypatch):
        model = ae.Autoencoder([D, 17, H], activation=ae.GELU, rng=0)
        monkeypatch.setattr(functions, "gelu_backward", functions.gelu_tanh_backward)
        calls = []

        class Counted(type(stack(model, [X], 0))):
            def losses(self, parameter, entries, offsets):
                calls.append(len(entries))
                return super().losses(parameter, entries, offsets)

        monkeypatch.setattr(models, "stack", lambda *arguments: Counted(*arguments))
        together = ae.check_gradients(model, X, explain=False)
        monkeypatch.setattr(models, "stack", lambda *arguments: None)
        alone = ae.check_gradients(model, X, explain=False)
        assert together.verdict == "fail"
        assert len(calls) > 2 * len(model.parameters)
        for a, b in zip(together.tensors, alone.tensors, strict=True):
            np.testing.assert_array_equal(a.verdicts, b.verdicts)
            np.testing.assert_allclose(a.numeric, b.numeric, rtol=1e-5, atol=1e-9)

    @pytest.mark.parametrize("name", VARIANTS)
    def test_a_check_with_stacks_gives_what_one_without_gives(self, name, monkeypatch):
        model = VARIANTS[name](rng=1)
        together = ae.check_gradients(model, *batch_for(model))
        monkeypatch.setattr(models, "stack", lambda *arguments: None)
        alone = ae.check_gradients(model, *batch_for(model))
        assert together.verdict == alone.verdict == "pass"
        for a, b in zip(together.tensors, alone.tensors, strict=True):
            np.testing.assert_array_equal(a.verdicts, b.verdicts)
            np.testing.assert_allclose(a.numeric, b.numeric, rtol=1e-6, atol=1e-9)

    def test_wrong_gradients_fail_with_stacks_too(self, monkeypatch):
        monkeypatch.setattr(functions, "sigmoid_backward", lambda grad_y, y: grad_y * y)
        model = ae.Autoencoder([D, H], activation=ae.Sigmoid, rng=0)
        assert stack(model, [X], 0) is not None
        report = ae.check_gradients(model, X, explain=False)
        assert [tensor.verdict for tensor in report.tensors] == ["fail", "fail", "pass", "pass"]

    def test_the_rows_of_a_stack_are_never_mistaken_for_others(self):
        # With 3 copies of 7 rows a stack has 21 rows, as W of 21 inputs has.
        model = ae.ContractiveAutoencoder([21, H], dtype="float64", rng=0)
        x = np.random.default_rng(0).random((N, 21))
        losses, _ = stack(model, [x], 0).losses(model.parameters[0], np.arange(3), np.full(3, 0.1))
        for i in range(3):
            model.parameters[0].value.reshape(-1)[i] += 0.1
            assert losses[i] == pytest.approx(float(model.loss(x)), rel=1e-13)
            model.parameters[0].value.reshape(-1)[i] -= 0.1

    def test_a_stack_that_does_not_hold_settles_nothing(self, monkeypatch):
        model = ae.Autoencoder([D, H], activation=ae.Tanh, dtype="float64", rng=0)
        stacked = stack(model, [X], 0)
        monkeypatch.setattr(type(stacked), "_holds", lambda *arguments: False)
        _, smooth = stacked.losses(model.parameters[0], np.arange(5), np.full(5, 0.1))
        assert not smooth.any()

    def test_control_c_leaves_every_entry_as_it_was(self, monkeypatch):
        model = ae.Autoencoder([D, H], dtype="float64", rng=0)
        values = [parameter.value.copy() for parameter in model.parameters]
        right, calls = functions.dense, []

        def interrupted(x, W, b):
            calls.append(1)
            if len(calls) == 30:
                raise KeyboardInterrupt
            return right(x, W, b)

        stacked = stack(model, [X], 0)
        monkeypatch.setattr(functions, "dense", interrupted)
        W = model.parameters[0]
        with pytest.raises(KeyboardInterrupt):
            stacked.losses(W, np.arange(W.size).repeat(3), np.full(3 * W.size, 0.1))
        assert len(calls) == 30
        for parameter, value in zip(model.parameters, values, strict=True):
            np.testing.assert_array_equal(parameter.value, value)
        assert not any("forward" in part.__dict__ for part in model.parts.values())


class Mean(ae.Autoencoder):
    """A student's variant, whose own term mixes the rows."""

    def loss(self, x, rng=None):
        return super().loss(x, rng) + 0.1 * self.encoder.apply(self.as_batch(x)).mean()


class OnlyBackward(ae.Autoencoder):
    def backward(self):
        self.encoder.backward(self.decoder.backward(self.reconstruction.backward()))


class Halved(ae.ReLU):
    def apply(self, a):
        return 0.5 * super().apply(a - a.mean(axis=0))


class Centred(ae.Layer):
    """A layer of somebody's own, in which every row depends on all."""

    def apply(self, x):
        return x - x.mean(axis=0)

    def forward(self, x):
        return self.apply(x)

    def backward(self, grad_y):
        return grad_y - grad_y.mean(axis=0)


class FirstUnitCentred(ae.Tanh):
    """Takes its mean over the batch from unit 0; backward, which is tanh's, forgets that."""

    def moved(self, a):
        a[:, 0] -= a[:, 0].mean()

    def forward(self, a):
        a = a.copy()
        self.moved(a)
        return super().forward(a)


class FirstUnitAroundItsMedian(FirstUnitCentred):
    def moved(self, a):
        a[:, 0] -= np.median(a[:, 0])


class HalfCentred(FirstUnitCentred):
    def moved(self, a):
        half = a.shape[1] // 2
        a[:, :half] -= a[:, :half].mean(axis=0)


class FirstUnitCentredByTheLoss(ae.Autoencoder):
    def loss(self, x, rng=None):
        x, rng = self.as_batch(x), self.noise(rng)
        h = self.encoder.forward(x, rng).copy()
        h[:, 0] -= h[:, 0].mean()
        return self.reconstruction.forward(self.decoder.forward(h, rng), x)

    def backward(self):
        self.encoder.backward(self.decoder.backward(self.reconstruction.backward()))


class OwnBackward(ae.Tanh):
    def backward(self, grad_y):
        return grad_y


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_variant_is_stacked(variant):
    model = VARIANTS[variant](rng=0)
    with in_double_precision(model):
        assert stack(model, [X, LABELS] if model.takes_labels else [X], 0) is not None


def test_a_model_is_stacked_whose_backward_alone_is_ones_own():
    model = ae.Autoencoder([D, H], activation=OwnBackward, rng=0)
    with in_double_precision(model):
        assert stack(model, [X], 0) is not None
        model.encoder.layers[1].backward = lambda grad_y: grad_y
        assert stack(model, [X], 0) is not None


class TestWhatIsNotOurs:
    """Whatever computes forward, the check is as good as one in which every change takes a pass of its own."""

    def own_loss(self, monkeypatch):
        return Mean([D, H], rng=0)

    def own_layer(self, monkeypatch):
        return ae.Autoencoder([D, H], activation=Halved, rng=0)

    def loss_on_the_object(self, monkeypatch):
        model = ae.Autoencoder([D, H], rng=0)
        model.loss = lambda x, rng=None: ae.Autoencoder.loss(model, x, rng)
        return model

    def forward_on_a_layer(self, monkeypatch):
        model = ae.Autoencoder([D, H], rng=0)
        layer = model.encoder.layers[1]
        layer.forward = lambda a: ae.ReLU.forward(layer, a)
        return model

    def replaced_formula(self, monkeypatch):
        right = functions.relu
        monkeypatch.setattr(functions, "relu", lambda a: right(a))
        return ae.Autoencoder([D, H], rng=0)

    def replaced_method(self, monkeypatch):
        right = ae.ReLU.apply
        monkeypatch.setattr(ae.ReLU, "apply", lambda self, a: right(self, a))
        return ae.Autoencoder([D, H], rng=0)

    def added_method(self, monkeypatch):
        right = ae.ReLU.forward  # inherited, until this
        monkeypatch.setattr(ae.ReLU, "forward", lambda self, a: right(self, a))
        return ae.Autoencoder([D, H], rng=0)

    def own_network(self, monkeypatch):
        class Network(ae.Sequential):
            def forward(self, x, rng=None):
                return super().forward(x - x.mean(axis=0), rng)

        model = ae.Autoencoder([D, H], rng=0)
        model.encoder = Network(model.encoder.layers)
        return model

    def mixing_formula(self, monkeypatch):
        monkeypatch.setattr(functions, "relu", lambda a: np.maximum(a - a.mean(axis=0), 0))
        return ae.Autoencoder([D, H], rng=0)

    def mixing_loss(self, monkeypatch):
        right = ae.SquaredError.forward
        monkeypatch.setattr(ae.SquaredError, "forward", lambda self, x_hat, x: right(self, x_hat - x_hat.mean(), x))
        return ae.Autoencoder([D, H], activation=ae.Tanh, rng=0)

    def layer_that_mixes(self, monkeypatch):
        model = ae.Autoencoder([D, 4, H], activation=ae.Tanh, rng=0)
        model.encoder.layers.insert(2, Centred())
        return model

    @pytest.mark.parametrize(
        "make",
        ["own_loss", "own_layer", "loss_on_the_object", "forward_on_a_layer", "replaced_formula", "replaced_method",
         "added_method", "own_network", "mixing_formula", "mixing_loss", "layer_that_mixes"],
    )  # fmt: skip
    def test_the_verdicts_are_those_of_whole_passes(self, make, monkeypatch):
        model = getattr(self, make)(monkeypatch)
        assert stack(model, [X], 0) is None
        together = ae.check_gradients(model, X, explain=False)
        monkeypatch.setattr(models, "stack", lambda *arguments: None)
        alone = ae.check_gradients(model, X, explain=False)
        assert together.verdict == alone.verdict
        for a, b in zip(together.tensors, alone.tensors, strict=True):
            np.testing.assert_array_equal(a.verdicts, b.verdicts)
            np.testing.assert_allclose(a.numeric, b.numeric, rtol=1e-5, atol=1e-9)

    @pytest.mark.in_turn
    @pytest.mark.parametrize("kind", [FirstUnitCentred, FirstUnitAroundItsMedian, HalfCentred])
    @pytest.mark.parametrize("seed", range(5))
    def test_a_batch_mixed_in_a_few_units_is_seen(self, kind, seed):
        x = np.random.default_rng(seed).random((7, 5))
        for mode in ("exhaustive", "directional", "sampled"):
            model = ae.Autoencoder([5, 8], activation=kind, rng=seed)
            assert ae.check_gradients(model, x, mode=mode, explain=False).verdict == "fail"

    @pytest.mark.parametrize("seed", range(5))
    def test_a_formula_that_mixes_one_unit_is_seen(self, seed, monkeypatch):
        def mixing(a):
            a = a.copy()
            a[:, 0] -= a[:, 0].mean()
            return np.tanh(a)

        monkeypatch.setattr(functions, "tanh", mixing)
        model = ae.Autoencoder([5, 8], activation=ae.Tanh, rng=seed)
        assert ae.check_gradients(model, np.random.default_rng(seed).random((7, 5)), explain=False).verdict == "fail"

    @pytest.mark.parametrize("wrap", [lambda f: f, functools.wraps(ae.Tanh.apply), functools.partialmethod])
    @pytest.mark.parametrize("seed", range(5))
    def test_a_method_of_ours_that_mixes_one_unit_is_seen(self, seed, wrap, monkeypatch):
        right = ae.Tanh.apply

        def mixing(self, a):
            a = a.copy()
            a[:, 0] -= a[:, 0].mean()
            return right(self, a)

        monkeypatch.setattr(ae.Tanh, "apply", wrap(mixing))
        model = ae.Autoencoder([5, 8], activation=ae.Tanh, rng=seed)
        assert ae.check_gradients(model, np.random.default_rng(seed).random((7, 5)), explain=False).verdict == "fail"

    @pytest.mark.parametrize("where", ["on the object", "as no function"])
    @pytest.mark.parametrize("seed", range(5))
    def test_a_forward_that_mixes_one_unit_is_seen_wherever_it_stands(self, where, seed):
        def mixing(layer, a):
            a = a.copy()
            a[:, 0] -= a[:, 0].mean()
            return ae.Tanh.forward(layer, a)

        kind = type("Mixing", (ae.Tanh,), {"forward": functools.partialmethod(mixing)} if where == "as no function" else {})
        model = ae.Autoencoder([5, 8], activation=kind, rng=seed)
        if where == "on the object":
            layer = model.encoder.layers[1]
            layer.forward = functools.partial(mixing, layer)
        assert ae.check_gradients(model, np.random.default_rng(seed).random((7, 5)), explain=False).verdict == "fail"

    @pytest.mark.parametrize("seed", range(5))
    def test_a_loss_that_mixes_one_unit_is_seen(self, seed):
        model = FirstUnitCentredByTheLoss([5, 8], activation=ae.Tanh, rng=seed)
        assert ae.check_gradients(model, np.random.default_rng(seed).random((7, 5)), explain=False).verdict == "fail"

    @pytest.mark.parametrize("make", ["own_loss", "own_layer", "mixing_formula"])
    def test_a_stack_of_rows_that_depend_on_each_other_settles_nothing(self, make, monkeypatch):
        model = getattr(self, make)(monkeypatch)
        with in_double_precision(model):
            _, smooth = Stack(model, [X], 0).losses(model.parameters[0], np.arange(D * H), np.full(D * H, 0.1))
        assert not smooth.any()

    def test_a_layer_that_does_not_say_so_takes_one_batch_at_a_time(self, monkeypatch):
        model = self.layer_that_mixes(monkeypatch)
        assert not Centred.row_by_row
        with in_double_precision(model):
            _, smooth = Stack(model, [X], 0).losses(model.parameters[0], np.arange(D * 4), np.full(D * 4, 0.1))
        assert smooth.all()

    def test_a_forward_on_a_layer_is_still_there_afterwards(self):
        model = ae.Autoencoder([D, H], activation=ae.Tanh, dtype="float64", rng=0)
        layer = model.encoder.layers[0]
        layer.forward = own = lambda x: ae.Dense.forward(layer, x)
        _, smooth = Stack(model, [X], 0).losses(layer.W, np.arange(D * H), np.full(D * H, 0.1))
        assert smooth.all()
        assert layer.forward is own

    @pytest.mark.parametrize("broken", [False, True])
    def test_what_a_stack_calls_wrong_is_seen_without_it(self, broken, monkeypatch):
        class Lying(Stack):
            def losses(self, parameter, entries, offsets):
                losses, smooth = super().losses(parameter, entries, offsets)
                return losses + 0.1 * offsets * (entries == 4), smooth

        class Wrong(ae.Autoencoder):
            def backward(self):
                super().backward()
                self.parameters[0].grad[1, 2] *= 1.01 if broken else 1.0

        monkeypatch.setattr(models, "stack", lambda *arguments: Lying(*arguments))
        report = ae.check_gradients(Wrong([D, H], activation=ae.Tanh, rng=0), X, explain=False)
        assert [tensor.count("fail") for tensor in report.tensors] == [int(broken), 0, 0, 0]

    def test_a_backward_of_its_own_does_not_matter(self, monkeypatch):
        model = OnlyBackward([D, H], rng=0)
        monkeypatch.setattr(functions, "relu_backward", lambda grad_y, a: grad_y)
        monkeypatch.setattr(ae.Dense, "backward", lambda self, grad_y: grad_y)
        assert stack(model, [X], 0) is not None

    def test_a_term_that_mixes_rows_is_seen(self):
        report = ae.check_gradients(Mean([D, H], activation=ae.Tanh, rng=0), X, explain=False)
        assert [tensor.verdict for tensor in report.tensors] == ["fail", "fail", "pass", "pass"]


class TestModes:
    @pytest.mark.parametrize("mode", ["exhaustive", "sampled", "directional", "auto"])
    def test_right_gradients_pass(self, mode):
        model = ae.Autoencoder([D, 17, H], activation=ae.GELU, rng=0)
        report = ae.check_gradients(model, X, mode=mode)
        assert report.verdict == "pass", str(report)
        assert [tensor.name for tensor in report.tensors] == [parameter.name for parameter in model.parameters]

    @pytest.mark.in_turn
    @pytest.mark.parametrize("mode", ["sampled", "directional", "auto"])
    @pytest.mark.parametrize("broken", range(8))
    def test_a_wrong_gradient_of_any_tensor_fails(self, mode, broken):
        class Wrong(ae.Autoencoder):
            def backward(self):
                super().backward()
                self.parameters[broken].grad *= 1.001

        report = ae.check_gradients(Wrong([D, 17, H], activation=ae.GELU, rng=0), X, mode=mode, explain=False)
        assert [tensor.verdict == "fail" for tensor in report.tensors] == [i == broken for i in range(8)]

    def test_sampled_checks_some_entries_of_every_tensor_and_says_how_many(self):
        model = ae.Autoencoder([D, 17, H], activation=ae.GELU, rng=0)
        report = ae.check_gradients(model, X, mode="sampled")
        checked = [int((tensor.verdicts != "unchecked").sum()) for tensor in report.tensors]
        assert checked == [min(coverage.SAMPLES, parameter.size) for parameter in model.parameters]
        assert f"sampled: {sum(checked)} of {model.n_parameters} entries" in str(report)
        assert all(np.isnan(t.numeric[t.verdicts == "unchecked"]).all() for t in report.tensors)

    def test_sampled_draws_other_entries_for_another_seed(self):
        model = ae.Autoencoder([D, 17, H], activation=ae.GELU, rng=0)
        first, same, other = (ae.check_gradients(model, X, mode="sampled", rng=seed) for seed in (0, 0, 1))
        np.testing.assert_array_equal(first.tensors[0].verdicts, same.tensors[0].verdicts)
        assert (first.tensors[0].verdicts != other.tensors[0].verdicts).any()

    def test_directional_looks_along_several_directions_in_every_tensor(self):
        model, calls = ae.Autoencoder([D, 17, H], activation=ae.GELU, rng=0), []
        right = model.loss
        model.loss = lambda *a, **k: calls.append(1) or right(*a, **k)
        report = ae.check_gradients(model, X, mode="directional")
        assert f"directional: along {coverage.DIRECTIONS} directions in every tensor" in report.title
        for tensor, parameter in zip(report.tensors, model.parameters, strict=True):
            assert tensor.analytic.shape == ((coverage.DIRECTIONS,) if parameter.size > coverage.DIRECTIONS else parameter.shape)
        assert len(calls) < 2 * model.n_parameters / 2

    def test_directional_checks_every_entry_of_what_fails(self):
        class Wrong(ae.Autoencoder):
            def backward(self):
                super().backward()
                self.parameters[0].grad[1, 2] *= 1.01

        report = ae.check_gradients(Wrong([D, 17, H], activation=ae.GELU, rng=0), X, mode="directional", explain=False)
        first = report.tensors[0]
        assert ", every entry of encoder.W1" in report.title
        assert (first.verdict, first.count("fail"), first.worst) == ("fail", 1, (1, 2))

    def test_directional_leaves_the_values_as_they_were(self):
        model = ae.Autoencoder([D, 17, H], rng=0)
        values = [parameter.value.copy() for parameter in model.parameters]
        ae.check_gradients(model, X, mode="directional")
        for parameter, value in zip(model.parameters, values, strict=True):
            np.testing.assert_array_equal(parameter.value, value)

    def test_auto_is_exhaustive_until_there_are_many_entries(self, monkeypatch):
        model = ae.Autoencoder([D, 17, H], activation=ae.Tanh, rng=0)
        assert "direction" not in ae.check_gradients(model, X, mode="auto").title
        monkeypatch.setattr(coverage, "FEW", 100)
        assert "directional" in ae.check_gradients(model, X, mode="auto").title

    @pytest.mark.parametrize("entries", [slice(None), (1, 2)])
    def test_auto_does_not_check_every_entry_of_a_large_tensor_that_fails(self, monkeypatch, entries):
        class Wrong(ae.Autoencoder):
            def backward(self):
                super().backward()
                self.parameters[0].grad[entries] *= 1.01

        monkeypatch.setattr(coverage, "FEW", 80)
        model = Wrong([D, 17, H], activation=ae.GELU, rng=0)
        report = ae.check_gradients(model, X, mode="auto", explain=False, rng=0)
        first = report.tensors[0]
        assert report.verdict == first.verdict == "fail"
        if entries == (1, 2):  # which the samples don't hit
            assert first.analytic.shape == (coverage.DIRECTIONS,)
        else:
            assert first.count("fail") == coverage.SAMPLES
            assert ", 40 entries of encoder.W1" in report.title

    @pytest.mark.parametrize("mode", ["sampled", "directional"])
    @pytest.mark.parametrize(("factor", "verdict"), [(1, "pass"), (1.0001, "fail")])
    def test_functions_have_them_too(self, mode, factor, verdict):
        a = np.random.default_rng(0).normal(size=(11, 13))
        report = ae.check_function(
            lambda a: np.tanh(a), lambda grad_y, a: factor * grad_y * (1 - np.tanh(a) ** 2), {"a": a}, mode=mode,
            explain=False,
        )  # fmt: skip
        assert report.verdict == verdict
        assert mode in report.title

    @pytest.mark.in_turn
    def test_a_tanh_derivative_on_an_exact_gelu_is_seen_in_every_mode(self):
        for mode in ("sampled", "directional"):
            for seed in range(20):
                a = np.random.default_rng(seed).normal(size=(N, 11))
                report = ae.check_function(
                    functions.gelu, functions.gelu_tanh_backward, {"a": a}, rng=seed, mode=mode, explain=False
                )
                assert report.verdict == "fail"

    @pytest.mark.parametrize("mode", ["fast", None, "Exhaustive"])
    def test_there_are_no_others(self, mode):
        with pytest.raises(ValueError, match="expected mode to be one of exhaustive, sampled, directional, auto, got"):
            ae.check_gradients(ae.Autoencoder([D, H]), X, mode=mode)

    def test_too_many_kinks_among_the_samples_are_inconclusive(self):
        a = np.ones((20, 50))
        a[:, ::2] = 0
        report = ae.check_function(lambda a: np.maximum(a, 0), lambda grad_y, a: grad_y * (a > 0), {"a": a}, mode="sampled")
        assert report.verdict == "inconclusive"


def test_estimates_of_chosen_entries_are_those_of_all():
    w = np.array([0.3, -0.7, 1.1])
    every = estimates(lambda: (float(np.sin(w).sum()), []), w, np.cos(w), 1e-6)
    some = estimates(lambda: (float(np.sin(w).sum()), []), w, np.cos(w), 1e-6, entries=[2, 0])
    assert [e.value for e in some] == [every[2].value, every[0].value]
    assert judge("w", np.cos(w), every, 1e-6).verdict == "pass"


class TestTogether:
    """Entries that a joint check leaves undecided are checked one by one."""

    def alone(self, offset=0.0, factor=1.0, smooth=True, later=True):
        """How many evaluations entries take one by one, beside the first, where the looks at all of them are as given."""
        w, calls, looks = np.array([0.3, -0.7, 1.1]), [], []

        def value(w):
            return offset + float(np.sin(w).sum())

        def objective():
            calls.append(1)
            return value(w), []

        def together(entries, offsets):
            looks.append(1)
            moved = w + offsets[:, None] * (np.arange(3) == entries[:, None])
            return np.array([value(row) for row in moved]), np.full(len(entries), smooth if len(looks) == 1 else later)

        found = estimates(objective, w, factor * np.cos(w), 1e-6, together=together)
        expected = factor == 1.0
        assert (judge("w", factor * np.cos(w), found, 1e-6).verdict == "pass") == expected
        return len(calls) - 1, len(looks)

    def test_right_entries_are_settled_by_the_first_look(self):
        assert self.alone() == (0, 1)

    def test_wrong_entries_are_settled_by_the_second(self):
        assert self.alone(factor=1.01) == (0, 5)

    def test_wrong_entries_are_settled_though_rounding_keeps_the_looks_apart(self):
        assert self.alone(offset=1e4, factor=1.01) == (0, 5)

    def test_nothing_is_settled_across_a_kink(self):
        evaluations, looks = self.alone(smooth=False)
        assert (evaluations, looks) == (6, 1)
        evaluations, looks = self.alone(factor=1.01, later=False)
        assert evaluations >= 6 * 3
        assert looks == 5

    def test_nothing_is_settled_where_rounding_hides_it(self):
        evaluations, _ = self.alone(offset=1e7)
        assert evaluations >= 6


def test_directions_see_a_gradient_whose_entries_change_places():
    """Its sum, the derivative along ones, is right."""
    report = ae.check_function(
        functions.tanh, lambda grad_y, y: functions.tanh_backward(grad_y, y)[::-1], {"a": X}, mode="directional", explain=False
    )
    assert report.verdict == "fail"
    assert ae.check_function(functions.tanh, functions.tanh_backward, {"a": X}, mode="directional").verdict == "pass"


# Stop-gradients: copies of inputs that are held


def commitment(h, E, h_held, E_held):
    """‖sg[h] − E‖² + 0.3 ‖h − sg[E]‖², element-wise."""
    return (h_held - E) ** 2 + 0.3 * (h - E_held) ** 2


HELD = {"h_held": "h", "E_held": "E"}


def checked_commitment(backward, **options):
    rng = np.random.default_rng(0)
    inputs = {"h": rng.normal(size=(7, 3)), "E": rng.normal(size=(7, 3))}
    return ae.check_function(commitment, backward, inputs, **{"held": HELD, **options})


def test_what_is_held_is_left_where_it_is():
    right = checked_commitment(lambda grad_y, h, E: (grad_y * 0.6 * (h - E), grad_y * 2 * (E - h)))
    assert [(tensor.name, tensor.verdict) for tensor in right.tensors] == [("grad_h", "pass"), ("grad_E", "pass")]
    unheld = checked_commitment(lambda grad_y, h, E: (grad_y * 2.6 * (h - E), grad_y * 2.6 * (E - h)))
    assert [tensor.verdict for tensor in unheld.tensors] == ["fail", "fail"]


def test_a_mistake_beside_a_stop_gradient_has_its_cause_at_other_inputs_and_sizes_too():
    report = checked_commitment(lambda grad_y, h, E: (grad_y * 0.6 * (E - h), grad_y * (E - h)))
    causes = {finding.tensor: finding.evidence["hypothesis"] for finding in report.findings if finding.code == "cause"}
    assert causes == {"grad_h": "sign", "grad_E": "scale"}


def test_what_cannot_be_held_is_refused():
    def backward(grad_y, h, E):
        return grad_y * h, grad_y * E

    with pytest.raises(ValueError, match="expected h_held to be held as a copy of an array among the inputs, got 'g'"):
        checked_commitment(backward, held={**HELD, "h_held": "g"})
    with pytest.raises(TypeError, match="expected inputs beside held, which names some of them, got NoneType"):
        ae.check_function(commitment, backward, held=HELD)
    with pytest.raises(ValueError, match="expected blocks or held, got both"):
        checked_commitment(backward, blocks={"E": (7, 3)})
    with pytest.raises(ValueError, match="expected no E among the inputs, since it is held as a copy of h; leave it out of inputs"):
        checked_commitment(backward, held={"E": "h"})


def test_a_copy_follows_wherever_a_pair_is_taken_and_is_no_input_of_its_own():
    def backward(grad_y, h, E):
        return grad_y * 0.6 * (h - E), grad_y * 2 * (E - h)

    start, other = ({name: np.full((n, 3), 1.0 * n) for name in ("h", "E")} for n in (7, 11))
    pair = bind(commitment, backward, with_copies(start, HELD), HELD).at(with_copies(start, HELD) | other)
    assert [pair.inputs[name].shape for name in commitment.__code__.co_varnames[:4]] == [(11, 3)] * 4
    assert (pair.inputs["E_held"] == 11).all()

    def copy_first(E_held, h):
        return E_held * h

    report = ae.check_function(copy_first, lambda grad_y, E_held: grad_y * E_held, {"h": start["h"]}, held={"E_held": "h"})
    assert [(tensor.name, tensor.verdict) for tensor in report.tensors] == [("grad_h", "pass")]
