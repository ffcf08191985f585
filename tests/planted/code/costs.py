"""Costs that come together with their gradient, of flat parameters or of several."""

import numpy as np


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def sparse_autoencoder_cost(theta, visible, hidden, lam, rho, beta, data):
    """The classic exercise: data holds an example in each column."""
    W1 = theta[: hidden * visible].reshape(hidden, visible)
    W2 = theta[hidden * visible : 2 * hidden * visible].reshape(visible, hidden)
    b1 = theta[2 * hidden * visible : 2 * hidden * visible + hidden]
    b2 = theta[2 * hidden * visible + hidden :]
    m = data.shape[1]
    a2 = sigmoid(W1 @ data + b1[:, None])
    a3 = sigmoid(W2 @ a2 + b2[:, None])
    rho_hat = a2.sum(axis=1) / m
    kl = (rho * np.log(rho / rho_hat) + (1 - rho) * np.log((1 - rho) / (1 - rho_hat))).sum()
    cost = 0.5 * ((a3 - data) ** 2).sum() / m + 0.5 * lam * ((W1**2).sum() + (W2**2).sum()) + beta * kl
    # backward
    sparsity = beta * (-rho / rho_hat + (1 - rho) / (1 - rho_hat))
    delta3 = (a3 - data) * a3 * (1 - a3)
    delta2 = (W2.T @ delta3 + sparsity[:, None]) * a2 * (1 - a2)
    W1grad = delta2 @ data.T / m + lam * W1
    W2grad = delta3 @ a2.T / m + lam * W2
    b1grad = delta2.sum(axis=1) / m
    b2grad = delta3.sum(axis=1) / m
    grad = np.concatenate([W1grad.ravel(), W2grad.ravel(), b1grad, b2grad])
    return cost, grad


def softmax_cost(theta, classes, inputs, lam, data, labels):
    W = theta.reshape(classes, inputs)
    m = data.shape[0]
    scores = data @ W.T
    scores = scores - scores.max(axis=1, keepdims=True)
    p = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    cost = -np.log(p[np.arange(m), labels]).mean() + 0.5 * lam * (W**2).sum()
    # backward
    truth = np.zeros_like(p)
    truth[np.arange(m), labels] = 1
    grad = -(truth - p).T @ data / m + lam * W
    return cost, grad.ravel()


def linear_decoder_cost(theta, visible, hidden, data):
    W1 = theta[: visible * hidden].reshape(visible, hidden)
    b1 = theta[visible * hidden : visible * hidden + hidden]
    W2 = theta[visible * hidden + hidden : 2 * visible * hidden + hidden].reshape(hidden, visible)
    b2 = theta[2 * visible * hidden + hidden :]
    h = np.tanh(data @ W1 + b1)
    error = h @ W2 + b2 - data
    cost = 0.5 * (error**2).sum() / len(data)
    # backward
    error = error / len(data)
    dh = error @ W2.T
    da = dh * (1 - h**2)
    grads = [data.T @ da, da.sum(axis=0), h.T @ error, error.sum(axis=0)]
    return cost, np.concatenate([g.reshape(-1) for g in grads])


def vae_cost(theta, data, eps, visible, latent):
    n = visible * latent
    W_mu = theta[:n].reshape(visible, latent)
    W_lv = theta[n : 2 * n].reshape(visible, latent)
    V = theta[2 * n : 3 * n].reshape(latent, visible)
    mu, logvar = data @ W_mu, data @ W_lv
    std = np.exp(logvar / 2)
    z = mu + std * eps
    y = sigmoid(z @ V)
    bce = -(data * np.log(y) + (1 - data) * np.log(1 - y)).sum()
    kld = -0.5 * (1 + logvar - mu**2 - np.exp(logvar)).sum()
    # backward
    dlogits = y - data
    dV = z.T @ dlogits
    dz = dlogits @ V.T
    dmu = dz + mu
    dlogvar = dz * eps * 0.5 * std + 0.5 * (np.exp(logvar) - 1)
    dW_mu = data.T @ dmu
    dW_lv = data.T @ dlogvar
    return bce + kld, np.concatenate([dW_mu.ravel(), dW_lv.ravel(), dV.ravel()])


def two_layer_loss(W1, b1, W2, b2, X, y, reg):
    """A classifier whose gradients come in a dictionary."""
    N = X.shape[0]
    hidden = np.maximum(0, X.dot(W1) + b1)
    scores = hidden.dot(W2) + b2
    scores = scores - np.max(scores, axis=1, keepdims=True)
    probs = np.exp(scores) / np.sum(np.exp(scores), axis=1, keepdims=True)
    loss = -np.sum(np.log(probs[np.arange(N), y])) / N
    loss += reg * (np.sum(W1 * W1) + np.sum(W2 * W2))
    # backward
    dscores = probs.copy()
    dscores[np.arange(N), y] -= 1
    dscores /= N
    grads = {}
    grads["W2"] = hidden.T.dot(dscores) + 2 * reg * W2
    grads["b2"] = np.sum(dscores, axis=0)
    dhidden = dscores.dot(W2.T)
    dhidden[hidden <= 0] = 0
    grads["W1"] = X.T.dot(dhidden) + 2 * reg * W1
    grads["b1"] = np.sum(dhidden, axis=0)
    return loss, grads


def tied_cost(W, b, c, X):
    """Tied weights, the gradients as a tuple."""
    H = sigmoid(X @ W + b)
    Y = H @ W.T + c
    loss = ((Y - X) ** 2).sum() / (2 * len(X))
    # backward
    dY = (Y - X) / len(X)
    dH = dY @ W
    dA = dH * H * (1 - H)
    dW = X.T @ dA + dY.T @ H
    return loss, dW, dA.sum(axis=0), dY.sum(axis=0)


def vae_loss(W_mu, W_s, V, X, noise):
    """A VAE over the standard deviation itself, gradients as a tuple."""
    mu = X @ W_mu
    s = np.exp(X @ W_s)
    Z = mu + s * noise
    R = Z @ V - X
    m = len(X)
    loss = 0.5 * np.sum(R**2) / m + np.sum(0.5 * (mu**2 + s**2 - 1) - np.log(s)) / m
    # backward
    dR = R / m
    dV = Z.T @ dR
    dZ = dR @ V.T
    dmu = dZ + mu / m
    ds = dZ * noise + (s - 1 / s) / m
    dlog = ds * s
    return loss, X.T @ dmu, X.T @ dlog, dV


def predictor_loss(Wx, Wh, Wy, x):
    """A recurrent net that predicts the next row of a sequence."""
    T = len(x) - 1
    h = np.zeros((T + 1, Wh.shape[0]))
    err = np.zeros((T, x.shape[1]))
    for t in range(T):
        h[t + 1] = np.tanh(x[t] @ Wx + h[t] @ Wh)
        err[t] = h[t + 1] @ Wy - x[t + 1]
    loss = 0.5 * (err**2).sum() / T
    # backward
    dWx, dWh = np.zeros_like(Wx), np.zeros_like(Wh)
    dWy = h[1:].T @ err / T
    carry = np.zeros(Wh.shape[0])
    for t in range(T - 1, -1, -1):
        dh = err[t] @ Wy.T / T + carry
        da = dh * (1 - h[t + 1] ** 2)
        dWx += np.outer(x[t], da)
        dWh += np.outer(h[t], da)
        carry = da @ Wh.T
    return loss, dWx, dWh, dWy
