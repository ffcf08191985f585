# mypy: ignore-errors
"""An adversarial autoencoder, backward: the discriminator's gradient is reversed on its way to the encoder."""

import numpy as np


def adversarial_loss(x, z, W1, W2, v):
    """Return the loss of a batch; this is given."""
    h = x @ W1
    reconstruction = 0.5 * ((h @ W2 - x) ** 2).sum() / len(x)
    of_samples, of_codes = z @ v, h @ v  # logits, of being a sample
    mistaken = np.log1p(np.exp(-of_samples)).sum() + np.log1p(np.exp(of_codes)).sum()
    return reconstruction + mistaken / (2 * len(x))


def reversal_backward(x, z, W1, W2, v, weight):
    """Return the gradients with respect to the weights, with the discriminator's gradient reversed for the encoder.

    What the discriminator sends back to h is multiplied by -weight; nothing else is.

    Parameters
    ----------
    x : array (N, D)
        A batch; the output should equal it.
    z : array (N, H)
        As many samples of the prior.
    W1 : array (D, H)
        The encoder's weights.
    W2 : array (H, D)
        The decoder's weights.
    v : array (H,)
        The discriminator's weights.
    weight : float
        The factor of the reversed gradient.

    Returns
    -------
    grad_W1 : array (D, H)
    grad_W2 : array (H, D)
    grad_v : array (H,)
    """
    h = x @ W1
    x_hat = h @ W2
    p_samples, p_codes = 1 / (1 + np.exp(-(z @ v))), 1 / (1 + np.exp(-(h @ v)))
    N = len(x)
    ### BEGIN SOLUTION
    grad_x_hat = (x_hat - x) / N
    grad_of_samples = (p_samples - 1) / (2 * N)
    grad_of_codes = p_codes / (2 * N)
    grad_v = z.T @ grad_of_samples + h.T @ grad_of_codes
    grad_h = grad_x_hat @ W2.T - weight * np.outer(grad_of_codes, v)
    return x.T @ grad_h, h.T @ grad_x_hat, grad_v
    ### END SOLUTION
