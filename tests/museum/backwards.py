"""Exhibits whose backward is not the gradient of their forward."""

import numpy as np
from exhibition import D, H, N, X, exhibit, sigmoid

import aescratch as ae

A = np.random.default_rng(1).normal(size=(N, D))


@exhibit(
    "A derivative of another function",
    "ddbourgin/numpy-ml (`GELU(approximate=True)`)",
    "The value is that of the tanh form, the derivative that of the exact one. They differ by less than a thousandth, which a loose tolerance accepts.",
    ("fail",), "gelu", "An approximation is a different function, with its own derivative.",
)  # fmt: skip
def another_functions_derivative():
    def gelu_tanh_backward(grad_y, a):
        return grad_y * ae.functions.gelu_slope(a)  # Φ(a) + a p(a)

    return ae.check_function(ae.functions.gelu_tanh, gelu_tanh_backward, {"a": A})


@exhibit(
    "A sum that overwrites a kept array",
    "explosion/thinc 9.1.1 (`add(Relu, Linear)`)",
    "ReLU keeps its output, to know later which units were on. The layer that adds two branches adds in place, into the array that ReLU keeps. `add(Linear, Relu)` is right, and the layer's own test checks only shapes.",
    ("fail",), "grad_x", "Never write into an array that you didn't create in this call. Test values, not only shapes.",
)  # fmt: skip
def sum_in_place():
    class ReLUPlusLinear:
        W = np.random.default_rng(2).normal(size=(D, D))

        def forward(self, x):
            self.x = x
            y = self.kept = np.maximum(x, 0)
            y += x @ self.W  # and so self.kept is no longer what ReLU gave
            return y

        def backward(self, grad):
            self.grad_W = self.x.T @ grad
            return grad * (self.kept > 0) + grad @ self.W.T

    return ae.check_layer(ReLUPlusLinear(), A)


@exhibit(
    "A loss and a gradient that disagree about the batch",
    "explosion/thinc 9.1.1 (`L2Distance`); hunkim/DeepLearningZeroToAll#173 and davharris/mistnet#33 are similar",
    "The loss is divided by the number of examples, but the gradient isn't, and the 2 of the square is missing. This may be intended, but it isn't the gradient of that loss.",
    ("fail",), "grad_x_hat", "Check every loss together with its own gradient.",
)  # fmt: skip
def distance_and_its_gradient():
    def distance(x_hat, x):
        return ((x_hat - x) ** 2).sum() / len(x)

    def distance_backward(x_hat, x):
        return x_hat - x

    return ae.check_function(distance, distance_backward, {"x_hat": A, "x": X})


@exhibit(
    "Five outputs, five times the gradient",
    "scikit-learn 1.9.1 (`MLPRegressor`)",
    "The loss is averaged over the outputs, its gradient only over the batch. With one output, as is usual there, the mistake is invisible; an autoencoder has as many outputs as inputs.",
    ("fail",), "grad_y_hat", "Test with more than one example, feature and output, and with different sizes.",
)  # fmt: skip
def several_outputs():
    def loss(y_hat, y):
        return ((y_hat - y) ** 2).mean() / 2

    def loss_backward(y_hat, y):
        return (y_hat - y) / len(y)

    return ae.check_function(loss, loss_backward, {"y_hat": A, "y": X})


@exhibit(
    "A standard deviation halved, a divergence weighted",
    "easyvae 1.3.3 (`SampleLayer`)",
    "The sampler halves the standard deviation, and its gradient lacks both this factor ½ and the ½ of log_var. The divergence's gradient is multiplied by the standard deviation.",
    ("fail", "fail"), "grad_log_var", "Check each pair separately before you combine them.",
)  # fmt: skip
def sample_layer():
    def sample(mu, log_var, eps):
        return mu + 0.5 * eps * np.exp(0.5 * log_var)

    def sample_backward(grad_z, log_var, eps):
        return grad_z.copy(), grad_z * eps * np.exp(0.5 * log_var)

    def gaussian_kl_backward(mu, log_var):
        return mu / len(mu), 0.5 * (np.exp(log_var) - 1) * np.exp(0.5 * log_var) / len(mu)

    mu, log_var, eps = np.random.default_rng(3).normal(size=(3, N, H))
    return (
        ae.check_function(sample, sample_backward, {"mu": mu, "log_var": log_var, "eps": eps}),
        ae.check_function(ae.functions.gaussian_kl, gaussian_kl_backward, {"mu": mu, "log_var": log_var}),
    )


@exhibit(
    "Weights treated as constants",
    "the R package ruta (contractive loss)",
    "The weights are read when the loss is built, so the penalty has no gradient through them, only through the slopes.",
    ("fail",), "grad_W", "A parameter reaches the loss along several paths; follow each of them back.",
)  # fmt: skip
def weights_taken_for_constants():
    def contraction_backward(slope, W):
        return 2 * slope * (W * W).sum(axis=0) / len(slope), np.zeros_like(W)

    slope, W = np.random.default_rng(4).random((N, H)), np.random.default_rng(5).normal(size=(D, H))
    return ae.check_function(ae.functions.contraction, contraction_backward, {"slope": slope, "W": W})


@exhibit(
    "A test of ones",
    "minitorch (`grad_check`), ddbourgin/numpy-ml (`test_FullyConnected`)",
    "If the upstream gradient is all ones, a softmax has gradient 0, because its rows sum to 1: a backward that returns zeros passes such a test.",
    ("fail",), "grad_logits", "Draw the upstream gradient at random.",
)  # fmt: skip
def zeros_for_softmax():
    def softmax_backward(grad_y, logits):
        return np.zeros_like(logits)

    return ae.check_function(ae.functions.softmax, softmax_backward, {"logits": A})


@exhibit(
    "The upstream gradient is left out",
    "SilasMarvin/dnns-from-scratch-in-zig#5",
    "The leaky ReLU's backward returns its slope, without multiplying it by the upstream gradient.",
    ("fail",), "grad_a", "A backward is linear in its upstream gradient: doubling one doubles the other.",
)  # fmt: skip
def upstream_left_out():
    def leaky_relu_backward(grad_y, a, alpha):
        return np.where(a > 0, 1.0, alpha)

    return ae.check_function(ae.functions.leaky_relu, leaky_relu_backward, {"a": A, "alpha": 0.1})


@exhibit(
    "Biases averaged",
    "kvfrans/notes#5",
    "1/N is already in the loss; the bias's gradient divides by N once more.",
    ("fail",), "grad_b", "1/N belongs in one place.",
)  # fmt: skip
def biases_averaged():
    def dense_backward(grad_y, x, W):
        return grad_y @ W.T, x.T @ grad_y, grad_y.mean(axis=0)

    W, b = np.random.default_rng(6).normal(size=(D, H)), np.ones(H)
    return ae.check_function(ae.functions.dense, dense_backward, {"x": A, "W": W, "b": b})


@exhibit(
    "A mask that is forgotten on the way back",
    "ddbourgin/numpy-ml#94",
    "Units that dropout set to 0 still get a gradient.",
    ("fail",), "grad_x", "A unit that doesn't pass forward gets no gradient.",
)  # fmt: skip
def forgotten_mask():
    def dropout(x, mask):
        return x * mask / 0.5

    def dropout_backward(grad_y, mask):
        return grad_y / 0.5

    mask = (np.random.default_rng(7).random((N, D)) > 0.5).astype(float)
    return ae.check_function(dropout, dropout_backward, {"x": A, "mask": mask}, wrt=["x"])


@exhibit(
    "The sigmoid's derivative at the output is missing",
    "Bot-Academy/NeuralNetworkFromScratch PR #3",
    "The error goes back without the slope of the output's sigmoid. With cross-entropy this would be right.",
    ("fail",), "grad_a", "A shortcut is valid for one pair of loss and activation; write down which.",
)  # fmt: skip
def missing_slope():
    def loss(a, x):
        return 0.5 * ((sigmoid(a) - x) ** 2).sum() / len(x)

    def loss_backward(a, x):
        return (sigmoid(a) - x) / len(x)

    return ae.check_function(loss, loss_backward, {"a": A, "x": X})


@exhibit(
    "A divergence that is pushed up",
    "Kaixhin/Autoencoders#9",
    "The sign of the divergence's gradient is reversed, so the code moves away from the prior.",
    ("fail",), "grad_mu", "Take a small step against the gradient. The loss must fall.",
)  # fmt: skip
def reversed_sign():
    def gaussian_kl_backward(mu, log_var):
        return -mu / len(mu), -0.5 * (np.exp(log_var) - 1) / len(mu)

    mu, log_var = np.random.default_rng(3).normal(size=(2, N, H))
    return ae.check_function(ae.functions.gaussian_kl, gaussian_kl_backward, {"mu": mu, "log_var": log_var})


@exhibit(
    "A shape that fits by chance",
    "karpathy/nn-zero-to-hero, makemore part 4 (`dbnmeani`)",
    "The gradient of a (1, D) row comes back with shape (D,). Subtracted from the right one it gives 0, by broadcasting.",
    ("fail",), "shape", "Compare shapes before you subtract.",
)  # fmt: skip
def shape_by_chance():
    def centred(x, mean):
        return x - mean

    def centred_backward(grad_y):
        return grad_y.copy(), -grad_y.sum(axis=0)

    return ae.check_function(centred, centred_backward, {"x": A, "mean": A.mean(axis=0, keepdims=True)})
