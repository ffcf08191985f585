"""Typical mistakes, and how each must be answered."""

from aescratch.classroom import Mutant

MUTANTS = {
    "another expectation": Mutant('PREDICTION = "b"', 'PREDICTION = "a"', "wrong-prediction"),
    "no mean": Mutant("grad_rho_hat / len(h)", "grad_rho_hat", "scale@grad_h"),
    "each example by itself": Mutant(
        "    return np.tile(grad_rho_hat / len(h), (len(h), 1))",
        "    return (-rho / h + (1 - rho) / (1 - h)) / len(h)",
        "per-example@grad_h",
    ),
    "sign": Mutant("-rho / rho_hat + (1 - rho)", "rho / rho_hat - (1 - rho)", "sign@grad_h"),
    "one term only": Mutant("-rho / rho_hat + (1 - rho) / (1 - rho_hat)", "-rho / rho_hat", "term@grad_h"),
    "plus for minus": Mutant("-rho / rho_hat + (1 - rho)", "-rho / rho_hat - (1 - rho)", "term@grad_h"),
    "one row": Mutant("np.tile(grad_rho_hat / len(h), (len(h), 1))", "grad_rho_hat / len(h)", "wrong-shape@grad_h"),
    "mean over the units": Mutant(
        "h.mean(axis=0)\n    grad",
        "h.mean(axis=1, keepdims=True)\n    grad",
        "wrong-shape@grad_h",
    ),
    "over the units too": Mutant("grad_rho_hat / len(h)", "grad_rho_hat / h.size", "scale@grad_h"),
}
