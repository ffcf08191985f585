"""What to notice: sentences that are true of any numbers they are given.

    numbers, from findings.py -> the four lines under the table, and remarks for the report

If a number doesn't agree with theory, for example because of another seed or a short training, the sentence says so.
Numbers of variants that weren't run are None, and their part is left out.
"""

from __future__ import annotations

from collections.abc import Iterable

from aescratch.foundations.language import gettext


def linear_and_pca(n_components: int, sse_ratio: float, angle: float) -> str:
    """Compare the linear autoencoder with PCA: the ratio of squared errors, the angle of subspaces in degrees."""
    numbers = gettext(
        "its SSE is {ratio:.4f} times that of PCA with {count} components, and the largest principal angle between the "
        "two subspaces is {angle:.2f}°"
    ).format(ratio=sse_ratio, count=n_components, angle=angle)
    as_good, same_space = abs(sse_ratio - 1) < 1e-3, angle < 1
    sentence = gettext("The linear autoencoder has not reached PCA in this training: {numbers}.")
    if as_good and same_space:
        sentence = gettext("The linear autoencoder has become PCA: {numbers}.")
    elif as_good:
        sentence = gettext(
            "The linear autoencoder restores as well as PCA but not yet from the same subspace: {numbers}."
        )
    return sentence.format(numbers=numbers)


def kl(rho: float, rho_hat: float) -> str:
    """Compare the mean activity that the KL penalty wants with that of the units."""
    phrase = gettext("the KL penalty wants a mean activity of {rho:g} but gets {rho_hat:.3f}")
    if abs(rho_hat - rho) <= 0.2 * rho:
        phrase = gettext("the KL penalty wants a mean activity of {rho:g} and gets {rho_hat:.3f}")
    return phrase.format(rho=rho, rho_hat=rho_hat)


def l1(zeros: float) -> str:
    """Return a phrase on the share of the L1-sparse code that is exactly 0."""
    return gettext("L1 leaves {share} of the code exactly zero").format(share=percent(zeros))


def k_sparse(k: int, width: int, sse: float, pca_sse: float) -> str:
    """Compare a code that keeps k of its units with PCA of k components."""
    phrase = gettext(
        "k-sparse keeps {k} of {width} units, chosen for each digit, and restores no better than PCA with {k} "
        "components, SSE {sse:.2f} against {pca_sse:.2f}"
    )
    if sse < pca_sse:
        phrase = gettext(
            "k-sparse keeps {k} of {width} units, chosen for each digit, and restores better than PCA with {k} "
            "components, SSE {sse:.2f} against {pca_sse:.2f}"
        )
    return phrase.format(k=k, width=width, sse=sse, pca_sse=pca_sse)


def sparse_codes(parts: Iterable[str]) -> str:
    """Join the phrases on the sparse codes."""
    return gettext("Sparse codes: {parts}.").format(parts="; ".join(parts))


def denoising(sigma: float, left: float, left_by_vanilla: float | None = None) -> str:
    """Return a sentence on how much of the noise's squared error each autoencoder leaves on unseen digits."""
    text: str = gettext(
        "Noise of standard deviation {sigma:g} on unseen digits: {share} of its squared error is left by the denoising "
        "autoencoder"
    ).format(sigma=sigma, share=percent(left))
    if left_by_vanilla is None:
        return f"{text}."
    other = gettext(", {share} by the vanilla one, which was trained without noise")
    text += other.format(share=percent(left_by_vanilla))
    return f"{text}." if left < left_by_vanilla else text + gettext(": no gain in this run.")


def generation(
    unseen: float, variational: float, vanilla: float | None = None, vanilla_matched: float | None = None
) -> str:  # fmt: skip
    """Return a sentence on the shares of images that lie within a training digit's three nearest neighbours.

    The shares are those of held-out digits, for comparison; of the VAE's prior samples; and of the plain autoencoder's
    decodes of codes from N(0, 1), and of codes with the mean and spread of its own.
    """
    text: str = gettext(
        "{share} of the VAE's prior samples lie within a training digit's three nearest neighbours (unseen digits: "
        "{unseen})"
    ).format(share=percent(variational), unseen=percent(unseen))
    if vanilla is None or vanilla_matched is None:
        return f"{text}."
    text += gettext(
        "; of a vanilla autoencoder's random decodes {share} do, or {matched} if the codes have the mean and spread of "
        "real ones"
    ).format(share=percent(vanilla), matched=percent(vanilla_matched))
    wins = variational > max(vanilla, vanilla_matched)
    return f"{text}." if wins else text + gettext(": here the VAE generates no better.")


def pretraining(sse: float, sse_without: float, epochs: int) -> str:
    """Compare a stack with pre-training with the same stack trained as a whole for as many epochs."""
    helped = gettext("Pre-training helped") if sse < sse_without else gettext("Pre-training did not help in this run")
    return gettext(
        "{helped}: SSE {sse:.3f} on unseen digits, against {without:.3f} when the same stack, from the same weights, "
        "is trained as a whole for the same {epochs} epochs."
    ).format(helped=helped, sse=sse, without=sse_without, epochs=epochs)


def percent(share: float) -> str:
    """Return a share as text, number and sign in one piece.

    Examples
    --------
    >>> percent(0.25), percent(0.004), percent(0.0)
    ('25\xa0%', '0.4\xa0%', '0\xa0%')
    """
    return f"{100 * share:.1f}\xa0%" if 0 < share < 0.01 else f"{100 * share:.0f}\xa0%"
