"""Typical mistakes, and how each must be answered."""

from aescratch.classroom import Mutant

MUTANTS = {
    "another expectation": Mutant('PREDICTION = "b"', 'PREDICTION = "a"', "wrong-prediction"),
    "passed on everywhere": Mutant("grad_z * (np.abs(a) <= 1)", "grad_z.copy()", "slope-missing@grad_a"),
    "the true derivative": Mutant("grad_z * (np.abs(a) <= 1)", "0.0 * grad_z", "zeros@grad_a"),
    "far units only": Mutant("np.abs(a) <= 1", "np.abs(a) > 1", "slope-misused@grad_a"),
    "positive units only": Mutant("np.abs(a) <= 1", "a > 0", "other-derivative@grad_a"),
    "one side open": Mutant("np.abs(a) <= 1", "a <= 1", "square-missing@grad_a"),
    "large gradients cut": Mutant("np.abs(a) <= 1", "np.abs(grad_z) <= 1", "other-name@grad_a"),
    "times the code": Mutant("(np.abs(a) <= 1)", "(np.abs(a) <= 1) * binary_code(a)", "factor-missing@grad_a"),
}
