"""Typical mistakes, and how each must be answered."""

from aescratch.classroom import Mutant

MUTANTS = {
    "no threshold for a": Mutant("grad_h * (a > theta)", "grad_h.copy()", "slope-missing@grad_a"),
    "a threshold of 0": Mutant("grad_h * (a > theta)", "grad_h * (a > 0)", "other-derivative@grad_a"),
    "wrong sign": Mutant("-theta / bandwidth", "theta / bandwidth", "sign@grad_theta"),
    "no size of the jump": Mutant("-theta / bandwidth", "-1 / bandwidth", "factor-missing@grad_theta"),
    "no width": Mutant("-theta / bandwidth", "-theta", "scale@grad_theta"),
    "twice as wide": Mutant(
        "< bandwidth / 2\n", "< bandwidth\n", "window-too-wide",
        "the window reaches a whole bandwidth to each side, not half a bandwidth",
        "The window around theta is as wide as the bandwidth: how far does it reach to one side?",
    ),
    "all that are on": Mutant(
        "np.abs(a - theta) < bandwidth / 2", "a > theta", "window-missing",
        "every entry above the threshold contributes to grad_theta, not only those near it",
        "Which entries would switch on or off if theta changed a little?",
    ),
    "a mean": Mutant("(grad_h * near).sum(axis=0)", "(grad_h * near).mean(axis=0)", "scale@grad_theta"),
    "no upstream": Mutant("(grad_h * near).sum(axis=0)", "near.sum(axis=0)", "other-upstream@grad_theta"),
}
