"""What corruptions and samplers are to draw: shares, spreads and shapes of what they draw from a seed.

    corrupt(x, seed) -> x_tilde,  sample(mu, log_var, seed) -> z --many entries--> statistics --compared with--> theory

Each statistic may be six standard errors off, which chance exceeds once in 500 million; a seed makes it repeat. How
the noise depends on what it is given is exact: the same seed draws the same noise.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from aescratch.backend import Array
from aescratch.corruptions import GaussianNoise, MaskingNoise, SaltAndPepperNoise
from aescratch.inspection.gradcheck.meaning.comparing import Look, MeaningReport, Oracle, Reading, compare
from aescratch.inspection.gradcheck.printing import FAIL, INCONCLUSIVE, Finding

SIGMAS = 6.0
ENTRIES = 20_000
Corrupt = Callable[[Array, int], Array]
Sample = Callable[[Array, Array, int], Array]


SPREADS: dict[str, Callable[[Array], Array]] = {
    "exp(log_var), which is the variance": lambda v: np.exp(v),
    "exp(¼ log_var): the half is taken twice": lambda v: np.exp(v / 4),
    "exp(2 log_var)": lambda v: np.exp(2 * v),
    "1, whatever log_var is": lambda v: np.ones_like(v),
    "exp(−½ log_var): a sign is wrong": lambda v: np.exp(-v / 2),
    "½ exp(log_var): the half is outside of the exponential": lambda v: np.exp(v) / 2,
    "log_var itself": lambda v: v,
    "½ log_var: the exponential is missing": lambda v: v / 2,
}


def rows_for(width: int) -> int:
    """Return how many rows are drawn."""
    return max(100, ENTRIES // width)


def look_at_corruption(
    report: MeaningReport, part: str, corruption: Any, corrupt: Corrupt, width: int, seed: int
) -> None:
    """Add what a corruption of one of our kinds does to entries between 0.2 and 0.8."""
    x = np.random.default_rng(seed).uniform(0.2, 0.8, (rows_for(width), width))
    x_tilde = _drawn_twice(report, part, lambda: corrupt(x.copy(), seed))
    if x_tilde is None:
        return
    if isinstance(corruption, GaussianNoise):
        _look_at_gaussian(report, part, x_tilde - x, corrupt(x + 1, seed) - x_tilde - 1, corruption.sigma)
    elif isinstance(corruption, (MaskingNoise, SaltAndPepperNoise)):
        p = corruption.p
        rescaled = 0 < p < 1 and np.isclose(x_tilde * (1 - p), x, rtol=1e-9).mean() > max(0.0, 1 - p - 0.1) / 2
        ok = not rescaled
        cause = "" if ok else "what is kept is rescaled by 1/(1 − p)"
        claim, question = "what isn't hit stays as it is", "What do the entries that aren't hit look like, next to x?"
        kept = np.isclose(x_tilde * (1 - p), x, rtol=1e-9) if rescaled else x_tilde == x
        _add(report, part, claim, ok, f"{part}: entries that aren't hit are changed", cause, question, {})
        _look_at_hits(report, part, ~kept, p)
        _look_at_values(report, part, x_tilde[~kept], isinstance(corruption, SaltAndPepperNoise))


def look_at_sampler(report: MeaningReport, part: str, sample: Sample, width: int, seed: int) -> None:
    """Add what a sampler draws: mean mu, variance exp(log_var), of a normal shape, every entry by itself."""
    zero, base = np.zeros(width), 0.0
    noise = _drawn_twice(report, part, lambda: sample(zero, zero, seed))
    if noise is not None and not noise.any():  # a spread that is log_var itself, say, is 0 there
        base = 1.0
        noise = sample(zero, zero + base, seed)
    if noise is None:
        return
    both = np.concatenate([noise, sample(zero, zero + base, seed + 1)])
    high, low, columns = both.argmax(axis=0), both.argmin(axis=0), np.arange(width)
    if (both.max(axis=0) == both.min(axis=0)).any():
        _look_at_normal(report, part, noise, 1.0, "eps", {"it draws nothing": 0.0})
        return
    rng = np.random.default_rng(seed)
    cases = [(rng.normal(size=width), rng.normal(size=width)) for _ in range(3)] + [
        (np.full(width, 0.7), np.full(width, -1.2))
    ]

    def location_and_spread(mu: Array, log_var: Array) -> tuple[Array, Array]:
        z = np.concatenate([sample(mu, log_var, s) for s in (seed, seed + 1)])
        top = z[high, columns]  # the same noise as in both: z = location + spread · both, exactly
        spread = (top - z[low, columns]) / (both[high, columns] - both[low, columns])
        return top - spread * both[high, columns], spread

    question = "Draw many z at one mu and log_var: what are their mean and their variance?"
    locations = {
        "mu is left out": lambda m, v: 0 * m,
        "mu is subtracted": lambda m, v: -m,
        "mu is added twice": lambda m, v: 2 * m,
    }
    mean = Oracle("the mean of z, mu", lambda m, v: m, cases, [Reading(*item) for item in locations.items()], question)
    compare(report, part, lambda m, v: location_and_spread(m, v)[0], mean)
    found = float(np.sqrt((noise**2).mean()))
    expected = Oracle(
        "the spread of z, the root of its variance exp(log_var)",
        lambda m, v: np.array([math.sqrt(math.exp(value - base)) for value in v]), cases, [
            Reading(f"the spread of z is {words}", lambda m, v, f=spread: f(v) / f(np.array([base])))
            for words, spread in SPREADS.items()
            if abs(found - abs(spread(np.array([base]))[0])) <= SIGMAS / math.sqrt(2 * noise.size)
        ],
        question,
    )  # fmt: skip
    right = compare(report, part, lambda m, v: location_and_spread(m, v)[1], expected)
    if not right:
        report.findings[-1].message += _monte_carlo(sample, width, seed)
    stated = math.exp(base / 2) if right else found  # else that is said already
    _look_at_normal(
        report,
        part,
        noise,
        stated,
        "eps",
        {"the spread of z is halved": stated / 2, "the spread of z is doubled": 2 * stated},
    )


def look_at_prior(report: MeaningReport, z: Array) -> None:
    """Add whether codes that a model draws to be decoded come from N(0, 1)."""
    _look_at_normal(report, "sample", z, 1.0, "the prior's z", {})


def _monte_carlo(sample: Sample, width: int, seed: int) -> str:
    """Return what a wrong spread does to the divergence, as the end of a sentence."""
    mu, log_var = 0.7, -1.2
    z = sample(np.full(width, mu), np.full(width, log_var), seed)
    of_samples = float((-((z - mu) ** 2) / (2 * math.exp(log_var)) - log_var / 2 + z**2 / 2).mean())
    stated = (math.exp(log_var) + mu**2 - 1 - log_var) / 2
    return (
        f"; at mu = {mu}, log_var = {log_var} a Monte-Carlo estimate of the divergence from N(0, 1), taken from its "
        f"samples, is {of_samples:.3f}, and that of the distribution they should come from {stated:.3f}"
    )


def _drawn_twice(report: MeaningReport, part: str, draw: Callable[[], Array]) -> Array | None:
    """Return what is drawn, or None if it isn't repeated by its seed; add that."""
    claim = "rng decides what is drawn"
    try:
        drawn, again = np.array(draw(), float), np.array(draw(), float)
    except Exception as error:
        report.add(
            Look(part, claim, None, INCONCLUSIVE),
            Finding("raised", part, INCONCLUSIVE, f"{part} raised {type(error).__name__}: {error}"),
        )
        return None
    message = f"{part}: the same seed gives other noise the second time"
    cause = "what is drawn isn't decided by the rng alone"
    same = np.array_equal(drawn, again)
    _add(report, part, claim, same, message, cause, "Which generator do the numbers come from?", {})
    return drawn if same else None


def _look_at_gaussian(report: MeaningReport, part: str, noise: Array, growth: Array, sigma: float) -> None:
    """Look at noise, and at how much it grows where x is 1 larger, which is to be nothing."""
    if np.abs(growth).max() > 1e-6 * max(1.0, sigma):
        multiplied = abs(growth.std() - sigma) <= SIGMAS * sigma / math.sqrt(2 * noise.size)
        cause = "the noise is multiplied by x, where it should be added as it is" if multiplied else ""
        message, question = f"{part}: the same noise is another where x is larger by 1", "Is a dark pixel less noisy?"
        _add(report, part, "the noise doesn't depend on x", False, message, cause, question, {})
        return
    causes = {
        "sigma is taken for the variance": math.sqrt(sigma), "the spread is sigma², where it should be sigma": sigma**2,
        "the spread is twice sigma": 2 * sigma, "the spread is half of sigma": sigma / 2,
        "sigma is left out": 1.0, "nothing is added": 0.0,
    }  # fmt: skip
    _look_at_normal(report, part, noise, sigma, "the noise", causes)


def _look_at_normal(
    report: MeaningReport, part: str, noise: Array, sigma: float, what: str, causes: Mapping[str, float]
) -> None:
    """Add whether noise is normal with this spread, centred, and independent from entry to entry."""
    n = noise.size
    question = f"What is {what} to be like: its centre, its spread, its shape, and from entry to entry?"
    spread = float(np.sqrt((noise**2).mean()))
    look_at_chance(report, part, f"the spread of {what}", spread, sigma, sigma / math.sqrt(2 * n), question, causes)
    if not sigma or not spread:
        return
    e = noise / spread
    statistics = {
        f"the mean of {what}": (e.mean(), 0.0, 1.0),
        f"the fourth moment of {what}": ((e**4).mean(), 3.0, math.sqrt(24)),
        f"the link between two units of {what}": (_link(e, 1), 0.0, 1.0),
        f"the link between two examples of {what}": (_link(e, 0), 0.0, 1.0),
    }  # fmt: skip
    guesses = {
        f"the mean of {what}": {f"{what} isn't centred": float(e.mean())},
        f"the fourth moment of {what}": {
            f"{what} is uniform, where it should be normal": 1.8, f"{what} is a sign, where it should be normal": 1.0},
        f"the link between two units of {what}": {f"all units of an example get the same of {what}": 1.0},
        f"the link between two examples of {what}": {f"all examples get the same of {what}": 1.0},
    }  # fmt: skip
    for claim, (found, expected, deviation) in statistics.items():
        slack = 0.1 if "link" in claim else 0.0  # of noise that is shared there are fewer draws
        look_at_chance(
            report, part, claim, float(found), expected, deviation / math.sqrt(n), question, guesses[claim], slack
        )


def _link(e: Array, axis: int) -> float:
    """Return the correlation of neighbours along an axis, 0 for independent entries; 0 if there is one only."""
    e = np.moveaxis(e, axis, 0)
    return float((e[1:] * e[:-1]).mean()) if len(e) > 1 else 0.0


def _look_at_hits(report: MeaningReport, part: str, hit: Array, p: float) -> None:
    question = "How many entries are hit, out of how many, and do they come in rows or columns?"
    deviation = math.sqrt(max(p * (1 - p), 1 / hit.size) / hit.size) if 0 < p < 1 else 0.0
    causes = {
        "p is the share that is kept, where it should be hit": 1 - p, "only half of p is hit": p / 2,
        "twice p is hit": 2 * p, "p counts twice: p² is hit": p * p, "p hits twice": 1 - (1 - p) ** 2,
        "nothing is hit": 0.0, "everything is hit": 1.0,
    }  # fmt: skip
    links = {0: "whole columns are hit, where entries should be", 1: "whole rows are hit, where entries should be"}
    e = hit - hit.mean()
    scale = float((e**2).mean()) or 1.0
    found = {axis: _link(e, axis) / scale for axis in links}
    if max(found.values()) < 0.5:  # whole rows or columns are few draws, of which the share may be anything
        look_at_chance(
            report, part, "the share of entries that is hit", float(hit.mean()), p, deviation, question, causes
        )
    for axis, cause in links.items() if 0 < p < 1 and min(p, 1 - p) * hit.size > 100 else ():
        claim = f"the link between hits in a {'row' if axis else 'column'}"
        look_at_chance(report, part, claim, found[axis], 0.0, 1 / math.sqrt(hit.size), question, {cause: 1.0}, 0.1)


def _look_at_values(report: MeaningReport, part: str, values: Array, salted: bool) -> None:
    if not values.size:
        return
    allowed = (0.0, 1.0) if salted else (0.0,)
    ok = bool(np.isin(values, allowed).all())
    expected = " or ".join(f"{value:g}" for value in allowed)
    others = {value: f"it sets them to {value:g}" for value in (1.0, -1.0, 0.5, 0.0) if (values == value).all()}
    cause = next(iter(others.values()), "")
    message = f"{part}: hit entries are to be {expected}, got {values[~np.isin(values, allowed)][:1]}"
    _add(
        report, part, f"hit entries become {expected}", ok, message, cause, "What becomes of an entry that is hit?", {}
    )
    if salted and ok:
        deviation = math.sqrt(0.25 / values.size)
        causes = {"all hits become 0": 0.0, "all hits become 1": 1.0}
        question = "How many of the hits are salt, and how many pepper?"
        look_at_chance(
            report, part, "the share of hits that become 1", float(values.mean()), 0.5, deviation, question, causes
        )


def look_at_chance(
    report: MeaningReport, part: str, claim: str, found: float, expected: float, deviation: float, question: str,
    causes: Mapping[str, float], slack: float = 0.0,
) -> None:  # fmt: skip
    """Add a statistic, which is to be what is expected within six standard errors; name the one cause that fits."""
    allowed = SIGMAS * deviation + 1e-12
    fitting = [cause for cause, value in causes.items() if abs(found - value) <= max(allowed, slack)]
    message = f"{part}: {claim} is to be {expected:.4g}, give or take {allowed:.1g}, got {found:.4g}"
    evidence = {"found": found, "expected": expected, "allowed": allowed}
    cause = fitting[0] if len(fitting) == 1 else ""
    _add(
        report, part, claim, abs(found - expected) <= allowed, message, cause, question, evidence, abs(found - expected)
    )


def _add(
    report: MeaningReport, part: str, claim: str, ok: bool, message: str, cause: str, question: str,
    evidence: dict[str, Any], difference: float = 0.0,
) -> None:  # fmt: skip
    if ok:
        report.add(Look(part, claim, difference))
    else:
        finding = Finding("wrong-meaning", part, "error", message, evidence, cause, question)
        report.add(Look(part, claim, difference or None, FAIL), finding)
