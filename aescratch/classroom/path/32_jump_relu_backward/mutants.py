"""Typical mistakes, and how each must be answered."""

from aescratch.classroom import Mutant

MUTANTS = {
    "no threshold for a": Mutant(
        "grad_h * (a > theta)", "grad_h.copy()", "slope-of-a",
        "grad_a passes everything on, also where a is below its threshold",
        "If an entry below the threshold grows a little, does h change?",
    ),
    "a threshold of 0": Mutant(
        "grad_h * (a > theta)", "grad_h * (a > 0)", "slope-of-a",
        "grad_a passes what is above 0; the threshold is theta",
        "Above which number does the forward keep an entry?",
    ),
    "wrong sign": Mutant(
        "-theta / bandwidth", "theta / bandwidth", "threshold-sign",
        "grad_theta has the wrong sign",
        "If theta grows, does h at the threshold grow or vanish?",
    ),
    "no size of the jump": Mutant(
        "-theta / bandwidth", "-1 / bandwidth", "jump-missing",
        "the size of the jump, theta, is missing from grad_theta",
        "By how much does h jump when a passes theta?",
    ),
    "no width": Mutant(
        "-theta / bandwidth", "-theta", "width-missing",
        "the division by the bandwidth is missing from grad_theta",
        "How steep is a ramp that climbs by theta over the width bandwidth?",
    ),
    "twice as wide": Mutant(
        "bandwidth / 2", "bandwidth", "window-too-wide",
        "the window reaches a whole bandwidth to each side, not half of one",
        "The window around theta is as wide as the bandwidth: how far does it reach to one side?",
    ),
    "all that are on": Mutant(
        "np.abs(a - theta) < bandwidth / 2", "a > theta", "window-missing",
        "every entry above the threshold has a say in grad_theta, not those near it",
        "Which entries would switch on or off if theta moved by a little?",
    ),
    "a mean": Mutant(
        "(grad_h * near).sum(axis=0)", "(grad_h * near).mean(axis=0)", "mean-for-sum",
        "grad_theta is averaged over the examples where it must be added up",
        "Every example that has a say adds to the gradient of the one threshold. Where is the mean?",
    ),
    "no upstream": Mutant(
        "(grad_h * near).sum(axis=0)", "near.sum(axis=0)", "no-upstream",
        "grad_theta doesn't ask what the loss wants of h",
        "By what is the count of the entries near the threshold weighted?",
    ),
}
