# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # 9. Tied weights, and the contractive penalty
#
# **You will know** what happens to a gradient when one array is used twice, and how a penalty on a *derivative* is
# differentiated. Both are cases of one rule: a parameter's gradient is the sum over all its paths to the loss.
#
# **In one line:** the contractive penalty leaves few directions in which the code moves.
#
# **You need** tutorials 3 and 5.

# %%
import matplotlib.pyplot as plt
import numpy as np

import aescratch as ae
from aescratch.inspection.measures import sse_per_image

f = ae.functions
rng = np.random.default_rng(0)

# %% [markdown]
# ## One array, two uses
#
# A tied autoencoder decodes with the encoder's own weights, transposed: $h = \phi(xW + b)$, $\hat x = hW^\top + c$.
# Call the two uses $W_1 = W$ and $W_2 = W^\top$, as if they were two arrays. A small change of $W$ changes both. To
# first order the effects add, so
#
# $$\frac{\partial L}{\partial W} = \frac{\partial L}{\partial W_1}
# + \Big(\frac{\partial L}{\partial W_2}\Big)^{\!\top} .$$
#
# An untied model with the same numbers gives the two terms separately; the tied model must give their sum.

# %%
x = rng.random((7, 5))
tied = ae.Autoencoder([5, 3], activation=ae.GELU, tied=True, dtype="float64", rng=0)
untied = ae.Autoencoder([5, 3], activation=ae.GELU, dtype="float64", rng=1)
W = tied.parameters[0].value
untied.parameters[0].value, untied.parameters[2].value = W, W.T

assert np.isclose(tied.loss(x), untied.loss(x), rtol=1e-12)
tied.backward()
untied.backward()
from_encoder, from_decoder = untied.parameters[0].grad, untied.parameters[2].grad.T
assert np.allclose(tied.parameters[0].grad, from_encoder + from_decoder, rtol=1e-12)
assert [parameter.name for parameter in tied.parameters] == ["encoder.W1", "encoder.b1", "decoder.b1"]

# %% [markdown]
# The usual mistake is that one use *overwrites* the gradient of the other. Neither part is small, so either mistake is
# visible:

# %%
total = np.linalg.norm(tied.parameters[0].grad)
encoder_part, decoder_part = np.linalg.norm(from_encoder), np.linalg.norm(from_decoder)
print(f"length of the gradient {total:.3f}: encoder's part {encoder_part:.3f}, decoder's part {decoder_part:.3f}")
assert min(encoder_part, decoder_part) > 0.2 * total
assert ae.check_gradients(tied, x).verdict == "pass"

# %% [markdown]
# ## The benefit of tying
#
# Tying halves the parameters. With plenty of data this hardly matters. With a hundred digits it does: a model that
# can't memorise must generalise.

# %%
train, test = ae.datasets.load_digits().split(0.2, rng=0)
few = train.x[:100]
errors = {}
for name, is_tied in (("untied", False), ("tied", True)):
    model = ae.Autoencoder([64, 32], activation=ae.GELU, tied=is_tied, rng=0)
    model.fit(few, epochs=400, batch_size=32, optimizer=ae.Adam(ae.CosineRate(5e-3)), rng=0)
    size = sum(parameter.value.size for parameter in model.parameters)
    errors[name] = sse_per_image(model.reconstruct(test.x), test.x)
    print(f"{name}: {size} parameters, error on unseen digits {errors[name]:.2f}")
assert errors["tied"] < 0.8 * errors["untied"]

# %% [markdown]
# ## A penalty on a derivative
#
# The code of a contractive autoencoder (Rifai et al. 2011) should change little when the input changes. The model
# penalises the encoder's Jacobian $J_{ji} = \partial h_j/\partial x_i$. For one sigmoid layer $h = \sigma(a)$,
# $a = xW + b$, the chain rule gives $J_{ji} = \sigma'(a_j) W_{ij}$, and the squared norm separates:
#
# $$\lVert J \rVert^2 = \sum_j \sigma'(a_j)^2 \sum_i W_{ij}^2 .$$
#
# Without the formula we would need $D$ difference quotients per example. We compute them once, to check it:

# %%
W, b = rng.normal(size=(5, 3)), rng.normal(size=3)
step = 1e-5
nudges = step * np.eye(5)[:, None, :]  # (input, 1, D)
jacobian = (f.sigmoid(f.dense(x + nudges, W, b)) - f.sigmoid(f.dense(x - nudges, W, b))) / (2 * step)  # (i, n, j)
slope = f.sigmoid_slope(f.dense(x, W, b))
assert np.isclose(f.contraction(slope, W), np.square(jacobian).sum() / len(x), rtol=1e-8)

# %% [markdown]
# ## Its two paths
#
# $W$ is in this formula twice: directly, in $W_{ij}^2$, and indirectly, since the slope depends on $a$, and $a$
# contains $W$. The direct path is simple. On the indirect path we differentiate a derivative, so the *second*
# derivative appears:
#
# $$\frac{\partial \Omega}{\partial a_{nj}} = \frac{2}{N}\, \sigma'(a_{nj}) \sum_i W_{ij}^2 \cdot \sigma''(a_{nj}),
# \qquad \sigma'' = h(1-h)(1-2h).$$
#
# From $a$ it goes back to $W$ and $b$ like any other gradient. The bias has no direct path: its gradient from the
# penalty comes only through $\sigma''$.

# %%
a = f.dense(x, W, b)
grad_slope, grad_W_open = f.contraction_backward(f.sigmoid_slope(a), W)
grad_a = f.sigmoid_slope_backward(grad_slope, a)
_, grad_W_hidden, grad_b = f.dense_backward(grad_a, x, W)

h = f.sigmoid(a)
by_hand = 2 / len(x) * h * (1 - h) * np.square(W).sum(axis=0) * h * (1 - h) * (1 - 2 * h)
assert np.allclose(grad_a, by_hand, rtol=1e-10)


def penalty(x, W, b):
    """The contractive penalty as a function of the parameters."""
    return f.contraction(f.sigmoid_slope(f.dense(x, W, b)), W)


def both_paths(x, W, b):
    """Its gradients with respect to W and b."""
    return grad_W_open + grad_W_hidden, grad_b


def open_path_only(x, W, b):
    """The gradients if the slope is treated as a constant."""
    return grad_W_open.copy(), np.zeros_like(b)


inputs = {"x": x, "W": W, "b": b}
assert ae.check_function(penalty, both_paths, inputs, wrt=["W", "b"]).verdict == "pass"
careless = ae.check_function(penalty, open_path_only, inputs, wrt=["W", "b"])
assert [tensor.verdict for tensor in careless.tensors] == ["fail", "fail"]

# %% [markdown]
# ## Does the code contract?
#
# A model can make $J$ small without learning anything: halve $W$ and double the decoder. So use the penalty with *tied*
# weights: a smaller encoder then means a smaller decoder. That is why both topics are in one tutorial.

# %%
schedule = {"epochs": 60, "batch_size": 64, "optimizer": ae.Adam(ae.CosineRate(1e-2)), "rng": 0}
loose = {weight: ae.ContractiveAutoencoder([64, 64], weight=weight, rng=0) for weight in (0.0, 0.3)}
contractive = {
    weight: ae.ContractiveAutoencoder([64, 64], weight=weight, tied=True, rng=0) for weight in (0.0, 0.1, 0.3)
}
for model in (*loose.values(), *contractive.values()):
    model.fit(train.x, **schedule)
free, cheating = (np.linalg.norm(model.parameters[2].value, axis=1).mean() for model in loose.values())
print(f"length of an untied decoder's rows: {free:.2f} without the penalty, {cheating:.2f} with it")
assert cheating > 1.3 * free

# %% [markdown]
# A fair measure is relative: how far does noise move the code, compared with the distance between codes of digits? The
# Jacobian's singular values show *in how many directions* the code moves at all. The data need some directions. The
# penalty suppresses the others.


# %%
def moved_by_noise(model):
    """The mean squared change of the code under a little noise, relative to the codes' variance."""
    noisy = test.x + 0.1 * np.random.default_rng(0).standard_normal(test.x.shape).astype(np.float32)
    code = model.encode(test.x)
    return float(np.square(model.encode(noisy) - code).sum(axis=1).mean() / code.var(axis=0).sum())


def spectrum(model):
    """The singular values of ∂h/∂x, averaged over unseen digits."""
    h = model.encode(test.x)
    return np.linalg.svd((h * (1 - h))[:, None, :] * model.parameters[0].value, compute_uv=False).mean(axis=0)


moved = [moved_by_noise(model) for model in contractive.values()]
spectra = {weight: spectrum(model) for weight, model in contractive.items()}
print("moved by noise:", {weight: f"{share:.1%}" for weight, share in zip(contractive, moved, strict=True)})
assert moved[1] < 0.7 * moved[0]
assert moved[2] < 0.8 * moved[1]
assert spectra[0.0][19] > 0.8 * spectra[0.0][0]  # without the penalty: twenty similar directions
assert spectra[0.3][19] < 0.3 * spectra[0.3][0]

fig, ax = plt.subplots(figsize=(7.5, 4.5), layout="compressed")
STYLES = (":", "#717581"), ("--", "#0072B2"), ("-", "#D55E00")
for (weight, values), (style, colour) in zip(spectra.items(), STYLES, strict=True):
    ax.plot(np.arange(1, 65), values, style, color=colour, linewidth=2, label=f"weight {weight}")
ax.set_title("The penalty leaves few directions in which the code moves", fontsize=15)
ax.set_xlabel("direction of the input", fontsize=14)
ax.set_ylabel("how far the code moves", fontsize=14)
ax.legend(fontsize=13, frameon=False)
ax.spines[["top", "right"]].set_visible(False)
ae.plots.show()

# %% [markdown]
# Contraction and denoising are two sides of one idea: one penalises the derivative, the other shows the network finite
# steps. The first needs a formula for the Jacobian, here of one layer; the second needs random numbers, and works at
# any depth.
#
# ## Try
#
# 1. Use `code_activation=ae.ReLU`. Then $\phi'' = 0$ wherever it exists. Which gradients of the penalty vanish?
# 2. Why does a linear code with this penalty have the same gradient for $W$ as plain weight decay of twice the weight?
