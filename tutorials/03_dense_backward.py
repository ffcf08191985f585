# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # 3. Backpropagation of a dense layer, derived
#
# **You will know** where the three formulas
#
# $$\text{grad}_x = \text{grad}_y W^\top, \qquad \text{grad}_W = x^\top \text{grad}_y, \qquad
# \text{grad}_b = \textstyle\sum_n \text{grad}_{y,n}$$
#
# come from, why no one stores the Jacobian, and how such formulas, called in reverse order, form the backward pass of a
# whole autoencoder.
#
# **In one line:** three short products replace a Jacobian of 800 gigabytes.
#
# **You need** partial derivatives, the chain rule for one variable, and a matrix product.

# %%
import matplotlib.pyplot as plt
import numpy as np

import aescratch as ae

rng = np.random.default_rng(0)

# %% [markdown]
# ## The layer
#
# Rows are examples. A dense layer turns each row $x_n$ with $D$ numbers into a row $y_n$ with $H$ numbers:
#
# $$y_{nj} = \sum_i x_{ni} W_{ij} + b_j .$$
#
# We choose three different primes for $N$, $D$ and $H$. Then confusing two axes raises an error, and a gradient that is
# wrong by a factor 7, 5 or 3 shows which axis the factor comes from.

# %%
N, D, H = 7, 5, 3
x, W, b = rng.normal(size=(N, D)), rng.normal(size=(D, H)), rng.normal(size=H)
y = ae.functions.dense(x, W, b)

n, j = 4, 2
by_hand = sum(x[n, i] * W[i, j] for i in range(D)) + b[j]
assert y.shape == (N, H)
assert np.isclose(y[n, j], by_hand, rtol=1e-12)

# %% [markdown]
# ## What a backward pass receives and returns
#
# Later layers compute a loss $L$ from $y$. This layer doesn't know how. It receives only $\text{grad}_y$, the array of
# all $\partial L / \partial y_{nj}$, with $y$'s shape. It returns the same for its own arguments: $\partial L /
# \partial x$, $\partial L / \partial W$ and $\partial L / \partial b$, each with the shape of its argument. This
# contract is all of backpropagation; the rest is one chain rule per layer.
#
# In place of a real loss we take random numbers $G$, and suppose $L = \sum_{nj} G_{nj} y_{nj}$. Its gradient with
# respect to $y$ is $G$, so $G$ is $\text{grad}_y$. The numbers must be random, and not all ones: with ones, a backward
# pass that forgets to multiply by $\text{grad}_y$ would look right.

# %%
G = rng.normal(size=(N, H))


def loss_of(x, W, b):
    """The loss that has G as its gradient with respect to y."""
    return float((G * ae.functions.dense(x, W, b)).sum())


# %% [markdown]
# ## The chain rule, with all its indices
#
# $L$ depends on a weight $W_{ik}$ through every $y_{nj}$. So we sum over all of them:
#
# $$\frac{\partial L}{\partial W_{ik}} = \sum_n \sum_j \frac{\partial L}{\partial y_{nj}}
# \frac{\partial y_{nj}}{\partial W_{ik}}, \qquad \frac{\partial y_{nj}}{\partial W_{ik}} = x_{ni}\,\delta_{jk} .$$
#
# $\delta_{jk}$ is 1 if $j = k$ and 0 otherwise: weight $W_{ik}$ affects only output $k$. For once, let us build this
# derivative as a four-dimensional array. `np.einsum` takes a formula by its indices: the indices of the factors, an
# arrow, the indices of the result. It sums over every index that the result doesn't have.

# %%
jacobian = np.einsum("ni,jk->njik", x, np.eye(H))  # (N, H, D, H): one number per output and weight
grad_W_slow = np.einsum("nj,njik->ik", G, jacobian)

_, grad_W, _ = ae.functions.dense_backward(G, x, W)
assert np.allclose(grad_W_slow, grad_W, rtol=1e-12)

# %% [markdown]
# Written as a matrix, with a row for each output and a column for each weight, it is mostly zeros, and the rest are
# copies of $x$. It is the Kronecker product $x \otimes I$; if you don't know it, you may skip this figure.

# %%
matrix = jacobian.reshape(N * H, D * H)
assert np.array_equal(matrix, np.kron(x, np.eye(H)))
assert np.isclose((matrix == 0).mean(), 1 - 1 / H)

fig, ax = plt.subplots(figsize=(7, 7.5), layout="compressed")
extent = np.abs(matrix).max()
picture = ax.imshow(matrix, cmap="coolwarm", vmin=-extent, vmax=extent)
ax.set_xticks(np.arange(D) * H + (H - 1) / 2, [f"$W_{{{i},:}}$" for i in range(D)], fontsize=14)
ax.set_yticks(np.arange(N) * H + (H - 1) / 2, [f"$y_{{{row},:}}$" for row in range(N)], fontsize=14)
ax.hlines(np.arange(1, N) * H - 0.5, -0.5, D * H - 0.5, color="black", linewidth=0.8)
ax.vlines(np.arange(1, D) * H - 0.5, -0.5, N * H - 0.5, color="black", linewidth=0.8)
in_words = r"$\partial y_{nj} / \partial W_{ik}$ is $x_{ni}$ times the identity in each block"
ax.set_title(f"The Jacobian is mostly zeros:\n{in_words}", fontsize=14)
colour_scale = fig.colorbar(picture, ax=ax, shrink=0.6)

# %% [markdown]
# The $\delta_{jk}$ removes the sum over $j$, and a matrix product remains:
#
# $$\frac{\partial L}{\partial W_{ik}} = \sum_n G_{nk}\, x_{ni} = \left(x^\top G\right)_{ik} .$$
#
# The other two go the same way. $\partial y_{nj} / \partial x_{mi} = \delta_{nm} W_{ij}$, because an example influences
# its own output only, so $\partial L / \partial x_{mi} = \sum_j G_{mj} W_{ij} = (G W^\top)_{mi}$. And
# $\partial y_{nj} / \partial b_k = \delta_{jk}$, so $\partial L / \partial b_k = \sum_n G_{nk}$.
#
# One rule covers all three: **each gradient sums over the index that its argument doesn't have.** $W$ has no $n$, so
# its gradient sums over examples. $x$ has no $j$, so its gradient sums over outputs. $b$ has no $n$ either.

# %%
grad_x, grad_W, grad_b = G @ W.T, x.T @ G, G.sum(axis=0)

for ours, theirs in zip((grad_x, grad_W, grad_b), ae.functions.dense_backward(G, x, W), strict=True):
    assert np.array_equal(ours, theirs)

# %% [markdown]
# ## Check it: change one number
#
# A derived formula may be wrong; the definition of a derivative isn't. Change one weight up and down a little, and see
# how the loss changes.

# %%
step = 1e-5
up, down = W.copy(), W.copy()
up[1, 2] += step
down[1, 2] -= step
quotient = (loss_of(x, up, b) - loss_of(x, down, b)) / (2 * step)

print(f"x.T @ G at (1, 2): {grad_W[1, 2]:.9f}    difference quotient: {quotient:.9f}")
assert np.isclose(quotient, grad_W[1, 2], rtol=1e-7)

# %% [markdown]
# `ae.check_function` does this for every entry of every argument, and gives a verdict. Tutorial 5 explains how.

# %%
report = ae.check_function(ae.functions.dense, ae.functions.dense_backward, {"x": x, "W": W, "b": b})
assert report.verdict == "pass"
assert sum(tensor.analytic.size for tensor in report.tensors) == N * D + D * H + H


def forgetful_backward(grad_y, x, W):
    """The bias gradient as a mean over the batch: the 1/N that belongs to the loss."""
    return grad_y @ W.T, x.T @ grad_y, grad_y.mean(axis=0)


wrong = ae.check_function(ae.functions.dense, forgetful_backward, {"x": x, "W": W, "b": b})
by_name = {tensor.name: tensor for tensor in wrong.tensors}
assert wrong.verdict == by_name["grad_b"].verdict == "fail"
assert by_name["grad_W"].verdict == "pass"
assert np.allclose(by_name["grad_b"].numeric / by_name["grad_b"].analytic, N)  # the wrong factor names its axis: 7

# %% [markdown]
# ## What it costs
#
# The forward pass takes $N \cdot D \cdot H$ multiplications. Backward takes twice as many, once for $x$ and once for
# $W$. So a training step costs about three forward passes, for any number of parameters. Difference quotients would
# cost two forward passes *per parameter*, and the full Jacobian would not fit into memory:

# %%
batch, n_in, n_out = 256, 784, 1000  # a first layer for MNIST
parameters = n_in * n_out + n_out
forward_products = batch * n_in * n_out
backward_products = 2 * forward_products
quotient_products = 2 * parameters * forward_products
jacobian_gigabytes = batch * n_out * n_in * n_out * 4 / 1e9

print(f"difference quotients: {quotient_products / backward_products:,.0f} times the work of backward")
print(f"the Jacobian for W: {jacobian_gigabytes:,.0f} GB; the gradient that is wanted: {parameters * 4 / 1e6:.1f} MB")
assert quotient_products // backward_products == parameters == 785_000
assert 800 < jacobian_gigabytes < 805

# %% [markdown]
# ## A whole autoencoder
#
# Layers compose, and so do their backward passes, in reverse order: the $\text{grad}_x$ of one layer is the
# $\text{grad}_y$ of the previous layer. Here is an autoencoder with a ReLU code, forward and backward, by the functions
# of the formula sheet, `aescratch/functions`. The second half mirrors the first, line by line.

# %%
f = ae.functions
model = ae.Autoencoder([D, H], dtype="float64", rng=0)
W1, b1, W2, b2 = (parameter.value for parameter in model.parameters)

a = f.dense(x, W1, b1)
h = f.relu(a)
x_hat = f.dense(h, W2, b2)
loss = f.squared_error(x_hat, x)

grad_x_hat = f.squared_error_backward(x_hat, x)  # the 1/N of the whole pass is only here
grad_h, grad_W2, grad_b2 = f.dense_backward(grad_x_hat, h, W2)
grad_a = f.relu_backward(grad_h, a)
_, grad_W1, grad_b1 = f.dense_backward(grad_a, x, W1)

assert np.isclose(loss, model.loss(x), rtol=1e-12)
model.backward()
for parameter, gradient in zip(model.parameters, (grad_W1, grad_b1, grad_W2, grad_b2), strict=True):
    assert np.allclose(parameter.grad, gradient, rtol=1e-12)
assert ae.check_gradients(model, x).verdict == "pass"
ae.plots.show()

# %% [markdown]
# ## Try
#
# 1. Write `G @ W` instead of `G @ W.T` above. Which sizes don't fit, and what would happen with $D = H$?
# 2. Derive the backward pass of a layer without bias that uses its weights twice, $y = x W W^\top$. $W$ then has two
#    paths to the loss, and its gradient is a sum of two terms. Check it with `ae.check_function`.
