# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # 7. Denoising: which way to the data?
#
# **You will know** why corrupting the input gives a better code, and what a denoising autoencoder really learns: at
# every point, the direction in which the data become more probable. You will draw this field of arrows.
#
# **In one line:** a denoising autoencoder learns arrows that point to where the data are.
#
# **You need** the idea of a conditional mean, $E[x \mid \tilde x]$. Training as in tutorial 2.

# %%
import matplotlib.pyplot as plt
import numpy as np

import aescratch as ae
from aescratch.inspection.measures import noise_left, probe_accuracy, sse_per_image

# %% [markdown]
# ## Copying is cheating
#
# Give an autoencoder a code that is *wider* than its input, 128 units for 64 pixels. Nothing forces it to compress, so
# it may copy, and its error doesn't show whether it has learnt anything. Now corrupt the input, $\tilde x = x + $
# noise, and compare the output with the **clean** $x$. Copying keeps the noise, and the loss counts all of it.

# %%
SIGMA = 0.3
train, test = ae.datasets.load_digits().split(0.2, rng=0)
options = {"activation": ae.GELU, "rng": 0}
schedule = {"epochs": 60, "batch_size": 64, "optimizer": ae.Adam(ae.CosineRate(5e-3)), "rng": 0}

vanilla = ae.Autoencoder([64, 128], **options)
denoiser = ae.DenoisingAutoencoder([64, 128], ae.GaussianNoise(SIGMA), **options)
for model in (vanilla, denoiser):
    model.fit(train.x, **schedule)

noise = ae.GaussianNoise(SIGMA).forward(np.zeros_like(test.x), np.random.default_rng(1))
clean = [sse_per_image(model.reconstruct(test.x), test.x) for model in (vanilla, denoiser)]
left = [noise_left(model, test.x, noise) for model in (vanilla, denoiser)]
print(f"error on clean digits: vanilla {clean[0]:.2f}, denoising {clean[1]:.2f}")
print(f"noise that is left:    vanilla {left[0]:.0%}, denoising {left[1]:.0%}")
assert clean[0] < 0.05  # the vanilla one copies,
assert 0.9 < left[0] < 1.1  # including the noise;
assert left[1] < 0.3  # the denoising one can't.
assert clean[1] > 10 * clean[0]  # the cost: a larger error on clean digits

# %%
ten = np.stack([test.x[test.labels == digit][0] for digit in range(10)])
ax = ae.plots.denoising_triples(denoiser, ten, test.image_shape, rng=2)
title = ax.set_title("Less than a third of the noise is left", fontsize=15)

# %% [markdown]
# And the code? We fit a linear classifier to the codes of 150 labelled digits, and test it on unseen digits. The code
# that had to separate digits from noise contains more information about digits.

# %%
FEW = 150
accuracy = {
    name: probe_accuracy(model.encode(train.x[:FEW]), train.labels[:FEW], model.encode(test.x), test.labels)
    for name, model in (("vanilla", vanilla), ("denoising", denoiser))
}
print({name: f"{share:.1%}" for name, share in accuracy.items()})
assert accuracy["denoising"] > accuracy["vanilla"] + 0.03

# %% [markdown]
# ## What is the best possible answer?
#
# Let $r(\tilde x)$ be any function. Which one has the smallest mean squared error against $x$? The conditional mean,
# $r^*(\tilde x) = E[x \mid \tilde x]$: the average of all clean points that could have become this $\tilde x$. For
# Gaussian noise this average has a second interpretation. Write $p_\sigma$ for the density of the *noisy* data,
# $p_\sigma(\tilde x) = \int p(x)\, N(\tilde x; x, \sigma^2)\,dx$, and differentiate. Differentiating each Gaussian
# gives a factor $(x - \tilde x)/\sigma^2$, so
#
# $$\sigma^2\, \nabla \log p_\sigma(\tilde x)
# = \frac{\int (x - \tilde x)\, p(x)\, N(\tilde x; x, \sigma^2)\,dx}{p_\sigma(\tilde x)}
# = E[x \mid \tilde x] - \tilde x .$$
#
# **The best denoiser's step $r^*(\tilde x) - \tilde x$ is $\sigma^2$ times the slope of the log density**, the
# *score*. A network that learnt to remove noise has learnt the direction towards the data (Vincent 2011; Alain & Bengio
# 2014). It was never given a density, and can't compute one.
#
# ## In one dimension, exactly
#
# The data are $-1$ or $+1$ with equal probability. Given $\tilde x$, the odds of $+1$ are $e^{2\tilde x/\sigma^2}$, so
# $E[x \mid \tilde x] = \tanh(\tilde x/\sigma^2)$. We can compare the network with this formula.

# %%
sigma = 0.7
coins = np.random.default_rng(0).choice([-1.0, 1.0], (2000, 1)).astype(np.float32)
one = ae.DenoisingAutoencoder([1, 32, 32], ae.GaussianNoise(sigma), **options)
one.fit(coins, epochs=100, batch_size=100, optimizer=ae.Adam(ae.CosineRate(1e-2)), rng=0)

x_tilde = np.linspace(-2.5, 2.5, 101, dtype=np.float32)[:, None]
learnt, exact = one.reconstruct(x_tilde), np.tanh(x_tilde / sigma**2)
print(f"largest difference from tanh(x/σ²): {np.abs(learnt - exact).max():.3f}")
assert np.abs(learnt - exact).max() < 0.12

fig, ax = plt.subplots(figsize=(7, 4), layout="compressed")
ax.plot(x_tilde, learnt, color="#0072B2", linewidth=3, label="what the network learnt")
ax.plot(x_tilde, exact, "--", color="#D55E00", linewidth=2, label=r"$\tanh(\tilde x/\sigma^2)$")
ax.plot([-1.5, 1.5], [-1.5, 1.5], ":", color="black", label="copying")
ax.set_title("The network learns the best possible answer", fontsize=15)
ax.set_xlabel(r"$\tilde x$", fontsize=14)
ax.set_ylabel(r"$r(\tilde x)$", fontsize=14)
ax.legend(fontsize=12, frameon=False)
ax.spines[["top", "right"]].set_visible(False)

# %% [markdown]
# ## In two: a ring
#
# The data are points on a circle. No straight line fits. The code doesn't matter here, only the step. The exact answer
# is a weighted mean over the circle, with weights $\propto e^{-\lVert \tilde x - x\rVert^2 / 2\sigma^2}$.

# %%
ring = ae.datasets.ring(2000, rng=0).x
field = ae.DenoisingAutoencoder([2, 64, 64], ae.GaussianNoise(SIGMA), **options)
field.fit(ring, epochs=100, batch_size=100, optimizer=ae.Adam(ae.CosineRate(1e-2)), rng=0)

angles = np.linspace(0, 2 * np.pi, 720, endpoint=False)
circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)


def best_step(points):
    """Return E[x | points] − points, by the formula."""
    exponent = -np.square(points[:, None] - circle).sum(axis=2) / (2 * SIGMA**2)
    weights = np.exp(exponent - exponent.max(axis=1, keepdims=True))
    return weights @ circle / weights.sum(axis=1, keepdims=True) - points


rng = np.random.default_rng(1)
noisy = (circle[rng.integers(720, size=1000)] + SIGMA * rng.normal(size=(1000, 2))).astype(np.float32)
step, exact = field.reconstruct(noisy) - noisy, best_step(noisy)
error = np.linalg.norm(step - exact) / np.linalg.norm(exact)
print(f"the learnt steps differ from the exact ones by {error:.1%}")
assert error < 0.15

# %%
grid = np.stack(np.meshgrid(*2 * [np.linspace(-1.7, 1.7, 18)]), axis=2).reshape(-1, 2).astype(np.float32)
arrows = field.reconstruct(grid) - grid
fig, ax = plt.subplots(figsize=(7, 7), layout="compressed")
ax.plot(*circle.T, color="#D55E00", linewidth=2)
ax.quiver(*grid.T, *arrows.T, color="#0072B2", angles="xy", scale_units="xy", scale=1.6, width=0.004)
ax.set_aspect("equal")
ax.set_xticks([-1, 0, 1])
ax.set_yticks([-1, 0, 1])
title = ax.set_title("Every arrow points to where the data are", fontsize=14)

# %% [markdown]
# In the middle the arrows vanish: there all directions are equally good, and the mean of the circle is its centre. A
# conditional mean is an average: near the middle, one full step leads *between* the data. With many small steps, nearly
# every start reaches the ring, or more precisely the ridge of the noisy density, a little inside. Models that generate
# images from noise take such steps, with a network for every noise level.

# %%
assert np.abs(best_step(np.zeros((1, 2)))).max() < 1e-12
walkers = rng.uniform(-1.5, 1.5, (500, 2)).astype(np.float32)
for _ in range(60):
    walkers += 0.2 * (field.reconstruct(walkers) - walkers)
radius = np.linalg.norm(walkers, axis=1)
print(f"after 60 small steps: radius {radius.mean():.3f} ± {radius.std():.3f}")
radii = np.linspace(0.5, 1.2, 701)
ridge = radii[np.abs(best_step(np.stack([radii, 0 * radii], axis=1))[:, 0]).argmin()]
assert radius.std() < 0.05
assert abs(radius.mean() - ridge) < 0.02  # where the exact step is 0: 0.953
ae.plots.show()

# %% [markdown]
# ## Try
#
# 1. Train the ring's model with noise of 0.1 and of 0.6. At which radius do the points stop? Compute it from
#    `best_step`, too.
# 2. Replace the Gaussian noise on digits by `ae.MaskingNoise(0.5)`. Which mistakes does the denoiser make now, and is
#    $r(\tilde x) - \tilde x$ still a score?
