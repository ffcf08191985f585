import numpy as np


def attend(q, keys, Wq, Wk, v):
    """Bahdanau attention: score = v . tanh(q Wq + k Wk); the keys are the values, too."""
    u = np.tanh((q @ Wq)[:, None, :] + keys @ Wk)
    scores = u @ v
    e = np.exp(scores - scores.max(1, keepdims=True))
    alpha = e / e.sum(1, keepdims=True)
    context = np.einsum("nt,ntd->nd", alpha, keys)

    def back(dcontext):
        dalpha = np.einsum("nd,ntd->nt", dcontext, keys)
        dkeys = alpha[:, :, None] * dcontext[:, None, :]
        dscores = alpha * (dalpha - np.sum(alpha * dalpha, axis=1, keepdims=True))
        dv = np.einsum("nt,ntk->k", dscores, u)
        du = dscores[:, :, None] * v
        dpre = du * (1 - u ** 2)
        dWk = np.einsum("ntd,ntk->dk", keys, dpre)
        dkeys += dpre @ Wk.T
        dsum = dpre.sum(axis=1)
        dWq = q.T @ dsum
        dq = dsum @ Wq.T
        return dq, dkeys, dWq, dWk, dv

    return context, back
