import numpy as np


def glove_cost(X, W, U, b, c, x_max=10, alpha=0.75):
    """GloVe on a table of co-occurrence counts X (words x contexts)."""
    dW = np.zeros(W.shape)
    dU = np.zeros(U.shape)
    db = np.zeros(b.shape)
    dc = np.zeros(c.shape)
    J = 0
    for i in range(X.shape[0]):
        for j in range(X.shape[1]):
            if X[i, j] == 0:
                continue
            if X[i, j] < x_max:
                weight = (X[i, j] / x_max) ** alpha
            else:
                weight = 1.0
            diff = np.dot(W[i], U[j]) + b[i] + c[j] - np.log(X[i, j])
            J += 0.5 * weight * diff ** 2
            g = weight * diff
            dW[i] += g * U[j]
            dU[j] += g * W[i]
            db[i] += g
            dc[j] += g
    return J, {"W": dW, "U": dU, "b": db, "c": dc}
