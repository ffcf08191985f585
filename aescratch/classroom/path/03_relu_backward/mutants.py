"""Typical mistakes, and how each must be answered."""

from aescratch.classroom import Mutant

MUTANTS = {
    "mask of the gradient": Mutant("(a > 0)", "(grad_y > 0)", "wrong-argument@grad_a"),
    "no mask": Mutant("grad_y * (a > 0)", "grad_y.copy()", "slope-missing@grad_a"),
    "no upstream": Mutant("grad_y * (a > 0)", "(a > 0) * 1.0", "other-upstream@grad_a"),
    "the value for the slope": Mutant("(a > 0)", "a * (a > 0)", "upstream-times@grad_a"),
    "wrong way round": Mutant("(a > 0)", "(a < 0)", "slope-misused@grad_a"),
    "truth values": Mutant("grad_y * (a > 0)", "a > 0", "wrong-dtype@grad_a"),
    "in place": Mutant("return grad_y * (a > 0)", "grad_y[a <= 0] = 0\n    return grad_y", "changed-argument@grad_y"),
    "zero passes": Mutant("(a > 0)", "(a >= 0)", "slope-at-zero"),
}
