"""Typical mistakes, and how each must be answered."""

from aescratch.classroom import Mutant

MUTANTS = {
    "no mean": Mutant(" / len(x)", "", "scale@grad_x_hat"),
    "mean over everything": Mutant("/ len(x)", "/ x.size", "scale@grad_x_hat"),
    "mean over features": Mutant("/ len(x)", "/ x.shape[1]", "scale@grad_x_hat"),
    "the half forgotten": Mutant("return (x_hat - x) /", "return 2 * (x_hat - x) /", "scale@grad_x_hat"),
    "the wrong way round": Mutant("return (x_hat - x)", "return (x - x_hat)", "sign@grad_x_hat"),
    "the loss itself": Mutant("(x_hat - x) / len(x)", "0.5 * (x_hat - x) ** 2 / len(x)", "factor-extra@grad_x_hat"),
    "summed": Mutant("(x_hat - x) / len(x)", "(x_hat - x).sum(axis=1) / len(x)", "wrong-shape@grad_x_hat"),
}
