"""Typical mistakes, and how each must be answered."""

from aescratch.classroom import Mutant

MUTANTS = {
    "another expectation": Mutant('PREDICTION = "b"', 'PREDICTION = "c"', "wrong-prediction"),
    "no mask": Mutant("grad_y * (order >= a.shape[1] - k)", "grad_y.copy()", "slope-missing@grad_a"),
    "the k smallest": Mutant("order >= a.shape[1] - k", "order < k", "derivative-replaced@grad_a"),
    "one too many": Mutant(
        "a.shape[1] - k)", "a.shape[1] - k - 1)", "one-too-many",
        "one entry more than k passes in every row",
        "How many entries does your mask keep in a row?",
    ),
    "the largest gradients": Mutant("np.argsort(np.argsort(a,", "np.argsort(np.argsort(grad_y,", "other-name@grad_a"),
    "down the columns": Mutant(
        "np.argsort(np.argsort(a, axis=1), axis=1)\n    return grad_y * (order >= a.shape[1] - k)",
        "np.argsort(np.argsort(a, axis=0), axis=0)\n    return grad_y * (order >= a.shape[0] - k)",
        "derivative-replaced@grad_a",
    ),
    "by size": Mutant("np.argsort(np.argsort(a,", "np.argsort(np.argsort(np.abs(a),", "derivative-replaced@grad_a"),
}
