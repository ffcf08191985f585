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
# leaves on the host, which error it raises without a GPU, and for which networks a GPU is worth using.
#
# **In one line:** one text of formulas serves CPU and GPU, and the same seed gives the same training.
#
# **You need** only the earlier tutorials. *This page runs with and without a GPU.* With a GPU, it computes everything a
# second time there, and compares.

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
# CuPy is a library with NumPy's interface whose arrays are on the GPU. So most formulas need no change. A formula that
# calls a function, such as `exp`, takes it from the array's module: `ae.array_module(x)` returns `numpy` or `cupy`.
# Here is a formula written in this way:


# %%
def softplus(a):
    """log(1 + exp(a)), on the CPU or on the GPU."""
    xp = ae.array_module(a)
    return xp.maximum(a, 0) + xp.log1p(xp.exp(-xp.abs(a)))


a = np.linspace(-3, 3, 7)
assert ae.array_module(a) is np
assert np.allclose(softplus(a), np.log(1 + np.exp(a)))

# %% [markdown]
# Arrays of other libraries raise an error that says what to do. So do arrays of both libraries in one call: a silent
# copy between the two would cost more than the computation.

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
# `model.to("cupy")` moves the parameters; `model.to("numpy")` moves them back; both return the model. If CuPy or a GPU
# is missing, it raises a `RuntimeError` *immediately*, not in the middle of the first step, and the model is unchanged.

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
# An unknown name is a different error, on every machine: the argument is invalid.

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
# All random numbers are drawn on the *host* and then moved: initial weights, shuffling, noise. So a seed gives the same
# numbers on both, and a training run can be repeated elsewhere. Only the order in which a GPU adds numbers differs, and
# with it the rounding. `fit` moves the data from the host once; the optimiser's state is on the same device as the
# parameters.


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
# A file doesn't depend on the device either. You can save a model on one and load it on the other.

# %%
with tempfile.TemporaryDirectory() as folder:
    model.save(f"{folder}/model.npz")
    loaded = ae.load(f"{folder}/model.npz")
assert loaded.backend == "numpy"
assert np.array_equal(loaded.encode(digits.x[:10]), model.encode(digits.x[:10]))

# %% [markdown]
# ## How a formula becomes a kernel
#
# On a GPU every computation must be *launched*, and for small arrays the launch takes longer than the computation. So
# the package doesn't launch a kernel for each operation. It calls the formula once with symbols in place of arrays;
# each operation writes one line; and the lines become one kernel. `sigmoid_backward` is `grad_y * y * (1 - y)`:

# %%
kernel = write_kernel(ae.functions.sigmoid_backward, ("grad_y", "y"), "float32")
print(*kernel.lines, sep="\n")
assert len(kernel.lines) == 3
assert kernel.inputs == ["grad_y", "y"]

# %% [markdown]
# The lines are plain arithmetic on numbers, so we can evaluate them in Python for one element:

# %%
grad_y, y = 0.5, 0.8
t0 = grad_y * y
t1 = 1.0 - y
t2 = t0 * t1
assert np.isclose(t2, ae.functions.sigmoid_backward(np.array([grad_y]), np.array([y]))[0])

# %% [markdown]
# ## When is it worth it?
#
# The work per call decides. For wider and wider networks, we measure how many multiplications and additions a training
# step performs per second, on this machine, and on the GPU if there is one. On the left of the figure the processor
# waits for Python; on the right Python waits for the processor. Where the processor waits, a faster one doesn't help.

# %%
WIDTHS, BATCH = (8, 16, 32, 64, 128, 256, 512, 1024), 256


def speed(width, backend):
    """Return the operations per second, in billions, of the fastest of three epochs."""
    model = ae.Autoencoder([width, width], rng=0).to(backend)
    model.fit(np.zeros((BATCH, width), np.float32), epochs=1, batch_size=BATCH, rng=0)  # a first step, to warm up
    x = np.random.default_rng(0).random((8 * BATCH, width), np.float32)
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        model.fit(x, epochs=1, batch_size=BATCH, rng=0)
        seconds.append((time.perf_counter() - start) / 8)
    products = 5 * BATCH * width * width  # two forward, three back: the first layer's grad_x isn't needed
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
ae.plots.show()

# %% [markdown]
# These pages were written on a machine without a GPU, so they give no figures for a GPU. Run this file on yours and
# read the second curve. All other tutorials use networks from the left half of the figure, for which a laptop is
# enough.
#
# ## Try
#
# 1. Write the kernel of `ae.functions.gelu_backward`. Which line is the density?
# 2. `ae.check_gradients` works on a GPU too, in float64. Why would you not want to *train* in float64 there?
