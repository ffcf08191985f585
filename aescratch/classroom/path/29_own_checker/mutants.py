"""Typical mistakes, and how each must be answered."""

from aescratch.classroom import Mutant

LAST = "np.abs(claimed - numeric).max() <= 1e-5 * scale"
MUTANTS = {
    "differences to one side": Mutant(
        "        x[place] = here - h\n        below = loss(x)\n        x[place] = here\n"
        "        numeric[place] = (above - below) / (2 * h)",
        "        x[place] = here\n        numeric[place] = (above - loss(x)) / h",
        "one-sided",
    ),
    "steps too small": Mutant("h = 1e-5", "h = 1e-13", "step-small"),
    "steps too large": Mutant("h = 1e-5", "h = 0.01", "step-large"),
    "steps over the kink": Mutant("h = 1e-5", "h = 0.003", "step-large"),
    "an absolute tolerance": Mutant(LAST, "np.abs(claimed - numeric).max() <= 1e-5", "accepted-tiny"),
    "a tolerance never below": Mutant("scale = max(", "scale = max(1.0, ", "accepted-tiny"),
    "a tolerance for anything": Mutant("1e-5 * scale", "1e-2 * scale", "accepted-close"),
    "sums compared": Mutant(LAST, "abs(claimed.sum() - numeric.sum()) <= 1e-5 * scale", "accepted-transposed"),
    "sizes compared": Mutant(
        LAST, "np.abs(np.abs(claimed) - np.abs(numeric)).max() <= 1e-5 * scale", "accepted-sign"
    ),
    "norms compared": Mutant(
        LAST, "abs(np.linalg.norm(claimed) - np.linalg.norm(numeric)) <= 1e-5 * scale", "accepted-sign"
    ),
    "one entry compared": Mutant(LAST, "np.abs(claimed - numeric)[0, 0] <= 1e-5 * scale", "accepted-entry"),
    "nothing over nothing": Mutant(
        LAST, "(np.abs(claimed - numeric) / (np.abs(claimed) + np.abs(numeric))).max() <= 1e-5", "refused-zero"
    ),
    "NaN let through": Mutant(
        "claimed.shape != x.shape or not np.isfinite(claimed).all():\n        return False",
        "claimed.shape != x.shape:\n        return False\n    if np.isnan(claimed).any():\n        return True",
        "accepted-not-finite",
    ),
    "any shape": Mutant("claimed.shape != x.shape or not", "not", "accepted-shape"),
    "integers moved": Mutant("x = np.array(x, dtype=float)", "x = np.array(x)", "refused-whole"),
    "not put back": Mutant("        x[place] = here\n", "", "not-restored"),
    "x left elsewhere": Mutant(
        "x = np.array(x, dtype=float)\n    claimed = np.asarray(grad(x.copy()))",
        "claimed = np.asarray(grad(x))\n    x += 1e-9 if x.dtype.kind == 'f' else 0",
        "changed-argument@x",
    ),
    "everything accepted": Mutant("return bool(" + LAST + ")", "return True", "accepted-factor"),
    "everything refused": Mutant("return bool(" + LAST + ")", "return False", "refused-ordinary"),
    "the loss never asked": Mutant("for place in np.ndindex(x.shape):", "for place in ():", "never-asked"),
    "the difference returned": Mutant(
        "return bool(" + LAST + ")", "return np.abs(claimed - numeric).max()", "wrong-type"
    ),
    "entries in a row": Mutant("above = loss(x)", "above = loss(x.ravel())", "raised"),
}
