import numpy as np


def softmax(logits):
    out = np.zeros_like(logits)
    for i in range(len(logits)):
        e = np.exp(logits[i] - np.max(logits[i]))
        out[i] = e / np.sum(e)
    return out


def softmax_backward(grad, logits):
    probs = softmax(logits)
    result = np.zeros_like(logits)
    for i in range(len(logits)):
        s = probs[i].reshape(-1, 1)
        J = np.diagflat(s) + np.dot(s, s.T)
        result[i] = np.dot(J, grad[i])
    return result
