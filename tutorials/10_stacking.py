# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # 10. Stacking: why it existed, and why Xavier ended it
#
# **You will know** why deep networks once couldn't be trained, how autoencoders, trained one after the other, made
# training possible, and how one line of arithmetic about variances made that unnecessary. You will see all three in
# experiments.
#
# **In one line:** a deep sigmoid network that only guesses learns once it is pre-trained, or begins as Xavier says.
#
# **You need** tutorial 2, and the variance of a sum of independent numbers.

# %%
import math

import matplotlib.pyplot as plt
import numpy as np

import aescratch as ae

train, test = ae.datasets.load_digits().split(0.2, rng=0)
WIDTHS = [64, 60, 50, 40, 30]  # four sigmoid layers; a softmax layer for the ten classes is added later
rng = np.random.default_rng(0)

# %% [markdown]
# ## The arithmetic
#
# A unit adds $n$ inputs, $a = \sum_i h_i W_i$. If weights are independent of mean 0,
#
# $$\mathrm{Var}(a) = n \cdot \mathrm{Var}(W) \cdot E[h^2] .$$
#
# Until about 2010 weights commonly came from $\pm 1/\sqrt n$, which was meant to keep the sums of order one. The
# variance of that uniform distribution is $1/3n$. So each layer passes on **a third** of the variance, forward, and
# backward alike (with the layer's other width). Glorot and Bengio (2010) chose $\pm\sqrt{6/(n_{in} + n_{out})}$, of
# variance $2/(n_{in} + n_{out})$: for equal widths exactly $1/n$, and the factor is 1. We send numbers through ten
# layers without activations.

# %%
signal = {ae.old_uniform: [], ae.xavier_uniform: []}
for initializer, variances in signal.items():
    h = rng.normal(size=(500, 100))
    for _ in range(10):
        h = h @ initializer(100, 100, rng)
        variances.append(h.var())
old, xavier = (np.array(variances) for variances in signal.values())
print("variance after ten layers: old", f"{old[-1]:.1e},", "Xavier", f"{xavier[-1]:.2f}")
assert np.allclose(old[1:] / old[:-1], 1 / 3, atol=0.05)
assert 0.3 < xavier[-1] < 3
assert abs(math.log(old[-1], 1 / 3) - 10) < 0.7

# %% [markdown]
# ## The effect of a sigmoid
#
# Its slope is at most ¼, and close to ¼ near 0. So going back through a layer multiplies the size of the gradient by
# $\sqrt{1/3}\cdot\tfrac14 = 0.14$ for the old rule, and by $\tfrac14$ for Xavier's. After four layers that is $0.0004$
# against $0.004$. We compute the gradients of an untrained classifier.


# %%
def classifier(initializer, seed=0, activation=ae.Sigmoid, **options):
    """Return a stack of autoencoders, and a classifier on its encoder."""
    stack = ae.StackedAutoencoder(WIDTHS, activation=activation, initializer=initializer, rng=seed, **options)
    return stack, ae.SoftmaxClassifier(stack, 10, initializer=initializer, rng=seed)


def gradient_sizes(model):
    """The root mean square gradient of each layer's biases, from the first layer to the softmax."""
    model.loss(train.x, train.labels)
    model.backward()
    return np.array([np.sqrt(np.square(p.grad).mean()) for p in model.parameters if p.value.ndim == 1])


fresh = {"old": classifier(ae.old_uniform)[1], "Xavier": classifier(ae.xavier_uniform)[1]}
sizes = {name: gradient_sizes(model) for name, model in fresh.items()}
for name, expected in (("old", math.sqrt(1 / 3) / 4), ("Xavier", 1 / 4)):
    factor = (sizes[name][0] / sizes[name][3]) ** (1 / 3)
    print(f"{name}: from layer to layer times {factor:.2f}, expected {expected:.2f}")
    assert 0.7 < factor / expected < 1.3
assert sizes["old"][0] < 1e-3 * sizes["old"][4]

# %% [markdown]
# ## Greedy, layer by layer
#
# Hinton and others (2006), and with autoencoders Bengio and others (2007), found a solution. If each layer is trained
# by itself, no gradient has to pass four layers. The first layer is the encoder of a *shallow* autoencoder of the
# digits. Its codes are the data for the second layer, and so on; no labels are needed. `pretrain` does this. Here we
# make its first layer by hand, with the same result to the last bit.

# %%
RECIPE = {"epochs": 10, "batch_size": 32, "optimizer": ae.Adam(3e-3)}
stack, pretrained = classifier(ae.old_uniform)
by_hand = ae.Autoencoder([64, 60], activation=ae.Sigmoid, rng=0)
for parameter, name in zip(by_hand.parameters, ("encoder.W1", "encoder.b1", "decoder.W4", "decoder.b4"), strict=True):
    parameter.value = next(p.value for p in stack.parameters if p.name == name)

by_hand.fit(train.x, **RECIPE, rng=0)
histories = stack.pretrain(train.x, **RECIPE, rng=0)
print("loss of each layer, first and last epoch:", [(round(h.loss[0], 3), round(h.loss[-1], 3)) for h in histories])
assert np.array_equal(by_hand.parameters[0].value, stack.parameters[0].value)
assert len(histories) == len(WIDTHS) - 1
assert all(history.loss[-1] < history.loss[0] for history in histories)

# %% [markdown]
# Now the gradients reach the first layer: with the pre-trained weights, a signal passes through the network.

# %%
sizes["old, pre-trained"] = gradient_sizes(pretrained)
assert sizes["old, pre-trained"][0] > 30 * sizes["old"][0]

fig, ax = plt.subplots(figsize=(7.5, 4.5), layout="compressed")
for (name, values), style in zip(sizes.items(), ("o--", "s-", "o-"), strict=True):
    ax.semilogy(values, style, linewidth=2, label=name, color="#0072B2" if name == "Xavier" else "#D55E00")
ax.set_title("The old initialisation starves the first layers", fontsize=15)
ax.set_xticks(range(5), ["layer 1", "layer 2", "layer 3", "layer 4", "softmax"], fontsize=13)
ax.set_ylabel("size of the gradient", fontsize=14)
ax.legend(fontsize=13, frameon=False)
ax.spines[["top", "right"]].set_visible(False)

# %% [markdown]
# ## Training all three
#
# We train all three by gradient descent with momentum, as was usual then, for 60 epochs, with all 1438 labels.

# %%
FINE_TUNING = {"epochs": 60, "batch_size": 32, "optimizer": ae.Momentum(0.1), "rng": 0}
models = {"old": fresh["old"], "Xavier": fresh["Xavier"], "old, pre-trained": pretrained}
results = {}
for name, model in models.items():
    history = model.fit(train.x, train.labels, **FINE_TUNING)
    results[name] = history.loss[-1], model.score(test.x, test.labels)
    print(f"{name}: loss {results[name][0]:.3f}, {results[name][1]:.1%} of unseen digits right")
assert results["old"][0] > 0.98 * math.log(10)  # the loss of pure guessing, after 60 epochs
assert results["old"][1] < 0.15
assert results["old, pre-trained"][1] > 0.95
assert results["Xavier"][1] > 0.85

# %% [markdown]
# These three lines summarise the history. The first network doesn't learn at all. With pre-training it learns. And
# Xavier's formula alone does nearly as well, without an autoencoder.
#
# ## What remains of pre-training
#
# Pre-training has a second advantage: it needs no labels. Suppose that only a hundred digits have labels, and the
# others have none.


# %%
def with_few_labels(model):
    """Fine-tune on a hundred labelled digits; return the share of unseen ones that is right."""
    optimizer = ae.Adam(ae.CosineRate(3e-3))
    model.fit(train.x[:100], train.labels[:100], epochs=240, batch_size=20, optimizer=optimizer, rng=0)
    return model.score(test.x, test.labels)


few = {"sigmoid, Xavier": [], "sigmoid, pre-trained": [], "ReLU, He": []}
for seed in range(3):  # with only a hundred labels, a single seed would be chance
    few["sigmoid, Xavier"].append(with_few_labels(classifier(ae.xavier_uniform, seed)[1]))
    stack, model = classifier(ae.xavier_uniform, seed, corruption=ae.MaskingNoise(0.2))
    stack.pretrain(train.x, epochs=15, batch_size=32, optimizer=ae.Adam(3e-3), rng=seed)
    few["sigmoid, pre-trained"].append(with_few_labels(model))
    few["ReLU, He"].append(with_few_labels(classifier(ae.he_uniform, seed, activation=ae.ReLU)[1]))
few = {name: float(np.mean(scores)) for name, scores in few.items()}
print({name: f"{share:.1%}" for name, share in few.items()})
assert few["sigmoid, pre-trained"] > few["sigmoid, Xavier"] + 0.05
assert few["ReLU, He"] > few["sigmoid, pre-trained"] - 0.02
ae.plots.show()

# %% [markdown]
# With few labels the unlabelled digits help a sigmoid network. But ReLU with He's initialisation (variance $2/n$,
# since ReLU halves $E[h^2]$), with no pre-training, is as good here. Better activations and better initial weights
# replaced stacking. The idea, *learn from unlabelled data first*, is more important than ever, but the layers are now
# trained together.
#
# ## Try
#
# 1. Give the Xavier network 100 epochs instead of 60. How much of pre-training's lead remains?
# 2. Pre-train only the first two layers (`stack.stack()` gives each layer as an autoencoder with a `fit` of its own).
#    Is that enough for the old initialisation?
