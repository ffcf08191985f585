"""Typical mistakes, and how each must be answered."""

from aescratch.classroom import Mutant

MUTANTS = {
    "no weight": Mutant("lam * W", "1.0 * W", "scale@grad_W"),
    "the half forgotten": Mutant("lam * W", "2 * lam * W", "scale@grad_W"),
    "a half too many": Mutant("lam * W", "0.5 * lam * W", "scale@grad_W"),
    "a mean": Mutant("lam * W", "lam * W / len(W)", "scale@grad_W"),
    "sign": Mutant("lam * W", "-lam * W", "sign@grad_W"),
    "of the absolute value": Mutant(
        "return lam * W",
        "import numpy as np\n    return lam * np.sign(W)",
        "factor-missing@grad_W",
    ),
    "the penalty itself": Mutant("lam * W", "0.5 * lam * W**2", "factor-extra@grad_W"),
}
