"""A network with one hidden layer for classification; all weights lie in one vector, as an optimiser wants them."""

import numpy as np


def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))


def unpack(theta, n_in, n_hidden, n_out):
    split = n_hidden * (n_in + 1)
    Theta1 = theta[:split].reshape(n_hidden, n_in + 1)
    Theta2 = theta[split:].reshape(n_out, n_hidden + 1)
    return Theta1, Theta2


def add_bias(A):
    return np.hstack([np.ones((A.shape[0], 1)), A])


def nn_cost_function(theta, X, Y, n_in, n_hidden, n_out, lam=0.7):
    m = X.shape[0]
    Theta1, Theta2 = unpack(theta, n_in, n_hidden, n_out)

    a1 = add_bias(X)
    z2 = a1 @ Theta1.T
    a2 = add_bias(sigmoid(z2))
    z3 = a2 @ Theta2.T
    h = sigmoid(z3)

    J = -np.sum(Y * np.log(h) + (1 - Y) * np.log(1 - h)) / m
    J += lam / (2 * m) * (np.sum(Theta1[:, 1:] ** 2) + np.sum(Theta2[:, 1:] ** 2))

    d3 = h - Y
    d2 = d3 @ Theta2[:, 1:]
    d2 = d2 * sigmoid(z2) * (1 - sigmoid(z2))
    Theta1_grad = d2.T @ a1 / m
    Theta2_grad = d3.T @ a2 / m
    Theta1_grad[:, 1:] += lam / m * Theta1[:, 1:]
    Theta2_grad[:, 1:] += lam / m * Theta2[:, 1:]
    return J, np.concatenate([Theta1_grad.ravel(), Theta2_grad.ravel()])
