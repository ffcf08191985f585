"""The contrastive loss of two batches of codes: each code is to find its partner among all others."""

import numpy as np


def info_nce(a, b, temperature=0.5):
    na = np.sqrt(np.sum(a * a, axis=1, keepdims=True))
    nb = np.sqrt(np.sum(b * b, axis=1, keepdims=True))
    ua, ub = a / na, b / nb
    logits = ua @ ub.T / temperature
    logits = logits - logits.max(axis=1, keepdims=True)
    p = np.exp(logits)
    p = p / p.sum(axis=1, keepdims=True)
    n = a.shape[0]
    loss = -np.mean(np.log(np.diag(p)))

    dlogits = (p - np.eye(n)) / n
    dua = dlogits @ ub / temperature
    dub = dlogits.T @ ua / temperature
    da = (dua - ua * np.sum(dua * ua, axis=1, keepdims=True)) / na
    db = (dub - ub * np.sum(dub * ub, axis=1, keepdims=True)) / nb
    return loss, (da, db)
