"""From results to the numbers behind the findings; variants that weren't run are left out.

    {name: Result}, digits -> Findings: the four lines, and a remark for each variant
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from aescratch.backend import Array
from aescratch.inspection.measures import Neighbourhoods, largest_principal_angle, noise_left, sse_per_image
from aescratch.programs.tour import notice
from aescratch.programs.tour.experiment import Digits, Result, train

N_SAMPLES = 1000

Results = dict[str, Result]


@dataclass
class Findings:
    """The findings: four sentences on what to notice, if every variant was run, and remarks on single variants."""

    lines: list[str] = field(default_factory=list)
    remarks: dict[str, str] = field(default_factory=dict)

    def add(self, variant: str, sentence: str) -> None:
        """Add a line, and use it as the remark on this variant."""
        self.lines.append(sentence)
        self.remarks[variant] = sentence


def find(results: Results, digits: Digits, seed: int) -> Findings:
    """Return the findings of all results."""
    findings = Findings()
    if "linear" in results:
        findings.add("linear", linear_and_pca(results["linear"], digits))
    if parts := sparsity(results, digits):
        findings.lines.append(notice.sparse_codes(parts.values()))
        findings.remarks |= {name: f"{part[0].upper()}{part[1:]}." for name, part in parts.items()}
    if "denoising" in results:
        findings.add("denoising", denoising(results, digits, seed))
    if "variational" in results:
        findings.add("variational", generation(results, digits, seed))
    if "stacked" in results:
        findings.remarks["stacked"] = pretraining(results["stacked"], digits, seed)
    return findings


def linear_and_pca(result: Result, digits: Digits) -> str:
    """Return a sentence on the distance of the linear autoencoder from PCA, in squared error and in the subspace."""
    row, decoder = result.row, result.autoencoder.decoder.parameters[0].value
    assert row.sse is not None and row.pca_sse is not None  # noqa: PT018  (an autoencoder has both)
    angle = largest_principal_angle(decoder, digits.pca.directions[: row.code_width])
    return notice.linear_and_pca(row.code_width, row.sse / row.pca_sse, angle)


def sparsity(results: Results, digits: Digits) -> dict[str, str]:
    """Return phrases on the sparsity of the codes of unseen digits, by variant."""
    x, parts = digits.test.x, {}
    models: dict[str, Any] = {name: result.model for name, result in results.items()}
    if "sparse-kl" in models:
        model = models["sparse-kl"]
        parts["sparse-kl"] = notice.kl(model.sparsity.rho, float(model.encode(x).mean()))
    if "sparse-l1" in models:
        parts["sparse-l1"] = notice.l1(float(np.mean(models["sparse-l1"].encode(x) == 0)))
    if "k-sparse" in models:
        k, row = models["k-sparse"].k, results["k-sparse"].row
        assert row.sse is not None
        pca_sse = sse_per_image(digits.pca.reconstruct(x, k), x)
        parts["k-sparse"] = notice.k_sparse(k, row.code_width, row.sse, pca_sse)
    return parts


def denoising(results: Results, digits: Digits, seed: int) -> str:
    """Return a sentence on how much of the same noise the denoising and the vanilla autoencoder leave."""
    model: Any = results["denoising"].model
    x, rng = digits.test.x, np.random.default_rng(seed)
    noise = model.corruption.sigma * rng.standard_normal(x.shape, np.float32)
    by_vanilla = noise_left(results["vanilla"].model, x, noise) if "vanilla" in results else None
    return notice.denoising(model.corruption.sigma, noise_left(model, x, noise), by_vanilla)


def generation(results: Results, digits: Digits, seed: int) -> str:
    """Return a sentence on the share of generated images that lie among the digits."""
    model: Any = results["variational"].model
    images = [digits.test.x, model.sample(N_SAMPLES, rng=seed)]
    if "vanilla" in results:
        images += random_decodes(results["vanilla"].autoencoder, digits, N_SAMPLES, seed)
    neighbourhoods = Neighbourhoods(digits.train.x)
    return notice.generation(*map(neighbourhoods.share_inside, images))


def random_decodes(autoencoder: Any, digits: Digits, n: int, seed: int) -> tuple[Array, Array]:
    """Return decodes of n codes from N(0, 1), and of the same codes scaled to the mean and spread of real ones.

    The second is the fairest comparison without learning the distribution of the codes, which would be a generative
    model.
    """
    code = autoencoder.encode(digits.train.x)
    z = np.random.default_rng(seed).standard_normal((n, code.shape[1]), np.float32)
    return autoencoder.decode(z), autoencoder.decode(code.mean(axis=0) + code.std(axis=0) * z)


def pretraining(result: Result, digits: Digits, seed: int) -> str:
    """Train the same stack without pre-training for the same number of epochs, and compare the squared errors."""
    assert result.row.sse is not None
    variant, epochs = result.variant, len(result.history) + sum(map(len, result.pretraining))
    model = variant.build(seed)
    if epochs:
        train(variant, model, digits, seed, epochs)
    return notice.pretraining(result.row.sse, sse_per_image(model.reconstruct(digits.test.x), digits.test.x), epochs)
