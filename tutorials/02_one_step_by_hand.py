# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # 2. One training step by hand
#
# **You will know** every number of one training step of the smallest interesting autoencoder: forward, loss, backward,
# update. Have paper ready; a pocket calculator is enough.
#
# **In one line:** every number of a training step, calculated by hand, is what the package computes.
#
# **You need** matrix products, and derivatives of one variable. Tutorial 3 explains why the backward pass looks like
# this; here we follow the numbers.

# %%
import matplotlib.pyplot as plt
import numpy as np

import aescratch as ae

# %% [markdown]
# ## The network
#
# Four inputs, a code of two units, four outputs. The data are the four patterns with a single 1. The network must find
# a code that describes four patterns by two numbers. We set weights that are easy to write down, and take a batch of
# two patterns, the first and the last. One pattern is a row. `assert same` stops unless computer and paper agree.

# %%
model = ae.Autoencoder([4, 2], code_activation=ae.Sigmoid, dtype="float64", rng=0)
W1, b1, W2, b2 = model.parameters
W1.value = np.array([[0.4, -0.2], [-0.1, 0.3], [0.2, 0.1], [-0.3, 0.5]])
b1.value = np.array([0.1, -0.1])
W2.value = np.array([[0.5, -0.3, 0.2, -0.1], [-0.2, 0.4, 0.1, 0.6]])
b2.value = np.array([0.0, 0.1, 0.0, -0.1])

patterns = ae.datasets.identity_patterns(4).x.astype(np.float64)
x = patterns[[0, 3]]
N = len(x)


def same(computed, *rows):
    """Whether an array is what we wrote down, to the four digits of a pocket calculator."""
    return np.allclose(computed, np.squeeze(rows), rtol=0, atol=6e-5)


# %% [markdown]
# ## Forward, line by line
#
# **1. The pre-activation** $a = x W_1 + b_1$. A row of $x$ with its 1 at place $i$ picks row $i$ of $W_1$. For the
# first pattern: $0.4 + 0.1 = 0.5$ and $-0.2 - 0.1 = -0.3$.

# %%
a = x @ W1.value + b1.value
assert same(a, [0.5, -0.3], [-0.2, 0.4])

# %% [markdown]
# **2. The code** $h = \sigma(a) = 1/(1+e^{-a})$, number by number: $1/(1+e^{-0.5}) = 1/1.6065 = 0.6225$.

# %%
h = 1 / (1 + np.exp(-a))
assert same(h, [0.6225, 0.4256], [0.4502, 0.5987])

# %% [markdown]
# **3. The reconstruction** $\hat x = h W_2 + b_2$. Its first number: $0.6225 \cdot 0.5 + 0.4256 \cdot (-0.2) + 0 =
# 0.2261$. It should be 1. The network has not learnt anything yet.

# %%
x_hat = h @ W2.value + b2.value
assert same(x_hat, [0.2261, 0.0835, 0.1670, 0.0931], [0.1053, 0.2044, 0.1499, 0.2142])

# %% [markdown]
# **4. The loss** $L = \frac1N \sum_n \frac12 \sum_d (\hat x_{nd} - x_{nd})^2$: half the squared error, summed over the
# four outputs, averaged over the two examples. This is the one number that training minimises.

# %%
loss = (0.5 * np.square(x_hat - x).sum(axis=1)).mean()
assert same(loss, 0.3338)
assert np.isclose(model.loss(x), loss, rtol=1e-12)  # the package's forward pass is the same four lines

# %% [markdown]
# ## Backward, the same lines from the last to the first
#
# At each line we ask: if this number were a little larger, how much would the loss change? We write $\text{grad}_q$ for
# that, the derivative of the loss by $q$; it has $q$'s shape.
#
# **4 back.** $\text{grad}_{\hat x} = (\hat x - x)/N$. The ½ cancels the 2 of the square, and the mean over the batch
# leaves its $1/N$ here. The first number: $(0.2261 - 1)/2 = -0.3869$. It is negative: a larger output would lower the
# loss.

# %%
grad_x_hat = (x_hat - x) / N
assert same(grad_x_hat, [-0.3869, 0.0417, 0.0835, 0.0465], [0.0527, 0.1022, 0.0750, -0.3929])

# %% [markdown]
# **3 back.** $\hat x = hW_2 + b_2$ has three arguments, so there are three gradients. A weight is used for both
# examples, so its gradient sums over them: for the first weight $0.6225 \cdot (-0.3869) + 0.4502 \cdot 0.0527 =
# -0.2171$. The gradient of a bias also sums over the examples. $\text{grad}_h$, which sums over the four outputs, goes
# on to the next line.

# %%
grad_W2, grad_b2, grad_h = h.T @ grad_x_hat, grad_x_hat.sum(axis=0), grad_x_hat @ W2.value.T
assert same(grad_W2, [-0.2171, 0.0720, 0.0857, -0.1479], [-0.1331, 0.0790, 0.0804, -0.2154])
assert same(grad_b2, [-0.3343, 0.1440, 0.1585, -0.3464])
assert same(grad_h, [-0.1939, 0.1304], [0.0500, -0.1979])

# %% [markdown]
# **2 back.** The sigmoid's slope is $h(1-h)$: $0.6225 \cdot 0.3775 = 0.2350$. Multiply it by the upstream gradient:
# $-0.1939 \cdot 0.2350 = -0.0456$. The slope is at most ¼, so each sigmoid on the way divides the gradient by four or
# more. Remember this for tutorial 10.

# %%
grad_a = grad_h * h * (1 - h)
assert same(grad_a, [-0.0456, 0.0319], [0.0124, -0.0475])
assert np.abs(grad_a).max() <= np.abs(grad_h).max() / 4

# %% [markdown]
# **1 back.** The same as for line 3. The second and third inputs are 0 in both patterns, so those weights don't affect
# the loss, and their gradient is exactly 0. We don't need $\text{grad}_x$, because the data don't change.
# The package counts the layers of the encoder and of the decoder separately: our $W_2$ is its `decoder.W1`.

# %%
grad_W1, grad_b1 = x.T @ grad_a, grad_a.sum(axis=0)
assert same(grad_W1, [-0.0456, 0.0319], [0, 0], [0, 0], [0.0124, -0.0475])
assert same(grad_b1, [-0.0332, -0.0157])

model.backward()
for parameter, by_hand in zip(model.parameters, (grad_W1, grad_b1, grad_W2, grad_b2), strict=True):
    print(f"{parameter.name}: {np.array2string(parameter.grad.ravel(), precision=4, suppress_small=True)}")
    assert np.allclose(parameter.grad, by_hand, rtol=1e-12)

# %% [markdown]
# ## Check the gradient
#
# Increase the first weight of $W_2$ by one thousandth. The gradient predicts that the loss changes by $-0.2171$
# thousandths.

# %%
nudged = W2.value.copy()
nudged[0, 0] += 0.001
change = 0.5 * np.square(h @ nudged + b2.value - x).sum() / N - loss
print(f"promised {0.001 * grad_W2[0, 0]:.7f}, happened {change:.7f}")
assert np.isclose(change, 0.001 * grad_W2[0, 0], rtol=1e-3)

# %% [markdown]
# ## The update
#
# Gradient descent goes against the gradient: $W \leftarrow W - \eta\, \text{grad}_W$. With $\eta = 0.1$ the first
# weight of $W_2$ becomes $0.5 + 0.0217 = 0.5217$. How much does the loss fall? To first order by $\eta$ times the
# squared length of the whole gradient. That is a prediction, so we check it.

# %%
squared_length = sum(float(np.square(parameter.grad).sum()) for parameter in model.parameters)
optimizer = ae.SGD(0.1)
step = ae.trace(model, x, optimizer=optimizer)  # records the same step, and doesn't change the model
optimizer.start(model.parameters).step(0.1)
after = float(model.loss(x))
print(f"loss {loss:.4f} -> {after:.4f}; predicted fall {0.1 * squared_length:.4f}, true fall {loss - after:.4f}")
assert same(W2.value[0], [0.5217, -0.3072, 0.1914, -0.0852])
assert 0.9 < (loss - after) / (0.1 * squared_length) < 1  # a little less: the loss is curved

# %% [markdown]
# ## The step on one sheet
#
# `ae.trace` records the same step: each operation's formula, its line of code and, on the way back, difference
# quotients. Layers are numbered, so $a$ is `a1` there; the loss is `J`. Compare it with your calculation.

# %%
hand = {"a1": a, "h1": h, "x_hat": x_hat, "J": loss, "grad_x_hat": grad_x_hat, "grad_h1": grad_h, "grad_a1": grad_a}
hand |= {"grad_W2": grad_W2, "grad_b2": grad_b2, "grad_W1": grad_W1, "grad_b1": grad_b1}
hand |= {"W1_new": W1.value, "b1_new": b1.value, "W2_new": W2.value, "b2_new": b2.value}
assert {operation.name for operation in step} == set(hand)
assert all(np.allclose(operation.output, hand[operation.name], rtol=1e-12) for operation in step)
print(step)

# %% [markdown]
# ## And again, and again
#
# Training repeats the step, on all four patterns now. The loss stops at 1/8. With two code units, everything that a
# *linear* decoder can return lies in a plane. The four patterns don't: their differences span three dimensions. The
# part outside the plane costs 1/8, which is PCA's bound (tutorial 6).


# %%
def train(model, steps=1500, rate=0.05):
    """Repeat the step; return the codes of the four patterns after each step."""
    state, path = ae.Adam(rate).start(model.parameters), []
    for _ in range(steps):
        with model.training():  # these layers behave the same outside training
            model.loss(patterns)
            model.backward()
        state.step(rate)
        path.append(model.encode(patterns))
    return np.array(path)


train(model)
assert np.isclose(model.loss(patterns), 1 / 8, rtol=1e-3)

# %% [markdown]
# The outputs are zeros and ones, so let the decoder return *logits*, numbers that a sigmoid turns into probabilities,
# and use cross-entropy, the loss for probabilities. Now the decoder only has to put each pattern on the right side of a
# line. The two code units learn a binary code: four patterns, four corners.

# %%
options = {"code_activation": ae.Sigmoid, "reconstruction": ae.BinaryCrossEntropy()}
binary = ae.Autoencoder([4, 2], **options, dtype="float64", rng=0)
path = train(binary)
print("codes:", binary.encode(patterns).round(2).tolist())
corners = {tuple(code) for code in binary.encode(patterns).round().astype(int).tolist()}
assert len(corners) == 4
assert np.array_equal(binary.reconstruct(patterns).round(), patterns)

fig, ax = plt.subplots(figsize=(6, 6), layout="compressed")
for number, colour in enumerate(("#0072B2", "#D55E00", "#009E73", "#717581")):
    ax.plot(*path[:, number].T, color=colour, linewidth=2)
    ax.plot(*path[0, number], "o", color=colour, markerfacecolor="white", markersize=9)
    ax.plot(*path[-1, number], "o", color=colour, markersize=11)
    x_end, y_end = path[-1, number]
    ax.text(x_end, y_end + (0.07 if y_end > 0.5 else -0.09), f"pattern {number}", fontsize=13, ha="center")
ax.set(xlim=(-0.2, 1.2), ylim=(-0.2, 1.2))
ax.set_xlabel("code unit 0", fontsize=14)
ax.set_ylabel("code unit 1", fontsize=14)
title = ax.set_title("Each code moves from its start (open) to a corner", fontsize=14)
ae.plots.show()

# %% [markdown]
# ## Try
#
# 1. Start with all weights 0. Follow the numbers: which gradients are 0, and why do the two code units stay equal
#    forever?
# 2. Do the step with `ae.ReLU` instead of the sigmoid. Which code unit of the first pattern is silent, and which
#    numbers of the backward pass become 0?
