import numpy as np


def sigm(a):
    return 1 / (1 + np.exp(-a))


def dA_cost_and_grads(x, mask, W, bhid, bvis):
    """Denoising autoencoder, decoder tied to the encoder.

    mask has a zero wherever an input is destroyed.
    """
    batch_size = x.shape[0]
    tilde_x = x * mask
    y = sigm(np.dot(tilde_x, W) + bhid)
    z = sigm(np.dot(y, W.T) + bvis)
    L = -np.sum(x * np.log(z) + (1 - x) * np.log(1 - z), axis=1)
    cost = np.mean(L)

    # gradients
    dz = (z - x) / batch_size
    gbvis = np.sum(dz, axis=0)
    dy = np.dot(dz, W) * y * (1 - y)
    gbhid = np.sum(dy, axis=0)
    gW = np.dot(tilde_x.T, dy) + np.dot(dz.T, y)
    return cost, {"W": gW, "bhid": gbhid, "bvis": gbvis}
