import numpy as np


def objective(x, t, We, be, Wd, bd, Wc, bc, alpha=0.3):
    n = x.shape[0]
    h = np.tanh(x @ We + be)
    r = h @ Wd + bd
    s = h @ Wc + bc
    q = np.exp(s) / np.exp(s).sum(axis=1, keepdims=True)
    loss = (1 - alpha) * np.sum((r - x) ** 2) / n - alpha * np.sum(t * np.log(q)) / n

    gr = (1 - alpha) * 2 * (r - x) / n
    gs = alpha * (q - t) / n
    gh = gr @ Wd.T
    ga = gh * (1 - h**2)
    return loss, (x.T @ ga, ga.sum(0), h.T @ gr, gr.sum(0), h.T @ gs, gs.sum(0))
