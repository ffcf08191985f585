# Linear autoencoder with W' as encoder, W as decoder, and a learned centre mu (PCA by gradient descent)
import numpy as np


def pca_loss(X, W, mu, lam=0.3):
    d, n = X.shape
    k = W.shape[1]
    Xc = X - mu
    Z = W.T @ Xc
    E = W @ Z - Xc
    O = W.T @ W - np.eye(k)
    loss = 0.5 * np.sum(E ** 2) / n + 0.5 * lam * np.sum(O ** 2)

    dE = E / n
    dW_dec = dE @ Z.T
    dZ = W.T @ dE
    dW_enc = Xc @ dZ.T
    dW_orth = 2 * lam * W @ O
    dW = dW_dec + dW_enc + dW_orth
    dXc = W @ dZ - dE
    dmu = -dXc.sum(axis=1, keepdims=True)
    return loss, dW, dmu
