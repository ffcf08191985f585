"""Codes that are chosen, by thresholds, over a batch, by gates, in nested prefixes: what is particular to each.

That gradients, files, traces and the command line work is tested with those of all variants.
"""

import math

import numpy as np
import pytest
from numeric import D, H, N

import aescratch as ae
from aescratch import functions as f

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


@pytest.mark.parametrize(("make", "text"), REFUSED, ids=lambda value: value if isinstance(value, str) else "")
def test_settings_that_make_no_sense_are_refused_in_a_sentence(make, text):
    with pytest.raises(ValueError, match=text) as caught:
        make()
    assert "\n" not in str(caught.value)
