"""Names for the quantities of a recorded step: the textbook's letters, each used once.

    encoder.dense1 -> a1 = x W1 + b1;  encoder.relu1 -> h1;  decoder.dense1 -> x_hat = h1 W2 + b2;  the loss -> J

Dense layers are counted through encoder and decoder. ``grad_q`` is the gradient of q; if it is a sum, its
shares are named after the parts that they come from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aescratch.foundations.parameters import Parameter
from aescratch.inspection.tracing.arrays import Quantity
from aescratch.inspection.tracing.formulas import ELEMENTWISE
from aescratch.layers import begins_stage

OUTPUTS = {"dense": "a", "batch_norm": "a_norm", "running_norm": "a_norm", "dropout": "h_kept"}
STATISTICS = ("mean", "variance", "deviation", "average")
HEADS = {"mean": "mu", "log_variance": "log_var"}
# As text, and in LaTeX.
LETTERS = {
    "x_hat": ("x̂", r"\hat{x}"), "x_tilde": ("x̃", r"\tilde{x}"), "rho": ("ρ", r"\rho"), "rho_hat": ("ρ̂", r"\hat{\rho}"),
    "mu": ("μ", r"\mu"), "log_var": ("log σ²", r"\log\sigma^2"), "sigma": ("σ", r"\sigma"),
    "eps": ("ε", r"\varepsilon"), "eta": ("η", r"\eta"), "lam": ("λ", r"\lambda"), "alpha": ("α", r"\alpha"),
    "beta": ("β", r"\beta"), "gamma": ("γ", r"\gamma"), "m_hat": ("m̂", r"\hat{m}"), "v_hat": ("v̂", r"\hat{v}"),
    "m_0": ("m₀", "m^{(0)}"), "v_0": ("v₀", "v^{(0)}"),
}  # fmt: skip
SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


class Names:
    """The names in use; a name that is requested again gets a number."""

    def __init__(self) -> None:
        self.taken: set[str] = set()

    def take(self, quantity: Quantity, wish: str) -> None:
        """Name a quantity, permanently, by its preferred name or a similar one."""
        if quantity.name:
            return
        name, count = wish, 1
        while name in self.taken:
            count += 1
            name = f"{wish}_{count}"
        self.taken.add(name)
        quantity.name = name


def layer_suffixes(parts: Mapping[str, Any]) -> dict[str, str]:
    """Return the suffix of every part's letters: the number of its dense layer, or the name of a head.

    Examples
    --------
    >>> layer_suffixes(ae.VariationalAutoencoder([5, 3], rng=0).parts)["decoder.dense1"]
    '1'
    """
    suffixes, number = {}, 0
    for name, part in parts.items():
        if "." in name:
            number += begins_stage(part)
            suffixes[name] = str(number)
        else:
            suffixes[name] = "_" + HEADS.get(name, name)
    return suffixes


def name_parameters(parts: Mapping[str, Any], known: Mapping[int, Quantity], names: Names) -> None:
    """Name the parameters W1, b1, W2, ... in the order of the layers, those of a head W_mu, b_mu."""
    suffixes = layer_suffixes(parts)
    for place, part in parts.items():
        for attribute, value in vars(part).items():
            if isinstance(value, Parameter) and id(value) in known:
                names.take(known[id(value)], attribute + suffixes[place])


def name_forward(
    quantities: Sequence[Quantity], parts: Mapping[str, Any], results: Mapping[str, Quantity], loss: Quantity,
    outputs: Sequence[Quantity], names: Names,
) -> None:  # fmt: skip
    """Name the results of the forward pass; `outputs` are the inputs of the losses, with their preferred names."""
    names.take(loss, "J")
    suffixes = layer_suffixes(parts)
    terms = {id(quantity): place for place, quantity in results.items() if not quantity.value.ndim}
    for quantity in outputs:
        if quantity.kind == "forward":
            names.take(quantity, quantity.wish)
    for quantity in quantities:
        suffix = suffixes.get(quantity.part, "")
        if quantity.part in HEADS and quantity.function == "dense":
            wish = HEADS[quantity.part]
        elif id(quantity) in terms:
            wish = terms[id(quantity)]
        elif quantity.function == "weight_decay":
            wish = f"half_square_{quantity.inputs[0].name}"
        elif quantity.wish in STATISTICS or quantity.function == "unit_rows":
            wish = quantity.wish + suffix
        elif quantity.function in OUTPUTS:
            wish = OUTPUTS[quantity.function] + suffix
        elif quantity.wish == "y" and not quantity.function.endswith("_slope"):
            wish = f"h{suffix}"
        else:
            wish = quantity.wish or ("sum" if quantity.function == "add" else "scaled")
        names.take(quantity, wish)


def name_backward(quantities: Sequence[Quantity], names: Names) -> None:
    """Name the gradients: the last of a quantity is the whole gradient, and those before are its shares."""
    aimed = [(quantity, quantity.target) for quantity in quantities if quantity.target is not None]
    whole = {id(target): (quantity, target) for quantity, target in aimed}
    for quantity, target in whole.values():
        names.take(quantity, f"grad_{target.name}")
    shares = [(quantity, target) for quantity, target in aimed if not quantity.name]
    latest = {(id(target), quantity.part): (quantity, target) for quantity, target in shares if quantity.part}
    for quantity, target in latest.values():
        names.take(quantity, f"grad_{target.name}_{quantity.part.partition('.')[0]}")
    for quantity, target in shares:
        quantity.share = True
        function = quantity.function.removesuffix("_backward")
        suffix = "sum" if function in ELEMENTWISE else f"{function}_alone"  # before its weight or its sum
        names.take(quantity, f"grad_{target.name}_{suffix}")
    for quantity in quantities:
        names.take(quantity, quantity.wish or "between")


def label(quantity: Quantity) -> str:
    """Return a name for display: ∂J/∂W1 for grad_W1."""
    if quantity.target is None:
        return word(quantity.name)
    of = f"∂J/∂{word(quantity.target.name)}"
    share = quantity.name.removeprefix(f"grad_{quantity.target.name}").strip("_")
    return f"{of} ({share.replace('_', ' ')})" if share else of


def word(name: str) -> str:
    """Return a name with Greek letters and hats, if it has any.

    Examples
    --------
    >>> word("rho_hat"), word("W_log_var_new"), word("W1_new"), word("gamma1_new")
    ('ρ̂', 'W log σ² new', 'W1 new', 'γ₁ new')
    """
    letters = name.rstrip("0123456789") if name not in LETTERS else name
    if letters in LETTERS:
        return LETTERS[letters][0] + name.removeprefix(letters).translate(SUBSCRIPTS)
    head, _, rest = name.partition("_")
    for start in LETTERS:
        if "_" in start and name.startswith(start + "_"):
            head, rest = start, name.removeprefix(start + "_")
    return f"{word(head)} {word(rest)}" if rest else name.replace("_", " ")
