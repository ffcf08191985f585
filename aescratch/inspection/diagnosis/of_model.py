"""Findings about the trained model: units that carry no information, penalties that outweigh the data, plain copying.

    Look, spelling -> Finding or None
"""

from __future__ import annotations

from typing import Any

import numpy as np

from aescratch import functions
from aescratch.activations import Sigmoid, Tanh
from aescratch.backend import Array, to_numpy
from aescratch.codes.adversary import GradientReversal
from aescratch.codes.bounds import ImportanceBound
from aescratch.codes.codebook import Codebook
from aescratch.divergences import GaussianKL
from aescratch.foundations.language import gettext
from aescratch.inspection.diagnosis.finding import Finding, Spelling, percent
from aescratch.inspection.diagnosis.look import SELECTIONS, Look
from aescratch.inspection.diagnosis.of_training import slower
from aescratch.inspection.diagnosis.prices import least_variance, strength
from aescratch.penalties import Contraction, KLSparsity, L1Sparsity, WeightDecay

HARM = 0.05  # of the variance: what PCA explains and the model doesn't
MANY = 0.25  # of the code's units
HALF = 0.5
MOSTLY = 0.75
HEAVY = 50.0  # times the largest variance of the data
AT_THE_END = 0.01  # of the width of an activation's range
FLAT_SLOPE = 0.01  # of the largest slope
NO_SLOPE = 1e-4
SMALL, VERY_SMALL = 0.1, 0.02  # of a weight that is too large: the next weights to try
NEARLY_ALL = 0.8
FREE, WARM = 0.5, 1000  # nats, and steps
DROWSY = 0.1  # nats
MOST_NAMED = 8
OFF_TARGET = 1.5  # times the wanted activity
FEW_ZEROS = 0.1
NEARLY_ALWAYS = 0.95  # of codes and samples that a discriminator classifies correctly
FAR_OFF = 10.0  # times the mean square of N(0, 1): the code has diverged
COPIED = 0.95  # of the variance
LEFT_OF_SMALL = 0.2  # of the variance in the smaller half of the directions
AUXILIARY = "0.03125"  # 1/32, the share that Gao et al. (2024) give silent units
RANK = 1e-6  # of the largest variance: smaller directions count as empty


def posterior_collapsed(look: Look, spelling: Spelling) -> Finding | None:
    """Return a finding if most units of a variational code equal the prior, regardless of x."""
    divergence = _part(look, GaussianKL) or _part(look, ImportanceBound)
    if divergence is None or look.units is None or not look.restores:
        return None
    of_samples = isinstance(divergence, ImportanceBound)  # which leave q as wide as the prior, but not quite it
    asleep = look.units.values < DROWSY if of_samples else look.units.asleep
    if not (asleep.all() or (asleep.mean() > HALF and look.explained < HALF)):
        return None
    said = gettext(
        "{units} of the code have collapsed: their divergence is at most {nats:.2g} nats, so they carry next to no "
        "information about x"
    ).format(units=_counted(asleep), nats=look.units.values[asleep].max())
    why = asks_for_nothing(look)
    if why:
        said += gettext(
            "; with beta = {beta:g} and a decoder of variance 1 that is the objective's optimum, since no direction of "
            "these data has a variance above {largest:.3g}"
        ).format(beta=divergence.beta, largest=float(look.eigenvalues[0]))
    return Finding(
        "posterior-collapsed",
        said,
        _awake(look, divergence, why, spelling),
    )


def _awake(look: Look, penalty: Any, is_optimum: bool, spelling: Spelling) -> str:
    """Return the advice for a code whose units equal the prior."""
    largest = float(look.eigenvalues[0])
    if isinstance(penalty, ImportanceBound):
        return _or(slower(look, spelling), spelling("variance", f"{SMALL * largest:.2g}"))
    smaller = spelling("beta", f"{SMALL * min(least_variance(penalty), largest):.2g}")
    free_bits = spelling("free_bits", f"{FREE:g}")
    if is_optimum:
        probabilities = gettext("{setting} for data in [0, 1]").format(setting=spelling("reconstruction", "bce"))
        return _or(f"{smaller}, {free_bits}", probabilities)
    return _or(slower(look, spelling) + f", {spelling('warm_up', str(WARM))}, {free_bits}", smaller)


def codebook_collapsed(look: Look, spelling: Spelling) -> Finding | None:
    """Return a finding if codes use few of a codebook's entries, and the reconstruction suffers."""
    codebook = _part(look, Codebook)
    if codebook is None or look.code is None or not look.restores or look.explained > COPIED:
        return None
    chosen = to_numpy(codebook.numbers_of(look.as_taken(look.code))).ravel()
    counts = np.bincount(chosen, minlength=codebook.n_codes).astype(np.float64)
    in_use = float(functions.perplexity(counts))
    if (counts == 0).mean() < MANY or in_use >= HALF * min(codebook.n_codes, len(chosen)):
        return None
    said = gettext(
        "{unused} of {count} entries of the codebook are never chosen, and the perplexity of all choices is "
        "{in_use:.3g}: the code uses about as many entries"
    )
    restart = gettext("{setting}, which draws unused entries anew").format(setting=spelling("restart", "0.1"))
    return Finding(
        "codebook-collapsed",
        said.format(unused=int((counts == 0).sum()), count=codebook.n_codes, in_use=in_use),
        restart if not codebook.restart else _or(slower(look, spelling), spelling("moving_average", "0.05")),
    )


def discriminator_wins(look: Look, spelling: Spelling) -> Finding | None:
    """Return a finding if a discriminator distinguishes nearly every code from a sample of N(0, 1)."""
    asked, reversal = getattr(look.model, "discriminator_accuracy", None), _part(look, GradientReversal)
    if not callable(asked) or reversal is None or look.code is None or not look.restores:
        return None
    accuracy, weight = float(asked(look.given, rng=0)), reversal.weight
    size = float(np.square(look.code).mean())
    if accuracy < NEARLY_ALWAYS and size < FAR_OFF:
        return None
    change = SMALL if size > FAR_OFF else 1 / SMALL
    return Finding(
        "discriminator-wins",
        gettext(
            "the discriminator is right about {right:.3g} % of codes and samples of N(0, 1), and the codes' mean "
            "square is {size:.3g}, where the samples' is 1: codes don't look like samples, and decoded samples don't "
            "look like data"
        ).format(right=100 * accuracy, size=size),
        _or(spelling("weight", f"{change * weight or SMALL:.2g}"), slower(look, spelling)),
    )


def penalty_dominates(look: Look, spelling: Spelling) -> Finding | None:
    """Return a finding if a penalty costs more than the data's largest direction gains."""
    if not look.restores or look.explained > HALF * look.pca_explained or look.units is None:
        return None
    largest = float(look.eigenvalues[0])
    for name, part in look.parts:
        if isinstance(part, GaussianKL) or not strength(part):
            continue
        least = least_variance(part)
        if least > HALF * largest and not _compares_probabilities(look):
            return Finding(
                "penalty-dominates",
                gettext(
                    "{name}, {part}, keeps every direction of the data with a variance below about {least:.3g} out "
                    "of the code, and the largest variance is {largest:.3g}"
                ).format(name=name, part=repr(part), least=least, largest=largest),
                _with_weight(part, VERY_SMALL * strength(part) * min(1.0, largest / least), spelling),
            )
        if isinstance(part, KLSparsity) and strength(part) > HEAVY * largest:
            return Finding(
                "penalty-dominates",
                gettext(
                    "the weight of {name}, {weight:g}, is {times:.3g} times the largest variance of the data, and the "
                    "model explains {explained} of the total variance"
                ).format(
                    name=name, weight=strength(part), times=strength(part) / largest, explained=percent(look.explained)
                ),
                _with_weight(part, largest, spelling),
            )
    return None


def _with_weight(part: Any, weight: float, spelling: Spelling) -> str:
    """Return the setting that gives a penalty this weight; for a user's penalty, the weight alone."""
    if isinstance(part, KLSparsity):
        return spelling("sparsity", f"kl:{part.rho:g}:{weight:.2g}")
    if isinstance(part, L1Sparsity):
        return spelling("sparsity", f"l1:{weight:.2g}")
    name = {WeightDecay: "weight_decay", Contraction: "weight"}.get(type(part))
    if name is None:
        return gettext("a weight of {weight:.2g}").format(weight=weight)
    return spelling(name, f"{weight:.2g}")


def _or(first: str, second: str) -> str:
    """Return two things to try, one or the other."""
    return gettext("{first}, or {second}").format(first=first, second=second)


def dead_units(look: Look, spelling: Spelling) -> Finding | None:
    """Return a finding if units of the code are exactly 0 for every example, and the reconstruction suffers."""
    if look.code is None or not look.restores:
        return None
    dead = (look.code == 0).all(axis=0)
    if look.is_plain:
        is_harmed = dead.mean() >= MANY and look.explained < COPIED
    else:
        is_harmed = dead.mean() >= HALF and look.explained < MOSTLY * look.pca_explained
    if not is_harmed:
        return None
    return Finding(
        "dead-units",
        gettext(
            "{units} of the code are 0 for all of {count:,} examples, and no longer get a gradient; the model explains "
            "{explained} of the variance, PCA {by_pca}"
        ).format(
            units=_counted(dead), count=len(look.code), explained=percent(look.explained),
            by_pca=percent(look.pca_explained),
        ),
        _or(_alive(look, spelling), slower(look, spelling)),
    )


def _alive(look: Look, spelling: Spelling) -> str:
    """Return the advice that activates more units: a larger selection, an auxiliary loss, or no activation."""
    selection = _part(look, SELECTIONS)
    if selection is None:
        return spelling("code_activation", "identity")
    more = spelling("k", str(2 * selection.k))
    can_restore = getattr(look.model, "auxiliary", None) == 0 and look.model.can_restore
    return f"{spelling('auxiliary', AUXILIARY)}, {more}" if can_restore else more


def saturated_code(look: Look, spelling: Spelling) -> Finding | None:
    """Return a finding if units of a sigmoid or tanh code are saturated: their slope is almost 0."""
    low = _lowest(look)
    if low is None or look.code is None or not look.restores or look.pca_explained - look.explained < HARM:
        return None
    flat = _slope(look.code, low) < FLAT_SLOPE
    stuck = flat.all(axis=0) & (np.ptp(look.code, axis=0) < AT_THE_END * (1 - low))
    if _part(look, KLSparsity) is None and flat.mean() > NEARLY_ALL:
        stuck = flat.mean(axis=0) > NEARLY_ALL
    if stuck.mean() < HALF:
        return None
    said = gettext(
        "{units} of the code are at the ends of their range, where the slope is below {slope} of the largest, so that "
        "they hardly learn; the model explains {explained} of the variance, PCA {by_pca}"
    ).format(
        units=_counted(stuck), slope=percent(FLAT_SLOPE), explained=percent(look.explained),
        by_pca=percent(look.pca_explained),
    )  # fmt: skip
    linear, calmer = spelling("code_activation", "identity"), slower(look, spelling)
    advice = _or(linear, calmer) if look.is_standardized else _or(f"{linear}, " + calmer, gettext("data around zero"))
    return Finding("saturated-code", said, advice)


def sparsity_missed(look: Look, spelling: Spelling) -> Finding | None:
    """Return a finding if units of a sparse code are more active than requested, or hardly ever 0."""
    if look.code is None or not look.total:
        return None
    kl, l1 = _part(look, KLSparsity), _part(look, L1Sparsity)
    if kl is not None and strength(kl):
        activity = look.code.mean(axis=0)
        if float(np.median(activity)) < OFF_TARGET * kl.rho:
            return None
        return Finding(
            "sparsity-missed",
            gettext("the code's units have a mean activity of {activity:.3g} where rho = {rho:g} is wanted").format(
                activity=np.median(activity), rho=kl.rho
            ),
            gettext("a larger weight, {setting}, or more epochs").format(
                setting=_with_weight(kl, 10 * kl.weight, spelling)
            ),
        )
    needed = int(np.searchsorted(np.cumsum(look.eigenvalues), COPIED * look.total)) + 1
    if l1 is not None and strength(l1) and look.width > needed and float((look.code == 0).mean()) < FEW_ZEROS:
        return Finding(
            "sparsity-missed",
            gettext("{share} of the code's numbers are 0 with {penalty}").format(
                share=percent(float((look.code == 0).mean())), penalty=repr(l1)
            ),
            gettext("a larger weight, {setting}, and a code that can be 0: {activation}").format(
                setting=_with_weight(l1, 10 * l1.weight, spelling),
                activation=spelling("code_activation", "relu"),
            ),
        )
    return None


def copies_input(look: Look, spelling: Spelling) -> Finding | None:
    """Return a finding if the code is as wide as the data, and nothing keeps the model from copying."""
    if not look.restores or look.code is None or look.explained < COPIED:
        return None
    directions = int((look.eigenvalues > RANK * look.eigenvalues[0]).sum())
    columns = int((look.variances > 0).sum())
    if not look.is_plain or look.width < columns or look.width < directions:
        return None
    if look.sse > LEFT_OF_SMALL * look.eigenvalues[directions // 2 :].sum():
        return None  # then it learns the large directions, as a narrow code does
    return Finding(
        "copies-input",
        gettext(
            "the code has {units} units for {columns} columns that vary, and nothing keeps the model from copying "
            "them, so that the code learns nothing about the data"
        ).format(units=look.width, columns=columns),
        gettext("a narrower code, or a variant that denoises or is sparse"),
    )


def has_no_gradient(look: Look) -> bool:
    """Return whether no gradient reaches the encoder: its whole code is dead or saturated."""
    if look.code is None:
        return False
    low = _lowest(look)
    if low is None:
        return bool((look.code == 0).all())
    return bool((_slope(look.code, low) < NO_SLOPE).all())


def asks_for_nothing(look: Look) -> bool:
    """Return whether a penalty costs more than any direction of the data gains, so that an empty code is optimal."""
    costs = max((least_variance(part) for _, part in look.parts), default=0.0)
    return bool(not _compares_probabilities(look) and costs > look.eigenvalues[0])


def _part(look: Look, kind: type | tuple[type, ...]) -> Any | None:
    """Return the model's part of this class, or of these classes, or None."""
    return next((part for _, part in look.parts if isinstance(part, kind)), None)


def _compares_probabilities(look: Look) -> bool:
    """Whether the loss isn't a squared error, so that variances can't be compared with it."""
    return look.known_losses is None or look.trivial_and_perfect[1] != 0.0


def _lowest(look: Look) -> float | None:
    """Return the lower end of the code's range, whose upper end is 1, or None if the range is unbounded."""
    layers = [part for name, part in look.parts if name.startswith("encoder")]
    last = layers[-1] if layers else None
    return 0.0 if isinstance(last, Sigmoid) else -1.0 if isinstance(last, Tanh) else None


def _slope(h: Array, low: float) -> Array:
    """Return the slope at an output of sigmoid or tanh, whose lower end is `low`, as a share of the largest slope."""
    return 4 * (h - low) * (1 - h) / (1 - low) ** 2


def _counted(which: Array) -> str:
    """Return how many units, and which, counted from 1."""
    places = np.flatnonzero(which) + 1
    if len(places) == len(which):
        return gettext("the only unit") if len(which) == 1 else gettext("all {count} units").format(count=len(which))
    named = ", ".join(map(str, places[:MOST_NAMED])) + (", …" if len(places) > MOST_NAMED else "")
    said = gettext("{count} of {all} units ({named})")
    return said.format(count=len(places), all=len(which), named=named)
