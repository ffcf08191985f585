"""The variants of the tour, in the order of the table, each with the settings that show it at its best in seconds.

    build(rng) -> model of real widths, for training;   build_small(rng) -> of small primes, for the gradient check

A row differs from the vanilla autoencoder's in as little as its idea allows: the same hidden layer, a code of 16 units
and no activation on it, unless the variant is about just that. Sparse codes have 32 units, since their penalty, not
their width, is what limits them. After these come the rows that models say in files of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import aescratch as ae
from aescratch.models import MODELS
from aescratch.models.statements import TourRow

N_CLASSES = 10
DECAY = 1e-3  # keeps weights small that look at pixels where no digit has ink
PRIMES = (13, 11, 5, 3)  # widths of the models whose gradients are checked; a wrong factor names its dimension


@dataclass(frozen=True)
class Variant(TourRow):
    """A row of the table, and ``make(widths, rng=seed, **settings)``, which gives its model."""

    make: Callable[..., Any] = ae.Autoencoder

    def build(self, rng: int) -> Any:
        """Return a new model for the digits."""
        return self.make(list(self.widths), rng=rng, **self.settings)

    def build_small(self, rng: int) -> Any:
        """Return a new model of the same kind and depth, of prime widths, for the gradient check."""
        widths = PRIMES[-len(self.widths) :] if len(self.widths) > 2 else (11, 5)
        return self.make(list(widths), rng=rng, **self.settings)


def keep_a_quarter(widths: Sequence[int], rng: int) -> Any:
    """Return a k-sparse autoencoder that keeps a quarter of its code."""
    return ae.KSparseAutoencoder(widths, k=max(1, widths[-1] // 4), weight_decay=DECAY, rng=rng)


def classifier(widths: Sequence[int], rng: int) -> Any:
    """Return a softmax classifier on the encoder of a stack."""
    return ae.SoftmaxClassifier(ae.StackedAutoencoder(widths, rng=rng, **SIGMOIDS), N_CLASSES, rng=rng)


SIGMOIDS: dict[str, Any] = {"activation": ae.Sigmoid, "initializer": ae.old_uniform}
LINEAR_CODE: dict[str, Any] = {"code_activation": ae.Identity, "weight_decay": DECAY}
DEEP, FLAT, WIDE = (64, 128, 16), (64, 16), (64, 32)
STACK = (64, 64, 32, 16)

VARIANTS = {
    variant.name: variant
    for variant in (
        Variant(
            "vanilla", "Vanilla autoencoder",
            "An encoder compresses a digit of 64 pixels into a code of 16 numbers, a decoder restores the digit from "
            "it. No labels: the input is its own target. The hidden layers are ReLU, so the 16 numbers may be "
            "coordinates on a curved surface, where PCA has a flat one.",
            DEEP, 100, settings=LINEAR_CODE,
        ),
        Variant(
            "vanilla-gelu", "Vanilla autoencoder with GELU",
            "The same layers with x Φ(x), the exact GELU, for ReLU: smooth everywhere, so its gradient has no kinks to "
            "step over.",
            DEEP, 100, settings={"activation": ae.GELU, **LINEAR_CODE},
        ),
        Variant(
            "vanilla-tied", "Vanilla autoencoder with tied weights",
            "The decoder uses the encoder's own weights, transposed: half the parameters. One array then serves twice, "
            "and its gradient is the sum of what both places ask for.",
            DEEP, 100, settings={"tied": True, **LINEAR_CODE},
        ),
        Variant(
            "linear", "Linear autoencoder",
            "No activation anywhere. The best such autoencoder can do is what PCA does: its decoder spans the "
            "subspace of the leading principal components (Baldi & Hornik 1989). The units themselves are any basis of "
            "that subspace, so the filters below need not look like principal components.",
            FLAT, 400, make=ae.LinearAutoencoder,
        ),
        Variant(
            "denoising", "Denoising autoencoder",
            "The input is corrupted by Gaussian noise, the loss is taken against the clean digit (Vincent et al. "
            "2008). Copying no longer helps, so the network has to learn where digits lie and to move towards them.",
            DEEP, 200, settings={"corruption": ae.GaussianNoise(0.3), **LINEAR_CODE}, make=ae.DenoisingAutoencoder,
        ),
        Variant(
            "sparse-kl", "Sparse autoencoder, KL divergence",
            "A penalty keeps each unit's mean activity ρ̂ near a small ρ: weight · Σ KL(ρ ‖ ρ̂). The code is a sigmoid, "
            "which is small but never zero, so nearly all units count as active in the table; what is sparse is their "
            "mean, in the histogram below.",
            WIDE, 150, settings={"sparsity": ae.KLSparsity(rho=0.05, weight=1.0), "weight_decay": 1e-4},
            make=ae.SparseAutoencoder,
        ),
        Variant(
            "sparse-l1", "Sparse autoencoder, L1",
            "The penalty is weight · Σ |h|, and a ReLU code can answer with exact zeros. The decoder's rows have "
            "length one: otherwise it could grow, and let the code shrink for free.",
            WIDE, 200, 2e-3, settings={"sparsity": ae.L1Sparsity(0.05), "unit_norm_decoder": True},
            make=ae.SparseAutoencoder,
        ),
        Variant(
            "k-sparse", "k-sparse autoencoder",
            "No penalty: of each digit's code only the k = 8 largest of 32 units stay, the others are set to zero "
            "(Makhzani & Frey 2013). The gradient passes through the units that stayed.",
            WIDE, 200, 2e-3, make=keep_a_quarter,
        ),
        Variant(
            "contractive", "Contractive autoencoder",
            "The penalty is the squared norm of ∂h/∂x: the code is to change little when the digit does, except where "
            "the reconstruction needs it (Rifai et al. 2011). Its gradient reaches the weights twice, directly and "
            "through the slope of the sigmoid, which takes a second derivative.",
            FLAT, 150, settings={"weight": 0.1}, make=ae.ContractiveAutoencoder,
        ),
        Variant(
            "stacked", "Stacked autoencoder",
            "Three sigmoid layers, started from weights in ±1/√n as was usual before Xavier initialisation, trained "
            "one after the other, each on the codes of the layers below, and then as a whole (Bengio et al. 2007).",
            STACK, 80, settings=SIGMOIDS, pretraining_epochs=30, make=ae.StackedAutoencoder,
        ),
        Variant(
            "classifier", "Stack with a softmax head",
            "The encoder of such a pre-trained stack, with a softmax head, fine-tuned with labels. The accuracy in the "
            "table is the head's own. Its decoder is no longer trained, so there is no reconstruction to show.",
            STACK, 40, 3e-3, pretraining_epochs=30, make=classifier,
        ),
        Variant(
            "variational", "Variational autoencoder",
            "The code is a distribution, drawn towards N(0, 1); what is wanted is the decoder, and the encoder is "
            "there to train it (Kingma & Welling 2013). Half the squared error is a Gaussian decoder of variance 1, "
            "far too noisy for pixels in [0, 1]; beta = 0.05 amounts to a variance of 0.05.",
            DEEP, 150, 3e-3, settings={"beta": 0.05, "weight_decay": DECAY}, make=ae.VariationalAutoencoder,
        ),
        Variant(
            "variational-bce", "Variational autoencoder, Bernoulli decoder",
            "The same with cross-entropy for pixels in [0, 1], at beta = 1: the loss is the negative variational "
            "bound. Grey pixels cost cross-entropy even when they are perfect, so the divergence weighs more; "
            "what it isn't worth to transmit, the encoder leaves at the prior.",
            DEEP, 150, 3e-3, settings={"reconstruction": ae.BinaryCrossEntropy(), "weight_decay": DECAY},
            make=ae.VariationalAutoencoder,
        ),
    )
}  # fmt: skip
VARIANTS |= {row.name: Variant(**vars(row), make=kind) for kind in MODELS for row in vars(kind).get("tour", ())}
