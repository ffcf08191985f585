import numpy as np


def relu(a):
    return np.maximum(0, a)


def forward(X, labels, W1, b1, W2, b2, W3, b3, reg=0.05):
    cache = {}
    cache["h1"] = relu(X.dot(W1) + b1)
    cache["h2"] = relu(cache["h1"].dot(W2) + b2)
    scores = cache["h2"].dot(W3) + b3
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    cache["p"] = e / e.sum(axis=1, keepdims=True)
    N = X.shape[0]
    loss = -np.mean(np.log(cache["p"][range(N), labels]))
    loss += 0.5 * reg * (np.sum(W1**2) + np.sum(W2**2) + np.sum(W3**2))
    cache.update(X=X, y=labels, W1=W1, W2=W2, W3=W3, reg=reg)
    return loss, cache


def backward(dloss, c):
    N = c["X"].shape[0]
    ds = c["p"].copy()
    ds[range(N), c["y"]] -= 1
    ds *= dloss / N
    dW3 = c["h2"].T.dot(ds) + dloss * c["reg"] * c["W3"]
    db3 = ds.sum(axis=0)
    dh2 = ds.dot(c["W3"].T)
    dh2[c["h2"] > 0] = 0
    dW2 = c["h1"].T.dot(dh2) + dloss * c["reg"] * c["W2"]
    db2 = dh2.sum(axis=0)
    dh1 = dh2.dot(c["W2"].T)
    dh1[c["h1"] == 0] = 0
    dW1 = c["X"].T.dot(dh1) + dloss * c["reg"] * c["W1"]
    db1 = dh1.sum(axis=0)
    return dW1, db1, dW2, db2, dW3, db3
