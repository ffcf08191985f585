"""The variants of the playground, in the order of its menu, each with its own settings.

    make(widths, activation) -> a model, whose step is recorded;   sliders -> settings that the step reads

What the page says of variants and sliders is in strings.en.json and strings.ko.json, by their names.

Variants whose code may be wider than the data have one layer, since a hidden layer would show nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import aescratch as ae
from aescratch.activations import Activation


@dataclass(frozen=True)
class Slider:
    """A number that the user changes: a setting of the step, a size, or the strength of a noise.

    Attributes
    ----------
    name : str
        Its name in the step.
    least, most, start : float
        Its range, and its first value.
    scale : str
        ``"linear"``, ``"log"``, or ``"whole"`` for whole numbers.
    says : str
        Its name among the words of the page, if that is another.
    """

    name: str
    least: float
    most: float
    start: float
    scale: str = "linear"
    says: str = ""


@dataclass(frozen=True)
class Variant:
    """A variant in the menu.

    Attributes
    ----------
    make : callable
        Returns the model for widths from input to code, and an activation.
    sliders : tuple of Slider
        Its own settings.
    deep : bool
        Whether it has a hidden layer, whose activation is chosen on the page.
    code : str
        The quantity that is the code, if it is not the decoder's input.
    """

    name: str
    make: Callable[[Sequence[int], Any], Any]
    sliders: tuple[Slider, ...] = ()
    deep: bool = True
    code: str = ""


def deep(model: Callable[..., Any], **settings: Any) -> Callable[[Sequence[int], Any], Any]:
    """Return a function that makes a model with a hidden layer and a linear code."""
    return lambda widths, activation: model(widths, activation=activation, code_activation=ae.Identity, **settings)


def flat(model: Callable[..., Any], **settings: Any) -> Callable[[Sequence[int], Any], Any]:
    """Return a function that makes a model with one layer; its code has the variant's own activation."""
    return lambda widths, _: model(widths, **settings)


WEIGHT = Slider("weight", 1e-4, 3.0, 0.1, "log")
VARIANTS = (
    Variant("vanilla", deep(ae.Autoencoder)),
    Variant(
        "denoising", deep(ae.DenoisingAutoencoder, corruption=ae.GaussianNoise(0.3)),
        (Slider("sigma", 0.0, 1.0, 0.3), Slider("p", 0.0, 0.9, 0.0)),
    ),
    Variant(
        "kl", flat(ae.SparseAutoencoder, sparsity=ae.KLSparsity(rho=0.05, weight=0.3)),
        (Slider("rho", 0.01, 0.5, 0.05, "log"), replace(WEIGHT, start=0.3)),
        deep=False,
    ),
    Variant("l1", flat(ae.SparseAutoencoder, sparsity=ae.L1Sparsity(0.1)), (WEIGHT,), deep=False),
    Variant("topk", flat(ae.KSparseAutoencoder, k=2), (Slider("k", 1, 16, 3, "whole"),), deep=False),
    Variant("contractive", flat(ae.ContractiveAutoencoder, weight=0.1), (WEIGHT,), deep=False),
    Variant(
        "vae", lambda widths, activation: ae.VariationalAutoencoder(widths, activation=activation),
        (Slider("beta", 1e-4, 4.0, 0.02, "log", "divergence"),),
        code="mu",
    ),
    Variant(
        "vq", deep(ae.VectorQuantizedAutoencoder, n_codes=13, restart=0),
        (Slider("K", 2, 16, 10, "whole"), Slider("beta", 0.01, 2.0, 0.25, "log", "commitment")),
    ),
)  # fmt: skip
ACTIVATIONS: dict[str, type[Activation]] = {"tanh": ae.Tanh, "relu": ae.ReLU, "linear": ae.Identity}
