"""Typical mistakes, and how each must be answered."""

from aescratch.classroom import Mutant

MUTANTS = {
    "another expectation": Mutant('PREDICTION = "c"', 'PREDICTION = "a"', "wrong-prediction"),
    "no sigmoid slope": Mutant("grad_h * h * (1 - h)", "grad_h", "factor-missing@grad_b1"),
    "decoder not transposed, by reshaping": Mutant(
        "grad_x_hat @ W2.T",
        "grad_x_hat @ W2.reshape(W2.shape[::-1])",
        "transpose-missing@grad_b1",
    ),
    "no mean": Mutant("(x_hat - x) / len(x)", "x_hat - x", "count-missing@grad_b2"),
    "mean over everything": Mutant("(x_hat - x) / len(x)", "(x_hat - x) / x.size", "count-missing@grad_b2"),
    "mean taken twice": Mutant("grad_a.sum(axis=0)", "grad_a.mean(axis=0)", "scale@grad_b1"),
    "the error the wrong way round": Mutant("(x_hat - x) / len(x)", "(x - x_hat) / len(x)", "sign@grad_b2"),
    "pre-activation for the code": Mutant(
        "h.T @ grad_x_hat",
        "(x @ W1 + b1).T @ grad_x_hat",
        "function-missing@grad_W2",
    ),
    "order of the four": Mutant(
        "return grad_W1, grad_b1, grad_W2, grad_b2",
        "return grad_W2, grad_b2, grad_W1, grad_b1",
        "order-of-results@grad_W2",
    ),
}
