import numpy as np

sigmoid = lambda a: 1 / (1 + np.exp(-a))


def free_energy(v, W, bv, bh):
    return -v @ bv - np.sum(np.logaddexp(0, v @ W + bh), axis=1)


def cd_objective(v0, vk, W, bv, bh, weight_cost=0.02):
    """Free energy of the data minus that of the particles vk, which are held fixed."""
    n0 = v0.shape[0]
    nk = vk.shape[0]
    value = free_energy(v0, W, bv, bh).mean() - free_energy(vk, W, bv, bh).mean()
    value += 0.5 * weight_cost * (W ** 2).sum()

    ph0 = sigmoid(v0 @ W + bh)
    phk = sigmoid(vk @ W + bh)
    pos = v0.T @ ph0 / n0
    neg = vk.T @ phk / nk
    gW = neg - pos + weight_cost * W
    gbv = vk.mean(axis=0) - v0.mean(axis=0)
    gbh = phk.mean(axis=0) - ph0.mean(axis=0)
    return value, (gW, gbv, gbh)
