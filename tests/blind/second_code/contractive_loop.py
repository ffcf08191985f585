import numpy as np

# Contractive AE, one example at a time. theta = [W (n_hidden x d), b, c], the decoder is W' and linear.


def cae(theta, X, n_hidden, lam=0.1):
    n, d = X.shape
    W = theta[: n_hidden * d].reshape(n_hidden, d)
    b = theta[n_hidden * d : n_hidden * d + n_hidden]
    c = theta[-d:]
    gW, gb, gc = np.zeros_like(W), np.zeros_like(b), np.zeros_like(c)
    w2 = np.sum(W**2, axis=1)
    loss = 0.0
    for i in range(n):
        x = X[i]
        h = 1 / (1 + np.exp(-(W @ x + b)))
        r = W.T @ h + c
        e = r - x
        s = h * (1 - h)
        loss += e @ e + lam * np.sum(s**2 * w2)

        gr = 2 * e
        gc += gr
        gW += np.outer(h, gr)
        gh = W @ gr + 2 * lam * s * w2 * (1 - 2 * h)
        ga = gh * s
        gW += np.outer(ga, x) + 2 * lam * (s**2)[:, None] * W
        gb += ga
    return loss / n, np.concatenate([gW.ravel(), gb, gc]) / n
