"""Typical mistakes, and how each must be answered."""

from aescratch.classroom import Mutant

MUTANTS = {
    "no mean": Mutant("np.sign(h) / len(h)", "np.sign(h)", "scale@grad_h"),
    "mean over everything": Mutant("np.sign(h) / len(h)", "np.sign(h) / h.size", "scale@grad_h"),
    "the value": Mutant("np.sign(h)", "h", "factor-extra@grad_h"),
    "always one": Mutant("np.sign(h)", "np.ones_like(h)", "factor-missing@grad_h"),
    "absolute value": Mutant("np.sign(h)", "np.abs(h)", "factor-extra@grad_h"),
    "one at zero": Mutant("np.sign(h)", "np.where(h >= 0, 1.0, -1.0)", "slope-at-zero@grad_h"),
}
