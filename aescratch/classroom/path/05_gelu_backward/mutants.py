"""Typical mistakes, and how each must be answered."""

from aescratch.classroom import Mutant

MUTANTS = {
    "one factor only": Mutant("Phi + a * density", "Phi", "derivative-replaced@grad_a"),
    "the other factor only": Mutant("Phi + a * density", "a * density", "upstream-term@grad_a"),
    "density without a": Mutant("Phi + a * density", "Phi + density", "factor-missing@grad_a"),
    "that of the tanh form": Mutant(
        "return grad_y * (Phi + a * density)",
        "t = np.tanh(np.sqrt(2 / np.pi) * (a + 0.044715 * a**3))\n"
        "    u = np.sqrt(2 / np.pi) * (1 + 3 * 0.044715 * a**2)\n"
        "    return grad_y * (0.5 * (1 + t) + 0.5 * a * (1 - t**2) * u)",
        "other-derivative@grad_a",
    ),
    "density not normalised": Mutant(" / np.sqrt(2 * np.pi)", "", "described@grad_a"),
    "no upstream": Mutant("grad_y * (Phi + a * density)", "Phi + a * density", "other-upstream@grad_a"),
}
