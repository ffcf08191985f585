import numpy as np


def tagger(words, tags, E, Wf, Uf, Wb, Ub, V, by):
    """Tag a sentence with an RNN from the left and one from the right. Returns the loss and the gradients."""
    T, H = len(words), Uf.shape[0]
    xs = E[words]
    hf = np.zeros((T + 1, H))  # hf[t + 1] is the state after word t
    hb = np.zeros((T + 1, H))  # hb[t] is the state after word t, read from the right
    for t in range(T):
        hf[t + 1] = np.tanh(Wf @ xs[t] + Uf @ hf[t])
    for t in reversed(range(T)):
        hb[t] = np.tanh(Wb @ xs[t] + Ub @ hb[t + 1])
    loss = 0
    probs = []
    for t in range(T):
        y = V @ (hf[t + 1] + hb[t]) + by
        p = np.exp(y - np.max(y)) / np.sum(np.exp(y - np.max(y)))
        probs.append(p)
        loss -= np.log(p[tags[t]])

    dE, dWf, dUf, dWb, dUb, dV, dby = [np.zeros_like(w) for w in (E, Wf, Uf, Wb, Ub, V, by)]
    dh = np.zeros((T, H))
    for t in range(T):
        dy = probs[t].copy()
        dy[tags[t]] -= 1
        dV += np.outer(dy, hf[t + 1] + hb[t])
        dby += dy
        dh[t] = V.T @ dy
    carry = np.zeros(H)
    for t in reversed(range(T)):
        da = (dh[t] + carry) * (1 - hf[t + 1] ** 2)
        dWf += np.outer(da, xs[t])
        dUf += np.outer(da, hf[t])
        dE[words[t]] += Wf.T @ da
        carry = Uf.T @ da
    carry = np.zeros(H)
    for t in range(T):
        da = (dh[t] + carry) * (1 - hb[t] ** 2)
        dWb += np.outer(da, xs[t])
        dUb += np.outer(da, hb[t + 1])
        dE[words[t]] += Wb.T @ da
        carry = Ub.T @ da
    return loss, dict(E=dE, Wf=dWf, Uf=dUf, Wb=dWb, Ub=dUb, V=dV, by=dby)
