"""The variants of the tour, in the order of the table, each with settings that give good results in seconds.

    build(rng) -> model of real widths, for training;   build_small(rng) -> of small primes, for the gradient check

A row differs from that of the vanilla autoencoder as little as its idea allows: it has the same hidden layer, and a
code of 16 units without activation, unless the variant changes exactly that. Sparse codes have 32 units, since their
penalty limits them, not their width. Rows that models declare in their own files come last.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import aescratch as ae
from aescratch.models import MODELS
from aescratch.models.statements import TourRow

N_CLASSES = 10
DECAY = 1e-3  # keeps the weights of pixels small that are always empty
PRIMES = (13, 11, 5, 3)  # widths of the models in gradient checks, so that a wrong factor reveals its dimension


@dataclass(frozen=True)
class Variant(TourRow):
    """A row of the table, and ``make(widths, rng=seed, **settings)``, which returns its model."""

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
            "An encoder compresses a digit of 64 pixels into a code of 16 numbers, and a decoder restores the digit "
            "from it. There are no labels: the input is its own target. The hidden layers are ReLU, so the 16 numbers "
            "may be coordinates on a curved surface, while those of PCA lie on a flat one.",
            DEEP, 100, settings=LINEAR_CODE,
        ),
        Variant(
            "vanilla-gelu", "Vanilla autoencoder with GELU",
            "The same layers with x Φ(x), the exact GELU, in place of ReLU. It is smooth everywhere, so the gradient "
            "check meets no kinks.",
            DEEP, 100, settings={"activation": ae.GELU, **LINEAR_CODE},
        ),
        Variant(
            "vanilla-tied", "Vanilla autoencoder with tied weights",
            "The decoder uses the encoder's own weights, transposed, which halves the parameters. One array is used "
            "twice, and its gradient is the sum of the gradients of both places.",
            DEEP, 100, settings={"tied": True, **LINEAR_CODE},
        ),
        Variant(
            "linear", "Linear autoencoder",
            "It has no activations. The best that such an autoencoder can do is PCA: its decoder spans the subspace of "
            "the leading principal components (Baldi & Hornik 1989). The units themselves can be any basis of that "
            "subspace, so the filters below need not look like principal components.",
            FLAT, 400, make=ae.LinearAutoencoder,
        ),
        Variant(
            "denoising", "Denoising autoencoder",
            "The input is corrupted by Gaussian noise, and the loss compares the output with the clean digit (Vincent "
            "et al. 2008). Copying no longer helps, so the network has to learn where digits lie, and to move towards "
            "them.",
            DEEP, 200, settings={"corruption": ae.GaussianNoise(0.3), **LINEAR_CODE}, make=ae.DenoisingAutoencoder,
        ),
        Variant(
            "sparse-kl", "Sparse autoencoder, KL divergence",
            "A penalty keeps each unit's mean activity ρ̂ near a small ρ: weight · Σ KL(ρ ‖ ρ̂). The code is a sigmoid, "
            "which is small but never zero, so nearly all units count as active in the table. Their mean is sparse, as "
            "the histogram below shows.",
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
            "There is no penalty: in each digit's code only the k = 8 largest of 32 units are kept, and the others are "
            "set to zero (Makhzani & Frey 2013). The gradient passes through the units that were kept.",
            WIDE, 200, 2e-3, make=keep_a_quarter,
        ),
        Variant(
            "contractive", "Contractive autoencoder",
            "The penalty is the squared norm of ∂h/∂x: the code should change little when the digit does, except where "
            "the reconstruction needs it (Rifai et al. 2011). Its gradient reaches the weights twice, directly and "
            "through the slope of the sigmoid, which needs a second derivative.",
            FLAT, 150, settings={"weight": 0.1}, make=ae.ContractiveAutoencoder,
        ),
        Variant(
            "stacked", "Stacked autoencoder",
            "Three sigmoid layers, with initial weights in ±1/√n, as was usual before Xavier initialisation. They are "
            "trained one after the other, each on the codes of the layers below, and then together (Bengio et al. "
            "2007).",
            STACK, 80, settings=SIGMOIDS, pretraining_epochs=30, make=ae.StackedAutoencoder,
        ),
        Variant(
            "classifier", "Stack with a softmax head",
            "The encoder of such a pre-trained stack, with a softmax head, fine-tuned with labels. The accuracy in the "
            "table is that of the head. The decoder is no longer trained, so there is no reconstruction to show.",
            STACK, 40, 3e-3, pretraining_epochs=30, make=classifier,
        ),
        Variant(
            "variational", "Variational autoencoder",
            "The code is a distribution, drawn towards N(0, 1). The decoder is the goal, and the encoder serves to "
            "train it (Kingma & Welling 2013). Half the squared error means a Gaussian decoder of variance 1, which is "
            "far too noisy for pixels in [0, 1]; beta = 0.05 is equivalent to a variance of 0.05.",
            DEEP, 150, 3e-3, settings={"beta": 0.05, "weight_decay": DECAY}, make=ae.VariationalAutoencoder,
        ),
        Variant(
            "variational-bce", "Variational autoencoder, Bernoulli decoder",
            "The same with cross-entropy for pixels in [0, 1], at beta = 1: the loss is the negative variational "
            "bound. Grey pixels cost cross-entropy even if they are perfect, so the divergence weighs more. The "
            "encoder leaves units at the prior that don't reduce the error enough.",
            DEEP, 150, 3e-3, settings={"reconstruction": ae.BinaryCrossEntropy(), "weight_decay": DECAY},
            make=ae.VariationalAutoencoder,
        ),
    )
}  # fmt: skip
VARIANTS |= {row.name: Variant(**vars(row), make=kind) for kind in MODELS for row in vars(kind).get("tour", ())}
