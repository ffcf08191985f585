# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # 12. The GPU switch
#
# **You will know** how one text of formulas serves the CPU and an NVIDIA GPU, what `model.to("cupy")` moves and what it
# leaves on the host, what it says where there is no GPU, and for which networks a GPU is worth its trouble.
#
# **In one line:** one text of formulas serves CPU and GPU, and the same seed gives the same training.
#
# **You need** nothing but the earlier tutorials. *This page runs with and without a GPU.* Where there is one, it does
# more: it computes everything a second time there, and compares.

# %%
import tempfile
import time

import matplotlib.pyplot as plt
import numpy as np

import aescratch as ae
from aescratch.backend.kernels import write_kernel

digits = ae.datasets.load_digits()

# %% [markdown]
# ## Whose array is it?
#
# CuPy is a library with NumPy's interface whose arrays live on the GPU. So most formulas needn't know. Those that
# call a function, such as `exp`, ask the array where it comes from. `ae.array_module(x)` gives `numpy` or `cupy`, and
# that is the whole trick. Here is a formula written in that way:


# %%
def softplus(a):
    """log(1 + exp(a)), on whichever side a is."""
    xp = ae.array_module(a)
    return xp.maximum(a, 0) + xp.log1p(xp.exp(-xp.abs(a)))


a = np.linspace(-3, 3, 7)
assert ae.array_module(a) is np
assert np.allclose(softplus(a), np.log(1 + np.exp(a)))

# %% [markdown]
# What is neither NumPy's nor CuPy's is refused, in a sentence that says what to do. So are arrays of both at once: a
# silent copy between the two would cost more than the computation.

# %%
try:
    ae.array_module([1.0, 2.0])
    refusal = ""
except TypeError as error:
    refusal = str(error)
print(refusal)
assert "numpy" in refusal.lower()

# %% [markdown]
# ## The switch
#
# `model.to("cupy")` moves the parameters; `model.to("numpy")` moves them back; both return the model. Where CuPy or a
# GPU is missing, it is a `RuntimeError` that says so *now*, not in the middle of the first step, and the model stays
# as it was.

# %%
model = ae.DenoisingAutoencoder([64, 32, 8], ae.GaussianNoise(0.3), activation=ae.GELU, rng=0)
before = [parameter.value.copy() for parameter in model.parameters]
try:
    model.to("cupy")
    has_gpu, explanation = True, "there is a GPU, and the model is on it"
except RuntimeError as error:
    has_gpu, explanation = False, str(error)
print(explanation)
assert has_gpu or "CuPy" in explanation
assert model.backend == ("cupy" if has_gpu else "numpy")

assert model.to("numpy") is model
assert model.backend == "numpy"
for parameter, value in zip(model.parameters, before, strict=True):
    assert np.array_equal(parameter.value, value)  # there and back, to the last bit

# %% [markdown]
# An unknown place is another kind of error: it is the caller's, on every machine.

# %%
try:
    model.to("gpu")
    place = ""
except ValueError as error:
    place = str(error)
print(place)
assert "cupy" in place

# %% [markdown]
# ## The same seed, the same training
#
# Chance is drawn on the *host* and then moved: initial weights, shuffling, noise. So a seed means the same on both
# sides, and a training can be repeated elsewhere. What differs is the order in which a GPU adds numbers, that is,
# rounding. `fit` takes the data from the host, once; the optimiser's memory lives beside the parameters.


# %%
def trained(backend):
    """Train on one of the two, and return the loss of each epoch and the code of a few digits, on the host."""
    model = ae.DenoisingAutoencoder([64, 32, 8], ae.GaussianNoise(0.3), activation=ae.GELU, rng=0).to(backend)
    history = model.fit(digits.x, epochs=5, batch_size=64, optimizer=ae.Adam(3e-3), rng=0)
    return np.array(history.loss), model.to("numpy").encode(digits.x[:10])


losses, codes = trained("numpy")
again_losses, again_codes = trained("numpy")
assert np.array_equal(losses, again_losses)
assert np.array_equal(codes, again_codes)
if has_gpu:
    gpu_losses, gpu_codes = trained("cupy")
    assert np.allclose(gpu_losses, losses, rtol=1e-3)
    assert np.allclose(gpu_codes, codes, atol=0.05)

# %% [markdown]
# A file has no side either. What was saved on one is loaded on the other.

# %%
with tempfile.TemporaryDirectory() as folder:
    model.save(f"{folder}/model.npz")
    loaded = ae.load(f"{folder}/model.npz")
assert loaded.backend == "numpy"
assert np.array_equal(loaded.encode(digits.x[:10]), model.encode(digits.x[:10]))

# %% [markdown]
# ## How a formula becomes a kernel
#
# On a GPU every computation has to be *started*, and for small arrays the start takes longer than the work. So the
# package doesn't start one per operation. It calls the formula once with symbols in the place of arrays; each
# operation writes down a line; and the lines become one kernel. `sigmoid_backward` is `grad_y * y * (1 - y)`:

# %%
kernel = write_kernel(ae.functions.sigmoid_backward, ("grad_y", "y"), "float32")
print(*kernel.lines, sep="\n")
assert len(kernel.lines) == 3
assert kernel.inputs == ["grad_y", "y"]

# %% [markdown]
# The lines are plain arithmetic on numbers, so we can be the GPU for one element:

# %%
grad_y, y = 0.5, 0.8
t0 = grad_y * y
t1 = 1.0 - y
t2 = t0 * t1
assert np.isclose(t2, ae.functions.sigmoid_backward(np.array([grad_y]), np.array([y]))[0])

# %% [markdown]
# ## When is it worth it?
#
# What counts is work per call. We measure, for wider and wider networks, how many multiplications and additions a
# training step gets through per second, here, and on the GPU if there is one. On the left the machine waits for
# Python; on the right Python waits for the machine. Where the machine waits, a faster machine doesn't help.

# %%
WIDTHS, BATCH = (8, 16, 32, 64, 128, 256, 512, 1024), 256


def speed(width, backend):
    """Return the operations per second, in thousands of millions, of the quickest of three epochs."""
    model = ae.Autoencoder([width, width], rng=0).to(backend)
    model.fit(np.zeros((BATCH, width), np.float32), epochs=1, batch_size=BATCH, rng=0)  # a first step, to warm up
    x = np.random.default_rng(0).random((8 * BATCH, width), np.float32)
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        model.fit(x, epochs=1, batch_size=BATCH, rng=0)
        seconds.append((time.perf_counter() - start) / 8)
    products = 5 * BATCH * width * width  # two forward, three back: nobody needs the first layer's grad_x
    return 2 * products / min(seconds) / 1e9


speeds = {"CPU": [speed(width, "numpy") for width in WIDTHS]}
if has_gpu:
    speeds["GPU"] = [speed(width, "cupy") for width in WIDTHS]
print({name: [f"{value:.2g}" for value in values] for name, values in speeds.items()})
assert max(speeds["CPU"]) > 10 * speeds["CPU"][0]

fig, ax = plt.subplots(figsize=(7.5, 4.5), layout="compressed")
for (name, values), colour in zip(speeds.items(), ("#0072B2", "#D55E00"), strict=False):
    ax.loglog(WIDTHS, values, "o-", color=colour, linewidth=2, label=name)
ax.set_title("A wide network computes ten times as much in a second", fontsize=15)
ax.set_xticks(WIDTHS, [str(width) for width in WIDTHS])
ax.minorticks_off()
ax.set_xlabel("width of the network", fontsize=14)
ax.set_ylabel("10⁹ operations per second", fontsize=14)
ax.legend(fontsize=13, frameon=False)
ax.spines[["top", "right"]].set_visible(False)
plt.show()

# %% [markdown]
# These pages were written on a machine without a GPU, so they claim no number for one. Run this file on yours and
# read the second curve. All other tutorials use networks from the left half of the picture. A laptop is the right
# machine for them.
#
# ## Try
#
# 1. Write the kernel of `ae.functions.gelu_backward`. Which line is the density?
# 2. `ae.check_gradients` works on a GPU too, in float64. Why would you not want to *train* in float64 there?
