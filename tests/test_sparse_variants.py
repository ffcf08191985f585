"""Codes that are chosen, by thresholds, over a batch, by gates, in nested prefixes: what is particular to each.

That gradients, files, traces and the command line work is tested with those of all variants.
"""

import math

import numpy as np
import pytest
from numeric import D, H, N, assert_close, numeric_gradient

import aescratch as ae
from aescratch import functions as f
from aescratch.codes.gates import Gate, Gated, Magnitude
from aescratch.codes.selection import JumpReLU, SilentTopK
from aescratch.layers import Linear
from aescratch.penalties import ResidualError

X = np.random.default_rng(7).random((N, D))


def by_name(model):
    return {parameter.name: parameter for parameter in model.parameters}


# JumpReLU


def test_the_estimated_slope_of_the_mean_count_is_that_of_the_distribution():
    """The rule for theta estimates d/dtheta of E[H(a − theta)] = −density of a at theta; for a normal a it is known."""
    theta, bandwidth = np.array([0.5]), 0.2
    a = np.random.default_rng(0).normal(size=(200_000, 1))
    (estimate,) = f.l0_sparsity_backward(a, theta, bandwidth)[1]
    density = math.exp(-0.5 * 0.5**2) / math.sqrt(2 * math.pi)
    # the kernel averages the density over its width, which changes it by about bandwidth² / 24 times its curvature
    assert abs(estimate + density) < 0.005
    wide = f.l0_sparsity_backward(a, theta, 4.0)[1][0]
    assert abs(wide + density) > 0.1, "a wide kernel is biased"


def test_the_estimated_slope_of_a_mean_loss_is_its_derivative():
    """For a linear loss g h, d/dtheta of E[g a H(a − theta)] = −g theta density(theta)."""
    theta, g = np.array([0.7]), 1.3
    a = np.random.default_rng(0).normal(size=(200_000, 1))
    _, grad_theta = f.jump_relu_backward(np.full(a.shape, g / len(a)), a, theta, 0.2)
    density = math.exp(-0.5 * 0.7**2) / math.sqrt(2 * math.pi)
    assert grad_theta[0] == pytest.approx(-g * 0.7 * density, abs=0.01)


def test_a_unit_at_its_threshold_is_off():
    a = np.array([[0.5, np.nextafter(0.5, 1), -1.0]])
    np.testing.assert_array_equal(f.jump_relu(a, np.full(3, 0.5), 0.1), [[0, a[0, 1], 0]])
    np.testing.assert_array_equal(f.jump_relu_backward(np.ones((1, 3)), a, np.full(3, 0.5), 1e-30)[0], [[0, 1, 0]])
    assert f.l0_sparsity(a, np.full(3, 0.5), 0.1) == 1


def test_the_kernel_ends_at_half_its_width():
    theta, bandwidth = np.array([1.0]), 0.5
    for a, is_near in ((0.75, False), (0.76, True), (1.0, True), (1.24, True), (1.25, False)):
        grad_theta = f.l0_sparsity_backward(np.array([[a]]), theta, bandwidth)[1]
        assert grad_theta == (-1 / bandwidth if is_near else 0.0), a


def test_thresholds_that_no_unit_is_near_get_no_gradient_and_the_check_says_so():
    model = ae.JumpReLUAutoencoder([D, H], bandwidth=1e-9, dtype="float64", rng=0)
    report = ae.check_gradients(model, X)
    assert report.verdict == "inconclusive"
    assert [tensor.name for tensor in report.tensors if tensor.is_untested] == ["jump.log_theta"]


def test_the_penalty_of_jump_relu_reaches_the_thresholds_alone():
    models = [ae.JumpReLUAutoencoder([D, H], weight, bandwidth=0.8, dtype="float64", rng=0) for weight in (0.0, 1.0)]
    gradients = []
    for model in models:
        model.loss(X)
        model.backward()
        gradients.append({name: parameter.grad.copy() for name, parameter in by_name(model).items()})
    changed = [name for name in gradients[0] if (gradients[0][name] != gradients[1][name]).any()]
    assert changed == ["jump.log_theta"]
    a, theta = models[0].encoder.apply(X), 0.1
    near = (np.abs(a - theta) < 0.4).sum(axis=0)
    difference = gradients[1]["jump.log_theta"] - gradients[0]["jump.log_theta"]
    np.testing.assert_allclose(difference, -near * theta / 0.8 / N, rtol=1e-10)


def test_what_the_penalty_says_of_a_is_weighed_and_passed_on(monkeypatch):
    """It says 0. Were it to say something else, as other papers have it, the encoder would hear of it."""
    monkeypatch.setattr(f, "l0_sparsity_backward", lambda a, theta, bandwidth: (np.ones_like(a), np.zeros_like(theta)))
    gradients = []
    for weight in (0.0, 0.25):
        model = ae.JumpReLUAutoencoder([D, H], weight, dtype="float64", rng=0)
        model.loss(X)
        model.backward()
        gradients.append(by_name(model)["encoder.b1"].grad.copy())
    np.testing.assert_allclose(gradients[1] - gradients[0], 0.25 * N, rtol=1e-12)


def test_thresholds_stay_positive_and_a_dearer_unit_raises_them():
    train = ae.datasets.load_digits().x[:500]
    counts = []
    for weight in (0.005, 0.5):
        model = ae.JumpReLUAutoencoder([64, 32], weight, rng=0)
        model.fit(train, epochs=15, optimizer=ae.Adam(2e-2), rng=0)
        code = model.encode(train)
        assert (np.exp(model.jump.log_theta.value) > 0).all()
        counts.append((code != 0).sum(axis=1).mean())
    assert counts[1] < 0.7 * counts[0]


@pytest.mark.in_turn
@pytest.mark.parametrize("widths", [[1, 1], [D, 1], [D, H], [H, D]])
@pytest.mark.parametrize("examples", [1, N])
@pytest.mark.parametrize("bandwidth", [1e-12, 0.5, 1e6])
def test_hard_settings_of_jump_relu(widths, examples, bandwidth):
    model = ae.JumpReLUAutoencoder(widths, 0.3, bandwidth=bandwidth, dtype="float64", rng=0)
    for x in (np.random.default_rng(0).random((examples, widths[0])), np.full((examples, widths[0]), 0.3)):
        report = ae.check_gradients(model, x)
        assert report.verdict in ("pass", "inconclusive"), str(report)
        wrong = [tensor.name for tensor in report.tensors if tensor.verdict == "fail"]
        assert not wrong
        model.loss(x)
        model.backward()
        assert all(np.isfinite(parameter.grad).all() for parameter in model.parameters)


REFUSED = [
    (lambda: ae.JumpReLUAutoencoder([D, H], theta=0.0), r"expected theta to be a number above 0, got 0.0"),
    (lambda: ae.JumpReLUAutoencoder([D, H], bandwidth=0), r"expected bandwidth to be a number above 0, got 0"),
    (lambda: ae.JumpReLUAutoencoder([D, H], -1.0), r"expected weight to be a number of at least 0, got -1.0"),
    (lambda: ae.JumpReLUAutoencoder([D, H], tied=True), r"expected tied=False for a JumpReLUAutoencoder"),
]


# k-sparse over a batch


def test_over_a_batch_k_n_units_stay_and_examples_differ_in_how_many():
    a = np.random.default_rng(0).normal(size=(50, 11)) * np.linspace(0.2, 3, 50)[:, None]
    kept = (f.batch_top_k(a, 3) != 0).sum(axis=1)
    assert kept.sum() == 150
    assert kept.min() < 2
    assert kept.max() > 4
    assert a[f.batch_top_k_mask(a, 3)].min() > a[~f.batch_top_k_mask(a, 3)].max()


def test_ties_over_a_batch_go_to_the_first():
    a = np.array([[1.0, 2.0, 2.0], [2.0, 2.0, 0.0]])
    np.testing.assert_array_equal(f.batch_top_k(a, 1), [[0, 2, 2], [0, 0, 0]])
    np.testing.assert_array_equal(f.batch_top_k(np.ones((3, 3)), 1), [[1, 1, 1], [0, 0, 0], [0, 0, 0]])


def test_the_threshold_is_a_running_mean_of_the_smallest_that_stayed():
    layer, r = ae.BatchTopK(2, momentum=0.3, dtype="float64"), np.random.default_rng(0)
    expected, layer.in_training = 0.0, True
    for _ in range(5):
        a = r.normal(size=(N, D))
        layer.forward(a)
        expected += 0.3 * (np.sort(a, axis=None)[-2 * N] - expected)
    np.testing.assert_allclose(layer.threshold.value, expected, rtol=1e-12)
    layer.in_training = False
    a = r.normal(size=(N, D))
    np.testing.assert_array_equal(layer.forward(a), np.where(a > expected, a, 0))
    np.testing.assert_array_equal(layer.backward(np.ones((N, D))), a > expected)


def test_in_use_about_k_units_of_an_example_stay():
    x = ae.datasets.load_digits().x[:600]
    model = ae.KSparseAutoencoder([64, 64], k=8, batch=True, rng=0)
    model.fit(x[:400], epochs=10, optimizer=ae.Adam(5e-3), rng=0)
    counts = (model.encode(x[400:]) != 0).sum(axis=1)
    assert 6 < counts.mean() < 10
    assert counts.std() > 1, "each its own number"


# Silent units that restore the residual


def test_silence_is_counted_in_examples_in_training_alone():
    model = ae.KSparseAutoencoder([D, H], k=1, auxiliary=1 / 32, silent_after=5, dtype="float64", rng=0)
    model.loss(X)
    assert not model.silent.silent_for.value.any()
    with model.training():
        for times in (1, 2):
            model.loss(X)
            silent = (model.encode(X) == 0).all(axis=0)
            np.testing.assert_array_equal(model.silent.silent_for.value, np.where(silent, times * N, 0))


def with_silent(**options):
    model = ae.KSparseAutoencoder([D, 7], **{"k": 2, "auxiliary": 0.5, "silent_after": 10, "dtype": "float64", "rng": 0, **options})
    model.silent.silent_for.value = np.array([20.0, 0, 30, 0, 40, 50, 10])
    return model


def test_silent_units_restore_what_the_others_leave():
    model, r = with_silent(auxiliary_k=3), np.random.default_rng(1)
    for parameter in model.parameters:
        parameter.value = r.normal(size=parameter.shape)
    W, b, V, c = (parameter.value for parameter in model.parameters)
    a = X @ W + b
    x_hat = f.top_k(a, 2) @ V + c
    z = np.zeros_like(a)
    for row, out in zip(a, z, strict=True):
        for j in sorted((0, 2, 4, 5), key=lambda j: -row[j])[:3]:  # unit 6 has been silent for 10, and not for more
            out[j] = row[j]
    expected = 0.5 * ((x_hat - X) ** 2).sum(axis=1).mean() + 0.5 * 0.5 * ((z @ V - (X - x_hat)) ** 2).sum(axis=1).mean()
    assert float(model.loss(X)) == pytest.approx(expected, rel=1e-12)


def test_the_residual_is_held_constant():
    """Units that aren't silent get the gradient that they get without the silent ones, and so does the decoder's bias."""
    model, without = with_silent(), with_silent(auxiliary=0.0)
    for each in (model, without):
        each.loss(X)
        each.backward()
    awake = [1, 3, 6]
    for name in ("encoder.W1", "encoder.b1", "decoder.W1", "decoder.b1"):
        one, other = by_name(model)[name].grad, by_name(without)[name].grad
        if name == "decoder.b1":
            np.testing.assert_array_equal(one, other)
            continue
        axis = 0 if name == "decoder.W1" else -1
        np.testing.assert_array_equal(one.take(awake, axis), other.take(awake, axis))
        assert (one != other).any()


def test_the_error_of_the_residual_has_a_gradient_for_both():
    r = np.random.default_rng(0)
    report = ae.check_layer(ResidualError(0.7), {"e_hat": r.normal(size=(N, D)), "e": r.normal(size=(N, D))})
    assert report.verdict == "pass", str(report)
    assert [tensor.name for tensor in report.tensors] == ["grad_e_hat", "grad_e"]


def test_without_silent_units_the_term_asks_for_nothing():
    model, without = with_silent(), with_silent(auxiliary=0.0)
    model.silent.silent_for.value = np.zeros(7)
    for each in (model, without):
        each.loss(X)
        each.backward()
    for one, other in zip(model.parameters, without.parameters, strict=True):
        np.testing.assert_array_equal(one.grad, other.grad)


def test_the_new_options_leave_settings_and_numbers_of_k_sparse_as_they_were(tmp_path):
    model, said = ae.KSparseAutoencoder([D, 7], k=2, rng=0), ae.KSparseAutoencoder([D, 7], k=2, batch=False, auxiliary=0.0, rng=0)
    assert not {"batch", "auxiliary", "auxiliary_k", "silent_after"} & model.settings().keys()
    assert list(model.parts) == ["encoder.dense1", "encoder.topk1", "decoder.dense1", "reconstruction", "decay"]
    for number, each in enumerate((model, said)):
        each.save(tmp_path / f"{number}.npz")
    assert (tmp_path / "0.npz").read_bytes() == (tmp_path / "1.npz").read_bytes()
    x = X.astype("float32")
    h = f.top_k(f.dense(x, *(p.value for p in model.parameters[:2])), 2)
    x_hat = f.dense(h, *(p.value for p in model.parameters[2:]))
    assert model.loss(x) == f.squared_error(x_hat, x)


@pytest.mark.parametrize("options", [{"batch": True}, {"auxiliary": 0.1}, {"batch": True, "auxiliary": 0.1, "auxiliary_k": 2}])
def test_a_resumed_training_with_counts_is_the_whole_one(tmp_path, options):
    def make():
        return ae.KSparseAutoencoder([D, 7], k=2, silent_after=8, **options, rng=0)

    x, path = X.astype("float32"), tmp_path / "run.npz"
    whole, part, resumed = make(), make(), make()
    whole.fit(x, epochs=6, batch_size=3, rng=1)
    part.fit(x, epochs=3, batch_size=3, rng=1, checkpoint=path)
    resumed.fit(x, epochs=6, batch_size=3, rng=1, checkpoint=path)
    resumed.save(tmp_path / "model.npz")
    loaded = ae.load(tmp_path / "model.npz")
    for other in (resumed, loaded):
        for one, two in zip(whole.parameters, other.parameters, strict=True):
            np.testing.assert_array_equal(one.value, two.value)
        assert list(whole.buffers) == list(other.buffers) != []
        for name, buffer in whole.buffers.items():
            np.testing.assert_array_equal(buffer.value, other.buffers[name].value)


@pytest.mark.in_turn
@pytest.mark.parametrize("options", [{}, {"batch": True}, {"auxiliary": 0.5}, {"batch": True, "auxiliary": 0.5}])
@pytest.mark.parametrize(("widths", "k"), [([1, 1], 1), ([D, 1], 1), ([D, H], H), ([D, 7], 1)])
@pytest.mark.parametrize("examples", [1, N])
def test_hard_settings_of_k_sparse(options, widths, k, examples):
    model = ae.KSparseAutoencoder(widths, k=k, silent_after=1, dtype="float64", rng=0, **options)
    for silent in (0.0, 9.0):
        for buffer in model.buffers.values():
            buffer.value = np.full(buffer.value.shape, silent if buffer.name == "silent_for" else 0.1)
        for x in (np.random.default_rng(0).random((examples, widths[0])), np.full((examples, widths[0]), 0.3)):
            for training in (False, True):
                report = ae.check_gradients(model, x, training=training)
                assert "fail" not in [tensor.verdict for tensor in report.tensors], str(report)


def test_k_sparse_loses_units_and_with_the_auxiliary_loss_keeps_them_at_no_worse_error():
    train, test = ae.datasets.load_digits().split(0.2, rng=0)
    found = {}
    for auxiliary in (0.0, 1 / 32):
        model = ae.KSparseAutoencoder([64, 128], k=8, auxiliary=auxiliary, rng=0)
        model.fit(train.x, epochs=30, optimizer=ae.Adam(ae.CosineRate(5e-3)), rng=0)
        error = np.square(model.reconstruct(test.x) - test.x).sum(axis=1).mean()
        found[auxiliary] = (model.encode(train.x) == 0).all(axis=0).mean(), error
    assert found[0][0] > 0.7
    assert found[1 / 32][0] <= 0.06
    assert found[1 / 32][1] < found[0][1]


def test_a_diagnosis_of_dead_units_names_the_auxiliary_loss_as_the_caller_spells_it():
    x = ae.datasets.load_digits().x[:300]
    model = ae.KSparseAutoencoder([64, 16], k=4, rng=0)
    model.encoder.layers[0].b.value = np.where(np.arange(16) < 4, 0, -1e3).astype("float32")
    diagnosis = ae.diagnose(model, x)
    (finding,) = [each for each in diagnosis if each.code == "dead-units"]
    assert "auxiliary=0.03125" in finding.advice
    tied = ae.KSparseAutoencoder([64, 16], k=4, tied=True, rng=0)  # whose decoder can't restore by weights of its own
    helped = ae.KSparseAutoencoder([64, 16], k=4, auxiliary=1 / 32, rng=0)
    for other in (tied, helped):
        other.encoder.layers[0].b.value = model.encoder.layers[0].b.value
        (finding,) = [each for each in ae.diagnose(other, x) if each.code == "dead-units"]
        assert "auxiliary" not in finding.advice


REFUSED += [
    (lambda: ae.KSparseAutoencoder([D, H], k=2, auxiliary=-0.1), r"expected auxiliary to be a number of at least 0"),
    (lambda: ae.KSparseAutoencoder([D, H], k=2, auxiliary=0.1, auxiliary_k=4), r"expected auxiliary_k .* at most 3"),
    (lambda: ae.KSparseAutoencoder([D, H], k=2, auxiliary=0.1, silent_after=0), r"expected silent_after .* at least 1"),
    (lambda: ae.KSparseAutoencoder([D, H], k=2, auxiliary=0.1, tied=True), r"expected tied=False and no output_activation with auxiliary; its"),
    (lambda: ae.KSparseAutoencoder([11, D, H], k=2, auxiliary=0.1), r"expected two widths with auxiliary, got \[11, "),
    (lambda: ae.KSparseAutoencoder([D, H], k=2, auxiliary=0.1, reconstruction=ae.BinaryCrossEntropy()), r"expected SquaredError\(\) with auxiliary, got "),
    (lambda: ae.KSparseAutoencoder([D, H], k=2, auxiliary=0.1, output_activation=ae.Tanh), r"expected tied=False and no output_act"),
    (lambda: ae.KSparseAutoencoder([D, H], k=4, batch=True), r"expected k to be an integer of at least 1 and at most 3"),
    (
        lambda: ae.KSparseAutoencoder([D, H], k=2, auxiliary=0.1).fit(X, optimizer=ae.LBFGS()),
        r"expected an objective that stays the same for LBFGS, but silent depends on a running mean or count",
    ),
]


# Gates


def moved(model, seed=1):
    """The model, with every parameter away from where it starts."""
    r = np.random.default_rng(seed)
    for parameter in model.parameters:
        parameter.value = parameter.value + r.normal(0, 0.4, parameter.shape)
    return model


def test_a_gated_code_is_a_gate_and_a_magnitude_of_one_matrix():
    model = moved(ae.GatedAutoencoder([D, 7], 0.3, dtype="float64", rng=0))
    W, b_gate, r, b_mag, V, c = (parameter.value for parameter in model.parameters)
    a_gate, a_mag = X @ W + b_gate, X @ (W * np.exp(r)) + b_mag
    h, g = (a_gate > 0) * np.maximum(a_mag, 0), np.maximum(a_gate, 0)
    np.testing.assert_allclose(model.encode(X), h, rtol=1e-12)
    U = V / np.linalg.norm(V, axis=1, keepdims=True)
    terms = [np.square(code @ U + c - X).sum(axis=1).mean() / 2 for code in (h, g)]
    assert float(model.loss(X)) == pytest.approx(sum(terms) + 0.3 * g.sum(axis=1).mean(), rel=1e-12)


def test_the_gates_terms_give_the_decoder_and_the_magnitude_nothing():
    """Whatever the gate's penalty and its own reconstruction are, these get the gradient of the first term alone."""
    model = moved(ae.GatedAutoencoder([D, 7], 0.3, dtype="float64", rng=0))
    model.loss(X)
    model.backward()
    found = {name: parameter.grad.copy() for name, parameter in by_name(model).items()}
    for name in ("encoder.magnitude.r", "encoder.magnitude.b", "decoder.V1", "decoder.b1"):
        def first_term():
            return model.reconstruction.forward(model.reconstruct(X), X)

        assert_close(found[name], numeric_gradient(first_term, by_name(model)[name].value))


def test_the_gate_learns_from_its_own_terms_alone():
    model = moved(ae.GatedAutoencoder([D, 7], 0.3, dtype="float64", rng=0))
    model.loss(X)
    model.backward()
    found = by_name(model)["encoder.gate.b"].grad.copy()

    def own_terms():
        g = np.maximum(model.gate.apply(model.directions.apply(X)), 0)
        error = 0.5 * np.square(model.decoder.apply(g) - X).sum(axis=1).mean()
        return error + 0.3 * g.sum(axis=1).mean()

    assert_close(found, numeric_gradient(own_terms, by_name(model)["encoder.gate.b"].value))


def test_a_shut_gate_and_a_negative_magnitude_give_nothing():
    a_gate, a_mag = np.array([[1.0, 1.0, -1.0, 0.0]]), np.array([[2.0, -2.0, 2.0, 2.0]])
    np.testing.assert_array_equal(f.gated(a_gate, a_mag), [[2, 0, 0, 0]])
    for gradient, expected in zip(f.gated_backward(np.full((1, 4), 3.0), a_gate, a_mag), ([0] * 4, [3, 0, 0, 0]), strict=True):
        np.testing.assert_array_equal(gradient, [expected])


@pytest.mark.in_turn
@pytest.mark.parametrize("examples", [1, N])
@pytest.mark.parametrize("widths", [[1, 1], [D, 1], [1, H], [D, H]])
def test_hard_settings_of_gates(widths, examples):
    for weight in (0.0, 1e3):
        model = moved(ae.GatedAutoencoder(widths, weight, dtype="float64", rng=0))
        for b in (0.0, 50.0, -50.0):  # some gates open, all of them, none
            model.gate.b.value = np.full(widths[1], b)
            for x in (np.random.default_rng(0).random((examples, widths[0])), np.full((examples, widths[0]), 0.3)):
                report = ae.check_gradients(model, x)
                assert "fail" not in [tensor.verdict for tensor in report.tensors], str(report)


# Planted dictionaries: which codes shrink what they find


def planted(seed=0, n=3000, units=12, columns=16, active=2):
    """Examples that are sums of a few known directions of length one, and the directions."""
    r = np.random.default_rng(seed)
    directions = r.normal(size=(units, columns))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    sizes = np.zeros((n, units))
    for row in sizes:
        row[r.choice(units, active, replace=False)] = r.uniform(1, 2, active)
    return (sizes @ directions).astype("float32"), directions


def restored(model, x, directions):
    """The share of x that is restored along x; and the mean cosine of each direction with the decoder's nearest row."""
    W = model.decode(np.eye(model.widths[-1], dtype="float32")) - model.decode(np.zeros((1, model.widths[-1]), "float32"))
    cosines = W @ directions.T / np.maximum(np.linalg.norm(W, axis=1), 1e-12)[:, None]
    return (model.reconstruct(x) * x).sum() / np.square(x).sum(), cosines.max(axis=0).mean()


def test_l1_shrinks_planted_features_and_gates_and_thresholds_dont():
    x, directions = planted()
    share, cosine = {}, {}
    for name, model in {
        "L1": ae.SparseAutoencoder([16, 24], ae.L1Sparsity(0.2), unit_norm_decoder=True, rng=0),
        "gated": ae.GatedAutoencoder([16, 24], 0.3, rng=0),
        "jump": ae.JumpReLUAutoencoder([16, 24], 0.1, theta=0.5, bandwidth=0.5, rng=0),
    }.items():
        model.fit(x, epochs=20, optimizer=ae.Adam(ae.CosineRate(1e-2)), rng=0)
        share[name], cosine[name] = restored(model, x, directions)
    assert share["L1"] < 0.9
    assert min(share["gated"], share["jump"]) > 0.98
    assert min(cosine.values()) > 0.93, cosine


# Nested codes


def test_each_prefix_is_restored_from_by_itself():
    model = moved(ae.MatryoshkaAutoencoder([D, 7], [1, 3, 7], code_activation=ae.Tanh, dtype="float64", rng=0))
    W, b, V, c = (parameter.value for parameter in model.parameters)
    h = np.tanh(X @ W + b)
    errors = [np.square(h[:, :m] @ V[:m] + c - X).sum(axis=1).mean() / 2 for m in (1, 3, 7)]
    assert float(model.loss(X)) == pytest.approx(sum(errors), rel=1e-12)
    for m in (1, 3, 7):
        np.testing.assert_allclose(model.reconstruct(X, prefix=m), h[:, :m] @ V[:m] + c, rtol=1e-12)
    np.testing.assert_array_equal(model.reconstruct(X), model.reconstruct(X, prefix=7))
    with pytest.raises(ValueError, match="expected prefix to be one of 1, 3, 7, got 2"):
        model.reconstruct(X, prefix=2)


def test_one_prefix_is_the_vanilla_autoencoder():
    nested, vanilla = (kind([D, H], **o, rng=0) for kind, o in ((ae.MatryoshkaAutoencoder, {"prefixes": [H]}), (ae.Autoencoder, {})))
    for model in (nested, vanilla):
        model.fit(X.astype("float32"), epochs=3, rng=0)
    for one, other in zip(nested.parameters, vanilla.parameters, strict=True):
        np.testing.assert_array_equal(one.value, other.value)


def test_the_prefixes_by_default():
    assert ae.MatryoshkaAutoencoder([D, 32]).sizes == [4, 8, 16, 32]
    assert ae.MatryoshkaAutoencoder([D, 1]).sizes == [1]
    assert ae.MatryoshkaAutoencoder([D, 3]).sizes == [1, 3]


def test_the_first_units_restore_nearly_as_well_as_a_code_of_their_own():
    train, test = ae.datasets.load_digits().split(0.2, rng=0)

    def fitted(model):
        model.fit(train.x, epochs=30, optimizer=ae.Adam(ae.CosineRate(5e-3)), rng=0)
        return model

    def error(x_hat):
        return np.square(x_hat - test.x).sum(axis=1).mean()

    nested = fitted(ae.MatryoshkaAutoencoder([64, 16], [4, 16], code_activation=ae.Identity, rng=0))
    alone = fitted(ae.Autoencoder([64, 4], code_activation=ae.Identity, rng=0))
    whole = fitted(ae.Autoencoder([64, 16], code_activation=ae.Identity, rng=0))
    assert error(nested.reconstruct(test.x, prefix=4)) < 1.1 * error(alone.reconstruct(test.x))
    cut = whole.encode(test.x) * (np.arange(16) < 4)
    assert error(whole.decode(cut)) > 1.5 * error(alone.reconstruct(test.x)), "a plain code can't be cut off"


@pytest.mark.parametrize("examples", [1, N])
@pytest.mark.parametrize(("widths", "prefixes"), [([1, 1], None), ([D, 1], [1]), ([1, 7], None), ([D, 7], [1, 2, 3, 4, 5, 6, 7])])
def test_hard_settings_of_nested_codes(widths, prefixes, examples):
    model = moved(ae.MatryoshkaAutoencoder(widths, prefixes, dtype="float64", rng=0))
    for x in (np.random.default_rng(0).random((examples, widths[0])), np.full((examples, widths[0]), 0.3)):
        report = ae.check_gradients(model, x)
        assert "fail" not in [tensor.verdict for tensor in report.tensors], str(report)


# What all of them have in common


PARTS = {
    "jump": lambda: JumpReLU(H, theta=0.2, bandwidth=0.3, dtype="float64"), "batch": lambda: ae.BatchTopK(2, dtype="float64"),
    "silent": lambda: SilentTopK(H, 2, silent_after=1, dtype="float64"), "magnitude": lambda: Magnitude(H, dtype="float64"),
    "gate": lambda: Gate(H, dtype="float64"), "linear": lambda: Linear(ae.Parameter("W", np.ones((H, 2)))),
}  # fmt: skip


@pytest.mark.parametrize("name", PARTS)
def test_batches_of_another_width_or_shape_are_refused_in_a_sentence(name):
    part = PARTS[name]()
    with pytest.raises(ValueError, match=r"expected (a batch of rows with|at least k = 2 units)"):
        part.forward(np.ones((N, 1)))
    part.forward(np.ones((N, H)))
    if name in ("jump", "batch", "silent"):
        with pytest.raises(ValueError, match=r"expected grad_\w and a .*shape"):
            part.backward(np.ones((N + 1, H)))


def test_a_gate_and_a_magnitude_have_one_shape():
    part = Gated()
    with pytest.raises(ValueError, match=r"expected a_gate and a_mag .*shape"):
        part.forward(np.ones((N, H)), np.ones((1, H)))
    part.forward(np.ones((N, H)), np.ones((N, H)))
    with pytest.raises(ValueError, match=r"expected grad_h and a_mag .*shape"):
        part.backward(np.ones((1, H)))


@pytest.mark.parametrize(
    "make",
    [
        lambda: ae.GatedAutoencoder([D, H], dtype="float64", rng=0), lambda: ae.MatryoshkaAutoencoder([D, H], dtype="float64", rng=0),
        lambda: ae.JumpReLUAutoencoder([D, H], bandwidth=0.5, dtype="float64", rng=0),
        lambda: ae.KSparseAutoencoder([D, H], k=2, batch=True, auxiliary=0.1, dtype="float64", rng=0),
    ],
    ids=["gated", "matryoshka", "jump-relu", "k-sparse"],
)  # fmt: skip
def test_a_head_trains_the_way_to_the_code(make):
    labels = np.arange(N) % 3
    autoencoder = moved(make())
    model = ae.SoftmaxClassifier(autoencoder, 3, rng=0)
    for training in (False, True):
        report = ae.check_gradients(model, X, labels, training=training)
        untested = [tensor.name for tensor in report.tensors if tensor.verdict != "pass"]
        # no gradient passes a step: a gate learns from its own terms, of which a classifier has none
        assert untested == ["encoder.gate.b"] * isinstance(autoencoder, ae.GatedAutoencoder), str(report)
        assert not [finding for finding in report.findings if finding.severity == "error"]
    before = autoencoder.encode(X)
    model.fit(X, labels, epochs=2, rng=0)
    assert (autoencoder.encode(X) != before).any()


def test_the_way_to_a_gated_code_is_a_layer_whose_gate_learns_nothing_from_it():
    layer = moved(ae.GatedAutoencoder([D, H], dtype="float64", rng=0)).encoder.layers[0]
    report = ae.check_layer(layer, np.random.default_rng(0).normal(size=(N, D)))
    gate_alone = [tensor.name for tensor in report.tensors if not tensor.analytic.any()]
    assert [tensor.verdict for tensor in report.tensors if tensor.name not in gate_alone] == ["pass"] * 4
    assert gate_alone == ["grad_gate_b"]


HEALTHY = {
    "jump-relu": lambda **o: ae.JumpReLUAutoencoder([64, 32], **o),
    "gated": lambda **o: ae.GatedAutoencoder([64, 32], 0.05, **o),
    "matryoshka": lambda **o: ae.MatryoshkaAutoencoder([64, 32], code_activation=ae.Identity, **o),
    "batch": lambda **o: ae.KSparseAutoencoder([64, 32], k=8, batch=True, **o),
    "auxiliary": lambda **o: ae.KSparseAutoencoder([64, 32], k=8, auxiliary=1 / 32, **o),
}


@pytest.mark.parametrize("name", HEALTHY)
def test_a_healthy_training_has_no_findings(name):
    x, model = ae.datasets.load_digits().x[:600], HEALTHY[name](rng=0)
    history = model.fit(x, epochs=40, optimizer=ae.Adam(ae.CosineRate(5e-3)), rng=0)
    diagnosis = ae.diagnose(model, x, history=history)
    assert not diagnosis, str(diagnosis)


REFUSED += [
    (lambda: ae.GatedAutoencoder([11, D, H]), r"expected no hidden layer for the gated code, as in \[64, 32\], got"),
    (lambda: ae.GatedAutoencoder([D, H], tied=True), r"expected no tied for a GatedAutoencoder"),
    (lambda: ae.GatedAutoencoder([D, H], code_activation=ae.ReLU), r"expected no code_activation for a GatedAutoencoder"),
    (lambda: ae.GatedAutoencoder([D, H], -1.0), r"expected weight to be a number of at least 0, got -1.0"),
    (lambda: ae.MatryoshkaAutoencoder([11, D, H]), r"expected no hidden layer for nested codes, since"),
    (lambda: ae.MatryoshkaAutoencoder([D, H], [1, 2]), r"expected prefixes in rising order up to the code's width"),
    (lambda: ae.MatryoshkaAutoencoder([D, H], [2, 1, 3]), r"expected prefixes in rising order up to the code's width"),
    (lambda: ae.MatryoshkaAutoencoder([D, H], []), r"expected prefixes in rising order up to the code's width"),
    (lambda: ae.MatryoshkaAutoencoder([D, H], [1, 4]), r"expected each prefix to be an integer of at least 1 and at most 3"),
    (lambda: ae.MatryoshkaAutoencoder([D, H], dropout=0.2), r"expected no dropout for a MatryoshkaAutoencoder"),
]


@pytest.mark.parametrize(("make", "text"), REFUSED, ids=lambda value: value if isinstance(value, str) else "")
def test_settings_that_make_no_sense_are_refused_in_a_sentence(make, text):
    with pytest.raises(ValueError, match=text) as caught:
        make()
    assert "\n" not in str(caught.value)
