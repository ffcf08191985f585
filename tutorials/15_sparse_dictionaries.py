# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # 15. Sparse dictionaries: features, and how large they are
#
# **You will know** why L1 makes every feature too small, and by how much; how a threshold is learnt though its
# derivative is 0; why units of a wide code fall silent, and how to revive them; and how one code works at several
# sizes.
#
# **In one line:** L1 finds planted features and makes each too small, by a quarter or more; gates and thresholds shrink
# them less.
#
# **You need** tutorials 8 and 14. Sparse autoencoders with wide codes are used to interpret large networks: each unit
# should be one feature of the network's activations. Here the features are planted, so we can check whether they are
# found.

# %%
import math

import matplotlib.pyplot as plt
import numpy as np

import aescratch as ae

f = ae.functions

# %% [markdown]
# ## Planted features
#
# There are 32 directions in 16 dimensions, so they can't be orthogonal. Each example is the sum of two of them, with
# sizes between 0.5 and 1.5, and a little noise. PCA needs 12 of the 16 axes, or more, for 95 % of the variance:
# although each example has only two features, the data fill the space.

# %%
F, D = 32, 16
rng = np.random.default_rng(0)
features = rng.normal(size=(F, D))
features /= np.linalg.norm(features, axis=1, keepdims=True)


def planted(n):
    """Draw examples (n, D), and the size of each feature in them (n, F)."""
    sizes = rng.uniform(0.5, 1.5, (n, F))
    sizes[rng.random((n, F)).argsort(axis=1).argsort(axis=1) >= 2] = 0
    return (sizes @ features + 0.02 * rng.normal(size=(n, D))).astype("float32"), sizes


x, sizes = planted(4000)
new_x, new_sizes = planted(1000)
variances = np.linalg.svd(x - x.mean(axis=0), compute_uv=False) ** 2
assert ((new_sizes > 0).sum(axis=1) == 2).all()
assert (variances.cumsum() / variances.sum() < 0.95).sum() >= 11


def fitted(model):
    """Train a model on the planted features."""
    model.fit(x, epochs=60, batch_size=64, optimizer=ae.Adam(ae.CosineRate(3e-3)), rng=0)
    return model


def directions(model):
    """The contribution of each code unit to x_hat, with length one: (H, D)."""
    rows = model.decode(np.eye(F)) - model.decode(np.zeros((1, F)))
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def described(model):
    """For new examples: how many features are found, units on, SSE, and restored size over true size."""
    cosines = directions(model) @ features.T
    found, h = cosines.max(axis=0) > 0.9, model.encode(new_x)
    length = np.linalg.norm(model.decode(np.eye(F)) - model.decode(np.zeros((1, F))), axis=1)
    ratios = []
    for feature in np.flatnonzero(found):
        unit, true = cosines[:, feature].argmax(), new_sizes[:, feature]
        ratios.append((length[unit] * h[:, unit] @ true) / (true @ true))
    error = ((model.reconstruct(new_x) - new_x) ** 2).sum(axis=1).mean()
    on = (h != 0).sum(axis=1).mean()
    return {"found": int(found.sum()), "on": float(on), "SSE": float(error), "size": float(np.median(ratios))}


# %% [markdown]
# ## L1 finds them, and makes them small
#
# Take a single feature of size $s$, restored as $h$. With an L1 penalty of weight $\lambda$ the loss is
# $\frac12 (s - h)^2 + \lambda h$. Its minimum is at $h = s - \lambda$: *every* feature is restored too small, by the
# same amount, even a large one. This is called shrinkage. It is not a training failure, but the optimum of the loss.

# %%
lam, s = 0.3, 1.0
h = np.linspace(0, 1.5, 1501)
assert abs(h[np.argmin(0.5 * (s - h) ** 2 + lam * h)] - (s - lam)) < 1e-3

l1 = fitted(ae.SparseAutoencoder([D, F], ae.L1Sparsity(lam), unit_norm_decoder=True, rng=0))
of_l1 = described(l1)
print("L1:", of_l1)
assert of_l1["found"] > 20
assert of_l1["size"] < 0.75

# %% [markdown]
# ## A threshold, and a cost for being on
#
# The penalty should count whether a unit is *on*, not how large it is: $\Omega = \lambda \sum_j H(a_j - \theta_j)$,
# with the step $H$. So each unit gets its own threshold $\theta_j > 0$, and is 0 up to it (JumpReLU, Rajamanoharan et
# al. 2024):
#
# $$h_j = a_j\, H(a_j - \theta_j).$$
#
# Where should the threshold be? The loss of a batch jumps when $\theta$ passes one of the activations; in between, the
# derivative of this term is 0. Its derivative is 0. But the *mean* over all data is smooth: if $a$ has the density $p$,
#
# $$\frac{d}{d\theta}\, \mathbb E\, H(a - \theta) = -p(\theta),$$
#
# since only examples at the threshold cross it. A batch estimates this density by counting the activations within half
# a bandwidth $\varepsilon$ of $\theta$. This rule replaces the derivative.

# %%
theta, N, batches = 0.8, 64, 2000
density = float(np.exp(-(theta**2) / 2) / np.sqrt(2 * np.pi))
bandwidths = np.geomspace(0.02, 3, 15)
draws = np.random.default_rng(1).normal(size=(batches, N, 1))
estimates = np.array(
    [[f.l0_sparsity_backward(a, np.array([theta]), width)[1][0] for a in draws] for width in bandwidths]
)
below = np.array([[0.5 * math.erfc(-(theta + side * w / 2) / math.sqrt(2)) for side in (-1, 1)] for w in bandwidths])
expected = -np.diff(below, axis=1)[:, 0] / bandwidths  # the mean of all estimates: what lies within the bandwidth
bias, spread = np.abs(expected + density), estimates.std(axis=1)

fig, ax = plt.subplots(figsize=(7, 4.5), layout="compressed")
ax.set_title("A narrow bandwidth is noisy, a wide one is wrong", fontsize=15)
ax.loglog(bandwidths, spread, color="#0072B2", linewidth=2, label="spread over batches of 64")
ax.loglog(bandwidths, bias, color="#D55E00", linewidth=2, linestyle="--", label="distance of the mean from −p(θ)")
ax.set_xlabel(r"bandwidth $\varepsilon$", fontsize=14)
ax.legend(fontsize=13, frameon=False)
ax.spines[["top", "right"]].set_visible(False)

print(f"−p(θ) = {-density:.4f}; at bandwidth {bandwidths[7]:.2f}: {estimates[7].mean():.4f} ± {spread[7]:.4f}")
assert (np.abs(estimates.mean(axis=1) - expected) < 5 * spread / math.sqrt(batches)).all()
assert (np.diff(spread) < 0).all()
assert (np.diff(bias) > 0)[:-3].all()
assert spread[0] > 100 * bias[0]
assert bias[-1] > 0.5 * spread[-1]

# %% [markdown]
# The check knows this rule, like the rule of tutorial 14, and compares it with the derivative of a smooth count, in
# which each unit switches gradually within the bandwidth.

# %%
a = np.random.default_rng(2).uniform(0.1, 1.5, (7, 3))
values = {"a": a, "theta": np.array([0.4, 0.6, 0.8]), "bandwidth": 0.3}
report = ae.check_function(f.l0_sparsity, f.l0_sparsity_backward, values)
print(report.summary())
assert report.verdict == "pass"

# %% [markdown]
# ## Gates
#
# Another way: a *gate* decides which units are on, a *magnitude* how large they are. The L1 penalty is only on the
# gate, so only the gate shrinks. No gradient passes its step function; the gate learns because it must also restore
# $x$, through a decoder that is kept constant for this term.

# %%
jump = fitted(ae.JumpReLUAutoencoder([D, F], 0.05, rng=0))
gated = fitted(ae.GatedAutoencoder([D, F], 0.5, rng=0))
table = {"L1": of_l1, "JumpReLU": described(jump), "gated": described(gated)}
for name, row in table.items():
    print(f"{name:<9}" + ", ".join(f"{key} {value:.2f}" for key, value in row.items()))
for name in ("JumpReLU", "gated"):
    assert table[name]["found"] > 20
    assert table[name]["on"] < of_l1["on"]
    assert table[name]["size"] > of_l1["size"] + 0.1
    assert table[name]["SSE"] < 0.7 * of_l1["SSE"]

# %% [markdown]
# Fewer units are on, and the error is less than half of L1's, because active units have nearly their right size.
#
# ## Silent units
#
# In a wide code, let only a few units be on at a time. A unit that is never among the largest gets no gradient, so it
# never becomes one of them. On digits, most units of a top-k code are silent for good. The cure trains the silent units
# on what the others leave: from their largest activations, they restore the residual $x - \hat x$, which is kept
# constant (AuxK, Gao et al. 2024).

# %%
train, test = ae.datasets.load_digits().split(0.2, rng=0)
options = {"epochs": 60, "batch_size": 64, "optimizer": ae.Adam(ae.CosineRate(1e-2)), "rng": 0}


def sse(model):
    """The squared error of a test digit."""
    return float(((model.reconstruct(test.x) - test.x) ** 2).sum(axis=1).mean())


alone, woken = (ae.KSparseAutoencoder([64, 64], k=8, auxiliary=auxiliary, rng=0) for auxiliary in (0.0, 1 / 32))
silent = {}
for name, model in (("alone", alone), ("woken", woken)):
    model.fit(train.x, **options)
    silent[name] = float((~model.encode(train.x).any(axis=0)).mean())
    print(f"{name}: {silent[name]:.0%} of the units silent, SSE {sse(model):.2f}")
assert silent["alone"] > 0.5
assert silent["woken"] < 0.05
assert sse(woken) < 0.9 * sse(alone)

# %% [markdown]
# ## One code, several sizes
#
# How wide should a dictionary be? With a Matryoshka code you need not decide: its first 4 units restore $x$ by
# themselves, and so do its first 8, its first 16 and all 32. The loss is the sum. The most common features come first.

# %%
nested = ae.MatryoshkaAutoencoder([64, 32], prefixes=(4, 8, 16, 32), rng=0)
plain = ae.Autoencoder([64, 32], rng=0)
restored = {}
for name, model in (("nested", nested), ("plain", plain)):
    model.fit(train.x, **options)
    code = model.encode(test.x)
    for width in (4, 8, 16, 32):
        first = np.where(np.arange(32) < width, code, 0)
        restored[name, width] = float(((model.decode(first) - test.x) ** 2).sum(axis=1).mean())
    print(name, {width: f"{restored[name, width]:.2f}" for width in (4, 8, 16, 32)})
for width in (4, 8, 16):
    assert restored["nested", width] < 0.6 * restored["plain", width]
assert restored["plain", 32] < restored["nested", 32]  # nesting costs accuracy

# %% [markdown]
# ## A dictionary of photographs
#
# Last, real data: patches of photographs, as in tutorial 8, and a dictionary of 128 entries with learnt thresholds.
# About three entries describe a patch. The entries in the last rows are hardly used, and still noise.

# %%
patches = ae.datasets.load_natural_patches(size=8, n=10_000, rng=0)
whitened = (patches.x - 0.5) / patches.x.std()
dictionary = ae.JumpReLUAutoencoder([64, 128], 2.0, bandwidth=0.5, rng=0)
dictionary.fit(whitened, epochs=30, batch_size=250, optimizer=ae.Adam(ae.CosineRate(1e-2)), rng=0)
code = dictionary.encode(whitened)
on = float((code != 0).sum(axis=1).mean())
print(f"{on:.1f} of 128 units on; {code.any(axis=0).mean():.0%} ever")
assert on < 5
assert code.any(axis=0).mean() > 0.9

entries = dictionary.decode(np.eye(128)) - dictionary.decode(np.zeros((1, 128)))
order = np.argsort(-(code != 0).mean(axis=0))
ax = ae.plots.images(entries[order], (8, 8), columns=16)
ax.set_title("Entries of the dictionary, the most used first: edges, at places, in directions", fontsize=14)
ae.plots.show()

# %% [markdown]
# ## Try
#
# 1. Train `l1` with weights from 0.05 to 0.5, and draw the size against the weight. Is it $s - \lambda$?
# 2. Plant three features per example instead of two, or make two features always occur together. Which are found?
# 3. Compute an activation's gradient for $\theta$ with a kernel of another form, say a triangle. Does the spread fall?
