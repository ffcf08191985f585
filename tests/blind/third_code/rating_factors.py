"""Biased matrix factorisation for movie ratings (Funk SVD), gradients with plain loops for readability."""
import numpy as np


def predict(mu, bu, bi, P, Q, u, i):
    s = mu + bu[u] + bi[i]
    for f in range(P.shape[1]):
        s += P[u, f] * Q[i, f]
    return s


def loss_and_grads(P, Q, bu, bi, users, items, ratings, reg=0.05):
    n = len(ratings)
    mu = np.mean(ratings)
    dP, dQ = np.zeros(P.shape), np.zeros(Q.shape)
    dbu, dbi = np.zeros(bu.shape), np.zeros(bi.shape)
    loss = 0.0
    for k in range(n):
        u, i = users[k], items[k]
        e = ratings[k] - predict(mu, bu, bi, P, Q, u, i)
        loss += e ** 2 / n
        c = -2 * e / n
        dbu[u] += c
        dbi[i] += c
        for f in range(P.shape[1]):
            dP[u, f] += c * Q[i, f]
            dQ[i, f] += c * P[u, f]
    # each row is shrunk once, however many ratings it has
    loss += reg * (np.sum(P ** 2) + np.sum(Q ** 2) + np.sum(bu ** 2) + np.sum(bi ** 2))
    dP += 2 * reg * P
    dQ += 2 * reg * Q
    dbu += 2 * reg * bu
    dbi += 2 * reg * bi
    return loss, dP, dQ, dbu, dbi
