"""Typical mistakes, and how each must be answered."""

from aescratch.classroom import Mutant

MUTANTS = {
    "as if it were given the input": Mutant(
        "return grad_y * y * (1 - y)",
        "import numpy as np\n    s = 1 / (1 + np.exp(-y))\n    return grad_y * s * (1 - s)",
        "wrong-argument@grad_a",
    ),
    "that of tanh": Mutant("y * (1 - y)", "(1 - y * y)", "derivative-replaced@grad_a"),
    "half of it": Mutant("grad_y * y * (1 - y)", "grad_y * (1 - y)", "factor-missing@grad_a"),
    "no upstream": Mutant("grad_y * y * (1 - y)", "y * (1 - y)", "other-upstream@grad_a"),
    "sign": Mutant("(1 - y)", "(y - 1)", "sign@grad_a"),
    "none": Mutant("grad_y * y * (1 - y)", "grad_y.copy()", "slope-missing@grad_a"),
}
