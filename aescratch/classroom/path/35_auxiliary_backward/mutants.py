"""Typical mistakes, and how each must be answered."""

from aescratch.classroom import Mutant

MUTANTS = {
    "the residual isn't held": Mutant(
        "grad_e_hat = weight * (e_hat - e) / N\n",
        "grad_e_hat = weight * (e_hat - e) / N\n    grad_x_hat = grad_x_hat + grad_e_hat\n",
        "not-held",
        "the auxiliary term reaches x_hat through the residual, which is constant",
        "What does sg[x - x_hat] say about x_hat in the auxiliary term?",
    ),
    "W2 once": Mutant(
        " + z.T @ grad_e_hat", "", "use-missing",
        "what the auxiliary term sends to W2 is missing",
        "In which lines of the forward does W2 appear, and is it constant in one of them?",
    ),
    "W2 held with the residual": Mutant(
        "h.T @ grad_x_hat + z.T @ grad_e_hat", "z.T @ grad_e_hat", "use-missing",
        "what the reconstruction sends to W2 is missing",
        "In which lines of the forward does W2 appear?",
    ),
    "silent units stay silent": Mutant(
        " + (grad_e_hat @ W2.T) * silent_mask", "", "path-missing",
        "what the auxiliary term sends to the silent units is missing",
        "Along how many paths does a reach the loss?",
    ),
    "no mask for the silent": Mutant(
        "(grad_e_hat @ W2.T) * silent_mask", "(grad_e_hat @ W2.T)", "mask-missing",
        "all units get what the auxiliary term sends back, not only those in z",
        "Which entries of a does z hold?",
    ),
    "one mask for both": Mutant(
        "(grad_e_hat @ W2.T) * silent_mask", "(grad_e_hat @ W2.T) * mask", "other-mask",
        "the units of h get what belongs to those of z",
        "Which entries of a does z hold?",
    ),
    "weight forgotten": Mutant(
        "weight * (e_hat - e) / N", "(e_hat - e) / N", "weight-missing",
        "the weight of the auxiliary term is missing",
        "By what is the auxiliary term multiplied in the loss?",
    ),
    "x for the residual": Mutant(
        "weight * (e_hat - e) / N", "weight * (e_hat - x) / N", "other-target",
        "x is used where the residual belongs: the silent units reconstruct the whole input",
        "With what does the auxiliary term compare e_hat?",
    ),
}
