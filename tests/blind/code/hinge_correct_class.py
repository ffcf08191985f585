import numpy as np


def svm_loss(scores, y):
    N = scores.shape[0]
    correct = scores[np.arange(N), y][:, np.newaxis]
    margins = np.maximum(0, scores - correct + 1.0)
    margins[np.arange(N), y] = 0
    loss = np.sum(margins) / N
    dscores = (margins > 0).astype(float)
    dscores[np.arange(N), y] -= 1
    return loss, dscores / N
