"""Exercise 1: sparse autoencoder, cost and gradient one training example at a time (vectorise later!)."""
import numpy as np


def sigm(z):
    return 1.0 / (1.0 + np.exp(-z))


def saeCost(theta, visible, hidden, data, lam=0.1, rho=0.05, beta=3.0):
    n = hidden * visible
    W1 = theta[:n].reshape(hidden, visible)
    W2 = theta[n:2 * n].reshape(visible, hidden)
    b1 = theta[2 * n:2 * n + hidden]
    b2 = theta[2 * n + hidden:]
    m = data.shape[1]

    # pass 1: how active is each hidden unit on average
    rhoHat = np.zeros(hidden)
    for i in range(m):
        rhoHat += sigm(W1 @ data[:, i] + b1)
    rhoHat /= m
    kl = np.sum(rho * np.log(rho / rhoHat) + (1 - rho) * np.log((1 - rho) / (1 - rhoHat)))
    sparsity = beta * (-rho / rhoHat + (1 - rho) / (1 - rhoHat))

    # pass 2: backprop
    cost = 0.0
    W1grad, W2grad = np.zeros_like(W1), np.zeros_like(W2)
    b1grad, b2grad = np.zeros_like(b1), np.zeros_like(b2)
    for i in range(m):
        x = data[:, i]
        a2 = sigm(W1 @ x + b1)
        a3 = sigm(W2 @ a2 + b2)
        cost += 0.5 * np.sum((a3 - x) ** 2)
        delta3 = -(x - a3) * a3 * (1 - a3)
        delta2 = (W2.T @ delta3 + sparsity) * a2 * (1 - a2)
        W2grad += np.outer(delta3, a2)
        W1grad += np.outer(delta2, x)
        b2grad += delta3
        b1grad += delta2

    cost = cost / m + lam / 2 * (np.sum(W1 ** 2) + np.sum(W2 ** 2)) + beta * kl
    W1grad = W1grad / m + lam * W1
    W2grad = W2grad / m + lam * W2
    b1grad = b1grad / m
    b2grad = b2grad / m
    grad = np.concatenate([W1grad.ravel(), W2grad.ravel(), b1grad, b2grad])
    return cost, grad
