"""Typical mistakes, and how each must be answered."""

from aescratch.classroom import Mutant

MUTANTS = {
    "the 2 forgotten": Mutant("2 * W *", "W *", "scale@grad_W"),
    "a sum over the batch": Mutant("np.mean(slope**2, axis=0)", "np.sum(slope**2, axis=0)", "scale@grad_W"),
    "no mean": Mutant("(W**2).sum(axis=0) / len(slope)\n    grad", "(W**2).sum(axis=0)\n    grad", "scale@grad_slope"),
    "slope not squared": Mutant("np.mean(slope**2, axis=0)", "np.mean(slope, axis=0)", "square-missing@grad_W"),
    "squared after the mean": Mutant("np.mean(slope**2, axis=0)", "np.mean(slope, axis=0) ** 2", "other-inputs@grad_W"),
    "weights not squared": Mutant("2 * slope * (W**2).sum", "2 * slope * W.sum", "square-missing@grad_slope"),
    "weights summed over units": Mutant("2 * slope * (W**2).sum(axis=0)", "2 * slope * (W**2).sum(axis=1)", "raised"),
}
