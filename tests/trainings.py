"""Trainings that are known to be sick or healthy, to hold the diagnosis against.

    planned(seed) -> Training: data, model, arguments of fit, what is expected, and a cure --run--> Run
    TRUTHS[code](run) -> whether it is true, measured without `ae.diagnose`: by the cure, by more epochs, by the construction

A training whose measurement doesn't confirm its intended state counts as neither sick nor healthy.
"""

import functools
from dataclasses import dataclass, field, replace

import numpy as np

import aescratch as ae

RATE = 1e-3


def table(seed, *, n=600, columns=12, factors=3, mean=0.0, noise=0.05):
    """A table of a few factors: columns of variance one around a mean."""
    rng = np.random.default_rng([seed, 1])
    x = rng.normal(size=(n, factors)) @ rng.normal(size=(factors, columns)) + noise * rng.normal(size=(n, columns))
    return mean + x / x.std(axis=0)


def curved(seed, n=600):
    """Columns that are curved functions of two angles."""
    rng = np.random.default_rng([seed, 2])
    u, v = rng.uniform(-1, 1, (2, n))
    return np.stack([u, v, u * v, u**2 - 1 / 3, v**2 - 1 / 3, np.sin(3 * u), np.cos(3 * v), u - v], axis=1)


@functools.cache
def digits(seed, n=1200):
    """A sample of the digits."""
    x = ae.datasets.load_digits().x.astype(float)
    return x[np.random.default_rng([seed, 3]).permutation(len(x))[:n]]


@functools.cache
def fashion(seed, n=800):
    """A sample of the garments, every other pixel of every other row."""
    data = ae.datasets.load_fashion()
    rows = np.random.default_rng([seed, 4]).permutation(len(data))[:n]
    return data.x[rows].reshape(-1, *data.image_shape)[:, ::2, ::2].reshape(n, -1).astype(float)


@functools.cache
def patches(seed, n=1500):
    """Patches of photographs, whose columns have a mean of zero and one size."""
    x = ae.datasets.load_natural_patches(8, n, whiten=None, rng=seed).x.astype(float)
    x -= x.mean(axis=1, keepdims=True)
    return x / x.std()


def with_column(x, column, at=-1):
    """The table with one more column, the last or the first."""
    return np.column_stack([x, column] if at else [column, x])


@dataclass(frozen=True)
class Training:
    """One training, what is expected of it, and what of it a cure changes."""

    code: str  # "" for a healthy one
    name: str
    data: object  # the (N, D) table
    model: object  # from n_inputs to a model
    fit: dict = field(default_factory=dict)
    cure: dict = field(default_factory=dict)
    share_unseen: float = 0.2

    def run(self):
        return Run(self)

    def changed(self, **changes):
        fit = {**self.fit, **changes.pop("fit", {})}
        return replace(self, fit=fit, **changes)


class Run:
    """A training that was carried out."""

    def __init__(self, training):
        self.training = training
        count = round((1 - training.share_unseen) * len(training.data))
        self.x, self.unseen = training.data[:count], training.data[count:]
        self.model = training.model(self.x.shape[1])
        fit = {"epochs": 100, "rate": RATE, "validation": False, **training.fit}
        rate, optimizer = fit.pop("rate"), fit.pop("optimizer", ae.Adam)
        validation = self.unseen if fit.pop("validation") else None
        self.history = self.model.fit(self.x, optimizer=optimizer(rate), rng=0, validation=validation, **fit)

    def sse(self, x=None):
        x = self.x if x is None else x
        return float(np.square(self.model.reconstruct(x) - x).sum(axis=1).mean())

    @functools.cached_property
    def total(self):
        return float(self.x.var(axis=0).sum())

    @functools.cached_property
    def explained(self):
        return 1 - self.sse() / self.total

    @functools.cached_property
    def pca(self):
        """The share of the variance that PCA of the code's width explains, of k, or of as many as there are choices."""
        variances = np.linalg.svd(self.x - self.x.mean(axis=0), compute_uv=False) ** 2
        width = getattr(self.model, "k", getattr(self.model, "n_vectors", self.model.widths[-1]))
        return float(variances[:width].sum() / variances.sum())

    @functools.cached_property
    def longer(self):
        """The SSE after three times the epochs, as a share of the SSE."""
        epochs = self.training.fit.get("epochs", 100)
        return self.training.changed(fit={"epochs": 3 * epochs}).run().sse() / self.sse()

    @functools.cached_property
    def cured(self):
        return self.training.changed(**self.training.cure).run()

    @functools.cached_property
    def gain(self):
        """What the cure leaves of the SSE."""
        return self.cured.sse() / self.sse()


def small_columns(run):
    """The median share that is explained, over the columns of variance below a hundredth of the largest."""
    variances = run.x.var(axis=0)
    left = np.square(run.model.reconstruct(run.x) - run.x).mean(axis=0)[variances > 0] / variances[variances > 0]
    small = variances[variances > 0] < 0.01 * variances.max()
    return 1 - float(np.median(left[small] if small.any() else left))


def restores_noise(run):
    """What is left of white noise of the data's size, which has nothing of their structure."""
    noise = np.random.default_rng(5).normal(run.x.mean(axis=0), run.x.std(axis=0), run.x.shape)
    noise = np.clip(noise, run.x.min(), run.x.max())
    return float(np.square(run.model.reconstruct(noise) - noise).sum() / np.square(noise - noise.mean(axis=0)).sum())


def code_tells_nothing(run):
    """Whether the codes of other examples do as well, within a hundredth of the variance."""
    code = run.model.encode(run.x)
    exchanged = run.model.decode(code[np.random.default_rng(6).permutation(len(code))])
    return np.square(exchanged - run.x).sum(axis=1).mean() - run.sse() < 0.01 * run.total


def never_chosen(run):
    """The share of a codebook's entries that no example chooses."""
    return 1 - len(np.unique(run.model.indices(run.x))) / run.model.n_codes


def distance_from_prior(run):
    """How far the codes are from as many samples of N(0, 1): sliced Wasserstein distance, over 200 directions."""
    rng, h = np.random.default_rng(7), run.model.encode(run.x).astype(float)
    directions = rng.normal(size=(h.shape[1], 200))
    directions /= np.linalg.norm(directions, axis=0)
    return np.sqrt(np.square(np.sort(h @ directions, axis=0) - np.sort(rng.normal(size=h.shape) @ directions, axis=0)).mean())


def far_rows_hold_half(run):
    squares = np.sort(np.square(run.x - run.x.mean(axis=0)).sum(axis=1))
    return squares[-max(1, len(squares) // 100) :].sum() > 0.5 * squares.sum()


def unseen_gets_worse(run):
    """Whether unseen data do far worse than its own, or did at least a tenth better in the best epoch, if losses tell it."""
    unseen = 1 - run.sse(run.unseen) / np.square(run.unseen - run.x.mean(axis=0)).sum(axis=1).mean()
    if run.explained - unseen > 0.1 or not run.model.loss_measures_progress:
        return run.explained - unseen > 0.1
    best = run.training.changed(fit={"validation": True, "patience": 20}).run()
    return best.sse(run.unseen) < 0.9 * run.sse(run.unseen)


def is_flat(run):
    """Whether the code's activation has less than a fiftieth of its largest slope for half of all numbers."""
    low, code = (-1 if run.model.code_activation is ae.Tanh else 0), run.model.encode(run.x)
    share = (code - low) / (1 - low)
    return float(np.median(4 * share * (1 - share))) < 0.02


def helped_by_more(run, share, of_all):
    """Whether three times the epochs leave less than this share of the SSE, and explain so much more of the variance."""
    return run.longer < share and (1 - run.longer) * run.sse() > of_all * run.total


def in_reach(run):
    """Whether a good share is explained: three quarters, or nearly what PCA explains."""
    return run.explained > 0.75 or run.explained > run.pca - 0.15


TRUTHS = {
    "no-better-than-mean": lambda run: run.explained < 0.05 and run.gain < 0.5,
    "learning-rate-too-high": lambda run: run.gain < 0.75,
    "posterior-collapsed": lambda run: code_tells_nothing(run) and run.gain < 0.75,
    "codebook-collapsed": lambda run: never_chosen(run) >= 0.25 and run.gain < 0.85,
    "discriminator-wins": lambda run: distance_from_prior(run) > max(0.5, 2 * distance_from_prior(run.cured)),
    "penalty-dominates": lambda run: run.explained < 0.5 * run.pca and run.gain < 0.5,
    "unscaled-features": lambda run: small_columns(run.cured) > small_columns(run) + 0.3
    or run.cured.explained > run.explained + 0.3,
    "outliers": far_rows_hold_half,
    "dead-units": lambda run: (run.model.encode(run.x) == 0).all(axis=0).mean() >= 0.25 and run.gain < 0.85,
    "saturated-code": lambda run: is_flat(run) and run.gain < 0.75,
    "overfitting": unseen_gets_worse,
    "stopped-learning": lambda run: run.longer > 0.95 and run.gain < 0.75,
    "still-falling": lambda run: helped_by_more(run, 0.8, 0.02),
    "worse-than-pca": lambda run: run.explained < run.pca - 0.15 and run.longer > 0.8,
    "sparsity-missed": lambda run: run.cured.sparseness < 0.7 * run.sparseness,
    "copies-input": lambda run: restores_noise(run) < 0.2,
    "labels-among-features": lambda run: True,  # it was put there
    "constant-features": lambda run: True,
    "": lambda run: in_reach(run) and not helped_by_more(run, 0.85, 0.01) and not unseen_gets_worse(run),
}
Run.sparseness = property(lambda run: float(run.model.encode(run.x).mean()))


def planned(seed):
    """Yield all trainings of a seed: at least four for each code, and as many healthy ones."""
    yield from _sick(seed)
    yield from _healthy(seed)


def _made(kind, *hidden_and_code, seed=0, **options):
    return lambda n_inputs: kind([n_inputs, *hidden_and_code], rng=seed, **options)


def _sick(seed):
    make = functools.partial(_made, seed=seed)
    vae, vanilla, linear = ae.VariationalAutoencoder, ae.Autoencoder, ae.LinearAutoencoder
    sparse, contractive = ae.SparseAutoencoder, ae.ContractiveAutoencoder
    x, garments, low_rank = digits(seed), fashion(seed), table(seed)

    code = "no-better-than-mean"
    slow = {"fit": {"rate": 1e-3}}
    yield Training(code, "rate 1e-6", x, make(vanilla, 32), {"rate": 1e-6, "epochs": 30}, slow)
    yield Training(code, "rate 1e-6, a table", low_rank, make(linear, 3), {"rate": 1e-6}, {"fit": {"rate": 1e-2}})
    yield Training(code, "SGD, rate 1e-5", garments, make(vanilla, 16), {"rate": 1e-5, "epochs": 20, "optimizer": ae.SGD},
                   {"fit": {"rate": 1e-2}})
    yield Training(code, "all dead: rate 3", x, make(vanilla, 64, 16), {"rate": 3.0, "epochs": 20}, slow)
    yield Training(code, "mean 1000", table(seed, mean=1000), make(vanilla, 3), {}, {"data": low_rank})

    code = "learning-rate-too-high"
    for rate in (0.3, 1.0):
        yield Training(code, f"rate {rate:g}", x, make(vanilla, 32, activation=ae.Tanh), {"rate": rate}, slow)
    yield Training(code, "rate 0.3, VAE", x, make(vae, 32, 8, beta=0.02), {"rate": 0.3, "epochs": 40}, slow)
    yield Training(code, "rate 0.3, linear", garments, make(linear, 16), {"rate": 0.3, "epochs": 40}, slow)
    yield Training(code, "rate 1, a table", low_rank, make(vanilla, 8, 3, activation=ae.GELU), {"rate": 1.0},
                   {"fit": {"rate": 1e-2}})

    code = "posterior-collapsed"
    for name, data, width, beta in (
        ("digits, 8", x, 8, 1.0), ("digits, 16 behind 32", x, (32, 16), 1.0), ("garments", garments, 8, 30.0),
        ("a table, beta 20", low_rank, 3, 20.0), ("digits, beta 5", x, 4, 5.0),
    ):  # fmt: skip
        widths = width if isinstance(width, tuple) else (width,)
        yield Training(code, name, data, make(vae, *widths, beta=beta), {}, {"model": make(vae, *widths, beta=0.02)})

    code = "codebook-collapsed"
    quantized = functools.partial(make, ae.VectorQuantizedAutoencoder, activation=ae.GELU)
    for name, data, widths, n_codes, options in (
        ("128 entries", x, (64, 16), 128, {}), ("128 entries, averages", x, (64, 16), 128, {"moving_average": 0.05}),
        ("garments", garments, (64, 16), 128, {}), ("a table", low_rank, (64, 4), 128, {}),
        ("32 entries, averages", x, (64, 16), 32, {"moving_average": 0.05}),
    ):  # fmt: skip
        made = functools.partial(quantized, *widths, n_codes=n_codes, **options)
        yield Training(code, name, data, made(restart=0.0), {"rate": ae.CosineRate(3e-3), "epochs": 60}, {"model": made()})

    code = "discriminator-wins"
    adversarial = functools.partial(make, ae.AdversarialAutoencoder, activation=ae.GELU)
    for name, data, widths, weight, better in (
        ("weight 1", x, (64, 8), 1.0, 0.1), ("weight 3", x, (64, 8), 3.0, 0.1), ("garments", garments, (64, 8), 3.0, 0.3),
        ("weight 0.01", x, (8,), 0.01, 0.3), ("garments, weight 1", garments, (64, 8), 1.0, 0.3),
    ):  # fmt: skip
        yield Training(code, name, data, adversarial(*widths, weight=weight), {"rate": ae.CosineRate(3e-3)},
                       {"model": adversarial(*widths, weight=better)})

    code = "penalty-dominates"
    for name, data, heavy, light in (
        ("decay 5", x, make(vanilla, 16, weight_decay=5.0), make(vanilla, 16)),
        ("decay 20, a table", low_rank, make(linear, 3, weight_decay=20.0), make(linear, 3)),
        ("L1 5", x, make(sparse, 32, sparsity=ae.L1Sparsity(5.0)), make(sparse, 32, sparsity=ae.L1Sparsity(0.02))),
        ("L1 10, garments", garments, make(sparse, 16, sparsity=ae.L1Sparsity(10.0)),
         make(sparse, 16, sparsity=ae.L1Sparsity(0.02))),
        ("KL 1000", x, make(sparse, 32, sparsity=ae.KLSparsity(0.05, 1000.0)),
         make(sparse, 32, sparsity=ae.KLSparsity(0.05, 0.1))),
        ("contraction 10", x, make(contractive, 32, weight=10.0, tied=True),
         make(contractive, 32, weight=0.01, tied=True)),
    ):  # fmt: skip
        yield Training(code, name, data, heavy, {}, {"model": light})

    code = "unscaled-features"
    sizes = np.where(np.arange(12) == 4, 1000.0, 1.0)
    for name, data, kind in (
        ("one column a thousand times larger", low_rank * sizes, make(vanilla, 3)),
        ("the same, linear", low_rank * sizes, make(linear, 3)),
        ("three of twelve a hundred times larger", low_rank * np.where(np.arange(12) < 3, 100, 1), make(vanilla, 8, 3)),
        ("sizes from 1 to 1e4", low_rank * np.logspace(0, 4, 12), make(linear, 3)),
        ("mean 100", table(seed, mean=100), make(vanilla, 3)),
    ):
        yield Training(code, name, data, kind, {"epochs": 200}, {"data": low_rank})

    code = "outliers"
    for count, size, columns in ((3, 100, 12), (1, 300, 5), (6, 50, 12), (2, 1000, 12)):
        far = low_rank.copy()
        far[np.random.default_rng(seed).permutation(480)[:count], :columns] *= size
        yield Training(code, f"{count} rows {size} times as far", far, make(vanilla, 3))

    code = "dead-units"
    cures = {"model": make(vanilla, 64, 8, code_activation=ae.Identity)}
    yield Training(code, "rate 0.01", x, make(vanilla, 64, 8), {"rate": 1e-2}, cures)
    yield Training(code, "rate 0.03", x, make(vanilla, 64, 8), {"rate": 3e-2}, cures)
    yield Training(code, "garments", garments, make(vanilla, 64, 8), {"rate": 1e-2},
                   {"model": make(vanilla, 64, 8, code_activation=ae.Identity)})
    yield Training(code, "six units", x, make(vanilla, 64, 6), {"rate": 2e-2},
                   {"model": make(vanilla, 64, 6, code_activation=ae.Identity)})
    yield Training(code, "deep", x, make(vanilla, 96, 48, 8), {"rate": 1e-2},
                   {"model": make(vanilla, 96, 48, 8, code_activation=ae.Identity)})

    code = "saturated-code"
    def large(n_in, n_out, rng):
        return 100 * ae.xavier_uniform(n_in, n_out, rng)

    for name, data, activation, hidden, drawn, rate in (
        ("sigmoid, garments", garments, ae.Sigmoid, (64, 2), ae.xavier_uniform, 5e-2),
        ("tanh on a table times 1000", 1000 * low_rank, ae.Tanh, (64, 2), ae.xavier_uniform, 1e-2),
        ("sigmoid, large weights", x, ae.Sigmoid, (16,), large, 1e-3),
        ("tanh, large weights", garments, ae.Tanh, (16,), large, 1e-3),
        ("tanh on 300 times the digits", 300 * x, ae.Tanh, (16,), ae.xavier_uniform, 1e-2),
    ):
        options = {"activation": ae.GELU, "code_activation": activation, "initializer": drawn}
        cure = {"model": make(vanilla, *hidden, activation=ae.GELU, code_activation=ae.Identity), "fit": {"rate": 3e-3}}
        yield Training(code, name, data, make(vanilla, *hidden, **options), {"rate": rate, "epochs": 60}, cure)

    code = "overfitting"
    for name, data, widths, n in (
        ("60 digits", x, (128, 32), 60), ("40 garments", garments, (128, 32), 40), ("50 digits, linear code", x, (200, 16), 50),
        ("70 garments", garments, (256, 64), 70),
    ):  # fmt: skip
        yield Training(code, name, data[: 2 * n], make(vanilla, *widths, code_activation=ae.Identity),
                       {"epochs": 400, "validation": True}, share_unseen=0.5)

    code = "stopped-learning"
    for name, data, stuck, free in (  # a part of what is wanted is out of the output's reach, or of a narrow layer's
        ("ReLU output below zero", patches(seed), make(vanilla, 32, output_activation=ae.ReLU), make(vanilla, 32)),
        ("sigmoid output on a table", 3 * low_rank, make(vanilla, 8, output_activation=ae.Sigmoid), make(linear, 3)),
        ("two hidden units before sixteen", x, make(linear, 2, 16), make(linear, 16)),
        ("one hidden unit before eight", garments, make(linear, 1, 8), make(linear, 8)),
        ("tanh output on a table", 5 * low_rank, make(vanilla, 8, code_activation=ae.Identity, output_activation=ae.Tanh), make(linear, 3)),
    ):
        yield Training(code, name, data, stuck, {"rate": 1e-2, "epochs": 200}, {"model": free})

    code = "still-falling"
    for name, data, kind, fit in (
        ("ten epochs", x, make(vanilla, 32), {"epochs": 10}), ("a table, 100", low_rank, make(vanilla, 3), {}),
        ("garments, five", garments, make(vanilla, 32), {"epochs": 5}), ("rate 1e-4", x, make(vanilla, 64, 16), {"rate": 1e-4}),
        ("sparse", x, make(sparse, 32), {}), ("linear, SGD", x, make(linear, 16), {"optimizer": ae.SGD, "rate": 0.01, "epochs": 30}),
    ):
        yield Training(code, name, data, kind, fit)

    code = "worse-than-pca"
    for name, data, kind in (
        ("decay 0.2", x, make(vanilla, 16, weight_decay=0.2, code_activation=ae.Identity)),
        ("decay 1, garments", garments, make(linear, 16, weight_decay=1.0)),
        ("noise of size 1", x, make(ae.DenoisingAutoencoder, 32, corruption=ae.GaussianNoise(1.0))),
        ("L1 0.3", x, make(sparse, 32, sparsity=ae.L1Sparsity(0.3), unit_norm_decoder=True)),
        ("dropout 0.8", x, make(vanilla, 32, dropout=0.8, code_activation=ae.Identity)),
    ):  # fmt: skip
        yield Training(code, name, data, kind, {"rate": 1e-2, "epochs": 300})

    code = "sparsity-missed"
    for name, data, kind, cure in (
        ("KL 1e-4", x, ae.KLSparsity(0.05, 1e-4), ae.KLSparsity(0.05, 0.5)),
        ("KL 1e-3, garments", garments, ae.KLSparsity(0.05, 1e-3), ae.KLSparsity(0.05, 1.0)),
        ("KL 1e-3, rho 0.02", x, ae.KLSparsity(0.02, 1e-3), ae.KLSparsity(0.02, 1.0)),
    ):
        yield Training(code, name, data, make(sparse, 48, sparsity=kind), {"epochs": 300},
                       {"model": make(sparse, 48, sparsity=cure)})
    yield Training(code, "L1 with GELU", x, make(sparse, 32, sparsity=ae.L1Sparsity(1e-3), code_activation=ae.GELU), {"epochs": 300},
                   {"model": make(sparse, 32, sparsity=ae.L1Sparsity(0.1))})

    code = "copies-input"
    yield Training(code, "digits, 64", x, make(linear, 64), {"epochs": 300})
    yield Training(code, "digits, 100", x, make(vanilla, 100, code_activation=ae.Identity), {"epochs": 300})
    yield Training(code, "a table of twelve factors", table(seed, factors=12), make(linear, 12), {"epochs": 600, "rate": 5e-3})
    yield Training(code, "digits, 64, deep", x, make(vanilla, 96, 64, activation=ae.GELU, code_activation=ae.Identity),
                   {"epochs": 300, "rate": ae.CosineRate(5e-3)})
    yield Training(code, "curves, 8", curved(seed), make(linear, 8), {"epochs": 600, "rate": 1e-2})

    code = "labels-among-features"
    rng = np.random.default_rng(seed)
    for classes, at, first in ((3, -1, 0), (10, -1, 0), (2, 0, 0), (5, -1, 1)):
        labels = rng.integers(first, first + classes, len(low_rank)).astype(float)
        yield Training(code, f"{classes} classes", with_column(low_rank, labels, at), make(linear, 4), {"rate": 1e-2})

    code = "constant-features"
    for value, at in ((1.0, 0), (7.5, -1), (100.0, -1), (-3.0, 0)):
        yield Training(code, f"a column of {value:g}", with_column(low_rank, np.full(len(low_rank), value), at),
                       make(linear, 3), {"rate": 1e-2})


def _healthy(seed):
    make = functools.partial(_made, seed=seed)
    x, garments, low_rank, small = digits(seed), fashion(seed), table(seed), patches(seed)
    kinds = {
        "vanilla": (ae.Autoencoder, {"activation": ae.GELU, "code_activation": ae.Identity}),
        "linear": (ae.LinearAutoencoder, {}),
        "tied": (ae.Autoencoder, {"tied": True, "code_activation": ae.Identity}),
        "denoising": (ae.DenoisingAutoencoder, {"corruption": ae.GaussianNoise(0.1), "code_activation": ae.Identity}),
        "L1": (ae.SparseAutoencoder, lambda largest: {"sparsity": ae.L1Sparsity(0.03 * largest**0.5)}),
        "KL": (ae.SparseAutoencoder, lambda largest: {"sparsity": ae.KLSparsity(0.1, 0.2 * largest)}),
        "contractive": (ae.ContractiveAutoencoder, lambda largest: {"weight": 0.005 * largest}),
        "VAE": (ae.VariationalAutoencoder, lambda largest: {"beta": 0.03 * largest}),
        "batch norm": (ae.Autoencoder, {"batch_norm": True, "code_activation": ae.Identity}),
        "decay": (ae.Autoencoder, {"weight_decay": 1e-3, "code_activation": ae.Identity}),
    }
    cosine = ae.CosineRate
    for data_name, data, width, epochs in (
        ("digits", x, 32, 300), ("garments", garments, 24, 200), ("a table", low_rank, 3, 600), ("patches", small, 24, 200),
        ("curves", curved(seed), 4, 800),
    ):  # fmt: skip
        largest = float(np.linalg.eigvalsh(np.cov(data.T))[-1])
        for name, (kind, options) in kinds.items():
            options = options(largest) if callable(options) else options
            yield Training("", f"{name}, {data_name}", data, make(kind, width, **options),
                           {"epochs": epochs, "rate": cosine(5e-3)})
    for width in (4, 8, 16, 48):
        for kind in (ae.Autoencoder, ae.LinearAutoencoder):
            options = {} if kind is ae.LinearAutoencoder else {"activation": ae.GELU, "code_activation": ae.Identity}
            yield Training("", f"{kind.__name__}, {width} units", x, make(kind, width, **options),
                           {"epochs": 300, "rate": cosine(5e-3)})
    bars, roll = ae.datasets.bars(n=800, rng=seed).x, ae.datasets.swiss_roll(n=800, rng=seed).x
    yield Training("", "bars", bars, make(ae.Autoencoder, 8, activation=ae.GELU, code_activation=ae.Identity),
                   {"epochs": 300, "rate": cosine(5e-3)})
    yield Training("", "a roll", (roll - roll.mean(axis=0)) / roll.std(),
                   make(ae.Autoencoder, 64, 2, activation=ae.GELU, code_activation=ae.Identity),
                   {"epochs": 600, "rate": cosine(1e-2)})
    for k in (8, 12):
        yield Training("", f"k-sparse {k}", x, make(ae.KSparseAutoencoder, 32, k=k), {"epochs": 300, "rate": cosine(5e-3)})
    yield Training("", "cross-entropy", x, make(ae.Autoencoder, 16, code_activation=ae.Identity,
                                                  reconstruction=ae.BinaryCrossEntropy()), {"epochs": 300, "rate": cosine(5e-3)})
    yield Training("", "VAE, cross-entropy", x, make(ae.VariationalAutoencoder, 64, 8, reconstruction=ae.BinaryCrossEntropy()),
                   {"epochs": 300, "rate": cosine(5e-3)})
    yield Training("", "deep", x, make(ae.Autoencoder, 64, 16, activation=ae.GELU, code_activation=ae.Identity),
                   {"epochs": 300, "rate": cosine(5e-3)})
    yield Training("", "constant rate", x, make(ae.LinearAutoencoder, 16), {"epochs": 100, "rate": 3e-3})
    yield Training("", "stopped early", x, make(ae.Autoencoder, 64, 16, code_activation=ae.Identity),
                   {"epochs": 600, "rate": 3e-3, "validation": True, "patience": 20})
    yield Training("", "momentum", x, make(ae.LinearAutoencoder, 16), {"optimizer": ae.Momentum, "rate": cosine(0.03), "epochs": 200})
    yield Training("", "white noise", np.random.default_rng(seed).normal(size=(800, 10)), make(ae.LinearAutoencoder, 5),
                   {"epochs": 200, "rate": cosine(1e-2)})
    yield Training("", "overcomplete and denoising", x, make(ae.DenoisingAutoencoder, 100, code_activation=ae.Identity),
                   {"epochs": 200, "rate": cosine(5e-3)})
    yield Training("", "dropout", x, make(ae.Autoencoder, 48, dropout=0.1, code_activation=ae.Identity), {"epochs": 300, "rate": cosine(5e-3)})
    quantized = functools.partial(make, ae.VectorQuantizedAutoencoder, activation=ae.GELU)
    for name, data, widths, options in (
        ("four vectors", x, (64, 16), {"n_vectors": 4}), ("averages", x, (64, 16), {"n_vectors": 4, "moving_average": 0.05}),
        ("one vector", x, (64, 16), {}), ("garments", garments, (16,), {"n_vectors": 4, "n_codes": 16}),
    ):  # fmt: skip
        yield Training("", f"codebook, {name}", data, quantized(*widths, **options), {"rate": cosine(8e-3), "epochs": 250})
    for name, data, widths, weight, rate in (
        ("digits", x, (64, 8), 0.1, 1e-2), ("garments", garments, (64, 8), 0.3, 6e-3),
        ("a table", low_rank, (64, 3), 0.3, 6e-3), ("patches", small, (64, 24), 1.0, 6e-3),
    ):  # fmt: skip
        yield Training("", f"adversarial, {name}", data,
                       make(ae.AdversarialAutoencoder, *widths, weight=weight, activation=ae.GELU),
                       {"rate": cosine(rate), "epochs": 300})
    yield Training("", "masked", x, make(ae.DenoisingAutoencoder, 64, 8, corruption=ae.MaskingNoise(0.5), loss_on="hidden",
                                         activation=ae.GELU, code_activation=ae.Identity), {"epochs": 300, "rate": cosine(5e-3)})
