import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def sparse_cost(data, W1, W2, b1, b2, lam=0.01, rho=0.1, beta=2.0):
    m = data.shape[1]
    a2 = sigmoid(W1.dot(data) + b1[:, None])
    a3 = sigmoid(W2.dot(a2) + b2[:, None])
    rho_hat = a2.sum(axis=1) / m
    kl = np.sum(rho * np.log(rho / rho_hat) + (1 - rho) * np.log((1 - rho) / (1 - rho_hat)))
    cost = np.sum((a3 - data) ** 2) / (2 * m)
    cost += lam / 2 * (np.sum(W1**2) + np.sum(W2**2)) + beta * kl

    delta3 = (a3 - data) * a3 * (1 - a3)
    sparsity = beta * (rho / rho_hat + (1 - rho) / (1 - rho_hat))
    delta2 = (W2.T.dot(delta3) + sparsity[:, None]) * a2 * (1 - a2)
    grad_W2 = delta3.dot(a2.T) / m + lam * W2
    grad_W1 = delta2.dot(data.T) / m + lam * W1
    grad_b2 = delta3.sum(axis=1) / m
    grad_b1 = delta2.sum(axis=1) / m
    return cost, (grad_W1, grad_W2, grad_b1, grad_b2)
