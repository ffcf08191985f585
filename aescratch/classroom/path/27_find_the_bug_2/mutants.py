"""Typical mistakes, and how each must be answered."""

from aescratch.classroom import Mutant

MUTANTS = {
    "before the ReLU, as planted": Mutant("grad_W2 = h1.T @ grad_a2", "grad_W2 = a1.T @ grad_a2", "other-name@grad_W2"),
    "the second mask left out": Mutant(" * (a2 > 0)", "", "factor-missing@grad_W2"),
    "the first mask left out": Mutant(" * (a1 > 0)", "", "factor-missing@grad_W1"),
    "no mean": Mutant("p / N", "p", "count-missing@grad_W3"),
}
