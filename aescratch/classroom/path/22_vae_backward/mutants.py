"""Typical mistakes, and how each must be answered."""

from aescratch.classroom import Mutant

MUTANTS = {
    "no divergence for mu": Mutant(
        "grad_z + beta * mu / N", "grad_z", "divergence-missing",
        "what the divergence sends to mu is missing",
        "Along how many paths does mu reach the loss?",
    ),
    "no divergence for log_var": Mutant(
        " + beta * 0.5 * (sigma**2 - 1) / N", "", "divergence-missing",
        "what the divergence sends to log_var is missing",
        "Along how many paths does log_var reach the loss?",
    ),
    "the sample does not reach log_var": Mutant(
        "grad_z * eps * 0.5 * sigma + ", "", "sample-missing",
        "what the sample sends to log_var is missing",
        "Along how many paths does log_var reach the loss?",
    ),
    "beta forgotten": Mutant(
        "beta * mu / N", "mu / N", "beta-missing",
        "the divergence's gradient for mu lacks the factor beta",
        "Which weight does the divergence have in the loss?",
    ),
    "log_var does not reach h": Mutant(
        " + grad_log_var @ W_log_var.T", "", "path-to-h",
        "what log_var sends back to h is missing",
        "Into how many layers does h go?",
    ),
    "no noise": Mutant(
        "grad_z * eps * 0.5", "grad_z * 0.5", "noise-missing",
        "eps is missing from what the sample sends to log_var",
        "If sigma grows by a little, by how much does z change?",
    ),
    "no slope": Mutant(
        "grad_h * (1 - h**2)", "grad_h", "slope-of-h",
        "the slope of the tanh is missing before W1",
        "Which function turns x W1 into h?",
    ),
    "mean for the sample": Mutant(
        "z.T @ grad_x_hat", "mu.T @ grad_x_hat", "mean-for-sample",
        "mu is used where the sample z belongs in the gradient of W2",
        "Which array did the forward multiply by W2?",
    ),
}
