"""Negative log-likelihood of a linear-chain CRF, and its gradient by the forward-backward algorithm."""
import numpy as np


def logsumexp(a, axis=None):
    m = np.max(a, axis=axis, keepdims=True)
    s = np.log(np.sum(np.exp(a - m), axis=axis, keepdims=True)) + m
    return np.squeeze(s, axis=axis)


def crf_nll(emit, trans, start, tags):
    T, K = emit.shape
    # score of the gold path
    gold = start[tags[0]] + emit[0, tags[0]]
    for t in range(1, T):
        gold += trans[tags[t - 1], tags[t]] + emit[t, tags[t]]
    # forward
    alpha = np.zeros((T, K))
    alpha[0] = start + emit[0]
    for t in range(1, T):
        for j in range(K):
            alpha[t, j] = logsumexp(alpha[t - 1] + trans[:, j]) + emit[t, j]
    logZ = logsumexp(alpha[T - 1])
    # backward
    beta = np.zeros((T, K))
    for t in range(T - 2, -1, -1):
        for i in range(K):
            beta[t, i] = logsumexp(trans[i] + emit[t + 1] + beta[t + 1])

    # expected counts minus observed counts
    d_emit = np.exp(alpha + beta - logZ)
    d_start = d_emit[0].copy()
    d_trans = np.zeros((K, K))
    for t in range(1, T):
        for i in range(K):
            for j in range(K):
                d_trans[i, j] += np.exp(alpha[t - 1, i] + trans[i, j] + emit[t, j] + beta[t, j] - logZ)
    d_start[tags[0]] -= 1
    for t in range(T):
        d_emit[t, tags[t]] -= 1
    for t in range(1, T):
        d_trans[tags[t - 1], tags[t]] -= 1
    return logZ - gold, d_emit, d_trans, d_start
