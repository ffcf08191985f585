# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # 4. ReLU and GELU
#
# **You will know** what the two activations compute, their derivatives and where these are unusual, why one of them can
# lose a unit for good, and why some backward passes need the input while others need only the output.
#
# **In one line:** a ReLU pushed far below 0 never comes back, and a GELU does.
#
# **You need** the density and the distribution function of the standard normal, $p(a)$ and $\Phi(a)$, and tutorial 3.

# %%
from math import erf

import matplotlib.pyplot as plt
import numpy as np

import aescratch as ae
from aescratch.inspection.measures import sse_per_image

f = ae.functions
rng = np.random.default_rng(0)

# %% [markdown]
# ## A hard and a soft gate
#
# Both multiply $a$ by a gate. ReLU's gate is 1 or 0, by the sign of $a$. GELU's gate is $\Phi(a)$, the probability
# that a standard normal number is below $a$:
#
# $$\mathrm{ReLU}(a) = a \cdot [a > 0], \qquad
# \mathrm{GELU}(a) = a \cdot \Phi(a) = \tfrac{a}{2}\big(1 + \mathrm{erf}(a/\sqrt2)\big).$$
#
# Hendrycks and Gimpel (2016) derived it from dropout: $a$ passes at random, with a probability that grows with $a$.
# GELU is the *average* result. This is a statement about a mean, so we can test it.

# %%
a = np.linspace(-4, 4, 801)
Phi = np.array([0.5 * (1 + erf(value / np.sqrt(2))) for value in a])
assert np.allclose(f.gelu(a), a * Phi, rtol=0, atol=1e-15)

passes = rng.normal(size=(100_000, 1)) < np.array([-1.0, 0.5, 2.0])
average = np.array([-1.0, 0.5, 2.0]) * passes.mean(axis=0)
assert np.allclose(average, f.gelu(np.array([-1.0, 0.5, 2.0])), atol=0.01)

# %% [markdown]
# ## Derivatives
#
# The derivative of ReLU is 1 above 0 and 0 below. At 0 there is none, and the package uses 0. For GELU, the product
# rule and $\Phi' = p$ give:
#
# $$\mathrm{GELU}'(a) = \Phi(a) + a\,p(a), \qquad p(a) = \frac{1}{\sqrt{2\pi}} e^{-a^2/2} .$$
#
# Note two properties. The slope is *negative* below $-0.75$: GELU dips below 0 and then returns to it. And since
# $p' = -a p$, the second derivative is $p(a)(2 - a^2)$, so the slope is largest at $\sqrt2$, where it is above 1.

# %%
density = np.exp(-0.5 * a * a) / np.sqrt(2 * np.pi)
assert np.allclose(f.gelu_slope(a), Phi + a * density, rtol=0, atol=1e-14)

lowest, steepest = a[f.gelu(a).argmin()], a[f.gelu_slope(a).argmax()]
print(f"lowest at {lowest:.2f} ({f.gelu(a).min():.3f}), steepest at {steepest:.2f} ({f.gelu_slope(a).max():.3f})")
assert abs(lowest + 0.75) < 0.011
assert abs(steepest - np.sqrt(2)) < 0.011
assert f.gelu_slope(a).max() > 1.12
assert f.relu_slope(np.array([0.0])) == 0

fig, axs = plt.subplots(1, 2, figsize=(12, 4.5), layout="compressed")
fig.suptitle("GELU is ReLU with a soft step; its slope goes below 0 and above 1", fontsize=16)
curves = {"value": (f.relu(a), f.gelu(a)), "slope": (np.where(a == 0, np.nan, f.relu_slope(a)), f.gelu_slope(a))}
for ax, (title, (relu_curve, gelu_curve)) in zip(axs, curves.items(), strict=True):
    ax.axhline(0, color="black", linewidth=0.6)
    ax.plot(a, relu_curve, color="#0072B2", linewidth=2, label="ReLU")
    ax.plot(a, gelu_curve, "--", color="#D55E00", linewidth=2, label="GELU")
    ax.set_title(title, fontsize=14)
    ax.set_xlabel("a", fontsize=14)
    ax.legend(fontsize=13, frameon=False)
    ax.spines[["top", "right"]].set_visible(False)

# %% [markdown]
# ## What backward must remember
#
# `sigmoid_backward(grad_y, y)` takes the *output*: $y(1-y)$ is all it needs. `gelu_backward(grad_y, a)` takes the
# *input*. It has to. GELU isn't monotone: two different $a$ have the same $y$, one with a negative and one with a
# positive slope. $y$ alone doesn't determine which it was.

# %%
left, right = -1.5, np.linspace(-0.75, 0, 200_001)
partner = right[np.abs(f.gelu(right) - f.gelu(np.array(left))).argmin()]
pair = np.array([left, partner])
print(f"GELU({left}) = GELU({partner:.4f}) = {f.gelu(pair)[0]:.4f}, slopes {f.gelu_slope(pair).round(3)}")
assert np.isclose(*f.gelu(pair), atol=1e-5)
assert f.gelu_slope(pair)[0] < 0 < f.gelu_slope(pair)[1]

# %% [markdown]
# ## The tanh form is another function
#
# Much code computes GELU with a tanh: $\tfrac a2\big(1 + \tanh(\sqrt{2/\pi}\,(a + 0.044715 a^3))\big)$. It is close,
# but not equal. For training, either form is good enough. But the forward of one with the derivative of the other is
# *wrong*: a gradient check finds it at once.

# %%
difference = np.abs(f.gelu(a) - f.gelu_tanh(a)).max()
slope_difference = np.abs(f.gelu_slope(a) - f.gelu_tanh_slope(a)).max()
print(f"largest difference {difference:.1e} in value, {slope_difference:.1e} in slope")
assert 4.6e-4 < difference < 4.8e-4
assert 8.6e-4 < slope_difference < 8.8e-4

inputs = {"a": rng.normal(size=(7, 5))}
assert ae.check_function(f.gelu, f.gelu_backward, inputs).verdict == "pass"
assert ae.check_function(f.gelu_tanh, f.gelu_tanh_backward, inputs).verdict == "pass"
assert ae.check_function(f.gelu_tanh, f.gelu_backward, inputs).verdict == "fail"

# %% [markdown]
# ## The unit that never comes back
#
# A ReLU unit that is below 0 for *every* example gets no gradient. Its weights can't change, so it stays there: it is
# dead. We make half of 32 units dead on purpose, by a bias that puts their largest pre-activation at $-1$, and train.

# %%
train, test = ae.datasets.load_digits().split(0.2, rng=0)
HALF = slice(0, 16)


def handicapped(activation):
    """Return a model whose first half of units starts below 0 for all examples, and the gradient of this half."""
    model = ae.Autoencoder([64, 32], activation=activation, rng=0)
    W, b = model.parameters[:2]
    bias = b.value.copy()
    bias[HALF] = -1 - (train.x @ W.value).max(axis=0)[HALF]
    b.value = bias
    model.loss(train.x)
    model.backward()
    gradient = float(np.abs(W.grad[:, HALF]).max())
    model.fit(train.x, epochs=60, batch_size=64, optimizer=ae.Adam(ae.CosineRate(3e-3)), rng=0)
    return model, gradient


(relu, relu_gradient), (gelu, gelu_gradient) = handicapped(ae.ReLU), handicapped(ae.GELU)
errors = [sse_per_image(model.reconstruct(test.x), test.x) for model in (relu, gelu)]
print(f"error per image: ReLU {errors[0]:.2f}, GELU {errors[1]:.2f}")
assert relu_gradient == 0
assert not relu.encode(train.x)[:, HALF].any()  # after 60 epochs: still exactly 0, for every example
assert gelu_gradient > 0.01
assert np.median(gelu.encode(train.x)[:, HALF].std(axis=0)) > 0.02
assert errors[1] < 0.6 * errors[0]

# %% [markdown]
# GELU's half works. Yet most of those units are *still* below 0. They need not come back: the curve isn't flat there,
# so a unit can carry information below 0.

# %%
below = (train.x @ gelu.parameters[0].value + gelu.parameters[1].value)[:, HALF].max(axis=0) < 0
print(f"{below.sum()} of 16 GELU units are below 0 for every example, and in use")
assert below.sum() >= 8

# %% [markdown]
# ## Does it happen by itself?
#
# Yes, if steps are large: one bad step can push a unit below 0. We train a deep autoencoder with Adam at 0.01, which is
# a large rate for ReLU, and count the units of the first layer that are silent for all training digits.

# %%
deep = {}
for activation in (ae.ReLU, ae.GELU):
    model = ae.Autoencoder([64, 128, 64, 16], activation=activation, code_activation=ae.Identity, rng=0)
    model.fit(train.x, epochs=40, batch_size=64, optimizer=ae.Adam(ae.CosineRate(1e-2)), rng=0)
    first = train.x @ model.parameters[0].value + model.parameters[1].value
    deep[activation.__name__] = (int((first.max(axis=0) <= 0).sum()), sse_per_image(model.reconstruct(test.x), test.x))
for name, (silent, error) in deep.items():
    print(f"{name}: {silent} of 128 units below 0 for every digit, error {error:.2f}")
assert deep["ReLU"][0] > 40
assert deep["GELU"][0] < deep["ReLU"][0] / 2
assert deep["GELU"][1] < 0.8 * deep["ReLU"][1]
ae.plots.show()

# %% [markdown]
# ReLU is cheaper, exactly sparse, and does well at a smaller step. GELU is smooth, so a gradient check finds no kinks,
# and it tolerates larger steps. Tutorial 13 shows other remedies for dead units.
#
# ## Try
#
# 1. Replace `ae.ReLU` by `functools.partial(ae.LeakyReLU, 0.1)`. What happens to the dead half, and to its gradient?
# 2. Run the last experiment at 0.003. How much of GELU's lead is left?
