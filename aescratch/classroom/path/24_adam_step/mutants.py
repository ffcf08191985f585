"""Typical mistakes, and how each must be answered."""

from aescratch.classroom import Mutant

MUTANTS = {
    "uphill": Mutant("value - lr", "value + lr", "uphill@new_value"),
    "no corrections": Mutant(
        "m / (1 - beta1**t)\n    v_hat = v / (1 - beta2**t)",
        "m\n    v_hat = v",
        "no-correction@new_value",
    ),
    "m not corrected": Mutant("m / (1 - beta1**t)", "m", "one-correction@new_value"),
    "v not corrected": Mutant("v / (1 - beta2**t)", "v", "one-correction@new_value"),
    "eps under the root": Mutant("(np.sqrt(v_hat) + eps)", "np.sqrt(v_hat + eps)", "eps-inside@new_value"),
    "no root": Mutant("np.sqrt(v_hat)", "v_hat", "no-root@new_value"),
    "not squared": Mutant("grad**2", "abs(grad)", "not-squared@new_value"),
    "step counted from two": Mutant(
        "(1 - beta1**t)\n    v_hat = v / (1 - beta2**t)",
        "(1 - beta1**(t + 1))\n    v_hat = v / (1 - beta2**(t + 1))",
        "step-number@new_value",
    ),
    "in place": Mutant(
        "    m = beta1 * m + (1 - beta1) * grad",
        "    m *= beta1\n    m += (1 - beta1) * grad",
        "changed-argument@m",
    ),
}
