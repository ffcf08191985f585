import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def vae(X, eps, W1, b1, Wmu, bmu, Wsig, bsig, W2, b2, W3, b3):
    """Bernoulli VAE, one column per example. The encoder gives log(sigma), not log(sigma^2)."""
    m = X.shape[1]
    H = np.tanh(np.dot(W1, X) + b1)
    mu = np.dot(Wmu, H) + bmu
    logsig = np.dot(Wsig, H) + bsig
    sig = np.exp(logsig)
    Z = mu + sig * eps
    G = np.tanh(np.dot(W2, Z) + b2)
    Y = sigmoid(np.dot(W3, G) + b3)
    rec = -np.sum(X * np.log(Y) + (1 - X) * np.log(1 - Y))
    kl = 0.5 * np.sum(mu ** 2 + sig ** 2 - 1 - 2 * logsig)
    loss = (rec + kl) / m

    grads = {}
    dA3 = (Y - X) / m
    grads["W3"] = np.dot(dA3, G.T)
    grads["b3"] = np.sum(dA3, axis=1, keepdims=True)
    dA2 = np.dot(W3.T, dA3) * (1 - G ** 2)
    grads["W2"] = np.dot(dA2, Z.T)
    grads["b2"] = np.sum(dA2, axis=1, keepdims=True)
    dZ = np.dot(W2.T, dA2)
    dmu = dZ + mu / m
    dlogsig = dZ * eps * sig + (sig ** 2 - 1) / m
    grads["Wmu"] = np.dot(dmu, H.T)
    grads["bmu"] = np.sum(dmu, axis=1, keepdims=True)
    grads["Wsig"] = np.dot(dlogsig, H.T)
    grads["bsig"] = np.sum(dlogsig, axis=1, keepdims=True)
    dH = np.dot(Wmu.T, dmu) + np.dot(Wsig.T, dlogsig)
    dA1 = dH * (1 - H ** 2)
    grads["W1"] = np.dot(dA1, X.T)
    grads["b1"] = np.sum(dA1, axis=1, keepdims=True)
    return loss, grads
