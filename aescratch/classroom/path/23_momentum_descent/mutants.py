"""Typical mistakes, and how each must be answered."""

from aescratch.classroom import Mutant

MUTANTS = {
    "uphill": Mutant("value - lr * v", "value + lr * v", "uphill@new_value"),
    "no momentum": Mutant("v = mu * v + grad", "v = grad", "no-momentum@new_value"),
    "velocity set back": Mutant(
        "    v = np.zeros_like(value)\n    for grad in grads:\n",
        "    for grad in grads:\n        v = np.zeros_like(value)\n",
        "no-momentum@new_value",
    ),
    "mu forgotten": Mutant("mu * v + grad", "v + grad", "all-stays@new_value"),
    "averaged": Mutant("mu * v + grad", "mu * v + (1 - mu) * grad", "averaged@new_value"),
    "moved before": Mutant(
        "v = mu * v + grad\n        value = value - lr * v",
        "value = value - lr * v\n        v = mu * v + grad",
        "moves-first@new_value",
    ),
    "Nesterov": Mutant("value - lr * v", "value - lr * (grad + mu * v)", "looks-ahead@new_value"),
    "the last gradient only": Mutant("in grads:", "in grads[-1:]:", "one-step@new_value"),
    "returned too early": Mutant("    return value\n", "        return value\n", "wrong-values@new_value"),
    "in place": Mutant("value = value - lr * v", "value -= lr * v", "changed-argument@value"),
    "the velocity returned": Mutant("return value", "return v", "wrong-values@new_value"),
}
