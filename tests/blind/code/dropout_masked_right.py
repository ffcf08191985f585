import numpy as np


def dropout(x, mask, p=0.4):
    return x * mask / (1 - p)


def dropout_backward(dout, x, mask, p=0.4):
    return dout * mask / (1 - p)
