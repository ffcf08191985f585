"""Typical mistakes, and how each must be answered."""

from aescratch.classroom import Mutant

MUTANTS = {
    "as planted": Mutant("mu + np.exp(0.5 * log_var)", "mu + np.exp(log_var)", "variance-for-deviation@z"),
    "forward repaired only": Mutant("0.5 * np.exp(0.5 * log_var)", "np.exp(log_var)", "factor-extra@grad_log_var"),
    "no deviation": Mutant("return mu + np.exp(0.5 * log_var) * eps", "return mu + eps", "no-deviation@z"),
    "the logarithm": Mutant("return mu + np.exp(0.5 * log_var) * eps", "return mu + log_var * eps", "logarithm@z"),
    "no half": Mutant("grad_z * eps * 0.5 * np", "grad_z * eps * np", "scale@grad_log_var"),
}
