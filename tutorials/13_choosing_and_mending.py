# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # 13. How to choose a variant, and what goes wrong
#
# **You will know** which variant answers which wish, and five illnesses of autoencoders by sight: a wrong learning
# rate, dead units, a saturated code, posterior collapse, blur. Each is produced here on purpose, recognised by a
# number, and cured.
#
# **You need** to have trained an autoencoder once.

# %% [markdown]
# ## Which one?
#
# | you want | take | tutorial |
# | --- | --- | --- |
# | few numbers per example, a map | `Autoencoder`, narrow code | 1 |
# | the fastest baseline, something to compare with | `LinearAutoencoder`, or PCA itself | 6 |
# | features for a classifier, robust against noise | `DenoisingAutoencoder`, wide code | 7 |
# | parts that a person can look at | `SparseAutoencoder` with L1, `KSparseAutoencoder` | 8 |
# | few data | any with `tied=True`, or weight decay | 9 |
# | a code that ignores small changes | `ContractiveAutoencoder`, tied | 9 |
# | a classifier from few labels | `StackedAutoencoder`, then `SoftmaxClassifier` | 10 |
# | new examples, or probabilities | `VariationalAutoencoder` | 11 |
#
# If in doubt: a vanilla autoencoder, GELU, a linear code (`code_activation=ae.Identity`), Adam at 0.005 falling along
# a cosine. It is the patient on most of this page. And one number to know before you train anything: the error of
# answering with the *mean* digit, whatever comes in. A model that isn't clearly below has learnt nothing.

# %%
import matplotlib.pyplot as plt
import numpy as np

import aescratch as ae
from aescratch.inspection.measures import sse_per_image

train, test = ae.datasets.load_digits().split(0.2, rng=0)
of_the_mean = sse_per_image(np.broadcast_to(train.x.mean(axis=0), test.x.shape), test.x)


def trained(model, rate=5e-3, epochs=30):
    """Train a model in the usual way."""
    model.fit(train.x, epochs=epochs, batch_size=64, optimizer=ae.Adam(ae.CosineRate(rate)), rng=0)
    return model


def error(model):
    """The squared error per unseen digit."""
    return sse_per_image(model.reconstruct(test.x), test.x)


def patient(code=16, **options):
    """Return the default model of this page."""
    options = {"activation": ae.GELU, "code_activation": ae.Identity, "rng": 0, **options}
    return ae.Autoencoder([64, 128, code], **options)


print(f"error of the mean digit: {of_the_mean:.2f}")
assert error(trained(patient())) < 0.2 * of_the_mean

# %% [markdown]
# ## Illness 1: the learning rate
#
# Too small, and 30 epochs lead nowhere. Too large, and every step leaps over what it was aimed at. In between are one
# or two good powers of ten. Search by factors of ten, with short runs, before you search for anything else.

# %%
rates = 10.0 ** np.arange(-5, 0)
errors = [error(trained(patient(), rate)) for rate in rates]
print("rates ", rates, "\nerrors", np.round(errors, 2))
best = rates[int(np.argmin(errors))]
assert best == 0.01
assert errors[0] > of_the_mean  # too small
assert errors[-1] > 0.9 * of_the_mean  # too large
assert errors[2] < 0.25 * of_the_mean

fig, ax = plt.subplots(figsize=(7, 4), layout="compressed")
ax.loglog(rates, errors, "o-", color="#0072B2", linewidth=2)
ax.axhline(of_the_mean, color="#D55E00", linestyle="--")
ax.text(6e-4, of_the_mean * 1.05, "the mean digit", color="#D55E00", fontsize=13, va="bottom")
ax.set_xlabel("learning rate of Adam", fontsize=14)
ax.set_ylabel("error", fontsize=14)
ax.set_yticks([0.5, 1, 2, 5, 10], ["0.5", "1", "2", "5", "10"])
ax.minorticks_off()
ax.spines[["top", "right"]].set_visible(False)

# %% [markdown]
# Plain gradient descent has a sharper edge: beyond it the loss explodes. The package stops there, leaves the model as
# it was, and says where it broke. The cure is a smaller rate, or a limit on the gradient's length.

# %%
model = patient()
before = model.parameters[0].value.copy()
try:
    model.fit(train.x, epochs=10, batch_size=64, optimizer=ae.SGD(1.0), rng=0)
    message = ""
except ae.TrainingDivergedError as diverged:
    message = str(diverged)
print(message)
assert "epoch 1" in message
assert np.array_equal(model.parameters[0].value, before)

model.fit(train.x, epochs=10, batch_size=64, optimizer=ae.SGD(0.3, clip_norm=1.0), rng=0)
assert error(model) < 0.4 * of_the_mean

# %% [markdown]
# ## Illness 2: dead units
#
# **Sign:** units of the code that are 0 for *every* example. A ReLU code loses them early, when steps are large, and
# a dead unit gets no gradient to come back by (tutorial 4). In a narrow code each is a loss. **Cure:** no activation
# on the code, or GELU. The decoder bends enough.

# %%
cures = {"ReLU": ae.ReLU, "GELU": ae.GELU, "none": ae.Identity}
dead, dead_errors = {}, {}
for name, activation in cures.items():
    model = trained(patient(8, activation=ae.ReLU, code_activation=activation), rate=1e-2)
    dead[name] = int((model.encode(train.x) == 0).all(axis=0).sum())
    dead_errors[name] = error(model)
    print(f"code activation {name}: {dead[name]} of 8 units dead, error {dead_errors[name]:.2f}")
assert dead["ReLU"] >= 3
assert dead["GELU"] == dead["none"] == 0
assert dead_errors["none"] < 0.65 * dead_errors["ReLU"]

# %% [markdown]
# ## Illness 3: a saturated code
#
# **Sign:** code units that sit at the end of a sigmoid or tanh for every example, and an error that is the mean
# digit's. There the slope is 0; nothing comes through any more. **Cure:** no activation on the code, again. A smaller
# rate helps often, not always.


# %%
def two_units(code_activation):
    """Return a trained autoencoder with a code of two units; the units' largest spread; and its error."""
    options = {"activation": ae.GELU, "code_activation": code_activation, "rng": 0}
    model = trained(ae.Autoencoder([64, 128, 64, 2], **options), rate=2e-2, epochs=40)
    return float(model.encode(test.x).std(axis=0).max()), error(model)


(stuck, stuck_error), (free, free_error) = two_units(ae.Sigmoid), two_units(ae.Identity)
print(f"sigmoid code: spread {stuck:.4f}, error {stuck_error:.2f}")
print(f"linear code:  spread {free:.4f}, error {free_error:.2f}")
assert stuck < 0.01
assert stuck_error > 0.99 * of_the_mean
assert free_error < 0.6 * of_the_mean

# %% [markdown]
# ## Illness 4: posterior collapse
#
# **Sign:** a VAE whose means don't move: the spread of $\mu_j$ over the data is about 0 for many $j$, and all samples
# look alike. The divergence was cheaper to remove than the error. Half the squared error means a decoder with noise
# of variance *one* on pixels between 0 and 1, so noisy that no digit is worth its code. **Cure:** say what variance
# you mean. $\beta = 0.05$ amounts to a variance of 0.05. Or use cross-entropy, the loss for values in $[0, 1]$.

# %%
cures = {
    "squared error, β = 1": (ae.SquaredError(), 1.0),
    "squared error, β = 0.05": (ae.SquaredError(), 0.05),
    "cross-entropy, β = 1": (ae.BinaryCrossEntropy(), 1.0),
}
awake, generators = {}, {}
for name, (reconstruction, beta) in cures.items():
    options = {"activation": ae.GELU, "reconstruction": reconstruction, "rng": 0}
    model = generators[name] = trained(ae.VariationalAutoencoder([64, 128, 8], beta=beta, **options), epochs=40)
    awake[name] = int((model.encode(test.x).std(axis=0) > 0.15).sum())
    print(f"{name}: {awake[name]} of 8 units in use, error {error(model):.2f}")
collapsed, *cured = awake.values()
assert collapsed == 0
assert min(cured) >= 4
assert error(generators["squared error, β = 1"]) > 0.99 * of_the_mean

# %% [markdown]
# ## Illness 5: blur
#
# **Sign:** reconstructions that are soft and alike. Squared error is least at the *mean* of all digits that have this
# code (tutorial 7), and a mean of sharp pictures is a soft one. A number for it: the variance of the restored pixels,
# as a share of the variance of the real ones. **Cure:** let the code say more. A wider code, or, in a VAE, a smaller
# $\beta$.


# %%
def contrast(x):
    """The variance of images over the data, as a share of the test digits' own."""
    return float(x.var(axis=0).sum() / test.x.var(axis=0).sum())


widths = (2, 4, 8, 16, 32)
models = {width: trained(patient(width)) for width in widths}
contrasts = [contrast(model.reconstruct(test.x)) for model in models.values()]
print("code widths", widths, "contrast", np.round(contrasts, 2))
assert (np.diff(contrasts) > 0).all()
assert contrasts[0] < 0.55
assert contrasts[-1] > 0.9

fig, ax = plt.subplots(figsize=(11, 3.7), layout="compressed")
rows = [test.x[:12], *(models[width].reconstruct(test.x[:12]) for width in (2, 8, 32))]
ae.plots.images(np.concatenate(rows), test.image_shape, columns=12, value_range=(0, 1), ax=ax)
labels = ax.set_yticks([3.5, 12.5, 21.5, 30.5], ["digits", "2 units", "8 units", "32 units"])
plt.show()

# %% [markdown]
# ## In which order to look
#
# 1. Is the gradient right? `ae.check_gradients(model, x[:7])` says so.
# 2. Are the data in $[0, 1]$, or of variance one?
# 3. Is the error below that of the mean? If not: the learning rate.
# 4. Do all code units move? `model.encode(x).std(axis=0)` tells.
# 5. Look at pictures. Only then turn at the finer screws.
#
# ## Try
#
# 1. Multiply the digits by 255 and train the patient by `ae.SGD(0.1)`. Which illness is it? Why does Adam hardly
#    notice?
# 2. Combine: a VAE with the wrong rate and the wrong $\beta$. Find the order of cures by the list above.
