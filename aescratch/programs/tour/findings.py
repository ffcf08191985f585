"""From results to the numbers behind what is to be noticed; what wasn't run is left out.

    {name: Result}, digits -> Findings: the four lines, and a remark for each variant
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from aescratch.backend import Array
from aescratch.inspection.measures import Neighbourhoods, largest_principal_angle, noise_left, sse_per_image
from aescratch.programs.tour.experiment import Digits, Result, train
from aescratch.programs.tour.notice import Denoising, Generation, LinearAndPCA, Pretraining, Sparsity

N_SAMPLES = 1000

Results = dict[str, Result]


@dataclass
class Findings:
    """What came out.

    Attributes
    ----------
    lines : list of str
        What to notice, four sentences if every variant was run.
    remarks : dict of str to str
        The sentence that belongs to a variant, by its name.
    """

    lines: list[str] = field(default_factory=list)
    remarks: dict[str, str] = field(default_factory=dict)

    def add(self, variant: str, sentence: str) -> None:
        """Add a line, and make it the remark of this variant."""
        self.lines.append(sentence)
        self.remarks[variant] = sentence


def find(results: Results, digits: Digits, seed: int) -> Findings:
    """Return what the results show."""
    findings = Findings()
    if "linear" in results:
        findings.add("linear", str(linear_and_pca(results["linear"], digits)))
    sparse = sparsity(results, digits)
    if sparse.parts:
        findings.lines.append(str(sparse))
        findings.remarks |= {name: f"{part[0].upper()}{part[1:]}." for name, part in sparse.parts.items()}
    if "denoising" in results:
        findings.add("denoising", str(denoising(results, digits, seed)))
    if "variational" in results:
        findings.add("variational", str(generation(results, digits, seed)))
    if "stacked" in results:
        findings.remarks["stacked"] = str(pretraining(results["stacked"], digits, seed))
    return findings


def linear_and_pca(result: Result, digits: Digits) -> LinearAndPCA:
    """Return how far the linear autoencoder is from PCA: in squared error, and in the decoder's subspace."""
    row, decoder = result.row, result.autoencoder.decoder.parameters[0].value
    assert row.sse is not None and row.pca_sse is not None  # noqa: PT018  (an autoencoder has both)
    angle = largest_principal_angle(decoder, digits.pca.directions[: row.code_width])
    return LinearAndPCA(row.code_width, row.sse / row.pca_sse, angle)


def sparsity(results: Results, digits: Digits) -> Sparsity:
    """Return how sparse the codes of unseen digits are."""
    x, numbers = digits.test.x, dict[str, Any]()
    if "sparse-kl" in results:
        model: Any = results["sparse-kl"].model
        numbers |= {"rho": model.sparsity.rho, "rho_hat": float(model.encode(x).mean())}
    if "sparse-l1" in results:
        numbers |= {"zeros": float(np.mean(results["sparse-l1"].model.encode(x) == 0))}
    if "k-sparse" in results:
        model, row = results["k-sparse"].model, results["k-sparse"].row
        pca_sse = sse_per_image(digits.pca.reconstruct(x, model.k), x)
        numbers |= {"k": model.k, "width": row.code_width, "sse": row.sse, "pca_sse": pca_sse}
    return Sparsity(**numbers)


def denoising(results: Results, digits: Digits, seed: int) -> Denoising:
    """Return how much of one and the same noise the denoising and the vanilla autoencoder leave."""
    model: Any = results["denoising"].model
    x, rng = digits.test.x, np.random.default_rng(seed)
    noise = model.corruption.sigma * rng.standard_normal(x.shape, np.float32)
    by_vanilla = noise_left(results["vanilla"].model, x, noise) if "vanilla" in results else None
    return Denoising(model.corruption.sigma, noise_left(model, x, noise), by_vanilla)


def generation(results: Results, digits: Digits, seed: int) -> Generation:
    """Return which share of generated images lies among the digits."""
    neighbourhoods = Neighbourhoods(digits.train.x)
    model: Any = results["variational"].model
    unseen = neighbourhoods.share_inside(digits.test.x)
    variational = neighbourhoods.share_inside(model.sample(N_SAMPLES, rng=seed))
    if "vanilla" not in results:
        return Generation(unseen, variational)
    plain, matched = random_decodes(results["vanilla"].autoencoder, digits, N_SAMPLES, seed)
    return Generation(unseen, variational, neighbourhoods.share_inside(plain), neighbourhoods.share_inside(matched))


def random_decodes(autoencoder: Any, digits: Digits, n: int, seed: int) -> tuple[Array, Array]:
    """Return decodes of n codes from N(0, 1), and of the same codes scaled to the mean and spread of real ones.

    The second is as fair as can be without learning how the codes are distributed, which would be a generative model.
    """
    code = autoencoder.encode(digits.train.x)
    z = np.random.default_rng(seed).standard_normal((n, code.shape[1]), np.float32)
    return autoencoder.decode(z), autoencoder.decode(code.mean(axis=0) + code.std(axis=0) * z)


def pretraining(result: Result, digits: Digits, seed: int) -> Pretraining:
    """Train the same stack without pre-training, for as many epochs in all, and return both squared errors."""
    assert result.row.sse is not None
    variant, epochs = result.variant, len(result.history) + sum(map(len, result.pretraining))
    model = variant.build(seed)
    if epochs:
        train(variant, model, digits, seed, epochs)
    return Pretraining(result.row.sse, sse_per_image(model.reconstruct(digits.test.x), digits.test.x), epochs)
