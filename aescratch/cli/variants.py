"""The variants by the names that the command line gives them."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

import aescratch as ae
from aescratch.cli.words import choice

VARIANTS: dict[str, type[Any]] = {
    "vanilla": ae.Autoencoder,
    "linear": ae.LinearAutoencoder,
    "denoising": ae.DenoisingAutoencoder,
    "sparse": ae.SparseAutoencoder,
    "k-sparse": ae.KSparseAutoencoder,
    "contractive": ae.ContractiveAutoencoder,
    "stacked": ae.StackedAutoencoder,
    "variational": ae.VariationalAutoencoder,
    "classifier": ae.SoftmaxClassifier,
}


def add_variant(parser: ArgumentParser) -> None:
    """Add VARIANT, the name of a variant."""
    parser.add_argument("variant", metavar="VARIANT", type=variant_name, help=f"one of {', '.join(VARIANTS)}")


def variant_name(text: str) -> str:
    """Return text if it names a variant."""
    choice(VARIANTS, text)
    return text
