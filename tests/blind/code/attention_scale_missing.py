import numpy as np


def scores(Q, K):
    return Q @ K.T / np.sqrt(Q.shape[1])


def scores_backward(grad_S, Q, K):
    scale = 1 / np.sqrt(Q.shape[1])
    dQ = grad_S @ K * scale
    dK = grad_S.T @ Q
    return dQ, dK
