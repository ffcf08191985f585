"""Three graph convolutions (Kipf & Welling, but random-walk normalised), skip on the middle one, log-softmax out."""
import numpy as np


def gcn(adj, X, W0, b0, W1, b1, W2, b2):
    S = adj + np.eye(len(adj))
    S = S / S.sum(axis=1, keepdims=True)
    SX = S @ X
    h0 = np.maximum(SX @ W0 + b0, 0)
    Sh0 = S @ h0
    h1 = np.maximum(Sh0 @ W1 + b1, 0)
    r = h0 + h1
    Sr = S @ r
    logits = Sr @ W2 + b2
    logits = logits - logits.max(axis=1, keepdims=True)
    logp = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))

    def backward(dlogp):
        dlogits = dlogp - np.exp(logp) * dlogp.sum(axis=1, keepdims=True)
        dW2 = Sr.T @ dlogits
        db2 = dlogits.sum(axis=0)
        dr = S.T @ dlogits @ W2.T
        dz1 = dr * (h1 > 0)
        dW1 = Sh0.T @ dz1
        db1 = dz1.sum(axis=0)
        dh0 = dr + S.T @ dz1 @ W1.T
        dz0 = dh0 * (h0 > 0)
        dW0 = SX.T @ dz0
        db0 = dz0.sum(axis=0)
        dX = S.T @ (dz0 @ W0.T)
        return dX, dW0, db0, dW1, db1, dW2, db2

    return logp, backward
