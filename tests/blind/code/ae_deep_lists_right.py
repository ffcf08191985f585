import numpy as np


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def loss_and_grads(x, weights, biases):
    acts = [x]
    for W, b in zip(weights, biases):
        acts.append(sigmoid(acts[-1] @ W + b))
    error = acts[-1] - x
    loss = 0.5 * np.sum(error**2) / len(x)

    gW, gb = [], []
    grad = error / len(x)
    for i in range(len(weights) - 1, -1, -1):
        delta = grad * acts[i + 1] * (1 - acts[i + 1])
        gW.insert(0, acts[i].T @ delta)
        gb.insert(0, delta.sum(axis=0))
        grad = delta @ weights[i].T
    return loss, gW, gb


def network(x, W1, b1, W2, b2, W3, b3, W4, b4):
    loss, gW, gb = loss_and_grads(x, [W1, W2, W3, W4], [b1, b2, b3, b4])
    return loss, (gW[0], gb[0], gW[1], gb[1], gW[2], gb[2], gW[3], gb[3])
