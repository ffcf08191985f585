"""Programming assignment: L-layer classifier with label smoothing and L2. Columns are examples."""
import numpy as np


def softmax(Z):
    e = np.exp(Z - np.max(Z, axis=0, keepdims=True))
    return e / np.sum(e, axis=0, keepdims=True)


def linear_activation_forward(A_prev, W, b, activation):
    Z = np.dot(W, A_prev) + b
    A = np.maximum(0.1 * Z, Z) if activation == "leaky" else softmax(Z)
    return A, (A_prev, W, Z)


def linear_backward(dZ, cache, lambd):
    A_prev, W, Z = cache
    m = A_prev.shape[1]
    dW = 1. / m * np.dot(dZ, A_prev.T) + lambd / m * W
    db = 1. / m * np.sum(dZ, axis=1, keepdims=True)
    dA_prev = np.dot(W.T, dZ)
    return dA_prev, dW, db


def leaky_backward(dA, cache):
    Z = cache[2]
    dZ = np.where(Z > 0, dA, 0.1 * dA)
    return dZ


def L_model(X, Y, W1, b1, W2, b2, W3, b3, lambd=0.7, smoothing=0.2):
    parameters = {"W1": W1, "b1": b1, "W2": W2, "b2": b2, "W3": W3, "b3": b3}
    L = len(parameters) // 2
    m = Y.shape[1]
    K = Y.shape[0]
    caches, A = [], X
    for l in range(1, L + 1):
        activation = "softmax" if l == L else "leaky"
        A, cache = linear_activation_forward(A, parameters["W" + str(l)], parameters["b" + str(l)], activation)
        caches.append(cache)
    T = (1 - smoothing) * Y + smoothing / K
    cost = -np.sum(T * np.log(A)) / m
    for l in range(1, L + 1):
        cost += lambd / (2 * m) * np.sum(np.square(parameters["W" + str(l)]))

    grads = {}
    dZ = A - T
    dA, grads["W" + str(L)], grads["b" + str(L)] = linear_backward(dZ, caches[L - 1], lambd)
    for l in reversed(range(1, L)):
        dZ = leaky_backward(dA, caches[l - 1])
        dA, grads["W" + str(l)], grads["b" + str(l)] = linear_backward(dZ, caches[l - 1], lambd)
    return cost, grads
