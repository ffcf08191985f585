"""What corruptions and samplers should draw: shares, standard deviations and shapes of the draws from a seed.

    corrupt(x, seed) -> x_tilde,  sample(mu, log_var, seed) -> z --many entries--> statistics --compared with--> theory

Each statistic may be six standard errors off, which chance exceeds once in 500 million; a seed makes it reproducible.
How the noise depends on its arguments is exact, since the same seed draws the same noise.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from aescratch.backend import Array
from aescratch.corruptions import GaussianNoise, SaltAndPepperNoise
from aescratch.foundations.language import Phrase, Sentence, gettext, told
from aescratch.inspection.gradcheck.meaning.comparing import Look, MeaningReport, Oracle, Reading, compare, readings
from aescratch.inspection.gradcheck.printing import FAIL, INCONCLUSIVE, Finding

SIGMAS = 6.0
ENTRIES = 20_000
Corrupt = Callable[[Array, int], Array]
Sample = Callable[[Array, Array, int], Array]

SPREADS: dict[str, Callable[[Array], Array]] = {
    "exp(log_var), which is the variance": lambda v: np.exp(v),
    "exp(¼ log_var): the factor ½ is applied twice": lambda v: np.exp(v / 4),
    "exp(2 log_var)": lambda v: np.exp(2 * v),
    "1, for any log_var": lambda v: np.ones_like(v),
    "exp(−½ log_var): a sign is wrong": lambda v: np.exp(-v / 2),
    "½ exp(log_var): the factor ½ is outside of the exponential": lambda v: np.exp(v) / 2,
    "log_var itself": lambda v: v,
    "½ log_var: the exponential is missing": lambda v: v / 2,
}
LOCATIONS: dict[str, Callable[[Array, Array], Array]] = {
    "mu is left out": lambda m, v: 0 * m,
    "mu is subtracted": lambda m, v: -m,
    "mu is added twice": lambda m, v: 2 * m,
}


def rows_for(width: int) -> int:
    """Return the number of rows to draw."""
    return max(100, ENTRIES // width)


@dataclass
class Draws:
    """The draws of a part, or of the loss outside of it; each method adds its comparisons to the report."""

    report: MeaningReport
    part: str

    def look_at_corruption(self, corruption: Any, corrupt: Corrupt, width: int, seed: int) -> None:
        """Check what a corruption of one of our kinds does to entries between 0.2 and 0.8."""
        x = np.random.default_rng(seed).uniform(0.2, 0.8, (rows_for(width), width))
        x_tilde = self._drawn_twice(lambda: corrupt(x.copy(), seed))
        if x_tilde is None:
            return
        if isinstance(corruption, GaussianNoise):
            self._look_at_gaussian(x_tilde - x, corrupt(x + 1, seed) - x_tilde - 1, corruption.sigma)
            return
        p = corruption.p
        is_rescaled = np.isclose(x_tilde * (1 - p), x, rtol=1e-9)
        rescaled = 0 < p < 1 and is_rescaled.mean() > max(0.0, 1 - p - 0.1) / 2
        self._add(
            "entries that aren't hit stay unchanged", not rescaled, "entries that aren't hit are changed",
            "kept entries are rescaled by 1/(1 − p)", "What do the entries that aren't hit look like, next to x?",
        )  # fmt: skip
        hit = ~is_rescaled if rescaled else x_tilde != x
        self._look_at_hits(hit, p)
        if hit.any():
            self._look_at_values(x_tilde[hit], isinstance(corruption, SaltAndPepperNoise))

    def look_at_sampler(self, sample: Sample, width: int, seed: int) -> None:
        """Check what a sampler draws: mean mu, variance exp(log_var), a normal shape, independent entries."""
        zero, base = np.zeros(width), 0.0
        noise = self._drawn_twice(lambda: sample(zero, zero, seed))
        if noise is None:
            return
        if not noise.any():  # a spread of log_var itself, for example, is 0 there
            base = 1.0
            noise = sample(zero, zero + base, seed)
        both = np.concatenate([noise, sample(zero, zero + base, seed + 1)])
        high, low, columns = both.argmax(axis=0), both.argmin(axis=0), np.arange(width)
        if (both.max(axis=0) == both.min(axis=0)).any():
            self.look_at_normal(noise, 1.0, "eps", {"it draws nothing": 0.0})
            return

        def location_and_spread(mu: Array, log_var: Array) -> tuple[Array, Array]:
            z = np.concatenate([sample(mu, log_var, s) for s in (seed, seed + 1)])
            top = z[high, columns]  # the same noise as in both: z = location + spread · both, exactly
            spread = (top - z[low, columns]) / (both[high, columns] - both[low, columns])
            return top - spread * both[high, columns], spread

        rng = np.random.default_rng(seed)
        cases = [(rng.normal(size=width), rng.normal(size=width)) for _ in range(3)]
        cases.append((np.full(width, 0.7), np.full(width, -1.2)))
        question = "Draw many z at one mu and log_var: what are their mean and their variance?"
        mean = Oracle("the mean of z, mu", lambda m, v: m, cases, readings(LOCATIONS), question)
        compare(self.report, self.part, lambda m, v: location_and_spread(m, v)[0], mean)
        found = float(np.sqrt((noise**2).mean()))
        at_base = np.array([base])
        near = {words: spread for words, spread in SPREADS.items()
                if abs(found - abs(spread(at_base)[0])) <= SIGMAS / math.sqrt(2 * noise.size)}  # fmt: skip
        expected = Oracle(
            "the spread of z, the root of its variance exp(log_var)",
            lambda m, v: np.array([math.sqrt(math.exp(value - base)) for value in v]), cases,
            [Reading(Phrase("the spread of z is {spread}", spread=Sentence(words)), lambda m, v, f=f: f(v) / f(at_base))
             for words, f in near.items()],
            question,
        )  # fmt: skip
        right = compare(self.report, self.part, lambda m, v: location_and_spread(m, v)[1], expected)
        if not right:
            self.report.findings[-1].message += _monte_carlo(sample, width, seed)
        stated = math.exp(base / 2) if right else found  # else that is reported already
        causes = {"the spread of z is halved": stated / 2, "the spread of z is doubled": 2 * stated}
        self.look_at_normal(noise, stated, "eps", causes)

    def look_at_normal(self, noise: Array, sigma: float, what: str, causes: Mapping[str, float]) -> None:
        """Check that noise is normal with this spread, centred, and independent from entry to entry."""
        n = noise.size
        noun = {"what": gettext(what)}
        question = Phrase(
            "What should {what} be: its centre, its spread, its shape, and its dependence between entries?", **noun
        )
        spread = float(np.sqrt((noise**2).mean()))
        claim = Phrase("the spread of {what}", **noun)
        self.look_at_chance(claim, spread, sigma, sigma / math.sqrt(2 * n), question, causes)
        if not sigma or not spread:
            return
        e = noise / spread
        mean = float(e.mean())
        fourth = float((e**4).mean())
        uniform, sign = "{what} is uniform, where it should be normal", "{what} is a sign, where it should be normal"
        of_unit, of_example = "{what} is the same for all units of an example", "{what} is the same for all examples"
        for template, found, wanted, deviation, guesses in (
            ("the mean of {what}", mean, 0.0, 1.0, {"{what} isn't centred": mean}),
            ("the fourth moment of {what}", fourth, 3.0, math.sqrt(24), {uniform: 1.8, sign: 1.0}),
            ("the correlation of two units of {what}", _link(e, 1), 0.0, 1.0, {of_unit: 1.0}),
            ("the correlation of two examples of {what}", _link(e, 0), 0.0, 1.0, {of_example: 1.0}),
        ):
            self.look_at_chance(
                Phrase(template, **noun), found, wanted, deviation / math.sqrt(n), question,
                {Phrase(cause, **noun): value for cause, value in guesses.items()},
            )  # fmt: skip

    def look_at_chance(
        self, claim: str, found: float, expected: float, deviation: float, question: str, causes: Mapping[str, float]
    ) -> None:
        """Check that a statistic is within six standard errors of its expected value; name the cause that fits."""
        allowed = SIGMAS * deviation + 1e-12
        fitting = [cause for cause, value in causes.items() if abs(found - value) <= allowed]
        evidence = {"found": found, "expected": expected, "allowed": allowed}
        template = "{claim} should be {expected:.4g} ± {allowed:.1g}, got {found:.4g}"
        message = Phrase(template, claim=gettext(claim), **evidence)
        cause = fitting[0] if len(fitting) == 1 else ""
        difference = abs(found - expected)
        self._add(claim, difference <= allowed, message, cause, question, evidence, difference)

    def _drawn_twice(self, draw: Callable[[], Array]) -> Array | None:
        """Return the draw, or None if its seed doesn't reproduce it."""
        claim = "the draws depend on rng alone"
        try:
            drawn, again = np.array(draw(), float), np.array(draw(), float)
        except Exception as error:
            message = gettext("{what} raised {kind}: {error}")
            message = message.format(what=told(self.part), kind=type(error).__name__, error=error)
            finding = Finding("raised", self.part, INCONCLUSIVE, message)
            self.report.add(Look(self.part, gettext(claim), None, INCONCLUSIVE), finding)
            return None
        same = np.array_equal(drawn, again)
        self._add(
            claim, same, "the same seed gives different noise the second time",
            "the draws depend on more than the rng", "Which generator do the numbers come from?",
        )  # fmt: skip
        return drawn if same else None

    def _look_at_gaussian(self, noise: Array, growth: Array, sigma: float) -> None:
        """Check noise, and its change where x is 1 larger, which should be 0."""
        if np.abs(growth).max() > 1e-6 * max(1.0, sigma):
            multiplied = abs(growth.std() - sigma) <= SIGMAS * sigma / math.sqrt(2 * noise.size)
            cause = "the noise is multiplied by x, where it should be added unchanged" if multiplied else ""
            message = "the noise of the same seed changes when x grows by 1"
            self._add("the noise doesn't depend on x", False, message, cause, "Is a dark pixel less noisy?")
            return
        causes = {
            "sigma is taken for the variance": math.sqrt(sigma),
            "the spread is sigma², where it should be sigma": sigma**2,
            "the spread is twice sigma": 2 * sigma, "the spread is half of sigma": sigma / 2,
            "sigma is left out": 1.0, "nothing is added": 0.0,
        }  # fmt: skip
        self.look_at_normal(noise, sigma, "the noise", causes)

    def _look_at_hits(self, hit: Array, p: float) -> None:
        question = "How many entries are hit, out of how many, and do they come in rows or columns?"
        deviation = math.sqrt(max(p * (1 - p), 1 / hit.size) / hit.size) if 0 < p < 1 else 0.0
        causes = {
            "p is the share of kept entries instead of hit ones": 1 - p, "only half of p is hit": p / 2,
            "twice p is hit": 2 * p, "p counts twice: p² is hit": p * p, "p hits twice": 1 - (1 - p) ** 2,
            "nothing is hit": 0.0, "everything is hit": 1.0,
        }  # fmt: skip
        e = hit - hit.mean()
        scale = float((e**2).mean()) or 1.0
        found = {axis: _link(e, axis) / scale for axis in (0, 1)}
        if max(found.values()) < 0.5:  # whole rows or columns are few draws, whose share may be anything
            share = float(hit.mean())
            self.look_at_chance("the share of hit entries", share, p, deviation, question, causes)
        if not (0 < p < 1 and min(p, 1 - p) * hit.size > 100):
            return
        for axis, (claim, cause) in enumerate((
            ("the correlation of hits in a column", "whole columns are hit, where entries should be"),
            ("the correlation of hits in a row", "whole rows are hit, where entries should be"),
        )):  # fmt: skip
            self.look_at_chance(claim, found[axis], 0.0, 1 / math.sqrt(hit.size), question, {cause: 1.0})

    def _look_at_values(self, values: Array, salted: bool) -> None:
        allowed = (0.0, 1.0) if salted else (0.0,)
        ok = bool(np.isin(values, allowed).all())
        expected = gettext("0 or 1") if salted else "0"
        is_one_number = (values == values[0]).all() and values[0] in (1.0, -1.0, 0.5, 0.0)
        cause = Phrase("it sets them to {value:g}", value=values[0] + 0.0) if is_one_number else ""
        other = values[~np.isin(values, allowed)][:1]
        message = Phrase("hit entries should be {expected}, got {got}", expected=expected, got=other)
        claim = Phrase("hit entries become {expected}", expected=expected)
        self._add(claim, ok, message, cause, "What value does a hit entry get?")
        if salted and ok:
            causes = {"all hits become 0": 0.0, "all hits become 1": 1.0}
            question = "How many of the hits are salt, and how many pepper?"
            share, deviation = float(values.mean()), math.sqrt(0.25 / values.size)
            self.look_at_chance("the share of hits that become 1", share, 0.5, deviation, question, causes)

    def _add(
        self, claim: str, ok: bool, message: str, cause: str, question: str, evidence: dict[str, Any] | None = None,
        difference: float = 0.0,
    ) -> None:  # fmt: skip
        claim = gettext(claim)
        if ok:
            self.report.add(Look(self.part, claim, difference))
            return
        message = told(self.part) + ": " + gettext(message)
        why, ask = gettext(cause), gettext(question)
        finding = Finding("wrong-meaning", self.part, "error", message, evidence or {}, why, ask)
        self.report.add(Look(self.part, claim, difference or None, FAIL), finding)


def _link(e: Array, axis: int) -> float:
    """Return the correlation of neighbours along an axis, 0 for independent entries; 0 if there is one only."""
    e = np.moveaxis(e, axis, 0)
    return float((e[1:] * e[:-1]).mean()) if len(e) > 1 else 0.0


def _monte_carlo(sample: Sample, width: int, seed: int) -> str:
    """Return the effect of a wrong spread on the divergence, as the end of a sentence."""
    mu, log_var = 0.7, -1.2
    z = sample(np.full(width, mu), np.full(width, log_var), seed)
    of_samples = float((-((z - mu) ** 2) / (2 * math.exp(log_var)) - log_var / 2 + z**2 / 2).mean())
    stated = (math.exp(log_var) + mu**2 - 1 - log_var) / 2
    return gettext(
        "; at mu = {mu}, log_var = {log_var} the divergence from N(0, 1) is {of_samples:.3f} by a Monte-Carlo estimate "
        "from the samples, but {stated:.3f} for the distribution that they should come from"
    ).format(mu=mu, log_var=log_var, of_samples=of_samples, stated=stated)
