"""Typical mistakes, and how each must be answered."""

from aescratch.classroom import Mutant

MUTANTS = {
    "one term only": Mutant(
        "0.5 * (1 + t) + 0.5 * a * (1 - t**2) * slope_u", "0.5 * (1 + t)", "product-rule",
        "one of the two terms of the product rule is missing",
        "In how many places does a appear in the formula of y?",
    ),
    "that of the exact form": Mutant(
        "t = np.tanh(ROOT * (a + 0.044715 * a**3))\n    slope_u",
        "from math import erf\n    below = (1 + np.vectorize(erf)(a / np.sqrt(2))) / 2\n"
        "    return grad_y * (below + a * np.exp(-(a**2) / 2) / np.sqrt(2 * np.pi))\n    slope_u",
        "other-derivative@grad_a",
    ),
    "inner derivative forgotten": Mutant(
        " * slope_u)", ")", "inner-derivative",
        "the derivative of u is missing: the chain rule stops at the tanh",
        "What does a change in a do to u?",
    ),
    "the 3 forgotten": Mutant(
        "1 + 3 * 0.044715", "1 + 0.044715", "inner-derivative",
        "the derivative of u lacks the exponent of its cubic term",
        "What is the derivative of a cube?",
    ),
    "slope of tanh": Mutant(
        "(1 - t**2)", "(1 - t)", "tanh-slope",
        "the slope of tanh is not the right one",
        "What is the slope of tanh, written with its value t?",
    ),
    "no upstream": Mutant("grad_y * (0.5", "(0.5", "other-upstream@grad_a"),
}
