"""A stack whose decoder uses the encoder's weights transposed, layer by layer; params W1, W2 and the biases."""

import numpy as np


def sigmoid(a):
    return 1.0 / (1.0 + np.exp(-a))


def reconstruct(x, W1, W2, b1, b2, c1, c2):
    h1 = sigmoid(x @ W1 + b1)
    h2 = sigmoid(h1 @ W2 + b2)
    r1 = sigmoid(h2 @ W2.T + c2)
    r0 = r1 @ W1.T + c1
    return r0


def reconstruct_backward(grad_r, x, W1, W2, b1, b2, c1, c2):
    h1 = sigmoid(x @ W1 + b1)
    h2 = sigmoid(h1 @ W2 + b2)
    r1 = sigmoid(h2 @ W2.T + c2)
    dc1 = grad_r.sum(axis=0)
    dW1 = grad_r.T @ r1
    dr1 = grad_r @ W1
    dr1_in = dr1 * r1 * (1 - r1)
    dc2 = dr1_in.sum(axis=0)
    dW2 = dr1_in.T @ h2
    dh2 = dr1_in @ W2
    dh2_in = dh2 * h2 * (1 - h2)
    db2 = dh2_in.sum(axis=0)
    dW2 += h1.T @ dh2_in
    dh1 = dh2_in @ W2.T
    dh1_in = dh1 * h1 * (1 - h1)
    db1 = dh1_in.sum(axis=0)
    dW1 += x.T @ dh1_in
    dx = dh1_in @ W1.T
    return dx, dW1, dW2, db1, db2, dc1, dc2
