# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # 14. Straight through: a code of whole numbers
#
# **You will know** how to train through a step, whose derivative is 0; what the straight-through gradient is the
# derivative *of*; the three terms of a vector-quantised autoencoder, and which arrays learn from each; and why entries
# of a codebook fall out of use.
#
# **In one line:** blurred by half a step, a staircase has the slope that straight-through gradients claim.
#
# **You need** tutorials 3 and 5. So far, every backward pass was the derivative of its forward pass. This one isn't.

# %%
import matplotlib.pyplot as plt
import numpy as np

import aescratch as ae

f = ae.functions
rng = np.random.default_rng(0)

# %% [markdown]
# ## A code that is a number
#
# A *codebook* is a table of $K$ vectors, its entries $E_1, \dots, E_K$. The encoder gives $h$, and the code is the
# nearest entry:
#
# $$k = \arg\min_k \|h - E_k\|^2, \qquad q = E_k .$$
#
# The decoder gets $q$. So all it knows about an example is one of $K$ numbers (van den Oord et al. 2017).

# %%
E = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
h = np.array([[0.2, 0.1], [0.9, 0.3], [0.3, 0.8], [0.6, 0.0]])
chosen = f.nearest_entries(h, E)
q = f.codebook_entries(E, chosen)
print(chosen.ravel())
assert np.array_equal(chosen.ravel(), [np.argmin([np.sum((row - entry) ** 2) for entry in E]) for row in h])
assert np.array_equal(q, E[chosen.ravel()])

# %% [markdown]
# Change $h$ a little: the nearest entry stays the same, and $q$ doesn't change. Change $h$ more, and $q$ jumps. The
# derivative of $q$ with respect to $h$ is 0 wherever it exists. So by the chain rule, no gradient reaches the encoder.

# %%
nudged = f.codebook_entries(E, f.nearest_entries(h + 1e-6, E))
assert np.array_equal(nudged, q)

# %% [markdown]
# ## The rule
#
# The straight-through gradient (Bengio et al. 2013) passes the decoder's gradient to $h$ as if $q$ were $h$:
#
# $$\frac{\partial L}{\partial h} := \frac{\partial L}{\partial q} .$$
#
# It is a rule, not a derivative, and a gradient check of $h \mapsto q$ must fail. So the package *declares* it: the
# check then compares the backward pass with the rule, and the report says so.

# %%
grad_z = rng.normal(size=h.shape)
assert np.array_equal(f.straight_through_backward(grad_z), grad_z)
declared = ae.check_function(f.straight_through, f.straight_through_backward, {"h": h, "q": q})
undeclared = ae.check_function(f.straight_through, lambda grad_z: grad_z.copy(), {"h": h, "q": q})
print(declared.summary())
print(undeclared.summary())
assert declared.verdict == "pass"
assert undeclared.verdict == "fail"

# %% [markdown]
# ## Which function has this derivative?
#
# Is the rule only a trick? Blur the staircase: add noise to $h$ and take the mean of the loss, $\bar L(h) = \mathbb E\,
# L(q(h + \sigma \varepsilon))$. That is smooth, and its slope is a true derivative. Compare it with the mean of the
# straight-through gradient under the same noise, for entries at distance 1 and a loss $L = \frac12 (q - 0.2)^2$.

# %%
steps = np.arange(-6.0, 7.0)[:, None] + 0.5
points = np.linspace(-1, 1, 201)
eps = np.linspace(-5, 5, 2001)
weights = np.exp(-(eps**2) / 2) / np.exp(-(eps**2) / 2).sum()


def slopes(sigma):
    """The slope of the blurred loss, and the mean of the straight-through gradient, at each of the points."""
    noisy = points[:, None] + sigma * eps
    q = f.codebook_entries(steps, f.nearest_entries(noisy, steps))
    slope = (0.5 * (q - 0.2) ** 2 * eps) @ weights / sigma  # the derivative moves to the density of the noise
    return slope, (q - 0.2) @ weights


fig, axs = plt.subplots(1, 3, figsize=(13, 4), sharey=True, layout="compressed")
fig.suptitle("Blurred by half a step, the staircase has the straight-through slope", fontsize=16)
for ax, sigma in zip(axs, (0.1, 0.25, 0.5), strict=True):
    slope, passed = slopes(sigma)
    ax.plot(points, slope, color="#0072B2", linewidth=2, label="slope of the blurred loss")
    ax.plot(points, passed, color="#D55E00", linewidth=2, linestyle="--", label="straight through")
    ax.set_title(f"noise of {sigma} steps", fontsize=14)
    ax.set_xlabel("h", fontsize=14)
    ax.spines[["top", "right"]].set_visible(False)
axs[0].set_ylabel("gradient for h", fontsize=14)
axs[0].legend(fontsize=12, frameon=False)

apart = {sigma: float(np.abs(np.subtract(*slopes(sigma))).max()) for sigma in (0.1, 0.25, 0.5, 0.7)}
print("furthest apart:", {sigma: f"{value:.3f}" for sigma, value in apart.items()})
assert apart[0.1] > 2
assert apart[0.5] < 0.1
assert apart[0.7] < 0.01

# %% [markdown]
# With noise of half a step or more, the two agree: such noise changes $q$ as it changes $h$. With little noise they
# differ, since a narrow blur still shows the steps. So the rule is accurate if a step of the codebook is small compared
# with how much $h$ varies, within a batch and between batches.
#
# ## Three terms, and what learns from each
#
# By this rule the codebook gets no gradient. So the loss has two more terms. Both contain the same squared distance,
# and $\mathrm{sg}[\cdot]$, *stop-gradient*, keeps its argument constant:
#
# $$L = \text{reconstruction} + \|\mathrm{sg}[h] - q\|^2 + \beta\, \|h - \mathrm{sg}[q]\|^2 .$$
#
# | term | decoder | encoder | codebook |
# | --- | --- | --- | --- |
# | reconstruction | learns | learns, straight through | |
# | $\lVert\mathrm{sg}[h] - q\rVert^2$ | | | is pulled to the codes |
# | $\beta \lVert h - \mathrm{sg}[q]\rVert^2$, *commitment* | | is pulled to its entries | |

# %%
x = rng.random((7, 5))
model = ae.VectorQuantizedAutoencoder([5, 4], n_codes=3, n_vectors=2, beta=0.25, dtype="float64", rng=0)
report = ae.check_gradients(model, x)
print(report)
assert report.verdict == "pass"

model.loss(x)
model.backward()
E_grad = np.zeros((3, 2))
h = model.encoder.apply(x).reshape(-1, 2)
for vector, k in zip(h, model.indices(x).ravel(), strict=True):
    E_grad[k] += 2 * (model.codebook.E.value[k] - vector) / len(x)
assert np.allclose(model.codebook.E.grad, E_grad, rtol=1e-12, atol=1e-14)

# %% [markdown]
# ## Two mistakes that no loss shows
#
# Both terms are the same number, so the loss doesn't depend on which argument is constant. Here are two mistakes. The
# first was in several well-known repositories: $\beta$ at the wrong term. The second sends the decoder's gradient
# *into* the codebook, where it ends, instead of past it.

# %%


class BetaAtTheOtherTerm(ae.VectorQuantizedAutoencoder):
    def backward(self):
        grad_z = self.decoder.backward(self.reconstruction.backward())
        grad_h = self.straight_through.backward(grad_z)
        self.codebook.backward(self.beta * self.codebook_loss.backward())
        grad_h += self.commitment.backward() / self.beta
        self.encoder.backward(grad_h)
        self.decay.backward()


class IntoTheCodebook(ae.VectorQuantizedAutoencoder):
    def backward(self):
        grad_z = self.decoder.backward(self.reconstruction.backward())
        grad_h = self.codebook.backward(grad_z)
        self.codebook.backward(self.codebook_loss.backward())
        grad_h += self.commitment.backward()
        self.encoder.backward(grad_h)
        self.decay.backward()


for kind in (BetaAtTheOtherTerm, IntoTheCodebook):
    wrong = kind([5, 4], n_codes=3, n_vectors=2, dtype="float64", rng=0)
    report = ae.check_gradients(wrong, x)
    found = next(finding for finding in report.findings if finding.cause)
    print(f"\n{kind.__name__}: {found.message}\nlikely cause: {found.cause}")
    assert float(wrong.loss(x)) == float(model.loss(x))
    assert report.verdict == "fail"

# %% [markdown]
# ## It works: digits in a few bits
#
# We take a code of 16 units, divided into 1, 4 or 8 vectors, all with the same codebook. With $K$ entries, a vector
# carries $\log_2 K$ bits.

# %%
train, test = ae.datasets.load_digits().split(0.2, rng=0)
options = {"epochs": 40, "batch_size": 64, "optimizer": ae.Adam(ae.CosineRate(5e-3)), "rng": 0}


def sse(model):
    """The squared error of a test digit."""
    return float(((model.reconstruct(test.x) - test.x) ** 2).sum(axis=1).mean())


def trained(kind=ae.VectorQuantizedAutoencoder, **settings):
    """A model with these settings, trained on the digits."""
    model = kind([64, 64, 16], rng=0, **settings)
    model.fit(train.x, **options)
    return model


one, four, eight = (trained(n_codes=64, n_vectors=n_vectors) for n_vectors in (1, 4, 8))
for model in (one, four, eight):
    bits = model.n_vectors * np.log2(model.n_codes)
    print(f"{bits:.0f} bits: SSE {sse(model):.2f}, perplexity {model.perplexity(test.x):.1f} of {model.n_codes}")
assert sse(one) > 1.3 * sse(four) > 1.3 * 1.2 * sse(eight)

broken = trained(IntoTheCodebook, n_codes=64, n_vectors=8)
print(f"the encoder without the decoder's gradient: {sse(broken):.2f}")
assert sse(broken) > 2 * sse(eight)

# %% [markdown]
# With a single vector, the decoder can draw at most 64 images. Here are the images of 16 entries. $k$-means would find
# the same, the mean image of each group; here an encoder has learnt the boundaries.

# %%
few = trained(n_codes=16, n_vectors=1)
pictures = few.decode(few.codebook.E.value)
groups = few.indices(train.x).ravel()
means = np.array([train.x[groups == k].mean(axis=0) for k in np.unique(groups)])
off = np.linalg.norm(pictures[np.unique(groups)] - means, axis=1) / np.linalg.norm(means, axis=1)
print(f"median distance from the mean of its group: {np.median(off):.0%}")
assert len(np.unique(few.reconstruct(test.x).round(5), axis=0)) <= 16
assert np.median(off) < 0.1

ax = ae.plots.images(pictures, (8, 8))
ax.set_title("Sixteen entries, decoded: each is the mean of its group", fontsize=14)

# %% [markdown]
# ## Entries that fall out of use
#
# An entry that is not the nearest to any code gets no gradient. It doesn't move, so next time it is again not chosen.
# *Perplexity* measures how many entries are in use, $\exp(-\sum_k p_k \log p_k)$ for shares $p_k$: it is $K$ if all
# entries are chosen equally often. The cure moves an unused entry to a code of the batch (Dhariwal et al. 2020).

# %%
left_alone, restarted = trained(n_codes=64, restart=0.0), one
for name, model in (("left alone", left_alone), ("restarted", restarted)):
    used = len(np.unique(model.indices(train.x)))
    print(f"{name}: {used} of 64 entries in use, perplexity {model.perplexity(train.x):.1f}, SSE {sse(model):.2f}")
assert len(np.unique(left_alone.indices(train.x))) < 48
assert len(np.unique(restarted.indices(train.x))) > 56
assert sse(restarted) < 0.95 * sse(left_alone)
ae.plots.show()

# %% [markdown]
# ## Try
#
# 1. Train `eight` with `beta=0.0` and `beta=10.0`. How far are codes from entries? Which follow which?
# 2. Let the codebook follow the means of its groups, `moving_average=0.05`, instead of the second term. What does
#    `model.parameters` show?
# 3. `round(h)` is a codebook of all whole numbers. Write a layer that rounds, and declare its backward pass with
#    `ae.surrogate_gradient`.
