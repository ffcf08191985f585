"""Typical mistakes, and how each must be answered."""

from aescratch.classroom import Mutant

MUTANTS = {
    "noise for a target": Mutant("(x_hat - x) / len(x)", "(x_hat - x_tilde) / len(x)", "other-name@grad_W2"),
    "clean input into the encoder": Mutant(
        "x_tilde.T @ grad_a", "x.T @ grad_a", "clean-input",
        "the clean x is used where the encoder's input belongs",
        "Which array did the forward multiply by W1?",
    ),
    "no slope": Mutant(" * (1 - h**2)", "", "factor-missing@grad_W1"),
    "no mean": Mutant("(x_hat - x) / len(x)", "x_hat - x", "count-missing@grad_W2"),
    "the wrong order": Mutant("return grad_W1, grad_W2", "return grad_W2, grad_W1", "order-of-results@grad_W2"),
}
