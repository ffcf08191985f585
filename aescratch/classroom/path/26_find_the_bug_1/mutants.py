"""Typical mistakes, and how each must be answered."""

from aescratch.classroom import Mutant

MUTANTS = {
    "no mean, as planted": Mutant("grad_rho_hat / N", "grad_rho_hat", "count-missing@grad_b1"),
    "the penalty left out": Mutant(" + grad_rho_hat / N", "", "term-missing@grad_b1"),
    "the penalty alone": Mutant(
        "grad_x_hat @ W2.T + grad_rho_hat / N", "np.zeros_like(h) + grad_rho_hat / N", "term-missing@grad_b1"
    ),
    "another line broken": Mutant("(x_hat - x) / N", "x_hat - x", "count-missing@grad_b2"),
}
