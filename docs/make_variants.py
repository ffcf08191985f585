"""Write docs/variants_measured.txt: claims about codes that are chosen, bounds and priors, with ten seeds.

    seed -> data, weights, noise, batches -> trainings -> figures;   figures of one seed -> does each claim hold?

Settings were chosen with seeds 0 to 4. The table shows seeds 5 to 14, which split the same digits differently. A
claim is made if it holds with all of them; otherwise it is recorded as refuted. Run as ``python
docs/make_variants.py``; it takes about seven minutes on one processor. ``--seeds 0 1 2`` prints the table for other
seeds, and writes nothing.
"""

import argparse
import math
import statistics
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np

import aescratch as ae
from aescratch import functions

MEASURED = Path(__file__).parent / "variants_measured.txt"
SEEDS = range(5, 15)


class Claim(NamedTuple):
    """A sentence, and whether the figures of one seed confirm it."""

    text: str
    holds: Callable[[dict], bool]


class Trial(NamedTuple):
    """Training runs that give figures, and claims about them."""

    title: str
    measure: Callable[[int], dict]
    claims: tuple[Claim, ...]


def fitted(model, x, seed, epochs=60, rate=1e-2):
    model.fit(x, epochs=epochs, batch_size=64, optimizer=ae.Adam(ae.CosineRate(rate)), rng=seed)
    return model


def digits(seed):
    train, test = ae.datasets.load_digits().split(0.2, rng=seed)
    return train.x, test.x


def error_of(x_hat, x):
    """Return the squared error of an example."""
    return float(np.square(x_hat.astype(float) - x).sum(axis=1).mean())


def sse(model, x):
    return error_of(model.reconstruct(x), x)


def units_on(model, x):
    return float((model.encode(x) != 0).sum(axis=1).mean())


def silent_share(model, x):
    """Return the share of the units that are 0 for every example."""
    return float((~model.encode(x).any(axis=0)).mean())


# Codes that are chosen


def estimator_of_a_threshold(seed):
    """Return, by bandwidth, how far the mean estimate of d/dθ E[1(a > θ)] is from −p(θ), and how far one spreads."""
    theta, draws, figures = 0.8, np.random.default_rng(seed).normal(size=(1000, 64, 1)), {}
    normal = statistics.NormalDist()
    for bandwidth in (0.03, 0.3, 3.0):
        estimates = [functions.l0_sparsity_backward(a, np.array([theta]), bandwidth)[1][0] for a in draws]
        mean = (normal.cdf(theta + bandwidth / 2) - normal.cdf(theta - bandwidth / 2)) / bandwidth
        figures[f"bias, bandwidth {bandwidth}"] = abs(mean - normal.pdf(theta))
        figures[f"spread, bandwidth {bandwidth}"] = statistics.stdev(estimates)
    return figures


def thresholds_at_equal_sparsity(seed):
    """Return errors on digits with as many units on as JumpReLU has: of L1 between two weights, of ReLU by cutting."""
    train, test = digits(seed)
    jump = fitted(ae.JumpReLUAutoencoder([64, 64], 0.1, bandwidth=0.2, rng=seed), train, seed)
    on = units_on(jump, test)
    curve = []
    for weight in (0.02, 0.05, 0.1, 0.2, 0.4):
        model = ae.SparseAutoencoder([64, 64], ae.L1Sparsity(weight), unit_norm_decoder=True, rng=seed)
        curve.append((units_on(fitted(model, train, seed), test), sse(model, test)))
    plain = fitted(ae.Autoencoder([64, 64], rng=seed), train, seed)
    code = plain.encode(test)
    smallest = np.sort(code, axis=None)[-round(on * len(code))]
    of_l1 = np.interp(on, *zip(*sorted(curve), strict=True))
    return {
        "units on": on, "units on, L1, least": min(curve)[0], "units on, L1, most": max(curve)[0],
        "SSE, JumpReLU": sse(jump, test), "SSE, L1": float(of_l1),
        "SSE, ReLU, its largest": error_of(plain.decode(np.where(code >= smallest, code, 0)), test),
    }  # fmt: skip


def planted_features(seed):
    """Return, of 32 planted features in 16 columns, how nearly each is found, and at which share of its size."""
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(32, 16))
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    sizes = rng.uniform(0.5, 1.5, (4000, 32))
    sizes[rng.random(sizes.shape).argsort(axis=1).argsort(axis=1) >= 2] = 0
    x = (sizes @ features + 0.02 * rng.normal(size=(4000, 16))).astype("float32")
    figures = {}
    for name, model in {
        "L1": ae.SparseAutoencoder([16, 32], ae.L1Sparsity(0.5), unit_norm_decoder=True, rng=seed),
        "gated": ae.GatedAutoencoder([16, 32], 0.5, rng=seed),
        "JumpReLU": ae.JumpReLUAutoencoder([16, 32], 0.05, rng=seed),
    }.items():
        fitted(model, x, seed, rate=3e-3)
        entries = model.decode(np.eye(32)) - model.decode(np.zeros((1, 32)))
        lengths = np.linalg.norm(entries, axis=1)
        cosines = (entries / lengths[:, None]) @ features.T
        best, h = cosines.argmax(axis=0), model.encode(x)
        shares = [
            lengths[unit] * h[:, unit] @ sizes[:, feature] / np.square(sizes[:, feature]).sum()
            for feature, unit in enumerate(best) if cosines[unit, feature] > 0.9
        ]  # fmt: skip
        figures |= {
            f"mean of the largest cosines, {name}": float(cosines.max(axis=0).mean()),
            f"restored size over true size, {name}": statistics.median(shares), f"units on, {name}": units_on(model, x),
        }
    return figures


def work_for_silent_units(seed):
    """Return the share of silent units of k-sparse codes of digits, and their error, without and with AuxK."""
    train, test = digits(seed)
    figures = {}
    for width in (64, 256, 512):
        for name, auxiliary in (("alone", 0.0), ("with AuxK", 1 / 32)):
            model = ae.KSparseAutoencoder([64, width], k=8, auxiliary=auxiliary, auxiliary_k=width // 2, rng=seed)
            fitted(model, train, seed, epochs=200)
            figures[f"silent, {width} units, {name}"] = silent_share(model, train)
            figures[f"SSE, {width} units, {name}"] = sse(model, test)
    return figures


def nested_codes(seed):
    """Return the error of each prefix over that of an autoencoder that was trained for this size alone."""
    train, test = digits(seed)
    figures = {}
    for name, activation in (("linear code", ae.Identity), ("GELU code", ae.GELU)):
        sizes = (4, 8, 16, 32)
        nested = ae.MatryoshkaAutoencoder([64, 32], sizes, code_activation=activation, rng=seed)
        fitted(nested, train, seed, epochs=120, rate=3e-2)
        for size in sizes:
            alone = ae.Autoencoder([64, size], code_activation=activation, rng=seed)
            fitted(alone, train, seed, epochs=120, rate=3e-2)
            ratio = error_of(nested.reconstruct(test, prefix=size), test) / sse(alone, test)
            figures[f"SSE over that of its own, {size} units, {name}"] = ratio
    return figures


def codebooks(seed):
    """Return how many of 32 entries digits use, and the error, by how the codebook is kept alive."""
    train, test = digits(seed)
    figures = {}
    for name, options in {
        "left alone": {"restart": 0.0}, "restart": {"restart": 0.1},
        "averages": {"restart": 0.0, "moving_average": 0.05},
        "both": {"restart": 0.1, "moving_average": 0.05},
    }.items():  # fmt: skip
        model = ae.VectorQuantizedAutoencoder([64, 64, 16], 32, activation=ae.GELU, rng=seed, **options)
        fitted(model, train, seed, epochs=40, rate=2e-3)
        figures[f"unused, {name}"] = 32 - len(np.unique(model.indices(train)))
        figures[f"perplexity, {name}"] = model.perplexity(train)
        figures[f"SSE, {name}"] = sse(model, test)
    return figures


def smoothed_gradient(h, E, W, x, sigma):
    """Return d/dh of the mean of ½ ‖q(h + sigma ε) W − x‖² over normal ε, in two dimensions, by quadrature."""
    nodes = np.linspace(-6, 6, 241)
    density = np.exp(-(nodes**2) / 2)
    density /= density.sum()
    eps = np.stack(np.meshgrid(nodes, nodes, indexing="ij"), axis=-1).reshape(-1, 2)
    q = E[functions.nearest_entries(h + sigma * eps, E)[:, 0]]
    losses = 0.5 * np.square(q @ W - x).sum(axis=1)
    return (np.outer(density, density).ravel() * losses) @ eps / sigma  # the density's derivative, not the loss's


def straight_through(seed):
    """Return the cosine of the straight-through gradient with that of the smoothed loss, median of 20 codes."""
    rng = np.random.default_rng(seed)
    E = np.stack(np.meshgrid(np.arange(-2.0, 3), np.arange(-2.0, 3)), axis=-1).reshape(-1, 2)
    cosines = {0.1: [], 0.5: []}
    for _ in range(20):
        h, W, x = rng.uniform(-0.8, 0.8, 2), rng.normal(size=(2, 3)), rng.normal(size=3)
        straight = (E[functions.nearest_entries(h[None], E)[0, 0]] @ W - x) @ W.T
        for sigma, found in cosines.items():
            smooth = smoothed_gradient(h, E, W, x, sigma)
            found.append(float(straight @ smooth / np.linalg.norm(straight) / np.linalg.norm(smooth)))
    return {f"cosine, noise of {sigma} steps": statistics.median(found) for sigma, found in cosines.items()}


# Bounds and priors


def bounds(seed):
    """Return, of a linear-Gaussian model, bounds and estimates minus the exact log p(x), in nats an example."""
    rng, D, H, variance = np.random.default_rng(seed), 5, 3, 0.3
    W, b = rng.normal(0, 0.5, size=(H, D)), rng.normal(size=D)
    x = rng.normal(size=(100, H)) @ W + b + math.sqrt(variance) * rng.normal(size=(100, D))
    covariance, precision = W.T @ W + variance * np.eye(D), W @ W.T / variance + np.eye(H)
    squares = ((x - b) @ np.linalg.inv(covariance) * (x - b)).sum(axis=1)
    exact = -0.5 * (D * math.log(2 * math.pi) + np.linalg.slogdet(covariance)[1] + squares)
    head = np.linalg.solve(precision, W).T / variance  # of the true posterior, whose correlations q hasn't
    values = {
        "mean.W": head, "mean.b": -b @ head, "log_variance.W": np.zeros((D, H)),
        "log_variance.b": -np.log(np.diag(precision)), "decoder.W1": W, "decoder.b1": b,
    }  # fmt: skip
    figures = {}
    for K in (1, 5, 50):
        model = ae.ImportanceWeightedAutoencoder([D, H], K, variance=variance, dtype="float64", rng=seed)
        for parameter in model.parameters:
            parameter.value = values[parameter.name]
        drawn = [-float(model.loss(x, rng=draw)) for draw in range(100)]
        figures[f"bound of {K}, minus log p(x)"] = statistics.fmean(drawn) - float(exact.mean())
    for K in (5, 20_000):
        estimates = np.array([model.log_likelihood(x, K, rng=draw) for draw in range(16)])
        off, standard_error = (estimates.mean(axis=0) - exact).mean(), estimates.mean(axis=1).std(ddof=1) / 4
        figures[f"log_likelihood of {K}, minus log p(x)"] = float(off)
        figures[f"log_likelihood of {K}, in standard errors"] = float(abs(off) / standard_error)
    return figures


def distance_from_prior(h, rng):
    """Return the distance of codes from N(0, 1), root mean square over 100 directions of what sorted values differ."""
    z, directions = rng.normal(size=h.shape), rng.normal(size=(h.shape[1], 100))
    directions /= np.linalg.norm(directions, axis=0)
    return float(np.sqrt(np.square(np.sort(h @ directions, axis=0) - np.sort(z @ directions, axis=0)).mean()))


def priors(seed):
    """Return error and distance of the codes from N(0, 1) on digits, by what draws the codes there."""
    train, test = digits(seed)
    rng = np.random.default_rng(seed)
    figures = {"distance from N(0, 1), of N(0, 1) itself": distance_from_prior(rng.normal(size=(len(test), 8)), rng)}
    for name, model in {
        "plain": ae.Autoencoder([64, 64, 8], activation=ae.GELU, code_activation=ae.Identity, rng=seed),
        "variational": ae.VariationalAutoencoder([64, 64, 8], activation=ae.GELU, rng=seed),
        "variational, beta 0.05": ae.VariationalAutoencoder([64, 64, 8], beta=0.05, activation=ae.GELU, rng=seed),
        "Wasserstein": ae.WassersteinAutoencoder([64, 64, 8], 30.0, activation=ae.GELU, rng=seed),
        "adversarial": ae.AdversarialAutoencoder([64, 64, 8], 0.2, activation=ae.GELU, rng=seed),
    }.items():
        fitted(model, train, seed, epochs=40, rate=2e-3)
        h = model.encode(test).astype(float)
        if isinstance(model, ae.VariationalAutoencoder):
            log_var = model.log_variance.apply(model.encoder.apply(test))
            h = h + np.exp(0.5 * log_var) * rng.normal(size=h.shape)  # what its decoder is given
        figures[f"SSE, {name}"] = sse(model, test)
        figures[f"distance from N(0, 1), {name}"] = distance_from_prior(h, rng)
    return figures


def silent_posteriors(seed):
    """Return units awake, nats, error and loss of deep VAEs on digits, by what is to keep the code awake."""
    train, test = digits(seed)
    figures = {}
    for name, options in {
        "beta 1": {}, "beta 1, warm-up": {"warm_up": 700}, "beta 1, free bits": {"free_bits": 0.5},
        "beta 0.4": {"beta": 0.4}, "beta 0.4, warm-up": {"beta": 0.4, "warm_up": 700},
    }.items():  # fmt: skip
        model = ae.VariationalAutoencoder([64, 128, 64, 32, 8], rng=seed, **options)
        fitted(model, train, seed, rate=3e-3)
        units = model.unit_statistic(test)
        figures |= {
            f"awake of 8, {name}": int((~units.asleep).sum()), f"nats, {name}": float(units.values.sum()),
            f"SSE, {name}": sse(model, test), f"loss, {name}": float(model.loss(train, rng=0)),
        }
    return figures


def hidden_parts(seed):
    """Return the error on the hidden three quarters of digits, by whether the loss is on them alone or on all."""
    train, test = digits(seed)
    figures = {}
    keep = None
    for loss_on in ("all", "hidden"):
        model = ae.DenoisingAutoencoder(
            [64, 64, 32], ae.MaskingNoise(0.75), loss_on=loss_on, activation=ae.GELU, code_activation=ae.Identity,
            rng=seed,
        )  # fmt: skip
        fitted(model, train, seed, rate=5e-3)
        if keep is None:
            keep, _ = model.corruption.draw(test.shape, np.random.default_rng(seed))
        wrong = np.square(model.reconstruct(test * keep) - test)[~keep].mean()
        figures[f"error over the mean's, loss on {loss_on}"] = float(
            wrong / np.square(train.mean(axis=0) - test)[~keep].mean()
        )
    return figures


TRIALS = (
    Trial("JumpReLU's estimator of d/dθ E[1(a > θ)], a normal, 64 examples", estimator_of_a_threshold, (
        Claim("a narrow bandwidth spreads 5 times as far as one a hundred times as wide",
              lambda f: f["spread, bandwidth 0.03"] > 5 * f["spread, bandwidth 3.0"]),
        Claim("and the wide one is off by more than it spreads",
              lambda f: f["bias, bandwidth 3.0"] > f["spread, bandwidth 3.0"]),
    )),
    Trial("Digits, 64 units: thresholds beside L1 and ReLU, at equal L0", thresholds_at_equal_sparsity, (
        Claim("JumpReLU restores better than L1", lambda f: f["SSE, JumpReLU"] < f["SSE, L1"]),
        Claim("and than ReLU's largest units", lambda f: f["SSE, JumpReLU"] < f["SSE, ReLU, its largest"]),
    )),
    Trial("Planted features: 32 directions in 16 columns, two in each example", planted_features, (
        Claim("L1 restores them below 0.75 of their size", lambda f: f["restored size over true size, L1"] < 0.75),
        Claim("a gate and a threshold above 0.8", lambda f: min(
            f["restored size over true size, gated"], f["restored size over true size, JumpReLU"]) > 0.8),
        Claim("a gate and a threshold find the directions, to a mean cosine of 0.9", lambda f: min(
            f["mean of the largest cosines, gated"], f["mean of the largest cosines, JumpReLU"]) > 0.9),
    )),
    Trial("Digits, k = 8: silent units without and with the auxiliary loss", work_for_silent_units, (
        Claim("alone, more than half of 64 to 512 units are silent",
              lambda f: min(f[f"silent, {n} units, alone"] for n in (64, 256, 512)) > 0.5),
        Claim("with AuxK at most 5 % of 64 are", lambda f: f["silent, 64 units, with AuxK"] <= 0.05),
        Claim("at most 5 % of 256", lambda f: f["silent, 256 units, with AuxK"] <= 0.05),
        Claim("at most 5 % of 512", lambda f: f["silent, 512 units, with AuxK"] <= 0.05),
        Claim("at no worse error with 64 and 256", lambda f: all(
            f[f"SSE, {n} units, with AuxK"] <= f[f"SSE, {n} units, alone"] for n in (64, 256))),
        Claim("at no worse error with 512", lambda f: f["SSE, 512 units, with AuxK"] <= f["SSE, 512 units, alone"]),
    )),
    Trial("Digits: prefixes of a nested code of 32 units beside codes of their own", nested_codes, (
        Claim("of a linear code every prefix is within 10 %", lambda f: max(
            ratio for name, ratio in f.items() if "linear" in name) <= 1.1),
        Claim("of a GELU code every prefix is within 10 %", lambda f: max(
            ratio for name, ratio in f.items() if "GELU" in name) <= 1.1),
    )),
    Trial("Digits: a codebook of 32 entries", codebooks, (
        Claim("left alone, 6 entries or more fall out of use", lambda f: f["unused, left alone"] >= 6),
        Claim("with restart every entry is used", lambda f: f["unused, restart"] == 0),
        Claim("and digits are restored better", lambda f: f["SSE, restart"] < f["SSE, left alone"]),
        Claim("averages alone keep more entries in use", lambda f: f["unused, averages"] < f["unused, left alone"]),
    )),
    Trial("The straight-through gradient beside that of the loss under noise, entries of step 1", straight_through, (
        Claim("with noise of half a step the median cosine is above 0.9",
              lambda f: f["cosine, noise of 0.5 steps"] > 0.9),
    )),
    Trial("A linear-Gaussian model, whose log p(x) is known; nats an example", bounds, (
        Claim("bounds rise with the samples and stay below log p(x)", lambda f: (
            f["bound of 1, minus log p(x)"] < f["bound of 5, minus log p(x)"] < f["bound of 50, minus log p(x)"] < 0)),
        Claim("log_likelihood of 20000 samples is within four standard errors",
              lambda f: f["log_likelihood of 20000, in standard errors"] < 4),
        Claim("of 5 samples it is too low, by more than that", lambda f: (
            f["log_likelihood of 5, in standard errors"] > 4 and f["log_likelihood of 5, minus log p(x)"] < 0)),
    )),
    Trial("Digits, 8 units: what draws codes to N(0, 1)", priors, (
        Claim("Wasserstein codes are less than half as far as plain ones", lambda f: (
            f["distance from N(0, 1), Wasserstein"] < 0.5 * f["distance from N(0, 1), plain"])),
        Claim("and nearer than a variational autoencoder's of beta 0.05", lambda f: (
            f["distance from N(0, 1), Wasserstein"] < f["distance from N(0, 1), variational, beta 0.05"])),
        Claim("which restores worse", lambda f: f["SSE, Wasserstein"] < f["SSE, variational, beta 0.05"]),
        Claim("adversarial codes are less than half as far as plain ones", lambda f: (
            f["distance from N(0, 1), adversarial"] < 0.5 * f["distance from N(0, 1), plain"])),
        Claim("and restore within 10 %", lambda f: f["SSE, adversarial"] < 1.1 * f["SSE, plain"]),
    )),
    Trial("Digits: a deep VAE whose code falls silent", silent_posteriors, (
        Claim("at beta 1 no unit is awake", lambda f: f["awake of 8, beta 1"] == 0),
        Claim("and none with a warm-up: silence is the optimum there", lambda f: f["awake of 8, beta 1, warm-up"] == 0),
        Claim("half a nat free wakes all eight", lambda f: f["awake of 8, beta 1, free bits"] == 8),
        Claim("at beta 0.4 a warm-up ends with a lower loss",
              lambda f: f["loss, beta 0.4, warm-up"] < f["loss, beta 0.4"]),
    )),
    Trial("Digits, three quarters hidden: the loss on them alone, or on all", hidden_parts, (
        Claim("what is hidden is restored better than by the mean",
              lambda f: f["error over the mean's, loss on hidden"] < 1),
        Claim("the loss on the hidden part gains 5 %", lambda f: (
            f["error over the mean's, loss on hidden"] < 0.95 * f["error over the mean's, loss on all"])),
    )),
)  # fmt: skip


def table(trials, seeds, processes=None):
    """Return the lines of the table of these seeds."""
    with ProcessPoolExecutor(processes) as pool:
        found = {trial.title: [pool.submit(trial.measure, seed) for seed in seeds] for trial in trials}
        rows = {title: [each.result() for each in futures] for title, futures in found.items()}
    lines = [f"seeds {seeds[0]} to {seeds[-1]}: median (least to most)"]
    for trial in trials:
        figures = rows[trial.title]
        lines += ["", trial.title]
        lines += [f"    {name:<52} {_range([row[name] for row in figures])}" for name in figures[0]]
        for claim in trial.claims:
            n = sum(bool(claim.holds(row)) for row in figures)
            said = "holds with all" if n == len(figures) else f"REFUTED: holds with {n} of {len(figures)}"
            lines.append(f"  {claim.text}: {said}")
    return lines


def _range(values):
    return f"{statistics.median(values):.3g} ({min(values):.3g} to {max(values):.3g})"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", help="print the table of these, and write nothing")
    chosen = parser.parse_args().seeds
    lines = table(TRIALS, chosen or SEEDS)
    if not chosen:
        MEASURED.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
