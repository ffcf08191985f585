# mypy: ignore-errors
"""Xavier initialisation: uniform, with a width that keeps the size of signals."""

import numpy as np

# What do you expect? The weights are drawn between -bound and bound. If a layer gets four times as many inputs and four
# times as many outputs, how does the bound change?
#   "a"  it stays the same
#   "b"  a sixteenth, since there are sixteen times as many weights
#   "c"  a quarter
#   "d"  a half
# Put the letter here, in quotation marks:
### BEGIN SOLUTION
PREDICTION = "d"
### STUB PREDICTION = None
### END SOLUTION


def xavier_uniform(n_in, n_out, uniform):
    """Return weights of mean 0 and variance 2 / (n_in + n_out), uniform in an interval.

    Parameters
    ----------
    n_in : int
        How many inputs the layer has.
    n_out : int
        How many outputs.
    uniform : array (n_in, n_out)
        Random numbers, uniform in 0 to 1.

    Returns
    -------
    W : array (n_in, n_out)
        One weight for each random number; a larger number gives a larger weight.
    """
    ### BEGIN SOLUTION
    bound = np.sqrt(6 / (n_in + n_out))
    return bound * (2 * uniform - 1)
    ### END SOLUTION
