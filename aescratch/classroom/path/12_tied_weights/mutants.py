"""Typical mistakes, and how each must be answered."""

from aescratch.classroom import Mutant

MUTANTS = {
    "another expectation": Mutant('PREDICTION = "c"', 'PREDICTION = "b"', "wrong-prediction"),
    "decoder forgotten": Mutant("x.T @ grad_a + grad_x_hat.T @ h", "x.T @ grad_a", "layer-path-missing@grad_W"),
    "encoder forgotten": Mutant("x.T @ grad_a + grad_x_hat.T @ h", "grad_x_hat.T @ h", "layer-path-missing@grad_W"),
    "averaged": Mutant("x.T @ grad_a + grad_x_hat.T @ h", "(x.T @ grad_a + grad_x_hat.T @ h) / 2", "scale@grad_W"),
    "decoder not transposed": Mutant("grad_x_hat.T @ h", "h.T @ grad_x_hat", "raised"),
    "decoder subtracted": Mutant("+ grad_x_hat.T", "- grad_x_hat.T", "described@grad_W"),
    "no slope": Mutant(" * (1 - h**2)", "", "layer-slope-missing@grad_W"),
}
