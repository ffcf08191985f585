"""What every recorded operation does to each number, in the language of `language.py`.

A recording says which function of `aescratch.functions` was called with which arguments. The formulas entry by entry,
in the function's own names, are in the records of the sheet, and are collected here. Whenever a step is recorded, each
is compared with what the function returned. Lines before the last ones name intermediate quantities such as rho_hat,
which the pages show separately.
"""

from __future__ import annotations

from aescratch import functions

FORMULAS: dict[str, tuple[str, ...]] = {
    name: lines for formula in functions.FORMULAS.values() for name, lines in formula.lines_of.items()
}

# Operations of the array module between the calls of the sheet's functions: sums of gradients, weights of penalties.
ELEMENTWISE = {
    "add": "{0} + {1}", "subtract": "{0} - {1}", "multiply": "{0} * {1}", "divide": "{0} / {1}", "negative": "-{0}",
    "exp": "exp({0})", "log": "log({0})", "log1p": "log1p({0})", "sqrt": "sqrt({0})", "tanh": "tanh({0})",
    "absolute": "abs({0})", "sign": "sign({0})", "maximum": "max({0}, {1})", "minimum": "min({0}, {1})",
    "square": "{0}**2",
}  # fmt: skip

ADAMS_MOMENTS = (
    "m = beta1 * m_0 + (1 - beta1) * g", "v = beta2 * v_0 + (1 - beta2) * g**2",
    "m_hat = m / (1 - beta1**t)", "v_hat = v / (1 - beta2**t)",
)  # fmt: skip
# The optimisers' rules, for one parameter q and its gradient g, in a training's first step: all moments start at 0.
RULES: dict[str, tuple[str, ...]] = {
    "SGD": ("new = q - eta * g",),
    "Momentum": ("v = mu * v_0 + g", "new = q - eta * v"),
    "Nesterov": ("v = mu * v_0 + g", "new = q - eta * (g + mu * v)"),
    "RMSProp": ("v = beta * v_0 + (1 - beta) * g**2", "new = q - eta * g / (sqrt(v) + epsilon)"),
    "Adam": (*ADAMS_MOMENTS, "new = q - eta * m_hat / (sqrt(v_hat) + epsilon)"),
    "AdamW": (*ADAMS_MOMENTS, "new = q * (1 - eta * shrinkage) - eta * m_hat / (sqrt(v_hat) + epsilon)"),
}
