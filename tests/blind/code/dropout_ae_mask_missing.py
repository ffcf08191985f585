import numpy as np


def run(x, mask, W1, b1, W2, b2, p=0.4):
    a1 = np.maximum(0.0, x @ W1 + b1)
    h = a1 * mask / (1 - p)
    return h @ W2 + b2, {"x": x, "a1": a1, "h": h, "mask": mask, "W1": W1, "W2": W2, "p": p}


def run_backward(dy, c):
    grads = []
    dh = dy @ c["W2"].T
    da = dh / (1 - c["p"])
    dz = da * (c["a1"] > 0)
    grads.append(c["x"].T @ dz)
    grads.append(dz.sum(axis=0))
    grads.append(c["h"].T @ dy)
    grads.append(dy.sum(axis=0))
    return tuple(grads)
