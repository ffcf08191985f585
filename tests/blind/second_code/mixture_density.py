# Loss of a mixture density network: outputs are [logits, means, log sigmas], t is one target per row
import numpy as np


def logsumexp(a):
    top = a.max(axis=1, keepdims=True)
    return top + np.log(np.exp(a - top).sum(axis=1, keepdims=True))


def mdn_loss(out, t):
    k = out.shape[1] // 3
    logits, mu, logsigma = out[:, :k], out[:, k:2 * k], out[:, 2 * k:]
    logpi = logits - logsumexp(logits)
    logp = logpi - logsigma - 0.5 * ((t - mu) / np.exp(logsigma)) ** 2 - 0.5 * np.log(2 * np.pi)
    return -np.mean(logsumexp(logp))


def mdn_loss_grad(out, t):
    k = out.shape[1] // 3
    logits, mu, logsigma = out[:, :k], out[:, k:2 * k], out[:, 2 * k:]
    sigma = np.exp(logsigma)
    logpi = logits - logsumexp(logits)
    logp = logpi - logsigma - 0.5 * ((t - mu) / sigma) ** 2
    gamma = np.exp(logp - logsumexp(logp))
    d = np.zeros_like(out)
    d[:, :k] = np.exp(logpi) - gamma
    d[:, k:2 * k] = gamma * (mu - t) / sigma ** 2
    d[:, 2 * k:] = gamma * (1 - ((t - mu) / sigma) ** 2)
    return d / len(t)
