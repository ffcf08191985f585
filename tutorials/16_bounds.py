# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # 16. Bounds: what a VAE's loss says, and what it hides
#
# **You will know** how far the variational bound lies below the likelihood, how several samples close the gap, why an
# estimate of a likelihood is too low, and how to distinguish a VAE whose optimum is an empty code from one that
# collapsed during training.
#
# **In one line:** fifty samples close four fifths of the gap between the bound and the likelihood.
#
# **You need** tutorial 11. There, a VAE's loss was reconstruction plus divergence. Here we treat it as a bound on $\log
# p(x)$.

# %%
import math

import matplotlib.pyplot as plt
import numpy as np

import aescratch as ae

f = ae.functions
rng = np.random.default_rng(0)

# %% [markdown]
# ## A model whose likelihood is known
#
# A decoder gives $p(x|z)$, and the prior $p(z)$. Together they say how likely an example is, $p(x) = \int p(x|z)\,
# p(z)\, dz$. For a network this integral can't be computed. For a *linear* decoder $x = z W + b + $ noise of variance
# $\sigma^2$ we can: $x$ is normal, with the covariance $W^\top W + \sigma^2$.

# %%
D, H, N, variance = 5, 3, 200, 0.3
W = np.array([[0.3, 0.2, 0.8, 0.6, 0.2], [0.5, 1.2, 1.1, 0.0, -0.3], [-0.2, 0.3, -1.2, 0.3, -0.3]])
b = rng.normal(size=D)
x = rng.normal(size=(N, H)) @ W + b + math.sqrt(variance) * rng.normal(size=(N, D))

covariance = W.T @ W + variance * np.eye(D)
_, log_det = np.linalg.slogdet(covariance)
exact = -0.5 * (D * math.log(2 * math.pi) + log_det + ((x - b) @ np.linalg.inv(covariance) * (x - b)).sum(axis=1))
print(f"log p(x), mean over the examples: {exact.mean():.3f} nats")

# %% [markdown]
# The encoder gives $q(z|x)$, normal with mean $\mu$ and variances $\sigma_j^2$, but without correlations between units.
# The true posterior has some, since the rows of $W$ overlap, so $q$ is a little wrong even at its best. We set the best
# $q$ by hand.

# %%
precision = W @ W.T / variance + np.eye(H)
head = np.linalg.solve(precision, W).T / variance
best = {
    "mean.W": head, "mean.b": -b @ head, "log_variance.W": np.zeros((D, H)),
    "log_variance.b": -np.log(np.diag(precision)), "decoder.W1": W, "decoder.b1": b,
}  # fmt: skip


def linear_gaussian(n_samples, estimator="plain"):
    """The model with this decoder and this encoder."""
    model = ae.ImportanceWeightedAutoencoder(
        [D, H], n_samples, estimator=estimator, variance=variance, dtype="float64", rng=0
    )
    for parameter in model.parameters:
        parameter.value = best[parameter.name]
    return model


# %% [markdown]
# ## From one sample to many
#
# Draw $z_k$ from $q$, and give it a weight: $w_k = p(x|z_k)\, p(z_k) / q(z_k|x)$. The expected weight is exactly
# $p(x)$. But a loss needs $\log p(x)$, and the logarithm of a mean is larger than the mean of the logarithms (Jensen).
# So
#
# $$\mathbb E \log w_1 \;\le\; \mathbb E \log \frac1K \sum_k w_k \;\le\; \log p(x) .$$
#
# On the left is the variational bound, in the middle the importance-weighted one, which rises with $K$ (Burda et al.
# 2015).

# %%
counts = (1, 2, 5, 10, 20, 50)
bounds = {}
for K in counts:
    model = linear_gaussian(K)
    bounds[K] = np.mean([-float(model.loss(x, rng=seed)) for seed in range(100)])

fig, ax = plt.subplots(figsize=(7, 4.5), layout="compressed")
ax.set_title("More samples bring the bound to the likelihood", fontsize=15)
ax.plot(counts, list(bounds.values()), color="#0072B2", linewidth=2, marker="o", label="bound from K samples")
ax.axhline(exact.mean(), color="#D55E00", linestyle="--", label="log p(x)")
ax.set_xscale("log")
ax.set_xticks(counts, map(str, counts))
ax.set_xlabel("samples K", fontsize=14)
ax.set_ylabel("nats per example", fontsize=14)
ax.legend(fontsize=13, frameon=False)
ax.spines[["top", "right"]].set_visible(False)

print("bounds:", {K: f"{bound:.3f}" for K, bound in bounds.items()})
assert all(bounds[fewer] < bounds[more] for fewer, more in zip(counts[:-1], counts[1:], strict=True))
assert bounds[50] < exact.mean()
assert exact.mean() - bounds[1] > 5 * (exact.mean() - bounds[50])

# %% [markdown]
# For a single sample, the gap is the divergence of $q$ from the true posterior, $\mathrm{KL}(q(z|x)\,\|\,
# p(z|x))$. Here that can be computed, and it is the same for all examples.

# %%
correlations = np.linalg.inv(precision)
divergence = 0.5 * (np.log(np.diag(precision)).sum() + np.linalg.slogdet(correlations)[1])
print(f"gap {exact.mean() - bounds[1]:.3f}, divergence {divergence:.3f}")
assert abs((exact.mean() - bounds[1]) / divergence - 1) < 0.05

# %% [markdown]
# ## How many samples count
#
# In the gradient, sample $k$ has the share $w_k / \sum_l w_l$, a softmax of $\log w$. So only a few samples matter: the
# effective number is $1 / \sum_k \text{share}_k^2$.

# %%
model = linear_gaussian(50)
model.loss(x, rng=0)
model.backward()
shares = model.bound.weights
heard = 1 / (shares**2).sum(axis=1)
print(f"of 50 samples {np.median(heard):.0f} are heard, for the median example; least {heard.min():.0f}")
assert np.allclose(shares.sum(axis=1), 1)
assert np.median(heard) < 35
assert ae.check_gradients(linear_gaussian(3), x[:7]).verdict == "pass"

# %% [markdown]
# ## The more samples, the less the encoder learns
#
# As the bound approaches $\log p(x)$, it depends less and less on $q$, and noise dominates the encoder's gradient. The
# *doubly reparameterised* estimator (Tucker et al. 2018) has the same mean and less noise. It isn't the derivative of
# the sampled loss, only equal to it on average. So it is declared.

# %%


def encoder_gradients(estimator, draws=200):
    """The gradient for the weights of mu (draws, D, H), each with its own noise."""
    model, found = linear_gaussian(50, estimator), []
    for seed in range(draws):
        model.loss(x[:20], rng=seed)
        model.backward()
        found.append({parameter.name: parameter.grad.copy() for parameter in model.parameters}["mean.W"])
    return np.array(found)


plain, doubly = encoder_gradients("plain"), encoder_gradients("dreg")
spread = {name: float(np.sqrt(grads.var(axis=0).mean())) for name, grads in (("plain", plain), ("dreg", doubly))}
between = np.sqrt((plain.var(axis=0) + doubly.var(axis=0)) / len(plain))
print("spread of the gradient:", {name: f"{value:.4f}" for name, value in spread.items()})
assert spread["dreg"] < 0.7 * spread["plain"]
assert (np.abs(plain.mean(axis=0) - doubly.mean(axis=0)) < 5 * between).all()
print(ae.check_gradients(linear_gaussian(3, "dreg"), x[:7]).summary())

# %% [markdown]
# ## A likelihood, estimated
#
# `log_likelihood` is the same bound with many samples, constants included. It is still a bound: with few samples, it is
# too low. Reported likelihoods that differ in the number of samples can't be compared.

# %%
estimated = {K: float(linear_gaussian(1).log_likelihood(x, K, rng=0).mean()) for K in (5, 100, 5000)}
print({K: f"{value:.3f}" for K, value in estimated.items()}, f"exact {exact.mean():.3f}")
assert estimated[5] < exact.mean() - 0.05
assert abs(estimated[5000] - exact.mean()) < 0.02

# %% [markdown]
# ## Two reasons for collapse
#
# A VAE whose code carries no information has *collapsed*: all divergences are 0, and the decoder emits the mean image.
# There are two reasons, with two cures.
#
# 1. Collapse *is* the optimum. With squared error, $\beta$ is the variance of the decoder's noise. If a direction of
#    the data has a smaller variance, encoding it costs more divergence than it gains. No direction of the digits has a
#    variance of 1.
# 2. A better code exists, but training doesn't reach it: at the beginning the code is only noise, and removing it
#    lowers the loss at once.

# %%
train, test = ae.datasets.load_digits().split(0.2, rng=0)
largest = float(np.linalg.eigvalsh(np.cov(train.x.T)).max())
print(f"largest variance of a direction of the digits: {largest:.2f}")


def trained(**settings):
    """A deep VAE with these settings, trained on the digits."""
    model = ae.VariationalAutoencoder([64, 128, 64, 32, 8], rng=0, **settings)
    model.fit(train.x, epochs=60, batch_size=64, optimizer=ae.Adam(ae.CosineRate(3e-3)), rng=0)
    return model


models = {
    "beta = 1": trained(),
    "beta = 1, warm-up": trained(warm_up=700),
    "beta = 1, free bits": trained(free_bits=0.5),
    "beta = 0.4": trained(beta=0.4),
    "beta = 0.4, warm-up": trained(beta=0.4, warm_up=700),
    "fitted variance": trained(variance="fitted"),
}
awake, error, loss = {}, {}, {}
for name, model in models.items():
    units = model.unit_statistic(test.x)
    awake[name] = int((~units.asleep).sum())
    error[name] = float(((model.reconstruct(test.x) - test.x) ** 2).sum(axis=1).mean())
    loss[name] = float(model.loss(train.x, rng=0))
    print(f"{name:<20} {awake[name]} of 8 units awake, {units.values.sum():5.2f} nats, SSE {error[name]:.2f}")
assert 0.4 < largest < 1
assert awake["beta = 1"] == awake["beta = 1, warm-up"] == 0  # this is the optimum: no other training helps
assert awake["beta = 1, free bits"] == 8  # a different objective: half a nat is free for each unit
assert loss["beta = 0.4, warm-up"] < loss["beta = 0.4"] - 0.03  # the same objective, with a better optimum
assert error["fitted variance"] < 0.75 * error["beta = 1, free bits"]

# %% [markdown]
# At $\beta = 1$ a slow start (*warm-up*: $\beta$ rises from 0) changes nothing in the end, since collapse is the
# optimum of the objective. *Free bits* change the objective: each unit may carry half a nat without cost. At $\beta =
# 0.4$ the same slow start ends at a lower loss, here with active units: a better optimum exists. And you need not guess
# the variance: fitted to the error, it is small, and the code carries much information.
#
# The bound alone doesn't distinguish these cases. Look at the divergence of each unit.

# %%
diagnosis = ae.diagnose(models["beta = 1"], train.x)
print(diagnosis)
assert any(finding.code == "posterior-collapsed" for finding in diagnosis)
ae.plots.show()

# %% [markdown]
# ## Try
#
# 1. Put a wrong $q$ into the linear model, say with variances four times too large. How many samples does it take to
#    come within 0.1 nats of $\log p(x)$?
# 2. Train an `ImportanceWeightedAutoencoder` on the digits with `n_samples` of 1 and of 20, and compare their
#    `log_likelihood` with 1000 samples.
# 3. Raise `free_bits` from 0 to 2. Where does SSE stop falling, and what do samples of the prior look like there?
