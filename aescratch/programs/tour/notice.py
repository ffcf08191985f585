"""What to notice: sentences that are true of any numbers they are given.

    numbers, from findings.py -> the four lines under the table, and remarks for the report

If a number doesn't agree with theory, for example because of another seed or a short training, the sentence says so.
Numbers of variants that weren't run are None, and their part is left out.
"""

from __future__ import annotations

from collections.abc import Iterable


def linear_and_pca(n_components: int, sse_ratio: float, angle: float) -> str:
    """Compare the linear autoencoder with PCA: the ratio of squared errors, the angle of subspaces in degrees."""
    numbers = (
        f"its SSE is {sse_ratio:.4f} times that of PCA with {n_components} components, and the largest "
        f"principal angle between the two subspaces is {angle:.2f}°"
    )
    as_good, same_space = abs(sse_ratio - 1) < 1e-3, angle < 1
    if as_good and same_space:
        return f"The linear autoencoder has become PCA: {numbers}."
    if as_good:
        return f"The linear autoencoder restores as well as PCA but not yet from the same subspace: {numbers}."
    return f"The linear autoencoder has not reached PCA in this training: {numbers}."


def kl(rho: float, rho_hat: float) -> str:
    """Compare the mean activity that the KL penalty wants with that of the units."""
    link = "and" if abs(rho_hat - rho) <= 0.2 * rho else "but"
    return f"the KL penalty wants a mean activity of {rho:g} {link} gets {rho_hat:.3f}"


def l1(zeros: float) -> str:
    """Return a phrase on the share of the L1-sparse code that is exactly 0."""
    return f"L1 leaves {percent(zeros)} of the code exactly zero"


def k_sparse(k: int, width: int, sse: float, pca_sse: float) -> str:
    """Compare a code that keeps k of its units with PCA of k components."""
    comparison = "better than" if sse < pca_sse else "no better than"
    return (
        f"k-sparse keeps {k} of {width} units, chosen for each digit, and restores {comparison} "
        f"PCA with {k} components, SSE {sse:.2f} against {pca_sse:.2f}"
    )


def sparse_codes(parts: Iterable[str]) -> str:
    """Join the phrases on the sparse codes."""
    return f"Sparse codes: {'; '.join(parts)}."


def denoising(sigma: float, left: float, left_by_vanilla: float | None = None) -> str:
    """Return a sentence on how much of the noise's squared error each autoencoder leaves on unseen digits."""
    noise = f"Noise of standard deviation {sigma:g} on unseen digits"
    text = f"{noise}: {percent(left)} of its squared error is left by the denoising autoencoder"
    if left_by_vanilla is None:
        return f"{text}."
    text += f", {percent(left_by_vanilla)} by the vanilla one, which was trained without noise"
    return f"{text}." if left < left_by_vanilla else f"{text}: no gain in this run."


def generation(
    unseen: float, variational: float, vanilla: float | None = None, vanilla_matched: float | None = None
) -> str:  # fmt: skip
    """Return a sentence on the shares of images that lie within a training digit's three nearest neighbours.

    The shares are those of held-out digits, for comparison; of the VAE's prior samples; and of the plain autoencoder's
    decodes of codes from N(0, 1), and of codes with the mean and spread of its own.
    """
    text = (
        f"{percent(variational)} of the VAE's prior samples lie within a training digit's three nearest neighbours "
        f"(unseen digits: {percent(unseen)})"
    )
    if vanilla is None or vanilla_matched is None:
        return f"{text}."
    text += (
        f"; of a vanilla autoencoder's random decodes {percent(vanilla)} do, or "
        f"{percent(vanilla_matched)} if the codes have the mean and spread of real ones"
    )
    wins = variational > max(vanilla, vanilla_matched)
    return f"{text}." if wins else f"{text}: here the VAE generates no better."


def pretraining(sse: float, sse_without: float, epochs: int) -> str:
    """Compare a stack with pre-training with the same stack trained as a whole for as many epochs."""
    helped = "Pre-training helped" if sse < sse_without else "Pre-training did not help in this run"
    return (
        f"{helped}: SSE {sse:.3f} on unseen digits, against {sse_without:.3f} when the same stack, from "
        f"the same weights, is trained as a whole for the same {epochs} epochs."
    )


def percent(share: float) -> str:
    """Return a share as text, number and sign in one piece.

    Examples
    --------
    >>> percent(0.25), percent(0.004), percent(0.0)
    ('25\xa0%', '0.4\xa0%', '0\xa0%')
    """
    return f"{100 * share:.1f}\xa0%" if 0 < share < 0.01 else f"{100 * share:.0f}\xa0%"
