import numpy as np

C = np.sqrt(2 / np.pi)


def gelu(x):
    return 0.5 * x * (1 + np.tanh(C * (x + 0.044715 * x**3)))


def gelu_backward(grad, x):
    t = np.tanh(C * (x + 0.044715 * x**3))
    inner = C * (1 + 3 * 0.044715 * x**2)
    left = 0.5 * (1 + t)
    right = x * (1 - t**2) * inner
    return grad * (left + right)
