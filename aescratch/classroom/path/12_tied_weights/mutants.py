"""Typical mistakes, and how each must be answered."""

from aescratch.classroom import Mutant

MUTANTS = {
    "another expectation": Mutant('PREDICTION = "c"', 'PREDICTION = "b"', "wrong-prediction"),
    "decoder forgotten": Mutant("x.T @ grad_a + grad_x_hat.T @ h", "x.T @ grad_a", "term-missing@grad_W"),
    "encoder forgotten": Mutant("x.T @ grad_a + grad_x_hat.T @ h", "grad_x_hat.T @ h", "term-missing@grad_W"),
    "averaged": Mutant("x.T @ grad_a + grad_x_hat.T @ h", "(x.T @ grad_a + grad_x_hat.T @ h) / 2", "scale@grad_W"),
    "decoder not transposed": Mutant("grad_x_hat.T @ h", "h.T @ grad_x_hat", "raised"),
    "decoder subtracted": Mutant("+ grad_x_hat.T", "- grad_x_hat.T", "sign-of-term@grad_W"),
    "no slope": Mutant(" * (1 - h**2)", "", "factor-missing@grad_b"),
}
