import numpy as np


def huber(pred, target, delta=0.8):
    e = pred - target
    small = np.abs(e) <= delta
    return np.sum(np.where(small, 0.5 * e**2, delta * (np.abs(e) - 0.5 * delta)))


def huber_backward(dout, pred, target, delta=0.8):
    e = pred - target
    small = np.abs(e) <= delta
    return dout * np.where(small, e, np.sign(e))
