"""Models built on aescratch's, with a loss and a backward of their own, and layers of their own inside."""

import numpy as np

import aescratch as ae


class Shifted(ae.Layer):
    """A dense layer with a tanh behind it, in one."""

    remembers = ("x", "y")

    def __init__(self, n_in, n_out, rng):
        self.W = ae.Parameter("W", rng.normal(0, 0.5, (n_in, n_out)), decays=True)
        self.b = ae.Parameter("b", np.zeros(n_out))

    @property
    def parameters(self):
        return [self.W, self.b]

    def apply(self, x):
        return np.tanh(x @ self.W.value + self.b.value)

    def forward(self, x):
        self.x = x
        self.y = self.apply(x)
        return self.y

    def backward(self, grad_y):
        grad_a = grad_y * (1 - self.y**2)
        self.W.grad = self.x.T @ grad_a
        self.b.grad = grad_a.sum(axis=0)
        return grad_a @ self.W.value.T


class WithOwnLayer(ae.Autoencoder):
    """An autoencoder whose encoder is the layer above."""

    def build(self, rng):
        super().build(rng)
        self.encoder = ae.Sequential([Shifted(self.widths[0], self.widths[-1], rng)])
        for parameter in self.encoder.parameters:
            parameter.name = f"encoder.{parameter.name}"


class Sparse(ae.SparseAutoencoder):
    """The sparse one, its penalty put in by hand."""

    def backward(self):
        grad_x_hat = self.reconstruction.backward()
        grad_h = self.decoder.backward(grad_x_hat)
        penalty = self.sparsity.backward()
        grad_h = grad_h + penalty
        self.encoder.backward(grad_h)
        self.decay.backward()


class Variational(ae.VariationalAutoencoder):
    """The variational one, its two heads one after the other."""

    def backward(self):
        grad_x_hat = self.reconstruction.backward()
        grad_z = self.decoder.backward(grad_x_hat)
        from_sample_mu, from_sample_log_var = self.sampling.backward(grad_z)
        from_kl_mu, from_kl_log_var = self.divergence.backward()
        grad_mu = from_sample_mu + from_kl_mu
        grad_log_var = from_sample_log_var + from_kl_log_var
        grad_hidden = self.mean.backward(grad_mu)
        grad_hidden = grad_hidden + self.log_variance.backward(grad_log_var)
        self.encoder.backward(grad_hidden)


class CodePenalty(ae.Autoencoder):
    """An autoencoder with the mean square of its code as a further term."""

    strength = 0.3

    def loss(self, x, rng=None):
        x = self.as_batch(x)
        self.h = self.encoder.forward(x)
        x_hat = self.decoder.forward(self.h)
        self.n = len(x)
        penalty = 0.5 * self.strength * (self.h**2).sum() / self.n
        return self.reconstruction.forward(x_hat, x) + penalty

    def backward(self):
        grad_x_hat = self.reconstruction.backward()
        grad_h = self.decoder.backward(grad_x_hat)
        grad_h += self.strength * self.h / self.n
        self.encoder.backward(grad_h)


class ByHand:
    """A model of nobody's family: two matrices, a ReLU, and a decay, all by hand."""

    lam = 0.2

    def __init__(self, n_in, n_hidden, rng):
        self.W1 = ae.Parameter("W1", rng.normal(size=(n_in, n_hidden)))
        self.W2 = ae.Parameter("W2", rng.normal(size=(n_hidden, n_in)))
        self.parameters = [self.W1, self.W2]

    def loss(self, x, rng=None):
        self.x = x
        self.a = x @ self.W1.value
        self.h = np.maximum(self.a, 0)
        self.error = self.h @ self.W2.value - x
        decay = 0.5 * self.lam * (self.W1.value**2).sum()
        return 0.5 * (self.error**2).sum() / len(x) + decay

    def backward(self):
        grad_x_hat = self.error / len(self.x)
        self.W2.grad = self.h.T @ grad_x_hat
        grad_h = grad_x_hat @ self.W2.value.T
        grad_a = grad_h * (self.a > 0)
        self.W1.grad = self.x.T @ grad_a
        self.W1.grad += self.lam * self.W1.value


class DenoisingByHand:
    """Noise from the generator that loss receives, tied weights, a sigmoid."""

    def __init__(self, n_in, n_hidden, rng):
        self.W = ae.Parameter("W", rng.normal(size=(n_in, n_hidden)))
        self.b = ae.Parameter("b", np.zeros(n_hidden))
        self.c = ae.Parameter("c", np.zeros(n_in))
        self.parameters = [self.W, self.b, self.c]

    def loss(self, x, rng=None):
        rng = np.random.default_rng(rng)
        self.x = x
        self.noisy = x + 0.3 * rng.standard_normal(x.shape)
        self.h = 1 / (1 + np.exp(-(self.noisy @ self.W.value + self.b.value)))
        self.x_hat = self.h @ self.W.value.T + self.c.value
        return 0.5 * ((self.x_hat - x) ** 2).sum() / len(x)

    def backward(self):
        W = self.W.value
        grad_x_hat = (self.x_hat - self.x) / len(self.x)
        grad_h = grad_x_hat @ W
        grad_a = grad_h * self.h * (1 - self.h)
        encoder_path = self.noisy.T @ grad_a
        decoder_path = grad_x_hat.T @ self.h
        self.W.grad = encoder_path + decoder_path
        self.b.grad = grad_a.sum(axis=0)
        self.c.grad = grad_x_hat.sum(axis=0)
