"""Typical mistakes, and how each must be answered."""

from aescratch.classroom import Mutant

MUTANTS = {
    "a quarter expected": Mutant('PREDICTION = "d"', 'PREDICTION = "c"', "wrong-prediction"),
    "the deviation for the bound": Mutant("np.sqrt(6 /", "np.sqrt(2 /", "deviation-for-bound@W"),
    "positive only": Mutant("(2 * uniform - 1)", "uniform", "positive-only@W"),
    "half as wide": Mutant("(2 * uniform - 1)", "(uniform - 0.5)", "half-as-wide@W"),
    "no root": Mutant("np.sqrt(6 / (n_in + n_out))", "6 / (n_in + n_out)", "no-root@W"),
    "inputs only": Mutant("6 / (n_in + n_out)", "6 / n_in", "inputs-only@W"),
    "outputs only": Mutant("6 / (n_in + n_out)", "6 / n_out", "outputs-only@W"),
    "a product": Mutant("6 / (n_in + n_out)", "6 / (n_in * n_out)", "product@W"),
    "upside down": Mutant("(2 * uniform - 1)", "(1 - 2 * uniform)", "upside-down@W"),
    "the wrong way round": Mutant("(2 * uniform - 1)", "(2 * uniform - 1).T", "wrong-shape@W"),
    "drawn anew": Mutant("(2 * uniform - 1)", "np.random.uniform(-1, 1, (n_in, n_out))", "not-repeatable"),
    "in place": Mutant(
        "return bound * (2 * uniform - 1)",
        "uniform *= 2 * bound\n    return uniform - bound",
        "changed-argument@uniform",
    ),
}
