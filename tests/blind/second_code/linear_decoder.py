"""Sparse autoencoder with a linear decoder; columns are examples, all parameters in one vector."""
import numpy as np


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


def linearDecoderCost(theta, visibleSize, hiddenSize, data, lambda_=3e-2, sparsityParam=0.2, beta=3.0):
    n = hiddenSize * visibleSize
    W1 = theta[0:n].reshape(hiddenSize, visibleSize)
    W2 = theta[n:2 * n].reshape(visibleSize, hiddenSize)
    b1 = theta[2 * n:2 * n + hiddenSize]
    b2 = theta[2 * n + hiddenSize:]
    m = data.shape[1]

    # feedforward
    z2 = W1.dot(data) + b1[:, np.newaxis]
    a2 = sigmoid(z2)
    a3 = W2.dot(a2) + b2[:, np.newaxis]
    rhohat = np.sum(a2, axis=1) / m
    diff = a3 - data

    KL = sparsityParam * np.log(sparsityParam / rhohat) + (1 - sparsityParam) * np.log((1 - sparsityParam) / (1 - rhohat))
    cost = np.sum(diff ** 2) / (2 * m)
    cost += lambda_ / 2 * (np.sum(W1 ** 2) + np.sum(W2 ** 2))
    cost += beta * np.sum(KL)

    # backpropagation
    delta3 = diff
    sparsityDelta = beta * (-sparsityParam / rhohat + (1 - sparsityParam) / (1 - rhohat))
    delta2 = (W2.T.dot(delta3) + sparsityDelta[:, np.newaxis]) * a2 * (1 - a2)
    W1grad = delta2.dot(data.T) / m + lambda_ * W1
    W2grad = delta3.dot(a2.T) / m + lambda_ * W2
    b1grad = np.sum(delta2, axis=1) / m
    b2grad = np.sum(delta3, axis=1) / m

    grad = np.concatenate([W1grad.ravel(), W2grad.ravel(), b1grad, b2grad])
    return cost, grad
