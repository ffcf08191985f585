# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # 13. How to choose a variant, and what goes wrong
#
# **You will know** which variant suits which purpose, and how to recognise the typical failures of autoencoders. Each
# failure that `ae.diagnose` names is produced here on purpose, recognised by its numbers, and cured. So this page is
# also the manual of the diagnosis.
#
# **In one line:** every failure that the diagnosis names is produced, recognised by its numbers, and cured.
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
# If in doubt: a vanilla autoencoder, GELU, a linear code (`code_activation=ae.Identity`), Adam with a learning rate of
# 0.005 that falls along a cosine. Most of this page uses this model. Before you train anything, compute one number: the
# error of always answering with the *mean* digit. A model that isn't clearly below it has learnt nothing.

# %%
import matplotlib.pyplot as plt
import numpy as np

import aescratch as ae
from aescratch.inspection.measures import sse_per_image

SEED = 0  # the assertions hold for other seeds too

train, test = ae.datasets.load_digits().split(0.2, rng=SEED)
of_the_mean = sse_per_image(np.broadcast_to(train.x.mean(axis=0), test.x.shape), test.x)


def trained(model, rate=5e-3, epochs=40, x=train.x, **options):
    """Train a model in the usual way, and print its diagnosis."""
    optimizer = options.pop("optimizer", ae.Adam)(ae.CosineRate(rate))
    history = model.fit(x, epochs=epochs, optimizer=optimizer, rng=SEED, **options)
    unseen = options.get("validation")
    found = ae.diagnose(model, x, history=history, validation=unseen)
    print(found, end="\n\n")
    return model, found.codes


def error(model):
    """The squared error per unseen digit."""
    return sse_per_image(model.reconstruct(test.x), test.x)


def patient(code=16, **options):
    """Return the default model of this page."""
    options = {"activation": ae.GELU, "code_activation": ae.Identity, "rng": SEED, **options}
    return ae.Autoencoder([64, 128, code], **options)


print(f"error of the mean digit: {of_the_mean:.2f}")
model, codes = trained(patient(), epochs=150)
assert error(model) < 0.2 * of_the_mean
assert codes == []

# %% [markdown]
# The diagnosis finds nothing, as it should: a successful training run gets no finding.
#
# ## The learning rate
#
# If the rate is too small, the loss is still falling at the end, and the model may not even be better than the mean
# digit. If it is too large, every step overshoots. In between are one or two good powers of ten. Search by factors of
# ten, with short runs, before you tune anything else.

# %%
_, codes = trained(patient(), rate=1e-5, epochs=20)
assert "no-better-than-mean" in codes

model = patient()
history = model.fit(train.x, epochs=10, optimizer=ae.Adam(1e-3), rng=SEED)
print(history.diagnosis)  # the same, for the data of the fit
assert history.diagnosis.codes == ["still-falling"]

_, codes = trained(patient(activation=ae.Tanh), rate=0.3)
assert "learning-rate-too-high" in codes[:2]

# %% [markdown]
# Plain gradient descent has a sharper limit: beyond it the loss diverges. The package then stops, restores the last
# good model, and says where it happened. The cure is a smaller rate, or a limit on the gradient's norm.

# %%
model = patient()
try:
    model.fit(train.x, epochs=10, optimizer=ae.SGD(1.0), rng=SEED)
except ae.TrainingDivergedError as diverged:
    print(diverged)
model.fit(train.x, epochs=10, optimizer=ae.SGD(0.3, clip_norm=1.0), rng=SEED)
assert error(model) < 0.4 * of_the_mean

# %% [markdown]
# ## Units that carry no information
#
# **Dead.** A ReLU code loses units early, when steps are large, and a dead unit gets no gradient that could revive it
# (tutorial 4). In a narrow code every unit matters. **Cure:** no activation on the code, or GELU. The decoder is
# non-linear enough.

# %%
relu, codes = trained(patient(8, activation=ae.ReLU, code_activation=ae.ReLU), rate=3e-2)
assert "dead-units" in codes[:2]
cured, codes = trained(patient(8, activation=ae.ReLU), rate=3e-2)
print(f"error {error(relu):.2f}; without an activation on the code {error(cured):.2f}")
assert "dead-units" not in codes
assert error(cured) < 0.8 * error(relu)

# %% [markdown]
# **Saturated.** Units of a sigmoid or tanh code whose slope is nearly 0: no gradient passes. Here the
# data are 300 times too large. **Cure:** data of a usual size, or no activation on the code. A smaller learning rate
# also helps.

# %%
_, codes = trained(patient(code_activation=ae.Tanh), x=300 * train.x)
assert "saturated-code" in codes[:2]
_, codes = trained(patient(code_activation=ae.Tanh), epochs=150)
assert codes == []

# %% [markdown]
# **Collapsed.** A VAE whose units equal the prior for every input; all samples look alike. Removing the
# divergence gained more than reducing the error. Half the squared error means a decoder with noise of variance *one* on
# pixels between 0 and 1. With so much noise, a code costs more than it gains: no direction of the digits has a variance
# above 0.7. So collapse is the *optimum* of this objective. **Cure:** set the variance. $\beta = 0.05$ amounts to a
# variance of 0.05. Or use cross-entropy, the loss for values in $[0, 1]$.

# %%
cures = {
    "squared error, β = 1": (ae.SquaredError(), 1.0),
    "squared error, β = 0.05": (ae.SquaredError(), 0.05),
    "cross-entropy, β = 1": (ae.BinaryCrossEntropy(), 1.0),
}
awake, generators = {}, {}
for name, (reconstruction, beta) in cures.items():
    options = {"activation": ae.GELU, "reconstruction": reconstruction, "rng": SEED}
    model, codes = trained(ae.VariationalAutoencoder([64, 128, 8], beta=beta, **options), epochs=60)
    generators[name] = model
    awake[name] = int((~model.unit_statistic(test.x).asleep).sum())
    print(f"{name}: {awake[name]} of 8 units awake, error {error(model):.2f}\n")
    assert ("posterior-collapsed" in codes) == (name == "squared error, β = 1")
collapsed, *cured = awake.values()
assert collapsed == 0
assert min(cured) >= 4
assert error(generators["squared error, β = 1"]) > 0.99 * of_the_mean

# %% [markdown]
# ## Penalties, too large and too small
#
# If a penalty costs more than the direction of largest variance gains, the model restores nothing. If it is too small,
# it has no effect. The range in between is often two powers of ten.


# %%
def sparse(weight):
    """Return a sparse model whose units should have a mean activity of a twentieth."""
    return ae.SparseAutoencoder([64, 32], sparsity=ae.KLSparsity(0.05, weight), rng=SEED)


_, codes = trained(ae.LinearAutoencoder([64, 16], weight_decay=5.0, rng=SEED))
assert "penalty-dominates" in codes[:2]
_, codes = trained(sparse(1e-4), rate=1e-2, epochs=150)
assert "sparsity-missed" in codes[:2]
_, codes = trained(sparse(0.5), rate=1e-2, epochs=150)
assert codes == []

# %% [markdown]
# ## The data
#
# The data are a table of twelve columns, generated from three factors. One outlier row dominates the loss. A constant
# column carries no information, and a column of class labels gives too much away.

# %%
rng = np.random.default_rng(SEED)
table = rng.normal(size=(500, 3)) @ rng.normal(size=(3, 12))
table /= table.std(axis=0)


def of_table(x):
    """Return the findings for a linear model of three units."""
    return trained(ae.LinearAutoencoder([x.shape[1], 3], rng=SEED), rate=1e-2, epochs=300, x=x)[1]


assert of_table(table) == []
assert "outliers" in of_table(np.where(np.arange(500)[:, None] == 7, 300 * table, table))[:2]
assert "constant-features" in of_table(np.column_stack([table, np.full(500, 2.0)]))[:2]
assert "labels-among-features" in of_table(np.column_stack([table, np.arange(500) % 3]))[:2]

# %% [markdown]
# Only you can decide what such a column or row means. If one column is a thousand times larger than the others, the
# model learns only that column. `ae.Scaling` brings all columns to the same scale, and `aescratch train` does so by
# default.

# %%
large = table * np.where(np.arange(12) == 4, 1000, 1)
_, codes = trained(ae.Autoencoder([12, 3], rng=SEED), rate=1e-3, epochs=100, x=large)
assert "unscaled-features" in codes[:2]
assert of_table(ae.Scaling.fit(large).apply(large)) == []

# %% [markdown]
# ## Too much capacity, too little, or an obstacle
#
# A code as wide as the data copies them, without learning their structure. A large network memorises 60 digits. If the
# output can't reach the data (here a ReLU, for numbers below 0), learning stops early. With noise as large as the data,
# the model stays far behind PCA, because that is its objective.

# %%
_, codes = trained(ae.LinearAutoencoder([64, 64], rng=SEED), epochs=300)
assert codes == ["copies-input"]
_, codes = trained(patient(32), rate=1e-3, epochs=400, x=train.x[:60], validation=test.x)
assert codes[0] == "overfitting"
centred = train.x - train.x.mean(axis=0)
_, codes = trained(patient(output_activation=ae.ReLU), epochs=150, x=centred)
assert "stopped-learning" in codes[:2]
_, codes = trained(ae.DenoisingAutoencoder([64, 32], corruption=ae.GaussianNoise(1.0), rng=SEED), rate=1e-2, epochs=150)
assert "worse-than-pca" in codes[:2]

# %% [markdown]
# ## A failure without a code: blur
#
# **Symptom:** reconstructions are blurred and similar. Squared error has its minimum at the *mean* of all digits with
# this code (tutorial 7), and a mean of sharp images is blurred. To measure it, take the variance of the restored pixels
# as a share of the variance of the real ones. **Cure:** let the code carry more information, with a wider code or, in a
# VAE, a smaller $\beta$.


# %%
def contrast(x):
    """The variance of images over the data, as a share of the test digits' own."""
    return float(x.var(axis=0).sum() / test.x.var(axis=0).sum())


widths = (2, 4, 8, 16, 32)
models = {width: trained(patient(width), epochs=150)[0] for width in widths}
contrasts = [contrast(model.reconstruct(test.x)) for model in models.values()]
print("code widths", widths, "contrast", np.round(contrasts, 2))
assert (np.diff(contrasts) > 0).all()
assert contrasts[0] < 0.7
assert contrasts[-1] > 0.9

fig, ax = plt.subplots(figsize=(11, 3.7), layout="compressed")
rows = [test.x[:12], *(models[width].reconstruct(test.x[:12]) for width in (2, 8, 32))]
ae.plots.images(np.concatenate(rows), test.image_shape, columns=12, value_range=(0, 1), ax=ax)
ax.set_title("The fewer the units, the more blurred the digits", fontsize=15)
labels = ax.set_yticks([3.5, 12.5, 21.5, 30.5], ["digits", "2 units", "8 units", "32 units"])
ae.plots.show()

# %% [markdown]
# ## In which order to check
#
# 1. Is the gradient right? Use `ae.check_gradients(model, x[:7])`.
# 2. Has the model learnt? `history.diagnosis` reports what it hasn't learnt, and what to try first.
# 3. Look at pictures. Only then tune the details.
#
# ## Try
#
# 1. Multiply the digits by 255 and train the same model with `ae.SGD(0.1)`. Which failure is it? Why is Adam hardly
#    affected?
# 2. Combine two failures: a VAE with the wrong learning rate and the wrong $\beta$. Use the list above to find the
#    order in which to cure them.
