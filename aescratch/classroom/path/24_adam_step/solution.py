# mypy: ignore-errors
"""One step of Adam."""

import numpy as np


def adam_step(value, grad, m, v, t, lr, beta1, beta2, eps):
    """Return the value after step t; m and v are those of the step before.

    First m becomes a running average of grad, and v one of its square. In m, the old average has the weight beta1 and
    the new gradient the rest, so that the two weights add up to 1; in v it is the same with beta2. Then m is divided by
    its correction 1 - beta1 ** t, and v by its correction 1 - beta2 ** t.

    Parameters
    ----------
    value, grad, m, v : array (D, H)
        A parameter, its gradient, and the running averages until now.
    t : int
        The number of this step, from 1.
    lr, beta1, beta2, eps : float
        The learning rate, how much of the old averages is kept, and the number that prevents division by 0.

    Returns
    -------
    new_value : array (D, H)
    """
    ### BEGIN SOLUTION
    m = beta1 * m + (1 - beta1) * grad
    v = beta2 * v + (1 - beta2) * grad**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    return value - lr * m_hat / (np.sqrt(v_hat) + eps)
    ### END SOLUTION
