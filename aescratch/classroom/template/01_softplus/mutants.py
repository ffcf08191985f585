"""Typical mistakes: what is replaced in the solution, by what, and how it must be answered."""

from aescratch.classroom import Mutant

MUTANTS = {
    "no slope": Mutant("grad_y * slope", "grad_y * np.ones_like(slope)", "slope-missing@grad_a"),
    "minus": Mutant("grad_y * slope", "-grad_y * slope", "sign@grad_a"),
    "halved": Mutant("grad_y * slope", "0.5 * grad_y * slope", "scale@grad_a"),
    "upside down": Mutant("np.exp(-a)", "np.exp(a)", "slope-misused@grad_a"),
}
