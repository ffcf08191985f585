"""Typical mistakes, and how each must be answered."""

from aescratch.classroom import Mutant

MUTANTS = {
    "another expectation": Mutant('PREDICTION = "a"', 'PREDICTION = "b"', "wrong-prediction"),
    "no half": Mutant("eps * 0.5 * np", "eps * np", "scale@grad_log_var"),
    "no noise": Mutant("grad_z * eps * 0.5", "grad_z * 0.5", "factor-missing@grad_log_var"),
    "the variance for the deviation": Mutant(
        "* np.exp(0.5 * log_var)\n    return",
        "* np.exp(log_var)\n    return",
        "factor-extra@grad_log_var",
    ),
    "no deviation": Mutant("eps * 0.5 * np.exp(0.5 * log_var)", "eps * 0.5", "factor-missing@grad_log_var"),
    "the very array": Mutant("grad_z.copy()", "grad_z", "shared-memory@grad_z"),
    "no upstream": Mutant("grad_z * eps", "eps", "other-upstream@grad_log_var"),
    "the wrong order": Mutant(
        "return grad_mu, grad_log_var",
        "return grad_log_var, grad_mu",
        "order-of-results@grad_log_var",
    ),
}
