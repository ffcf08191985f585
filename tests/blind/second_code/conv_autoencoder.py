"""Convolutional autoencoder with loops only, grayscale images (N, H, W)."""
import numpy as np


def conv_autoencoder(images, kernels, kb, dec, c):
    N, H, W = images.shape
    F, k, _ = kernels.shape
    oh, ow = H - k + 1, W - k + 1

    # ---- forward: convolution, relu, transposed convolution
    z = np.zeros((N, F, oh, ow))
    for i in range(oh):
        for j in range(ow):
            patch = images[:, i:i + k, j:j + k]
            z[:, :, i, j] = np.tensordot(patch, kernels, axes=([1, 2], [1, 2])) + kb
    a = np.maximum(z, 0)
    out = np.zeros((N, H, W)) + c
    for i in range(oh):
        for j in range(ow):
            out[:, i:i + k, j:j + k] += np.tensordot(a[:, :, i, j], dec, axes=(1, 0))
    err = out - images
    loss = 0.5 * np.sum(err ** 2) / N

    # ---- backward
    dout = err / N
    dc = np.array([dout.sum()])
    ddec = np.zeros_like(dec)
    da = np.zeros_like(a)
    for i in range(oh):
        for j in range(ow):
            window = dout[:, i:i + k, j:j + k]
            ddec += np.tensordot(a[:, :, i, j], window, axes=(0, 0))
            da[:, :, i, j] = np.tensordot(window, dec, axes=([1, 2], [1, 2]))
    dz = da * (z > 0)
    dkb = dz.sum(axis=(0, 2, 3))
    dkernels = np.zeros_like(kernels)
    for row in range(oh):
        for col in range(ow):
            patch = images[:, row:row + k, col:col + k]
            dkernels += np.tensordot(dz[:, :, row, col], patch, axes=(0, 0))
    return loss, {"kernels": dkernels, "kb": dkb, "dec": ddec, "c": dc}
