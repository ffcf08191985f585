import numpy as np


def linear_activation_forward(A_prev, W, b, activation):
    Z = np.dot(W, A_prev) + b
    A = np.tanh(Z) if activation == "tanh" else 1 / (1 + np.exp(-Z))
    return A, (A_prev, W, Z)


def linear_backward(dZ, A_prev, W):
    m = A_prev.shape[1]
    dW = np.dot(dZ, A_prev.T) / m
    db = np.sum(dZ, axis=1, keepdims=True) / m
    dA_prev = np.dot(W.T, dZ)
    return dA_prev, dW, db


def model(X, Y, W1, b1, W2, b2, W3, b3):
    A1, c1 = linear_activation_forward(X, W1, b1, "tanh")
    A2, c2 = linear_activation_forward(A1, W2, b2, "tanh")
    AL, c3 = linear_activation_forward(A2, W3, b3, "sigmoid")
    m = Y.shape[1]
    cost = -np.sum(Y * np.log(AL) + (1 - Y) * np.log(1 - AL)) / m

    dZ3 = AL - Y
    dA2, dW3, db3 = linear_backward(dZ3, c3[0], c3[1])
    dZ2 = dA2 * (1 - np.tanh(c2[2]) ** 2)
    dA1, dW2, db2 = linear_backward(dZ2, c2[0], c2[1])
    dZ1 = dA1 * (1 - np.tanh(c1[2]) ** 2)
    _, dW1, db1 = linear_backward(dZ1, c1[0], c1[1])
    return cost, {"W1": dW1, "b1": db1, "W2": dW2, "b2": db2, "W3": dW3, "b3": db3}
