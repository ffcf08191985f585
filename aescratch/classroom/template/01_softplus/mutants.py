"""Typical mistakes: the text in the solution, its replacement, and the code of the right feedback."""

from aescratch.classroom import Mutant

MUTANTS = {
    "no slope": Mutant("grad_y * slope", "grad_y * np.ones_like(slope)", "slope-missing@grad_a"),
    "minus": Mutant("grad_y * slope", "-grad_y * slope", "sign@grad_a"),
    "halved": Mutant("grad_y * slope", "0.5 * grad_y * slope", "scale@grad_a"),
    "upside down": Mutant("np.exp(-a)", "np.exp(a)", "slope-misused@grad_a"),
}
