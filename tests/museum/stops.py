"""Exhibits of gradients that are declared: rules put in a derivative's place, and values that are held constant."""

import numpy as np
from exhibition import D, H, N, X, exhibit

import aescratch as ae
from aescratch.foundations.declared import declaration_of

R = np.random.default_rng(6)


def quantized(kind, **settings):
    """A small model with a codebook, in float64."""
    return kind([D, 4], n_codes=3, n_vectors=2, dtype="float64", rng=0, **settings)


def with_silent_units(kind):
    """A small k-sparse model, some of whose units haven't been on for a batch."""
    model = kind([D, 6], k=1, auxiliary=0.5, auxiliary_k=2, silent_after=1, dtype="float64", rng=0)
    with model.training():
        model.loss(X)
    return model


@exhibit(
    "Beta at the other term",
    "CompVis/taming-transformers#46 and #57, karpathy/deep-vector-quantization#2, sczhou/CodeFormer#427, bytedance/1d-tokenizer#120; MishaLaskin/vqvae#20 is the same mistake, made by exchanging the detached arguments",
    "The codebook term and the commitment term are the same number; they differ in which argument is constant. Beta multiplies the wrong term: the encoder's commitment is four times as strong as in the paper, and the codebook follows four times as slowly as it should.",
    ("fail",), "the gradient from codebook_loss is 1/4", "If two terms have the same value, the loss can't distinguish them. Check which arrays learn from which term.",
)  # fmt: skip
def beta_at_the_other_term():
    class Quantized(ae.VectorQuantizedAutoencoder):
        def backward(self):
            grad_z = self.decoder.backward(self.reconstruction.backward())
            grad_h = self.straight_through.backward(grad_z)
            self.codebook.backward(self.beta * self.codebook_loss.backward())
            grad_h += self.commitment.backward() / self.beta
            self.encoder.backward(grad_h)
            self.decay.backward()

    return ae.check_gradients(quantized(Quantized), X)


@exhibit(
    "Straight through too soon",
    "andylolu2/jax-vqvae-gpt#2",
    "The codebook term uses the code after the straight-through rule, which already sends gradients past the codebook. So its gradient goes to the encoder, and the codebook never learns.",
    ("fail",), "the gradient from codebook_loss for q is in it", "The order of two lines can decide where a gradient goes, although no value changes.",
)  # fmt: skip
def straight_through_too_soon():
    class Quantized(ae.VectorQuantizedAutoencoder):
        def backward(self):
            grad_z = self.decoder.backward(self.reconstruction.backward()) + self.codebook_loss.backward()
            grad_h = self.straight_through.backward(grad_z)
            grad_h += self.commitment.backward()
            self.encoder.backward(grad_h)
            self.decay.backward()

    return ae.check_gradients(quantized(Quantized), X)


@exhibit(
    "A residual that isn't kept constant",
    "EleutherAI/sparsify#57, bartbussmann/BatchTopK#4",
    "Silent units are trained to restore the residual of the others. The residual isn't kept constant, so the other units learn to leave to the silent units what these can restore.",
    ("fail",), "the gradient from auxiliary for e_hat is in it", "A target is a constant, not a function of the network, unless the formula says otherwise.",
)  # fmt: skip
def moving_residual():
    class KSparse(ae.KSparseAutoencoder):
        def backward(self):
            grad_e_hat, grad_e = self.restoring.backward()
            grad_h = self.decoder.backward(self.reconstruction.backward() - grad_e)
            grad_a = self.selection.backward(grad_h)
            grad_a += self.silent.backward(self.directions.backward(grad_e_hat))
            self.path_to_selection.backward(grad_a)
            self.decay.backward()

    return ae.check_gradients(with_silent_units(KSparse), X)


@exhibit(
    "A decoder that wasn't frozen",
    "decoderesearch/SAELens#539",
    "The gate learns by restoring x through the decoder, which should be constant in this term. Here the decoder also learns from it, and adapts to codes that L1 has made too small.",
    ("fail",), "decoder.V1", "Stop-gradient is part of the formula: write down for each term which parameters learn from it.",
)  # fmt: skip
def decoder_that_was_not_frozen():
    class Gated(ae.GatedAutoencoder):
        def backward(self):
            grad_x_hat, grad_x_gate = self.reconstruction.backward(), self.auxiliary.backward()
            (restoring,) = self.decoder.layers
            h, restoring.x = restoring.x, self.opening.apply(self.opening.a)
            grad_g = restoring.backward(grad_x_gate) + self.sparsity.backward()
            of_gate, restoring.x = restoring.V.grad.copy(), h
            grad_a_gate, grad_a_mag = self.gated.backward(restoring.backward(grad_x_hat))
            restoring.V.grad = restoring.V.grad + of_gate
            grad_a_gate += self.opening.backward(grad_g)
            self.directions.backward(self.gate.backward(grad_a_gate) + self.magnitude.backward(grad_a_mag))
            self.decay.backward()

    return ae.check_gradients(Gated([D, H], activation=ae.Tanh, dtype="float64", rng=0), X)


@exhibit(
    "The gradient of theta, given to its logarithm",
    "bartbussmann/BatchTopK#2",
    "The parameter is log θ, which keeps θ positive. But the returned gradient is that for θ: the factor θ of the chain rule is missing.",
    ("fail",), "forward's own derivative is missing", "Name every gradient after the quantity that it belongs to.",
)  # fmt: skip
def gradient_of_the_logarithm():
    def threshold_backward(grad_theta, theta):
        return grad_theta.copy()

    return ae.check_function(ae.functions.threshold, threshold_backward, {"log_theta": R.normal(size=H)})


def pseudo_derivative(student):
    """Check a rule for the count of units above their threshold, declared as ours is."""
    declared = declaration_of(ae.functions.l0_sparsity_backward)
    ae.surrogate_gradient(declared.rule, declared.formula, declared.source, declared.again)(student)
    theta, bandwidth = np.array([0.5, 0.7, 0.9]), 0.4
    a = theta + R.uniform(-0.5, 0.5, (N, H))
    return ae.check_function(ae.functions.l0_sparsity, student, {"a": a, "theta": theta, "bandwidth": bandwidth})


@exhibit(
    "The threshold applied twice",
    "saprmarks/dictionary_learning#55",
    "The units that are on are counted in the code instead of in the activations before the threshold. The count is the same. But a unit just below the threshold is 0 in the code, so it no longer contributes to the threshold's gradient.",
    ("fail",), "grad_theta", "A pseudo-derivative depends on values that the forward doesn't use. Pass it the values in the formula.",
)  # fmt: skip
def threshold_applied_twice():
    def l0_sparsity_backward(a, theta, bandwidth):
        h = ae.functions.jump_relu(a, theta, bandwidth)  # what the step was applied to
        near = np.abs(h - theta) < bandwidth / 2
        return np.zeros_like(a), -near.sum(axis=0) / bandwidth / len(a)

    return pseudo_derivative(l0_sparsity_backward)


@exhibit(
    "A kernel of area two",
    "fangwei123456/spikingjelly#412 (a surrogate slope of 1/w where 1/(2w) was meant)",
    "A window of half-width w has the width 2 w. Divided by w, the kernel has area 2, and each threshold gets twice its gradient.",
    ("fail",), "grad_theta", "A rule needs the right normalisation, too: the kernel's area is 1.",
)  # fmt: skip
def kernel_of_area_two():
    def l0_sparsity_backward(a, theta, bandwidth):
        near = np.abs(a - theta) < bandwidth / 2
        return np.zeros_like(a), -near.sum(axis=0) / (bandwidth / 2) / len(a)

    return pseudo_derivative(l0_sparsity_backward)


@exhibit(
    "A reversal that doesn't reverse",
    "hash2430/pitchtron#3 (its backward was never called), CuthbertCai/pytorch_DANN#10 (its sign was turned twice)",
    "The gradient passes the reversal unchanged. The encoder helps the discriminator, and both lower the loss together, so it falls smoothly.",
    ("fail",), "reversal", "A falling loss proves nothing. Ask which network should raise it.",
)  # fmt: skip
def reversal_that_does_not_turn_round():
    class Adversarial(ae.AdversarialAutoencoder):
        def backward(self):
            grad_h = self.decoder.backward(self.reconstruction.backward())
            grad_both = self.discriminator.backward(self.discrimination.backward())
            grad_h += self.beside_prior.backward(grad_both)
            self.encoder.backward(grad_h)
            self.decay.backward()

    return ae.check_gradients(Adversarial([D, H], 1.0, n_hidden=4, activation=ae.Tanh, dtype="float64", rng=0), X)


@exhibit(
    "The mean of the logarithms",
    "arahuja/generative-tf#1",
    "The bound from K samples takes the logarithm of the mean weight. Here it takes the mean of the logarithms: K times the work of a VAE, for the same bound.",
    ("fail",), "grad_log_w", "By Jensen's inequality the two differ. Test a bound where the exact value is known.",
)  # fmt: skip
def mean_of_the_logarithms():
    def bound(log_w):
        return -log_w.mean(axis=1).mean()

    def bound_backward(log_w):
        return -ae.functions.importance_weights(log_w) / len(log_w)

    return ae.check_function(bound, bound_backward, {"log_w": R.normal(size=(N, 5))})


@exhibit(
    "Weights that learn",
    "AntixK/PyTorch-VAE#34 and #53",
    "The gradient of the bound is the weighted sum of the samples' gradients. If the loss is written as a sum of weights times log-weights, the weights are differentiated too, which adds a wrong term.",
    ("fail",), "grad_log_w", "Differentiate the formula itself. The weights in a gradient aren't part of the loss.",
)  # fmt: skip
def weights_that_learn():
    def log_mean_exp_backward(grad_bound, log_w):
        weights = np.exp(log_w - log_w.max(axis=1, keepdims=True))
        weights /= weights.sum(axis=1, keepdims=True)
        centred = log_w - (weights * log_w).sum(axis=1, keepdims=True)
        return grad_bound[:, None] * weights * (1 + centred)

    return ae.check_function(ae.functions.log_mean_exp, log_mean_exp_backward, {"log_w": R.normal(size=(N, 5))})
