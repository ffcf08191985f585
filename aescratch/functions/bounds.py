"""Bounds of the log-likelihood: Gaussian and Bernoulli log-densities, importance weights, free bits, a fitted variance.

K samples of each example's code are arrays (N, K, H); a decoder's outputs for them are rows, in the order of `as_rows`.
"""

from __future__ import annotations

import math
from typing import Any

from aescratch.backend import Array, Number, array_module, batch_mean, batch_size
from aescratch.functions.activations import sigmoid
from aescratch.functions.formula import Formula, Record, Term, lifted
from aescratch.functions.losses import softmax
from aescratch.functions.noise import as_rows
from aescratch.functions.one_by_one import gaussian_log_density, logistic
from aescratch.functions.penalties import gaussian_kl_backward


def free_bits_kl(mu: Array, log_var: Array, free_bits: float) -> Number:
    """Divergence of N(mu, σ²) from N(0, 1), of which each unit has free_bits nats for free: Σ_j max(kl_j, free_bits).

    kl_j = 1/N Σ_n −½ (1 + log σ_nj² − mu_nj² − σ_nj²), the batch mean of unit j, so that examples share the free amount
    (Kingma et al. 2016, equation 15).
    """
    return array_module(mu).maximum(_kl_of_units(mu, log_var), free_bits).sum()


def free_bits_kl_backward(mu: Array, log_var: Array, free_bits: float) -> tuple[Array, Array]:
    """Gradients of `free_bits_kl`: those of `gaussian_kl` for units above free_bits, 0 for the others."""
    counts = _kl_of_units(mu, log_var) > free_bits
    grad_mu, grad_log_var = gaussian_kl_backward(mu, log_var)
    return grad_mu * counts, grad_log_var * counts


def _kl_of_units(mu: Array, log_var: Array) -> Array:
    return batch_mean(-0.5 * (1 + log_var - mu * mu - array_module(log_var).exp(log_var)))


def gaussian_cost(x_hat: Array, x: Array, variance: float) -> Number:
    """Negative log-density of x under N(x_hat, variance): 1/N Σ_n Σ_d ½ (log(2π variance) + (x_hat − x)²/variance)."""
    xp, difference = array_module(x), x_hat - x
    constant = xp.log(2 * math.pi * xp.asarray(variance, x.dtype))
    return batch_mean(0.5 * (constant + difference * difference / variance).sum(axis=1))


def gaussian_cost_backward(x_hat: Array, x: Array, variance: float) -> Array:
    """Gradient of `gaussian_cost`: (x_hat − x) / variance / N."""
    return (x_hat - x) / variance / batch_size(x)


def fitted_variance(x_hat: Array, x: Array) -> Array:
    """Variance (1,) under which x is most likely around x_hat, both (N, D): the mean of (x_hat − x)² over all."""
    return batch_mean(((x_hat - x) * (x_hat - x)).mean(axis=1, keepdims=True))


def fitted_gaussian_cost(x_hat: Array, x: Array) -> Number:
    """Negative log-density of x under N(x_hat, v), v being the `fitted_variance` of this batch: D/2 (log(2π v) + 1).

    (Rybkin et al. 2021, section 4.2.)
    """
    log = array_module(x).log
    return 0.5 * x.shape[1] * (log(2 * math.pi * fitted_variance(x_hat, x)[0]) + 1)


def fitted_gaussian_cost_backward(x_hat: Array, x: Array) -> Array:
    """Gradient of `fitted_gaussian_cost`, through v: (x_hat − x) / v / N, as if v were given, since v is optimal."""
    return (x_hat - x) / fitted_variance(x_hat, x) / batch_size(x)


def gaussian_log_likelihood(x_hat: Array, x: Array, variance: float, K: int) -> Array:
    """Log-density of x under N(x_hat, variance) for every sample: log_p_nk = −½ Σ_d [log(2π v) + (x_hat − x)²/v].

    x_hat is (N·K, D), the rows of `as_rows`, x is (N, D), log_p is (N, K).
    """
    xp = array_module(x)
    difference = x_hat.reshape(batch_size(x), K, x.shape[1]) - xp.expand_dims(x, 1)
    return -0.5 * (math.log(2 * math.pi * variance) + difference * difference / variance).sum(axis=2)


def gaussian_log_likelihood_backward(grad_log_p: Array, x_hat: Array, x: Array, variance: float, K: int) -> Array:
    """Gradient of `gaussian_log_likelihood`: grad_log_p (x − x_hat) / variance, for x_hat."""
    xp = array_module(x)
    difference = xp.expand_dims(x, 1) - x_hat.reshape(batch_size(x), K, x.shape[1])
    return as_rows(xp.expand_dims(grad_log_p, 2) * difference / variance, K)


def bernoulli_log_likelihood(logits: Array, x: Array, K: int) -> Array:
    """Log-probability of x for every sample, from logits l: log_p_nk = Σ_d [l x − log(1 + exp(l))].

    logits is (N·K, D), the rows of `as_rows`, x is (N, D), log_p is (N, K).
    """
    xp = array_module(x)
    l = logits.reshape(batch_size(x), K, x.shape[1])
    return (l * xp.expand_dims(x, 1) - xp.maximum(l, 0) - xp.log1p(xp.exp(-xp.abs(l)))).sum(axis=2)


def bernoulli_log_likelihood_backward(grad_log_p: Array, logits: Array, x: Array, K: int) -> Array:
    """Gradient of `bernoulli_log_likelihood`: grad_log_p (x − p) with p = sigmoid(logits), for logits."""
    xp = array_module(x)
    p = sigmoid(logits).reshape(batch_size(x), K, x.shape[1])
    return as_rows(xp.expand_dims(grad_log_p, 2) * (xp.expand_dims(x, 1) - p), K)


def log_weights(log_p: Array, z: Array, mu: Array, log_var: Array) -> Array:
    """Logarithm of the importance weights w_nk = p(x_n|z_nk) p(z_nk) / q(z_nk|x_n), (N, K) (Burda et al. 2015, eq. 8).

    log_p (N, K) is log p(x|z); the prior p(z) is N(0, 1), q(z|x) is N(mu, σ²); z is (N, K, H), mu and log_var (N, H).
    log p(z) − log q(z|x) = ½ Σ_j [log σ² + (z − mu)²/σ² − z²], from which 2π cancels.
    """
    xp = array_module(z)
    distance = (z - xp.expand_dims(mu, 1)) * xp.expand_dims(xp.exp(-0.5 * log_var), 1)
    return log_p + 0.5 * (xp.expand_dims(log_var, 1) + distance * distance - z * z).sum(axis=2)


def log_mean_exp(log_w: Array) -> Array:
    """Logarithm of the mean of w over the samples: log 1/K Σ_k exp(log_w_nk), (N,) for log_w (N, K).

    The largest is subtracted first, so that no exponential overflows.
    """
    xp = array_module(log_w)
    top = log_w.max(axis=1)
    return top + xp.log(xp.exp(log_w - xp.expand_dims(top, 1)).mean(axis=1))


def importance_weights(log_w: Array) -> Array:
    """Share of each sample in the sum of the weights: w_nk / Σ_l w_nl, (N, K), a softmax of log_w."""
    return softmax(log_w)


def importance_bound(log_p: Array, z: Array, mu: Array, log_var: Array) -> Number:
    """Negative bound on log p(x) from K samples: −1/N Σ_n log 1/K Σ_k w_nk, with the `log_weights` of these arguments.

    (Burda et al. 2015, equation 8.)
    """
    return -batch_mean(log_mean_exp(log_weights(log_p, z, mu, log_var)))


def importance_bound_backward(
    log_p: Array, z: Array, mu: Array, log_var: Array
) -> tuple[Array, Array, Array, Array]:
    """Gradients of `importance_bound`: ∂/∂log_w is −1/N times the share of each weight, and log_w depends on all four.

    With d = (z − mu)/σ²: ∂log_w/∂z = d − z, ∂log_w/∂mu = −d summed over k, ∂log_w/∂log_var = ½ (1 − σ² d²) likewise.
    """
    xp = array_module(z)
    variance = xp.expand_dims(xp.exp(log_var), 1)
    d = (z - xp.expand_dims(mu, 1)) / variance
    grad_log_w = -importance_weights(log_weights(log_p, z, mu, log_var)) / batch_size(z)
    each = xp.expand_dims(grad_log_w, 2)
    grad_z = each * (d - z)
    grad_mu = -(each * d).sum(axis=1)
    grad_log_var = 0.5 * (each * (1 - variance * d * d)).sum(axis=1)
    return grad_log_w, grad_z, grad_mu, grad_log_var


# Everything else about these formulas


def _unit_divergence(mu: Array, log_var: Array) -> float:
    """Return the mean over the examples of E[log N(z; mu, σ²) − log N(z; 0, 1)], from the moments of z."""
    entropies = [gaussian_log_density(0.0, 0.0, math.exp(v)) - 0.5 for v in log_var]
    crossed = [gaussian_log_density(m, 0.0, 1.0) - math.exp(v) / 2 for m, v in zip(mu, log_var, strict=True)]
    return math.fsum(entropies + [-c for c in crossed]) / len(mu)


def _mean_square(x_hat: Array, x: Array) -> float:
    return math.fsum(float(d) ** 2 for d in (x_hat - x).ravel()) / x.size


def _density_costs(x_hat: Array, x: Array, variance: float) -> Any:
    return lifted(lambda m, v: -gaussian_log_density(v, m, variance))(x_hat, x)


def _by_sample(log_density: Any) -> Any:
    """Return a second opinion (N, K) from the log-density of one number, given the decoder's output."""

    def opinion(output: Array, x: Array, *settings: Any) -> list[list[float]]:
        K = settings[-1]
        return [
            [math.fsum(map(log_density, row, x[n], *([s] * len(row) for s in settings[:-1])))
             for row in output[n * K : (n + 1) * K]]
            for n in range(len(x))
        ]  # fmt: skip

    return opinion


def _bernoulli(logit: float, x: float) -> float:
    return x * math.log(logistic(logit)) + (1 - x) * math.log(logistic(-logit))


def _weights(log_p: Array, z: Array, mu: Array, log_var: Array) -> list[list[float]]:
    """Return log p(x|z) + log N(z; 0, 1) − log N(z; mu, σ²), sample by sample, as sums of whole log-densities."""

    def one(log_p: float, z: Array, mu: Array, log_var: Array) -> float:
        prior = math.fsum(gaussian_log_density(v, 0.0, 1.0) for v in z)
        return log_p + prior - math.fsum(map(gaussian_log_density, z, mu, map(math.exp, log_var)))

    return [[one(p, v, mu[n], log_var[n]) for p, v in zip(log_p[n], z[n], strict=True)] for n in range(len(z))]


def _draw_samples(rng: Any, N: int, H: int, K: int = 2) -> dict[str, Any]:
    return {
        "log_p": rng.normal(size=(N, K)), "z": rng.normal(size=(N, K, H)), "mu": rng.normal(size=(N, H)),
        "log_var": rng.normal(size=(N, H)),
    }  # fmt: skip


UNIT = "unit[j] = mean(n, -0.5 * (1 + log_var[n,j] - mu[n,j]**2 - exp(log_var[n,j])))"
COST = "loss = mean(n, sum(i, 0.5 * (log(2 * pi * variance) + (x_hat[n,i] - x[n,i])**2 / variance)))"
VARIANCE = "variance = mean(n, mean(i, (x_hat[n,i] - x[n,i])**2))"
ROW = "x_hat[n * K + k, i]"
P = "p[m,i] = 1 / (1 + exp(-logits[m,i]))"
LOG_W = (
    "log_w[n,k] = log_p[n,k] "
    "+ 0.5 * sum(j, log_var[n,j] + (z[n,k,j] - mu[n,j])**2 / exp(log_var[n,j]) - z[n,k,j]**2)"
)
TOP = "top[n] = max(k, log_w[n,k])"
SHARE = "share[n,k] = exp(log_w[n,k] - top[n]) / sum(l, exp(log_w[n,l] - top[n]))"

RECORDS: tuple[Record, ...] = (
    Term(
        free_bits_kl, free_bits_kl_backward,
        lines=(UNIT, "kl = sum(j, max(unit[j], free_bits))"),
        backward_lines=(
            UNIT, "grad_mu[n,j] = mu[n,j] / N if unit[j] > free_bits else 0",
            "grad_log_var[n,j] = 0.5 * (exp(log_var[n,j]) - 1) / N if unit[j] > free_bits else 0",
        ),
        claim="Σ max(batch mean of KL(N(mu, σ²) ‖ N(0, 1)) of a unit, free_bits)",
        inputs=lambda rng, N, D, H: {  # units on both sides of free_bits
            "mu": rng.normal(size=(N, H)) * (1 + 2 * (rng.permutation(H) % 2)), "log_var": rng.normal(size=(N, H)) / 2,
            "free_bits": 1.5,
        },
        second_opinion=lambda mu, log_var, free_bits: [
            [max(_unit_divergence(m, v), free_bits) for m, v in zip(mu.T, log_var.T, strict=True)]
        ],
        question="What is the penalty, and its gradient, if every unit equals the prior? "
        "And which divergence is compared with the free amount: an example's, or a unit's?",
        kinks=lambda mu, log_var, free_bits: array_module(mu).sign(_kl_of_units(mu, log_var) - free_bits),
    ),
    Term(
        gaussian_cost, gaussian_cost_backward,
        layer="FittedGaussian",
        lines=(COST,),
        backward_lines=("grad_x_hat[n,i] = (x_hat[n,i] - x[n,i]) / variance / N",),
        claim="−log N(x; x_hat, variance), mean over the batch",
        inputs=lambda rng, N, D, H: {
            "x_hat": rng.normal(size=(N, D)), "x": rng.normal(size=(N, D)), "variance": 0.4,
        },
        second_opinion=_density_costs,
        question="What does a feature cost that is restored exactly, at variance 1 and at variance 0.01?",
    ),
    Formula(
        fitted_variance,
        lines=("variance[j] = mean(n, mean(i, (x_hat[n,i] - x[n,i])**2))",),
        claim="the mean of (x_hat − x)² over all entries",
        inputs=lambda rng, N, D, H: {"x_hat": rng.normal(size=(N, D)), "x": rng.normal(size=(N, D))},
        second_opinion=lambda x_hat, x: [_mean_square(x_hat, x)],
        question="Which variance makes the errors of this batch most likely?",
    ),
    Term(
        fitted_gaussian_cost, fitted_gaussian_cost_backward,
        lines=(VARIANCE, COST),
        backward_lines=(VARIANCE, "grad_x_hat[n,i] = (x_hat[n,i] - x[n,i]) / variance / N"),
        claim="−log N(x; x_hat, v), v the batch's own mean squared error",
        inputs=lambda rng, N, D, H: {"x_hat": rng.normal(size=(N, D)), "x": rng.normal(size=(N, D))},
        second_opinion=lambda x_hat, x: _density_costs(x_hat, x, _mean_square(x_hat, x)),
        question="By how much does the cost fall when all errors of a batch are halved?",
    ),
    Formula(
        gaussian_log_likelihood, gaussian_log_likelihood_backward,
        lines=(f"log_p[n,k] = sum(i, -0.5 * (log(2 * pi * variance) + ({ROW} - x[n,i])**2 / variance))",),
        backward_lines=(
            "grad_x_hat[m,i] = grad_log_p[floor(m / K), m - K * floor(m / K)] * (x[floor(m / K), i] - x_hat[m,i])"
            " / variance",
        ),
        claim="log N(x; x_hat, variance) of every sample",
        inputs=lambda rng, N, D, H: {
            "x_hat": rng.normal(size=(2 * N, D)), "x": rng.normal(size=(N, D)), "variance": 0.4, "K": 2,
        },
        second_opinion=_by_sample(lambda m, x, variance: gaussian_log_density(x, m, variance)),
        question="What is the log-density of an example that a sample restores exactly, at variance 1?",
    ),
    Formula(
        bernoulli_log_likelihood, bernoulli_log_likelihood_backward,
        lines=(
            f"log_p[n,k] = sum(i, {ROW} * x[n,i] - max({ROW}, 0) - log1p(exp(-abs({ROW}))))".replace("x_hat", "logits"),
        ),
        backward_lines=(
            P, "grad_logits[m,i] = grad_log_p[floor(m / K), m - K * floor(m / K)] * (x[floor(m / K), i] - p[m,i])",
        ),
        claim="log of x's probability, p = sigmoid(logits), of every sample",
        inputs=lambda rng, N, D, H: {"logits": 2 * rng.normal(size=(2 * N, D)), "x": rng.random((N, D)), "K": 2},
        second_opinion=_by_sample(_bernoulli),
        question="What is the log-probability of one pixel at a logit of 0?",
    ),
    Formula(
        log_weights,
        lines=(LOG_W,),
        claim="log p(x|z) + log p(z) − log q(z|x)",
        inputs=lambda rng, N, D, H: _draw_samples(rng, N, H),
        second_opinion=_weights,
        question="What is the weight if q(z|x) is the prior itself?",
    ),
    Formula(
        log_mean_exp,
        lines=(TOP, "y[n] = top[n] + log(mean(k, exp(log_w[n,k] - top[n])))"),
        claim="log of the mean of exp(log_w)",
        inputs=lambda rng, N, D, H: {"log_w": 2 * rng.normal(size=(N, D))},
        second_opinion=lambda log_w: [math.log(math.fsum(map(math.exp, row)) / len(row)) for row in log_w],
        question="What is it if all weights are equal?",
    ),
    Formula(
        importance_weights,
        lines=(TOP, SHARE),
        claim="w / Σ w, w = exp(log_w)",
        inputs=lambda rng, N, D, H: {"log_w": 2 * rng.normal(size=(N, D))},
        second_opinion=lambda log_w: [
            [math.exp(w) / math.fsum(map(math.exp, row)) for w in row] for row in log_w
        ],
        question="What do the shares of one example's samples sum to?",
    ),
    Term(
        importance_bound, importance_bound_backward,
        layer="ImportanceBound",
        lines=(LOG_W, TOP, "loss = mean(n, -top[n] - log(mean(k, exp(log_w[n,k] - top[n]))))"),
        backward_lines=(
            LOG_W, TOP, SHARE, "d[n,k,j] = (z[n,k,j] - mu[n,j]) / exp(log_var[n,j])",
            "grad_log_p[n,k] = -share[n,k] / N",
            "grad_z[n,k,j] = -share[n,k] / N * (d[n,k,j] - z[n,k,j])",
            "grad_mu[n,j] = sum(k, share[n,k] / N * d[n,k,j])",
            "grad_log_var[n,j] = sum(k, -0.5 * share[n,k] / N * (1 - exp(log_var[n,j]) * d[n,k,j]**2))",
        ),
        claim="−log of the mean importance weight, mean over the batch",
        inputs=lambda rng, N, D, H: _draw_samples(rng, N, H),
        second_opinion=lambda *given: [
            [-math.log(math.fsum(map(math.exp, row)) / len(row))] for row in _weights(*given)
        ],
        question="What is the bound if all K samples are the same? "
        "And is it the logarithm of a mean, or a mean of logarithms?",
    ),
)  # fmt: skip
