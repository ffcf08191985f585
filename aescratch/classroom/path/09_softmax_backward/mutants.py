"""Typical mistakes, and how each must be answered."""

from aescratch.classroom import Mutant

MUTANTS = {
    "no mean": Mutant(" / len(labels)\n", "\n", "scale@grad_logits"),
    "only the right class": Mutant(
        "p[np.arange(len(labels)), labels] -= 1\n    return p / len(labels)",
        "g = np.zeros_like(p)\n"
        "    g[np.arange(len(labels)), labels] = p[np.arange(len(labels)), labels] - 1\n"
        "    return g / len(labels)",
        "factor-extra@grad_logits",
    ),
    "no one-hot": Mutant("    p[np.arange(len(labels)), labels] -= 1\n", "", "term@grad_logits"),
    "sign": Mutant("-= 1\n    return p /", "-= 1\n    return -p /", "sign@grad_logits"),
    "every column of the labels": Mutant(
        "p[np.arange(len(labels)), labels] -= 1",
        "p[:, labels] -= 1",
        "index@grad_logits",
    ),
    "overflow": Mutant(
        "np.exp(logits - logits.max(axis=1, keepdims=True))",
        "np.exp(logits)",
        "not-finite@grad_logits",
    ),
    "softmax down the columns": Mutant("e.sum(axis=1, keepdims=True)", "e.sum(axis=0)", "described@grad_logits"),
    "mean over classes too": Mutant("p / len(labels)", "p / p.size", "scale@grad_logits"),
}
