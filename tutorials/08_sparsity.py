# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # 8. Sparsity: by KL, by L1, by choosing the k largest
#
# **You will know** how the gradient of a penalty on a *batch mean* reaches single examples, the common mistake there,
# why L1 gives exact zeros and what its weakness is, and what sparse codes find in photographs.
#
# **In one line:** units that are seldom active become edges, whether a penalty or a choice keeps them so.
#
# **You need** tutorial 3. The loss is $L(x, \hat x) + \Omega(h)$: reconstruction, plus a term that depends on the code.

# %%
import matplotlib.pyplot as plt
import numpy as np

import aescratch as ae

f = ae.functions
rng = np.random.default_rng(0)

# %% [markdown]
# ## What KL sparsity asks for
#
# Think of unit $j$ as a detector. A good detector is silent most of the time: it carries information *because* it is
# rarely on. So we prescribe its mean activity over the batch,
#
# $$\hat\rho_j = \frac1N \sum_n h_{nj}, \qquad \Omega = \beta \sum_j
# \Big[\rho \log\frac{\rho}{\hat\rho_j} + (1-\rho)\log\frac{1-\rho}{1-\hat\rho_j}\Big],$$
#
# with a small $\rho$, say 0.05. Each term is the Kullback-Leibler divergence between two coins. It is 0 where
# $\hat\rho_j = \rho$, and infinite at 0 and at 1. It needs $0 < h < 1$, so the code is a sigmoid.

# %%
rho = 0.05
activity = np.linspace(0.002, 0.998, 500)
divergence = [float(f.kl_sparsity(np.array([[a]]), rho)) for a in activity]
assert abs(activity[np.argmin(divergence)] - rho) < 0.002

fig, ax = plt.subplots(figsize=(7, 4), layout="compressed")
ax.plot(activity, divergence, color="#0072B2", linewidth=2)
ax.axvline(rho, color="#D55E00", linestyle="--", label=r"$\rho = 0.05$")
ax.set_title(r"The penalty is least where the mean activity is $\rho$", fontsize=15)
ax.set_xlabel(r"mean activity $\hat\rho_j$", fontsize=14)
ax.set_ylabel("penalty of the unit", fontsize=14)
ax.legend(fontsize=13, frameon=False)
ax.spines[["top", "right"]].set_visible(False)

# %% [markdown]
# ## The gradient, through the mean
#
# Apply the chain rule in two steps: first the derivative of the divergence with respect to $\hat\rho_j$, then that of
# $\hat\rho_j$ with respect to one activity:
#
# $$\frac{\partial \Omega}{\partial \hat\rho_j} = \beta\Big(-\frac{\rho}{\hat\rho_j} + \frac{1-\rho}{1-\hat\rho_j}\Big),
# \qquad \frac{\partial \hat\rho_j}{\partial h_{nj}} = \frac1N .$$
#
# The product doesn't depend on $n$. **Every example in the batch gets the same gradient**, whether the unit is silent
# or active for it. The penalty doesn't distinguish examples, only units.

# %%
N = 7
h = rng.uniform(0.02, 0.6, (N, 3))
rho_hat = h.mean(axis=0)
derived = np.ones((N, 1)) * (-rho / rho_hat + (1 - rho) / (1 - rho_hat)) / N

assert np.allclose(derived, f.kl_sparsity_backward(h, rho), rtol=1e-12)
assert ae.check_function(f.kl_sparsity, f.kl_sparsity_backward, {"h": h, "rho": rho}).verdict == "pass"
assert np.ptp(derived, axis=0).max() == 0


def without_the_mean(h, rho):
    """The gradient without the mean's 1/N."""
    return len(h) * f.kl_sparsity_backward(h, rho)


wrong = ae.check_function(f.kl_sparsity, without_the_mean, {"h": h, "rho": rho})
assert wrong.verdict == "fail"
assert np.allclose(wrong.tensors[0].analytic / wrong.tensors[0].numeric, N)  # wrong by 7, the size of the batch

# %% [markdown]
# ## The classic mistake: the mean of the divergences
#
# Much code takes the divergence of *each activity* and averages that. It looks the same, trains, and passes its
# gradient check, since backward matches forward. But its objective is different. Take a perfect detector: on for one
# example in twenty, off for the rest. And take a unit that is always 0.05, which tells the decoder nothing.

# %%
detector = np.where(np.arange(100)[:, None] % 20 == 0, 0.981, 0.001)
mumbler = np.full((100, 1), rho)


def mean_of_divergences(h):
    """The mistake: the divergence of every single activity, and the mean of these."""
    return float(np.mean([f.kl_sparsity(np.array([[a]]), rho) for a in h.ravel()]))


for name, unit in (("detector", detector), ("mumbler", mumbler)):
    of_mean = float(f.kl_sparsity(unit, rho))
    print(f"{name}: KL of the mean {of_mean:.4f}, mean of the KLs {mean_of_divergences(unit):.4f}")
assert abs(detector.mean() - rho) < 1e-3
assert f.kl_sparsity(detector, rho) < 1e-5
assert mean_of_divergences(detector) > 0.2
assert mean_of_divergences(mumbler) < 1e-12

# %% [markdown]
# The right penalty accepts the detector. The wrong one punishes it, and rewards the constant unit. The batch size also
# matters: with few examples $\hat\rho_j$ is a rough estimate, so use batches of 50 or more.
#
# ## It works: digits

# %%
train, test = ae.datasets.load_digits().split(0.2, rng=0)
options = {"epochs": 60, "batch_size": 64, "optimizer": ae.Adam(ae.CosineRate(1e-2)), "rng": 0}

sparse = ae.SparseAutoencoder([64, 32], ae.KLSparsity(rho, weight=1.0), rng=0)
free = ae.SparseAutoencoder([64, 32], ae.KLSparsity(rho, weight=0.0), rng=0)
for model in (sparse, free):
    model.fit(train.x, **options)
mean_sparse, mean_free = (float(model.encode(test.x).mean()) for model in (sparse, free))
print(f"mean activity {mean_sparse:.3f} with the penalty, {mean_free:.3f} without")
assert abs(mean_sparse / rho - 1) < 0.3
assert mean_free > 5 * rho
ax = ae.plots.code_activity(sparse.encode(test.x), rho=rho)
title = ax.set_title(r"The penalty brings mean activities near $\rho$", fontsize=15)

# %% [markdown]
# ## L1: exact zeros, and a weakness
#
# $\Omega = \lambda \cdot \frac1N\sum_{nj} |h_{nj}|$ has the gradient $\lambda\,\mathrm{sign}(h_{nj})/N$. It doesn't
# fade as $h$ shrinks, so it drives a ReLU code to exactly 0. But it measures *size*, and the model can avoid it: halve
# the code and double the decoder, and the reconstruction is the same for half the penalty.

# %%
leaky, unpenalised, tight = (
    ae.SparseAutoencoder([64, 32], ae.L1Sparsity(weight), unit_norm_decoder=unit_norm, rng=0)
    for weight, unit_norm in ((0.05, False), (0.0, False), (0.05, True))
)
for model in (leaky, unpenalised, tight):
    model.fit(train.x, **options)


def length_of_rows(model):
    """The median length of the decoder's rows, for units that are on for some example."""
    used = model.encode(train.x).any(axis=0)
    return float(np.median(np.linalg.norm(model.parameters[2].value, axis=1)[used]))


long, usual = length_of_rows(leaky), length_of_rows(unpenalised)
before, restored = f.l1_sparsity(leaky.encode(test.x)), leaky.reconstruct(test.x)
W1, b1, W2, _ = leaky.parameters
for parameter, factor in ((W1, 0.5), (b1, 0.5), (W2, 2.0)):
    parameter.value = factor * parameter.value
assert np.allclose(f.l1_sparsity(leaky.encode(test.x)), before / 2)
assert np.allclose(leaky.reconstruct(test.x), restored, atol=1e-5)

# %% [markdown]
# Training finds this weakness by itself. The remedy is to keep the decoder's rows at length one
# (`unit_norm_decoder=True`, the model `tight`).

# %%
zeros = float((tight.encode(test.x) == 0).mean())
print(f"decoder rows: {long:.2f} long, {usual:.2f} without the penalty; exact zeros in the tight code: {zeros:.0%}")
assert long > 1.5 * usual
assert zeros > 0.5
assert (sparse.encode(test.x) == 0).sum() == 0  # a sigmoid never reaches 0

# %% [markdown]
# ## Top-k: no penalty at all
#
# Keep the $k$ largest units of each example, and set the rest to 0 (Makhzani & Frey 2013). Nothing needs tuning: $k$
# *is* the sparsity. What is the derivative of a choice? A small change doesn't alter which units are the largest. So
# the choice is constant, and the gradient passes through the units that were kept.

# %%
a = rng.normal(size=(7, 5))
mask = f.top_k(a, 2) != 0
grad_y = rng.normal(size=a.shape)
assert (mask.sum(axis=1) == 2).all()
assert np.array_equal(f.top_k_backward(grad_y, a, 2), np.where(mask, grad_y, 0))
assert ae.check_function(f.top_k, f.top_k_backward, {"a": a, "k": 2}).verdict == "pass"

# %% [markdown]
# ## Edges
#
# Now the experiment that made sparse codes famous. We cut small patches out of photographs, whiten them, and describe
# each patch with only five of 64 units, or with a mean activity of 0.05. For comparison, we train each model without
# sparsity: with all 64 units, or without the penalty. The KL models also have weight decay, to prevent large weights.

# %%
patches = ae.datasets.load_natural_patches(size=8, n=10_000, rng=0)
x = (patches.x - 0.5) / patches.x.std()
few, all_units = (ae.KSparseAutoencoder([64, 64], k=k, tied=True, rng=0) for k in (5, 64))
for model in (few, all_units):
    model.fit(x, epochs=30, batch_size=250, optimizer=ae.Adam(ae.CosineRate(1e-2)), rng=0)
penalties = ae.KLSparsity(rho, weight=5.0), ae.KLSparsity(rho, weight=0.0)
rare, any_activity = (ae.SparseAutoencoder([64, 64], each, weight_decay=0.1, rng=0) for each in penalties)
for model in (rare, any_activity):
    model.fit(x, epochs=100, batch_size=250, optimizer=ae.Adam(ae.CosineRate(1e-2)), rng=0)


def orientedness(W):
    """For each filter, how far its power spectrum lies along one direction, from 0 to 1; an ideal edge has 1."""
    power = np.abs(np.fft.fft2(W.T.reshape(-1, 8, 8), (32, 32))) ** 2
    frequency = np.fft.fftfreq(32)
    angle = np.arctan2(frequency[:, None], frequency[None, :])
    return np.abs((power * np.exp(2j * angle)).sum(axis=(1, 2))) / power.sum(axis=(1, 2))


titles = {"5 of 64 units": few, "64 of 64 units": all_units, "KL, 0.05": rare, "no penalty": any_activity}
oriented = {title: float(orientedness(model.parameters[0].value).mean()) for title, model in titles.items()}
print("orientedness:", {title: f"{value:.2f}" for title, value in oriented.items()})
assert min(oriented["5 of 64 units"], oriented["KL, 0.05"]) > 0.5
assert max(oriented["64 of 64 units"], oriented["no penalty"]) < 0.25

fig, axs = plt.subplots(1, 4, figsize=(15, 3.6), layout="compressed")
fig.suptitle("Units that are seldom active become edges", fontsize=16)
for ax, (title, model) in zip(axs, titles.items(), strict=True):
    ae.plots.filters(model, (8, 8), ax=ax)
    ax.set_title(title, fontsize=14)
ae.plots.show()

# %% [markdown]
# The first and the third show edges, each with a place and a direction. Cells in the visual cortex respond to such
# edges (Olshausen & Field 1996). The model was told nothing about edges. A patch of a photograph contains few edges at
# a time, and a code with few active units finds them.
#
# ## Try
#
# 1. Train `few` with `k=1` and with `k=20`. Which filters get longer edges, and why?
# 2. Give `SparseAutoencoder` a KL penalty and `code_activation=ae.ReLU`. Read the error message, and explain why it is
#    right.
