# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # 6. The linear autoencoder is PCA, on three levels
#
# **You will know** in which sense an autoencoder without activations is principal component analysis: it finds PCA's
# *subspace*, with weight decay also PCA's *directions*, and it learns them *in order*, at a speed that a formula gives.
#
# **In one line:** without activations an autoencoder finds PCA's subspace, and with weight decay its directions.
#
# **You need** eigenvectors of a covariance matrix, and the singular value decomposition.

# %%
import matplotlib.pyplot as plt
import numpy as np

import aescratch as ae
from aescratch.inspection.measures import PCA, largest_principal_angle

# %% [markdown]
# ## The data, as a linear model sees them
#
# The digits have 64 pixels. PCA looks at their covariance, and so does a linear autoencoder: its loss is quadratic in
# $x$, so only the mean and the covariance of the data matter. We centre the digits, and replace the 1797 digits by 128
# points with the same covariance, a pair on each principal axis. The loss is the same for all weights, with a
# fourteenth of the work.

# %%
digits = ae.datasets.load_digits()
centred = digits.x.astype(np.float64) - digits.x.mean(axis=0, dtype=np.float64)
directions = PCA.fit(centred).directions  # (64, 64), a principal direction per row
variances = np.square(centred @ directions.T).mean(axis=0)  # the eigenvalues of the covariance
half = np.sqrt(64 * variances)[:, None] * directions
points = np.concatenate([half, -half])

K = 8
probe = ae.LinearAutoencoder([64, K], dtype="float64", rng=1)
assert len(points) == 128
assert np.isclose(probe.loss(points), probe.loss(centred), rtol=1e-9)

# %% [markdown]
# ## Level 1: the same subspace
#
# PCA with $k$ components is the best linear compression to $k$ numbers: no linear autoencoder can have a
# smaller error than $\tfrac12 \sum_{i>k} v_i$, half the variance that the other directions carry. Baldi and Hornik
# (1989) showed that the landscape has no other minima. So plain gradient descent must reach this error. (Momentum makes
# it faster.)


# %%
def descend(model, optimizer, steps, watch=None):
    """Take this number of steps on all points; return the results of `watch()` before each step."""
    state, seen = optimizer.start(model.parameters), []
    for _ in range(steps):
        seen.append(watch and watch())
        with model.training():
            model.loss(points)
            model.backward()
        state.step(optimizer.learning_rate)
    return np.array(seen)


momentum = ae.Momentum(0.03, mu=0.98)
plain = ae.LinearAutoencoder([64, K], dtype="float64", rng=0)
descend(plain, momentum, 3000)

W1, W2 = plain.parameters[0].value, plain.parameters[2].value
least = 0.5 * variances[K:].sum()
excess = float(plain.loss(centred)) / least - 1
angle = largest_principal_angle(W2, directions[:K])
print(f"loss {float(plain.loss(centred)):.6f}, PCA {least:.6f}; angle between the subspaces {angle:.4f} degrees")
assert -1e-9 < excess < 1e-4
assert angle < 0.3

# %% [markdown]
# But only the subspace is the same. The eight units are *some* basis of it, neither orthogonal nor aligned with PCA's
# directions. The reason: for any invertible matrix $A$, the code $hA$ with the decoder $A^{-1} W_2$ gives exactly the
# same reconstruction. The loss can't distinguish them.

# %%
A = np.random.default_rng(2).normal(size=(K, K))
twin = ae.LinearAutoencoder([64, K], dtype="float64", rng=0)
_, b1, _, b2 = (parameter.value for parameter in plain.parameters)
for parameter, value in zip(twin.parameters, (W1 @ A, b1 @ A, np.linalg.inv(A) @ W2, b2), strict=True):
    parameter.value = value
assert np.isclose(twin.loss(centred), plain.loss(centred), rtol=1e-9)


def cosines(rows):
    """How well eight rows agree with the eight principal directions, one by one, up to sign."""
    return np.abs((rows * directions[:K]).sum(axis=1)) / np.linalg.norm(rows, axis=1)


_, _, axes_of_plain = np.linalg.svd(W2, full_matrices=False)
assert cosines(W2).mean() < 0.6
assert cosines(axes_of_plain).mean() < 0.6  # nor are its singular vectors the principal directions

# %% [markdown]
# ## Level 2: with weight decay, the same directions
#
# Now add $\tfrac{\lambda}{2}(\lVert W_1 \rVert^2 + \lVert W_2 \rVert^2)$. This breaks the invariance: most of those
# equivalent solutions have large weights. Suppose encoder and decoder both have strength $s$ along a principal
# direction of variance $v$. Then the fraction $(1 - s^2)^2$ of the variance remains as error, so the objective in this
# direction is
#
# $$\tfrac12 v (1 - s^2)^2 + \lambda s^2, \qquad \text{least where} \quad s^2 = 1 - \lambda / v .$$
#
# Directions of different variance now have different strengths. So the singular value decomposition of $W_2$, which
# sorts by strength, finds the principal directions themselves (Kunin et al. 2019).

# %%
DECAY = 0.03
decayed = ae.LinearAutoencoder([64, K], weight_decay=DECAY, dtype="float64", rng=0)
descend(decayed, momentum, 6000)

W1, W2 = decayed.parameters[0].value, decayed.parameters[2].value
_, strengths, axes_of_decayed = np.linalg.svd(W2, full_matrices=False)
expected = np.sqrt(1 - DECAY / variances[:K])
print("strengths measured", strengths.round(4))
print("strengths derived ", expected.round(4))
assert cosines(axes_of_decayed).min() > 0.999
assert np.allclose(strengths, expected, atol=1e-3)
assert np.allclose(W1, W2.T, atol=1e-2)  # and the decoder has become the encoder, transposed

# %%
signs = np.sign((axes_of_decayed * directions[:K]).sum(axis=1))[:, None]
rows = np.concatenate([directions[:K], plain.parameters[2].value, signs * axes_of_decayed])
_, ax = plt.subplots(figsize=(10, 3.6), layout="compressed")
ax = ae.plots.filters(rows.T, digits.image_shape, columns=K, ax=ax)
ax.set_title("With weight decay, the directions are PCA's", fontsize=15)
ax.set_yticks([3.5, 12.5, 21.5], ["PCA", "linear autoencoder", "weight decay, SVD"])

# %% [markdown]
# ## Level 3: the order in which they are learnt
#
# Start from small weights and watch. A tied autoencoder, $\hat x = x W W^\top$, that starts along the principal
# directions stays there, and gradient descent for $\tfrac12 v (1 - s^2)^2$ reads, with $a = s^2$,
#
# $$\dot a = 4 v\, a (1 - a), \qquad\text{so}\qquad a(t) = \frac{1}{1 + (1/a_0 - 1)\, e^{-4 v t}} .$$
#
# This is a logistic curve: for a long time almost nothing, then a sudden rise, then saturation. A direction is half
# learnt after $t = \ln(1/a_0 - 1) / 4v$. The time is proportional to *one over the variance*, so directions of large
# variance come first (Saxe et al. 2013).

# %%
RATE, STEPS, A0 = 0.01, 2500, 1e-4


def learn(W):
    """Train a tied model from W by gradient descent; return how much of each direction it restores, step by step."""
    model = ae.LinearAutoencoder([64, K], tied=True, dtype="float64", rng=0)
    model.parameters[0].value = W
    return descend(
        model, ae.SGD(RATE), STEPS, watch=lambda: np.square(directions[:K] @ model.parameters[0].value).sum(axis=1)
    )


aligned = learn(np.sqrt(A0) * directions[:K].T)
times = RATE * np.arange(STEPS)[:, None]
derived = 1 / (1 + (1 / A0 - 1) * np.exp(-4 * variances[:K] * times))
half_learnt = (aligned > 0.5).argmax(axis=0)
formula = np.log(1 / A0 - 1) / (4 * variances[:K] * RATE)
print("half learnt after steps:", half_learnt, "formula:", formula.round().astype(int))
assert np.abs(aligned - derived).max() < 0.03
assert np.allclose(half_learnt / formula, 1, atol=0.02)

# %%
fig, ax = plt.subplots(figsize=(9, 5), layout="compressed")
for unit in range(K):
    colour = plt.get_cmap("viridis")(unit / K)
    ax.plot(aligned[:, unit], color=colour, linewidth=3, label=f"direction {unit + 1}")
    ax.plot(derived[:, unit], color="black", linewidth=1, linestyle=":")
ax.set_xlabel("step", fontsize=14)
ax.set_ylabel("share restored, $a$", fontsize=14)
ax.set_title("Directions are learnt in order, as a formula says (dotted)", fontsize=14)
ax.tick_params(labelsize=12)
ax.legend(fontsize=11, frameon=False, loc="lower right")
ax.spines[["top", "right"]].set_visible(False)

# %% [markdown]
# We started along the axes only for the formula. From small *random* weights the order is the same, except that
# neighbours with nearly equal variance may swap:

# %%
random_start = learn(0.002 * np.random.default_rng(0).normal(size=(64, K)))
when = (random_start[:, :4] > 0.5).argmax(axis=0)
print("from random weights, half learnt after:", when)
assert when[:2].max() < when[2] < when[3]  # the two largest are nearly equal
ae.plots.show()

# %% [markdown]
# This is the deepest of the three results. Early stopping of a *linear* network keeps the directions of large variance
# and drops the others, although no term of the loss asks for it.
#
# ## Try
#
# 1. Set `DECAY` to 0.2. Some strengths become 0, since $1 - \lambda/v$ is negative there. Which directions are lost?
# 2. Give the network of level 1 a ReLU code (`ae.Autoencoder([64, 8])`) and train on `centred`. Is its error above or
#    below PCA's? Why can it be above, and what does a hidden layer before the code change?
