"""Typical mistakes, and how each must be answered."""

from aescratch.classroom import Mutant

MUTANTS = {
    "no mask": Mutant("grad_y * (a >= threshold)", "grad_y.copy()", "slope-missing@grad_a"),
    "k of the batch": Mutant(
        "[-k * len(a)]", "[-k]", "too-few",
        "only k entries of the whole batch pass; k N should",
        "How many entries of the batch does the forward keep?",
    ),
    "k of each row": Mutant(
        "np.sort(a.ravel())[-k * len(a)]", "np.sort(a, axis=1)[:, -k, None]", "per-example@grad_a",
    ),
    "one too few": Mutant(
        "a >= threshold", "a > threshold", "one-too-few",
        "the smallest entry that the forward keeps doesn't pass",
        "How many entries does your mask mark, and is the threshold itself one of them?",
    ),
    "the largest gradients": Mutant(
        "(a >= threshold)", "(grad_y >= np.sort(grad_y.ravel())[-k * len(a)])", "other-inputs@grad_a"
    ),
    "the smallest": Mutant("a >= threshold", "a < threshold", "slope-misused@grad_a"),
    "by size": Mutant(
        "np.sort(a.ravel())[-k * len(a)]\n    return grad_y * (a >= threshold)",
        "np.sort(np.abs(a).ravel())[-k * len(a)]\n    return grad_y * (np.abs(a) >= threshold)",
        "other-inputs@grad_a",
    ),
}
