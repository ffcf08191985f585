"""Typical mistakes, and how each must be answered."""

from aescratch.classroom import Mutant

MUTANTS = {
    "no mean for mu": Mutant("mu / len(mu)\n    grad_log", "mu.copy()\n    grad_log", "scale@grad_mu"),
    "no half": Mutant("0.5 * (np.exp(log_var) - 1)", "(np.exp(log_var) - 1)", "scale@grad_log_var"),
    "the one forgotten": Mutant("0.5 * (np.exp(log_var) - 1)", "0.5 * np.exp(log_var)", "term@grad_log_var"),
    "sign": Mutant("0.5 * (np.exp(log_var) - 1)", "0.5 * (1 - np.exp(log_var))", "sign@grad_log_var"),
    "twice mu": Mutant("grad_mu = mu /", "grad_mu = 2 * mu /", "scale@grad_mu"),
    "as if log_var were the variance": Mutant(
        "0.5 * (np.exp(log_var) - 1)",
        "0.5 * (1 - 1 / np.exp(log_var))",
        "factor-missing@grad_log_var",
    ),
    "with respect to the deviation": Mutant(
        "0.5 * (np.exp(log_var) - 1)",
        "(np.exp(0.5 * log_var) - np.exp(-0.5 * log_var))",
        "factor-missing@grad_log_var",
    ),
    "mean over units too": Mutant("mu / len(mu)\n    grad_log", "mu / mu.size\n    grad_log", "scale@grad_mu"),
}
