"""The variants of the playground, in the order of its menu, each with its own settings.

    make(widths, activation) -> a model, whose step is recorded;   sliders -> settings that the step reads

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
    label, says : str
        Its name on the page, and a sentence on its effect.
    least, most, start : float
        Its range, and its first value.
    scale : str
        ``"linear"``, ``"log"``, or ``"whole"`` for whole numbers.
    """

    name: str
    label: str
    says: str
    least: float
    most: float
    start: float
    scale: str = "linear"


@dataclass(frozen=True)
class Variant:
    """A variant in the menu.

    Attributes
    ----------
    make : callable
        Returns the model for widths from input to code, and an activation.
    says : str
        A description for the page, in one or two sentences.
    sliders : tuple of Slider
        Its own settings.
    deep : bool
        Whether it has a hidden layer, whose activation is chosen on the page.
    code : str
        The quantity that is the code, if it is not the decoder's input.
    """

    name: str
    label: str
    make: Callable[[Sequence[int], Any], Any]
    says: str
    sliders: tuple[Slider, ...] = ()
    deep: bool = True
    code: str = ""


def deep(model: Callable[..., Any], **settings: Any) -> Callable[[Sequence[int], Any], Any]:
    """Return a function that makes a model with a hidden layer and a linear code."""
    return lambda widths, activation: model(widths, activation=activation, code_activation=ae.Identity, **settings)


def flat(model: Callable[..., Any], **settings: Any) -> Callable[[Sequence[int], Any], Any]:
    """Return a function that makes a model with one layer; its code has the variant's own activation."""
    return lambda widths, _: model(widths, **settings)


WEIGHT = Slider(
    "weight", "λ, the penalty's weight", "How much the penalty counts beside the reconstruction.", 1e-4, 3.0, 0.1, "log"
)
VARIANTS = (
    Variant(
        "vanilla", "vanilla", deep(ae.Autoencoder),
        "Encoder, a narrow code, decoder: information that doesn't fit into the code is lost. Without an activation it "
        "is no better than PCA.",
    ),
    Variant(
        "denoising", "denoising", deep(ae.DenoisingAutoencoder, corruption=ae.GaussianNoise(0.3)),
        "Its input is damaged data, and it has to restore the clean ones. So its arrows lead back to the data.",
        (
            Slider("sigma", "σ, the noise", "The standard deviation of the noise added to each number.", 0.0, 1.0, 0.3),
            Slider("p", "share that is masked", "The share of numbers that become 0.", 0.0, 0.9, 0.0),
        ),
    ),
    Variant(
        "kl", "sparse: KL", flat(ae.SparseAutoencoder, sparsity=ae.KLSparsity(rho=0.05, weight=0.3)),
        "Many code units, each of which should be active a share ρ of the time: the penalty compares ρ with the mean "
        "activity of the batch.",
        (
            Slider("rho", "ρ, the activity", "The mean activity that each unit should have.", 0.01, 0.5, 0.05, "log"),
            replace(WEIGHT, start=0.3),
        ),
        deep=False,
    ),
    Variant(
        "l1", "sparse: L1", flat(ae.SparseAutoencoder, sparsity=ae.L1Sparsity(0.1)),
        "Many code units, and all activity is penalised, so that few units are active at a time.",
        (WEIGHT,),
        deep=False,
    ),
    Variant(
        "topk", "sparse: top-k", flat(ae.KSparseAutoencoder, k=2),
        "Of many code units the k largest are kept, and the others become 0. There is no penalty weight to choose.",
        (Slider("k", "k, units that are kept", "The number of code units for each example.", 1, 16, 3, "whole"),),
        deep=False,
    ),
    Variant(
        "contractive", "contractive", flat(ae.ContractiveAutoencoder, weight=0.1),
        "The code should change little when x does: the penalty is the size of the encoder's slope.",
        (WEIGHT,),
        deep=False,
    ),
    Variant(
        "vae", "variational (VAE)", lambda widths, activation: ae.VariationalAutoencoder(widths, activation=activation),
        "A code is a small cloud, and all clouds together should form a normal distribution. Then a random code gives "
        "a plausible sample.",
        (Slider("beta", "β, the divergence", "How strongly clouds are drawn to N(0, 1).", 1e-4, 4.0, 0.02, "log"),),
        code="mu",
    ),
    Variant(
        "vq", "vector-quantised (VQ)", deep(ae.VectorQuantizedAutoencoder, n_codes=13, restart=0),
        "A code is replaced by the nearest entry of a codebook, which divides the plane of codes into cells.",
        (
            Slider("K", "K, entries of the codebook", "The number of different codes.", 2, 16, 10, "whole"),
            Slider("beta", "β, the commitment", "How strongly codes are drawn to entries.", 0.01, 2.0, 0.25, "log"),
        ),
    ),
)  # fmt: skip
ACTIVATIONS: dict[str, type[Activation]] = {"tanh": ae.Tanh, "relu": ae.ReLU, "linear": ae.Identity}
