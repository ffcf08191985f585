"""What to notice: sentences that are true of the numbers they are given, whatever the numbers.

    LinearAndPCA, Sparsity, Denoising, Generation (numbers, from findings.py) -> str()    the four lines under the table
    Pretraining -> str()                                                                    for the report

A number that doesn't support what theory expects changes the words around it: another seed, or a training cut
short, may well do that. Numbers of variants that weren't run are None, and their part is left out.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class LinearAndPCA:
    """The linear autoencoder beside PCA: the ratio of their squared errors, the angle of their subspaces in degrees."""

    n_components: int
    sse_ratio: float
    angle: float

    def __str__(self) -> str:
        numbers = (
            f"its SSE is {self.sse_ratio:.4f} times that of PCA with {self.n_components} components, and the largest "
            f"principal angle between the two subspaces is {self.angle:.2f}°"
        )
        as_good, same_space = abs(self.sse_ratio - 1) < 1e-3, self.angle < 1
        if as_good and same_space:
            return f"The linear autoencoder has become PCA: {numbers}."
        if as_good:
            return f"The linear autoencoder restores as well as PCA but not yet from the same subspace: {numbers}."
        return f"The linear autoencoder has not reached PCA in this training: {numbers}."


@dataclass(frozen=True)
class Sparsity:
    """The three sparse codes on unseen digits.

    Attributes
    ----------
    rho, rho_hat : float, optional
        The mean activity that the KL penalty asks for, and what the units have on average.
    zeros : float, optional
        The share of the L1-sparse code that is exactly 0.
    k, width, sse, pca_sse : optional
        How many of how many units k-sparse keeps, its squared error, and that of PCA with k components.
    """

    rho: float | None = None
    rho_hat: float | None = None
    zeros: float | None = None
    k: int | None = None
    width: int | None = None
    sse: float | None = None
    pca_sse: float | None = None

    def __str__(self) -> str:
        return f"Sparse codes: {'; '.join(self.parts.values())}."

    @property
    def parts(self) -> dict[str, str]:
        """What there is to say about each of the variants that were run, by name."""
        parts = {"sparse-kl": self.kl, "sparse-l1": self.l1, "k-sparse": self.k_sparse}
        return {name: part for name, part in parts.items() if part}

    @property
    def kl(self) -> str:
        """What there is to say about the KL penalty."""
        if self.rho is None or self.rho_hat is None:
            return ""
        near = abs(self.rho_hat - self.rho) <= 0.2 * self.rho
        link = "and" if near else "but"
        return f"the KL penalty asks for a mean activity of {self.rho:g} {link} gets {self.rho_hat:.3f}"

    @property
    def l1(self) -> str:
        """What there is to say about the L1 penalty."""
        if self.zeros is None:
            return ""
        return f"L1 leaves {percent(self.zeros)} of the code exactly zero"

    @property
    def k_sparse(self) -> str:
        """What there is to say about the k-sparse code."""
        if self.sse is None or self.pca_sse is None:
            return ""
        comparison = "better than" if self.sse < self.pca_sse else "no better than"
        return (
            f"k-sparse keeps {self.k} of {self.width} units, chosen anew for each digit, and restores {comparison} "
            f"PCA with {self.k} components, SSE {self.sse:.2f} against {self.pca_sse:.2f}"
        )


@dataclass(frozen=True)
class Denoising:
    """How much of the noise's squared error is left, on unseen digits, after each autoencoder."""

    sigma: float
    left: float
    left_by_vanilla: float | None = None

    def __str__(self) -> str:
        noise = f"Noise of standard deviation {self.sigma:g} on unseen digits"
        text = f"{noise}: {percent(self.left)} of its squared error is left by the denoising autoencoder"
        if self.left_by_vanilla is None:
            return f"{text}."
        text += f", {percent(self.left_by_vanilla)} by the vanilla one, which was trained without noise"
        return f"{text}." if self.left < self.left_by_vanilla else f"{text}: no gain in this run."


@dataclass(frozen=True)
class Generation:
    """Which share of new images lies among the digits, within a training digit's three nearest neighbours.

    Attributes
    ----------
    unseen : float
        Of the digits held out, to compare with.
    variational : float
        Of the VAE's prior samples.
    vanilla, vanilla_matched : float, optional
        Of the plain autoencoder's decodes of N(0, 1) codes, and of codes with the mean and spread of its own.
    """

    unseen: float
    variational: float
    vanilla: float | None = None
    vanilla_matched: float | None = None

    def __str__(self) -> str:
        text = (
            f"Within a training digit's three nearest neighbours lie {percent(self.variational)} of the VAE's prior "
            f"samples (of unseen digits {percent(self.unseen)})"
        )
        if self.vanilla is None or self.vanilla_matched is None:
            return f"{text}."
        text += (
            f", and of a vanilla autoencoder's random decodes {percent(self.vanilla)}, or "
            f"{percent(self.vanilla_matched)} if the codes have the mean and spread of its own"
        )
        wins = self.variational > max(self.vanilla, self.vanilla_matched)
        return f"{text}." if wins else f"{text}: here the VAE generates no better."


@dataclass(frozen=True)
class Pretraining:
    """The squared error of a stack with pre-training, and of the same stack trained as a whole for as many epochs."""

    sse: float
    sse_without: float
    epochs: int

    def __str__(self) -> str:
        helped = "Pre-training helped" if self.sse < self.sse_without else "Pre-training did not help in this run"
        return (
            f"{helped}: SSE {self.sse:.3f} on unseen digits, against {self.sse_without:.3f} when the same stack, from "
            f"the same weights, is trained as a whole for the same {self.epochs} epochs."
        )


def percent(share: float) -> str:
    """Return a share as text, number and sign in one piece.

    Examples
    --------
    >>> percent(0.25), percent(0.004), percent(0.0)
    ('25\xa0%', '0.4\xa0%', '0\xa0%')
    """
    return f"{100 * share:.1f}\xa0%" if 0 < share < 0.01 else f"{100 * share:.0f}\xa0%"
