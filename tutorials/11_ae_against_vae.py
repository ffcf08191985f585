# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # 11. AE against VAE: who wants the encoder, who the decoder
#
# **You will know** why one sentence separates the two: *an autoencoder wants its encoder, and has a decoder to train
# it; a variational autoencoder wants its decoder, and has an encoder to train it.* You will measure both halves, and
# see the effect of $\beta$.
#
# **In one line:** random codes decode to digits in a VAE, and not in an autoencoder.
#
# **You need** to know the Gaussian distribution, and tutorial 5 if you want to know why the sampler has its own test.

# %%
import matplotlib.pyplot as plt
import numpy as np

import aescratch as ae
from aescratch.inspection.measures import Neighbourhoods, probe_accuracy, sse_per_image

train, test = ae.datasets.load_digits().split(0.2, rng=0)
shape = train.image_shape
H = 8

# %% [markdown]
# ## Two objectives
#
# The autoencoder has one objective: restore $x$. It doesn't matter *where* the codes lie. The variational autoencoder
# encodes each $x$ as a small cloud $N(\mu, \sigma^2)$, decodes a random point of it, $z = \mu + \sigma\epsilon$, and
# adds a penalty for every cloud that differs from the prior $N(0, 1)$:
#
# $$L = L(x, \hat x) + \beta \cdot \mathrm{KL}\big(N(\mu, \sigma^2)\,\Vert\,N(0, 1)\big), \qquad
# \mathrm{KL} = -\tfrac12 \sum_j \big(1 + \log\sigma_j^2 - \mu_j^2 - \sigma_j^2\big).$$
#
# With cross-entropy and $\beta = 1$ this is the negative variational bound (Kingma & Welling 2013). We train one
# autoencoder and five variational ones, with everything else equal.

# %%
BETAS = (0.1, 0.3, 1.0, 3.0, 10.0)
options = {"activation": ae.GELU, "reconstruction": ae.BinaryCrossEntropy(), "rng": 0}


def trained(model):
    """Train any of the models in the same way."""
    model.fit(train.x, epochs=60, batch_size=64, optimizer=ae.Adam(ae.CosineRate(5e-3)), rng=0)
    return model


plain = trained(ae.Autoencoder([64, 128, H], code_activation=ae.Identity, **options))
variational = {beta: trained(ae.VariationalAutoencoder([64, 128, H], beta=beta, **options)) for beta in BETAS}
vae = variational[1.0]

# %% [markdown]
# ## The encoder's side: what is in the code?
#
# We use two measures, on digits that no model has seen. How well is the digit restored? And can a *linear* classifier,
# fitted to the codes, tell which digit it is? The encoders were trained without labels.


# %%
def restored(model):
    """The squared error per image on unseen digits."""
    return sse_per_image(model.reconstruct(test.x), test.x)


def probed(model):
    """The share of unseen digits whose class a linear probe reads off the code."""
    return probe_accuracy(model.encode(train.x), train.labels, model.encode(test.x), test.labels)


# Between initialisations a probe differs by a few per cent, so we train three models of each kind.
probes = {"plain": [probed(plain)], "variational": [probed(vae)]}
for seed in (1, 2):
    others = {**options, "rng": seed}
    probes["plain"].append(probed(trained(ae.Autoencoder([64, 128, H], code_activation=ae.Identity, **others))))
    probes["variational"].append(probed(trained(ae.VariationalAutoencoder([64, 128, H], **others))))
probe = {name: float(np.mean(shares)) for name, shares in probes.items()}
print(f"error: plain {restored(plain):.2f}, variational {restored(vae):.2f}")
print("probe:", {name: f"{share:.1%}" for name, share in probe.items()})
assert restored(plain) < 0.6 * restored(vae)
assert probe["plain"] > probe["variational"] + 0.01

# %% [markdown]
# The plain encoder is better, as expected, because it can use all eight numbers freely. For the variational encoder
# every bit has a cost, and at $\beta = 1$ some units cost more than they gain. There its distribution equals the prior:
# $\mu = 0$, $\sigma = 1$.

# %%
hidden = vae.encoder.apply(test.x)
mu, sigma = vae.mean.apply(hidden), np.exp(0.5 * vae.log_variance.apply(hidden))
asleep = mu.std(axis=0) < 0.15
print("spread of each unit's mean:", mu.std(axis=0).round(2))
assert 1 <= asleep.sum() <= 4
assert np.abs(sigma[:, asleep] - 1).max() < 0.2
assert sigma[:, ~asleep].mean() < 0.7

# %% [markdown]
# ## The decoder's side: what comes out of a random code?
#
# Draw $z \sim N(0, 1)$ and decode. The VAE was trained for this: together, its clouds fill the prior. The plain
# autoencoder's codes lie elsewhere. To be fair, we also draw codes with the mean and the standard deviation of its own
# codes. The criterion: a sample counts as a digit if it is nearer to some training digit than that digit's third
# neighbour. Nine in ten *real* unseen digits meet it.

# %%
z = np.random.default_rng(0).standard_normal((500, H)).astype(np.float32)
codes = plain.encode(train.x)
samples = {
    "plain, N(0, 1)": plain.decode(z),
    "plain, its own spread": plain.decode(codes.mean(axis=0) + codes.std(axis=0) * z),
    "variational": vae.decode(z),
}
digits = Neighbourhoods(train.x)
inside = {name: digits.share_inside(x) for name, x in samples.items()}
print("among the digits:", {name: f"{share:.0%}" for name, share in inside.items()})
assert digits.share_inside(test.x) > 0.85
assert inside["plain, N(0, 1)"] < 0.1
assert inside["plain, its own spread"] < 0.6
assert inside["variational"] > 0.8

fig, ax = plt.subplots(figsize=(11, 2.9), layout="compressed")
ae.plots.images(np.concatenate([x[:12] for x in samples.values()]), shape, columns=12, value_range=(0, 1), ax=ax)
ax.set_title("Random codes decode to digits in a VAE, and not in an autoencoder", fontsize=15)
labels = ax.set_yticks([3.5, 12.5, 21.5], list(samples))

# %% [markdown]
# This is the second half of the sentence. The clouds are the reason: they overlap, so between two codes there is no gap
# in which the decoder was never trained. Together, means and clouds have the prior's standard deviation in *every*
# unit:

# %%
together = np.sqrt(mu.var(axis=0) + np.square(sigma).mean(axis=0))
assert np.allclose(together, 1, atol=0.2)
assert codes.std(axis=0).min() > 2

# %% [markdown]
# A code of two units can be plotted. Both maps separate digits; only from the map on the right can we draw samples.

# %%
flat = trained(ae.Autoencoder([64, 128, 2], code_activation=ae.Identity, **options))
round_map = trained(ae.VariationalAutoencoder([64, 128, 2], beta=0.5, **options))
fig, axs = plt.subplots(1, 2, figsize=(13, 6.2), layout="compressed")
fig.suptitle("An autoencoder's codes lie anywhere, a VAE's near 0", fontsize=16)
for ax, model, title in zip(axs, (flat, round_map), ("autoencoder", "variational autoencoder"), strict=True):
    ae.plots.latent_map(model.encode(test.x), test.labels, ax=ax)
    ax.set_title(title, fontsize=14)
for radius in (1, 2):
    axs[1].add_patch(plt.Circle((0, 0), radius, fill=False, linestyle="--", color="black"))

far_plain, far_vae = (np.linalg.norm(model.encode(test.x), axis=1).max() for model in (flat, round_map))
assert far_plain > 3 * far_vae
assert far_vae < 4.5

# %% [markdown]
# ## The effect of β
#
# With a small $\beta$ the VAE is almost an autoencoder with a little noise: sharp, with gaps between codes. With a
# large $\beta$ the prior dominates: all clouds become $N(0, 1)$, the decoder gets no information and returns the mean
# digit. This is *posterior collapse* (tutorial 13).
#
# For many splits the mean digit also counts as a digit: the share of samples measures quality, not variety. So we also
# measure how many digits 500 samples *reach*: the share of digits with a sample nearer than their third neighbour.

# %%
errors = [restored(model) for model in variational.values()]
shares = [digits.share_inside(model.decode(z)) for model in variational.values()]
reached = [digits.share_reached(model.decode(z)) for model in variational.values()]
awake = [int((model.encode(test.x).std(axis=0) > 0.15).sum()) for model in variational.values()]
print("β", BETAS, "\nerror", np.round(errors, 2), "\namong the digits", np.round(shares, 2))
print("reached", np.round(reached, 2), "\nawake", awake)
assert (np.diff(errors) > 0).all()
assert shares[0] < shares[1] < shares[BETAS.index(1.0)]
assert reached[-1] < 0.1 < min(reached[1], reached[BETAS.index(1.0)])
assert awake[0] == H
assert awake[-1] == 0
mean_digit = float(np.square(test.x - train.x.mean(axis=0)).sum(axis=1).mean())
assert abs(errors[-1] / mean_digit - 1) < 0.05

fig, axs = plt.subplots(1, 3, figsize=(13, 3.6), layout="compressed")
fig.suptitle(r"A large $\beta$ costs error, and a too large one all the digits", fontsize=16)
names = "squared error per image", "share of samples among the digits", "share of the digits reached"
for ax, values, name in zip(axs, (errors, shares, reached), names, strict=True):
    ax.semilogx(BETAS, values, "o-", color="#0072B2", linewidth=2)
    ax.set_xlabel(r"$\beta$", fontsize=14)
    ax.set_title(name, fontsize=14)
    ax.spines[["top", "right"]].set_visible(False)

# %% [markdown]
# Note $\beta = 0.3$. For the probe, its code is nearly as good as the plain code, and four of five samples are digits.
# So the sentence at the top is about *purpose* only: a VAE's encoder can be useful too.
#
# We can move through such a code. Take a digit and change one unit at a time: nearly every image on the way could be a
# digit.

# %%
assert probed(variational[0.3]) > probe["plain"] - 0.08
assert shares[1] > 0.7
start = variational[0.3].encode(test.x[:1])
steps = np.linspace(-2, 2, 9, dtype=np.float32)
moved = np.concatenate([start + step * np.eye(H, dtype=np.float32)[:4] for step in steps])
assert digits.share_inside(variational[0.3].decode(moved)) > 0.8

ax = ae.plots.latent_traversal(variational[0.3], start, shape, units=range(4), value_range=(0, 1))
ax.set_title("Along four units of a code, nearly all is a digit", fontsize=15)
ae.plots.show()

# %% [markdown]
# ## Try
#
# 1. Replace `BinaryCrossEntropy()` by `SquaredError()` and keep $\beta = 1$. Why does the code collapse now? Compare
#    the size of the two reconstruction terms.
# 2. Fit a full Gaussian to `codes`, with covariance, and draw the plain autoencoder's codes from it. How much does this
#    help the plain decoder, and which property of the codes does the Gaussian still miss?
