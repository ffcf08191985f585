"""Exhibits whose forward is wrong, and whose backward belongs to it: no gradient check can see them."""

import numpy as np
from exhibition import D, H, X, exhibit, replaced, vae

import aescratch as ae
from aescratch.layers import TransposedDense


@exhibit(
    "A sampler that uses the variance as the standard deviation",
    "ddbourgin/numpy-ml (`BernoulliVAE._sample`), oreilly-japan/deep-learning-from-scratch-3 (`examples/vae.py`), keras-team/keras#3283, PR #9970 and #9972",
    "The sampler uses exp(log_var) as the standard deviation, while the divergence treats log_var as the logarithm of the variance. Forward and backward agree with each other.",
    ("pass", "fail"), "the spread of z is exp(log_var), which is the variance",
    "Check the samples: compute the variance of many of them, and their divergence.",
)  # fmt: skip
def sampler_of_the_variance():
    def reparameterize(mu, log_var, eps):
        return mu + np.exp(log_var) * eps

    def reparameterize_backward(grad_z, log_var, eps):
        return grad_z.copy(), grad_z * np.exp(log_var) * eps

    with replaced(reparameterize, reparameterize_backward):
        return ae.check_gradients(vae(), X), ae.check_meaning(vae(), X)


@exhibit(
    "A mean next to a sum",
    "the Python package `autoencoders`; pytorch/examples#234, #290, #294, #652 and #817 are of the same family",
    "The reconstruction is averaged over the pixels, but the divergence is summed over the code. So beta is effectively larger by the number of pixels.",
    ("pass", "fail"), "it averages over units, where it should sum",
    "Check what a loss sums and what it averages: add a feature, repeat a row, and see how the loss changes.",
)  # fmt: skip
def mean_beside_a_sum():
    def squared_error(x_hat, x):
        return 0.5 * ((x_hat - x) ** 2).mean()

    def squared_error_backward(x_hat, x):
        return (x_hat - x) / x.size

    with replaced(squared_error, squared_error_backward):
        return ae.check_gradients(vae(), X), ae.check_meaning(vae(), X)


@exhibit(
    "A penalty that is an integer",
    "lisa-lab/DeepLearningTutorials#164 (`cA.py`: `T.sum(J ** 2) // n_batchsize`)",
    "When the code was ported to Python 3, a division became a floor division. The penalty is a staircase with slope 0, and the framework's derivative is 0 too.",
    ("pass", "fail"), "it rounds the mean down to a whole number, as // does",
    "A gradient of 0 everywhere tests nothing, and a constant term has no effect.",
)  # fmt: skip
def floor_divided_penalty():
    def contraction(slope, W):
        return np.sum(slope**2 @ (W**2).sum(axis=0)) // len(slope)

    def contraction_backward(slope, W):
        return 0 * slope, 0 * W

    with replaced(contraction, contraction_backward):
        model = ae.ContractiveAutoencoder([D, H], weight=0.5, rng=0)
        return ae.check_gradients(model, X), ae.check_meaning(model, X)


@exhibit(
    "First the sum, then the square",
    "lisa-lab/pylearn2 PR #90 and PR #142",
    "The contractive penalty sums the entries of the Jacobian before it squares, so positive and negative ones cancel.",
    ("pass", "fail"), "before it squares",
    "Take a linear encoder: the penalty must be the sum of its squared weights.",
)  # fmt: skip
def sum_then_square():
    def contraction(slope, W):
        return np.mean(np.sum((slope * W.sum(axis=0)) ** 2, axis=1))

    def contraction_backward(slope, W):
        total = W.sum(axis=0)
        grad_total = 2 * total * (slope**2).mean(axis=0)
        return 2 * slope * total**2 / len(slope), np.tile(grad_total, (len(W), 1))

    with replaced(contraction, contraction_backward):
        model = ae.ContractiveAutoencoder([D, H], weight=0.5, rng=0)
        return ae.check_gradients(model, X), ae.check_meaning(model, X)


@exhibit(
    "Sparsity example by example",
    "wblgers/tensorflow_stacked_denoising_autoencoder#1",
    "The divergence is computed for every single activity instead of a unit's mean over the batch. So its minimum is a unit that is always slightly active.",
    ("pass", "fail"), "it averages the divergence of every example, where it should average the code first",
    "If every unit's mean activity is rho, the penalty must be 0, whatever the single activities are.",
)  # fmt: skip
def sparsity_of_every_example():
    def kl_sparsity(h, rho):
        return np.sum(rho * np.log(rho / h) + (1 - rho) * np.log((1 - rho) / (1 - h))) / len(h)

    def kl_sparsity_backward(h, rho):
        return (-rho / h + (1 - rho) / (1 - h)) / len(h)

    with replaced(kl_sparsity, kl_sparsity_backward):
        model = ae.SparseAutoencoder([D, H], rng=0)
        return ae.check_gradients(model, X), ae.check_meaning(model, X)


@exhibit(
    "A bracket that closes too early",
    "caglar/autoencoders#5",
    "In the second half of the divergence, the division is outside the logarithm.",
    ("pass", "fail"), "a bracket closes too early, so that 1 − rho_hat divides outside of the logarithm",
    "A divergence is 0 where both distributions are equal, and positive elsewhere. Two numbers are enough to check it.",
)  # fmt: skip
def early_bracket():
    def kl_sparsity(h, rho):
        q = h.mean(axis=0)
        return np.sum(rho * np.log(rho / q) + (1 - rho) * np.log(1 - rho) / (1 - q))

    def kl_sparsity_backward(h, rho):
        q = h.mean(axis=0)
        return np.tile((-rho / q + (1 - rho) * np.log(1 - rho) / (1 - q) ** 2) / len(h), (len(h), 1))

    with replaced(kl_sparsity, kl_sparsity_backward):
        model = ae.SparseAutoencoder([D, H], rng=0)
        return ae.check_gradients(model, X), ae.check_meaning(model, X)


@exhibit(
    "log σ or log σ²",
    "y0ast/VAE-Torch PR #5, KarenUllrich/Tutorial_BayesianCompressionForDL#1, DaehanKim/vgae_pytorch#2, pyg-team/pytorch_geometric PR #1368",
    "The divergence treats the encoder's output as log σ, the sampler treats it as log σ².",
    ("pass", "fail"), "it takes log_var for log σ",
    "Compute the divergence a second time, from its definition: an expectation of a difference of logarithms.",
)  # fmt: skip
def divergence_of_log_sigma():
    def gaussian_kl(mu, log_var):
        return -0.5 * np.sum(1 + 2 * log_var - mu**2 - np.exp(2 * log_var)) / len(mu)

    def gaussian_kl_backward(mu, log_var):
        return mu / len(mu), (np.exp(2 * log_var) - 1) / len(mu)

    with replaced(gaussian_kl, gaussian_kl_backward):
        return ae.check_gradients(vae(), X), ae.check_meaning(vae(), X)


@exhibit(
    "A denoiser with the noisy input as its target",
    "pkmital/tensorflow_tutorials#21, aapatel09/handson-unsupervised-learning#6, keon/3-min-pytorch#18",
    "The reconstruction is compared with the corrupted input, so the model learns to copy the corruption.",
    ("pass", "fail"), "the target is the damaged input, where it should be the clean x",
    "Keep the output fixed and change the noise: the loss must not change.",
)  # fmt: skip
def noisy_target():
    class Denoiser(ae.DenoisingAutoencoder):
        def loss(self, x, rng=None):
            x = self.as_batch(x)
            x_tilde = self.corruption.forward(x, self.noise(rng))
            x_hat = self.decoder.forward(self.encoder.forward(x_tilde))
            return self.reconstruction.forward(x_hat, x_tilde)

    model = Denoiser([D, H], ae.MaskingNoise(0.4), activation=ae.Tanh, rng=0)
    return ae.check_gradients(model, X), ae.check_meaning(model, X)


@exhibit(
    "Tied for one moment",
    "keras-team/keras#386; rasmusbergpalm/DeepLearnToolbox#35 and AmirAlavi/tied-autoencoder-keras#1 ask how one would know",
    "The decoder starts with a transposed copy of the encoder's weights. From the first step on they differ.",
    ("pass", "fail"), "the decoder has its own weights, which were equal only at the start",
    "Take a step, and compare the two matrices again.",
)  # fmt: skip
def tied_for_one_moment():
    class OwnCopy(TransposedDense):
        def __init__(self, partner):
            super().__init__(partner)
            self.W = ae.Parameter("W_copy", partner.W.value.copy())

        @property
        def parameters(self):
            return [self.W, self.b]

    class Tied(ae.Autoencoder):
        def decoder_layers(self, encoder, rng):
            return [OwnCopy(layer) for layer in reversed(encoder) if isinstance(layer, ae.Dense)]

        def backward(self):
            self.encoder.layers[0].adds = False  # nobody else writes its W.grad
            super().backward()

    model = Tied([D, H], tied=True, activation=ae.Tanh, rng=0)
    return ae.check_gradients(model, X), ae.check_meaning(model, X)
