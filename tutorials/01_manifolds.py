# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # 1. Manifolds, and learning a representation
#
# **You will know** why it helps to squeeze data through a narrow code, what a manifold is, and what an autoencoder can
# do that principal component analysis (PCA) can't. PCA is the best linear code: it finds the directions in which the
# data vary most, and keeps only the coordinates along them. The examples are a rolled-up sheet and handwritten digits.
#
# **In one line:** four numbers of an autoencoder restore a digit better than eight of PCA.
#
# **You need** the idea of variance in a direction. No calculus yet.

# %%
import matplotlib.pyplot as plt
import numpy as np

import aescratch as ae
from aescratch.inspection.measures import PCA, Neighbourhoods, distances, sse_per_image

rng = np.random.default_rng(0)
train, test = ae.datasets.load_digits().split(0.2, rng=0)

# %% [markdown]
# ## Nearly every image is noise
#
# A digit here has 8 × 8 pixels of 17 grey levels. There are $17^{64}$ such images, a number of 79 digits. How many of
# them are digits? Draw some at random and you will never see one. Even if every pixel takes its grey value from the
# same pixel of a real digit, a different digit for each pixel, the result is not a digit.
#
# To test this, the code draws a ball around each training digit, out to its third nearest neighbour, and asks which
# images lie in at least one ball. Most unseen digits do; of the other images almost none do.

# %%
random_images = rng.integers(0, 17, (500, 64)) / 16
shuffled = np.stack([rng.permutation(train.x[:, pixel]) for pixel in range(64)], axis=1)
fig, ax = plt.subplots(figsize=(11, 2.9), layout="compressed")
ae.plots.images(np.concatenate([random_images[:12], shuffled[:12], test.x[:12]]), (8, 8), columns=12, ax=ax)
ax.set_title("Random images never look like digits", fontsize=15)
labels = ax.set_yticks([3.5, 12.5, 21.5], ["random", "pixels of digits", "digits"])

digits = Neighbourhoods(train.x)  # a ball around each training digit, out to its third neighbour
inside = {name: digits.share_inside(x) for name, x in {"pixels of digits": shuffled[:500], "digits": test.x}.items()}
print("among the digits:", {name: f"{share:.0%}" for name, share in inside.items()})
assert len(str(17**64)) == 79
assert digits.share_inside(random_images) == 0
assert inside["pixels of digits"] < 0.02
assert inside["digits"] > 0.85

# %% [markdown]
# So digits fill a tiny, special part of the space. You could describe a digit by a few numbers: which one, how
# slanted, how thick, how wide. Change them a little, and it remains a digit. A set that a few numbers describe locally
# is a **manifold**; those numbers are its coordinates, and finding them is *learning a representation*. This is why we
# compress: not to save memory, but because only what matters survives a narrow code.
#
# ## A sheet, rolled up
#
# The simplest example has two true coordinates, along the sheet and across it, rolled up in three dimensions.
#
# `ae.Autoencoder([3, 64, 64, 2])` takes three numbers, has two hidden layers of 64 units and a code of 2, and a decoder
# with the same layers in reverse. `fit` trains it to return its input. Tutorials 2 and 3 explain a training step, and
# tutorial 4 explains ReLU and GELU. Take the other options, such as `ae.Adam` and `ae.CosineRate`, as given for now.

# %%
roll = ae.datasets.swiss_roll(2000, rng=0)
pca = PCA.fit(roll.x)
flat = (roll.x - pca.mean) @ pca.directions[:2].T

model = ae.Autoencoder([3, 64, 64, 2], code_activation=ae.Tanh, rng=0)
model.fit(roll.x, epochs=150, batch_size=100, optimizer=ae.Adam(ae.CosineRate(1e-2)), rng=0)
code = model.encode(roll.x)

# %% [markdown]
# Both codes have two numbers. PCA's code is a *shadow*: it looks from the best direction, but the sheet's layers fall
# on top of each other. The autoencoder's encoder can bend, because its hidden layers use ReLU. Let's see how well each
# restores the points.

# %%
error_pca = sse_per_image(pca.reconstruct(roll.x, 2), roll.x)
error_ae = sse_per_image(model.reconstruct(roll.x), roll.x)
print(f"error per point: PCA {error_pca:.4f}, autoencoder {error_ae:.4f}")
assert error_ae < error_pca / 5

# %% [markdown]
# And are neighbours in the code neighbours on the *sheet*? The sheet is divided into ten strips along the roll,
# numbered from 0 to 9; each has a colour. For each point we take its five nearest neighbours in the code, and count
# those in the same or an adjacent strip.


# %%
def still_neighbours(code):
    """The share of each point's five nearest neighbours in the code that are also near along the sheet."""
    apart = distances(code, code) + 1e9 * np.eye(len(code))
    nearest = np.argpartition(apart, 5, axis=1)[:, :5]
    return float((np.abs(roll.labels[nearest] - roll.labels[:, None]) <= 1).mean())


kept = still_neighbours(flat), still_neighbours(code)
print(f"neighbours that are neighbours on the sheet: PCA {kept[0]:.0%}, autoencoder {kept[1]:.0%}")
assert kept[1] > kept[0] + 0.1

fig = plt.figure(figsize=(14, 4.6), layout="compressed")
fig.suptitle("The autoencoder keeps neighbours together; PCA sees only a shadow", fontsize=16)
colours = {"c": roll.labels, "cmap": "viridis", "s": 8}
ax = fig.add_subplot(1, 3, 1, projection="3d", elev=12, azim=-80)
ax.scatter(roll.x[:, 0], roll.x[:, 1], roll.x[:, 2], **colours)
ax.set_title("the roll", fontsize=14)
ax.set(xticks=[], yticks=[], zticks=[])
for place, (points, title) in enumerate(((flat, "PCA: a shadow"), (code, "autoencoder")), start=2):
    ax = fig.add_subplot(1, 3, place)
    ax.scatter(*points.T, **colours)
    ax.set_title(title, fontsize=14)
    ax.set(xlabel="code unit 0", ylabel="code unit 1")

# %% [markdown]
# The autoencoder's map isn't a neat rectangle. The loss doesn't require one: it only measures how well points are
# restored, and accepts any bent or folded map that the decoder can invert. Remember this when you interpret a code.
#
# ## Between two points
#
# Take two points of the roll. Halfway between them *in space* there is usually no sheet. Halfway between their *codes*,
# the decoded point is nearer to the sheet. In a good representation, the points on a straight line between two codes
# decode to points near the data.

# %%
one, other = rng.integers(len(roll), size=(2, 500))
halfway = {
    "in space": (roll.x[one] + roll.x[other]) / 2,
    "in the code": model.decode((code[one] + code[other]) / 2),
}
off = {name: float(np.median(distances(points, roll.x).min(axis=1))) for name, points in halfway.items()}
print("median distance from the sheet, halfway", {name: round(distance, 3) for name, distance in off.items()})
assert off["in the code"] < 0.75 * off["in space"]

# %% [markdown]
# ## Digits: how many numbers?
#
# Now real data. We compress unseen digits to 2, 4, 8 and 16 numbers. PCA is the best *linear* method (see tutorial 6).
# The autoencoder has two hidden layers in each half; again, take an option, `weight_decay`, as given.

# %%
WIDTHS = (2, 4, 8, 16)
pca = PCA.fit(train.x)
options = {"activation": ae.GELU, "code_activation": ae.Identity, "weight_decay": 3e-3, "rng": 0}
models = {width: ae.Autoencoder([64, 128, 64, width], **options) for width in WIDTHS}
for model in models.values():
    model.fit(train.x, epochs=60, batch_size=64, optimizer=ae.Adam(ae.CosineRate(1e-2)), rng=0)
linear = [sse_per_image(pca.reconstruct(test.x, width), test.x) for width in WIDTHS]
bent = [sse_per_image(model.reconstruct(test.x), test.x) for model in models.values()]
print("error per digit: PCA", np.round(linear, 2), "autoencoder", np.round(bent, 2))
assert (np.array(bent) < 0.8 * np.array(linear)).all()
assert bent[1] < linear[2]  # four non-linear numbers are better than eight linear ones

fig, ax = plt.subplots(figsize=(7, 4.2), layout="compressed")
ax.plot(WIDTHS, linear, "s--", color="#717581", linewidth=2, label="PCA")
ax.plot(WIDTHS, bent, "o-", color="#0072B2", linewidth=2, label="autoencoder")
ax.set_title("Four numbers of an autoencoder beat eight of PCA", fontsize=15)
ax.set_xticks(WIDTHS)
ax.set_xlabel("numbers in the code", fontsize=14)
ax.set_ylabel("squared error per digit", fontsize=14)
ax.legend(fontsize=13, frameon=False)
ax.spines[["top", "right"]].set_visible(False)

# %% [markdown]
# With two numbers, the code is a map. Neither method has seen a label; the colours are only for us. How well are the
# classes separated? We give each unseen digit the label of its nearest training digit on the map.

# %%
maps = {
    "PCA": lambda x: (x - pca.mean) @ pca.directions[:2].T,
    "autoencoder": models[2].encode,
}
fig, axs = plt.subplots(1, 2, figsize=(13, 6), layout="compressed")
right = {}
for ax, (name, encode) in zip(axs, maps.items(), strict=True):
    nearest = distances(encode(test.x), encode(train.x)).argmin(axis=1)
    right[name] = float(np.mean(train.labels[nearest] == test.labels))
    ae.plots.latent_map(encode(test.x), test.labels, ax=ax)
    ax.set_title(f"{name}: {right[name]:.0%} have the label of their neighbour", fontsize=14)
assert right["autoencoder"] > right["PCA"] + 0.1
assert right["autoencoder"] > 0.7
ae.plots.show()

# %% [markdown]
# From sixty-four pixels to two numbers, without labels: still, four out of five digits lie next to a
# digit of their class. The other tutorials explain the details: what happens in one training step, where its gradients
# come from, and what changes if the code should be more than just narrow.
#
# ## Try
#
# 1. Train the roll's model with a linear code and *no* hidden layer, `ae.LinearAutoencoder([3, 2])`. Whose error do you
#    get?
# 2. Set the code's width to 1. Which path through the roll does the autoencoder find? Plot `model.decode` over it.
