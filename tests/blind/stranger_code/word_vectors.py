"""Skip-gram with negative sampling: the loss of a batch of pairs, and its gradients."""

import numpy as np


def sigmoid(s):
    return 1 / (1 + np.exp(-s))


def skip_gram(V, U, centre, context, negative):
    n = len(centre)
    v = V[centre]
    u = U[context]
    u_neg = U[negative]
    pos = np.sum(v * u, axis=1)
    neg = np.einsum("nd,nkd->nk", v, u_neg)
    loss = -np.sum(np.log(sigmoid(pos))) / n - np.sum(np.log(sigmoid(-neg))) / n

    g_pos = (sigmoid(pos) - 1) / n
    g_neg = sigmoid(neg) / n
    dv = g_pos[:, None] * u
    dv += np.einsum("nk,nkd->nd", g_neg, u_neg)
    dV = np.zeros_like(V)
    np.add.at(dV, centre, dv)
    dU = np.zeros_like(U)
    np.add.at(dU, context, g_pos[:, None] * v)
    np.add.at(dU, negative, g_neg[:, :, None] * v[:, None, :])
    return loss, (dV, dU)
