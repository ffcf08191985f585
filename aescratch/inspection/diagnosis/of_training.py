"""Findings about the course of a training: its loss curve, and the result compared with the mean and PCA.

    Look, spelling -> Finding or None

A curve is judged by the explained share of the loss: 0 is the mean's loss, 1 that of a perfect output. "What there is
to explain" below is the difference between the two.
"""

from __future__ import annotations

import numpy as np

from aescratch.activations import Activation
from aescratch.backend import Array
from aescratch.codes.bounds import FittedGaussian, ImportanceBound
from aescratch.divergences import MaximumMeanDiscrepancy
from aescratch.foundations.language import gettext
from aescratch.inspection.diagnosis.finding import PYTHON, Finding, Spelling, percent
from aescratch.inspection.diagnosis.look import Look
from aescratch.inspection.diagnosis.of_data import outliers

NOTHING_LEARNT = 0.05  # of the variance explained
CLEARLY_LESS = 0.5  # of what PCA explains
BEHIND_PCA = 0.15  # of the variance
FAR_BEHIND_PCA = 0.25  # for a model whose objective is more than the reconstruction
FEWEST_EPOCHS = 4
LAST_PART = 0.25  # of the epochs
STILL = 0.01  # of what there is to explain, gained in the last part
STILL_OF_REST = 0.08  # of what is left
FLAT = 0.01  # of what there is to explain
FLAT_OF_REST = 0.03  # of what is left
OVERSHOT = 3.0  # times the loss before the first step, or the mean's where that is larger; or times the least loss
LOST = 0.15  # of what there is to explain, by the last epoch or its last step
ROUGH = 0.012  # of what is left to explain: a rise of the loss in an epoch, on average over the second half
VERY_ROUGH = 0.08  # where the model isn't behind PCA
RESOLVED = 0.01  # of what there is to explain: more is not required
RISEN = 0.05  # of what there is to explain
WORSE_UNSEEN = 0.1
LITTLE = 0.02  # of the variance: unexplained, where more epochs would change little
MORE_EPOCHS = 3
SLOWER = 0.1
AT_REST = 0.05  # of the largest learning rate


def no_better_than_mean(look: Look, spelling: Spelling) -> Finding | None:
    """Return a finding if the model explains almost nothing, though there is something to explain."""
    if look.predicted is not None and look.labels is not None:
        accuracy = float(np.mean(look.predicted == look.labels))
        usual = float(np.bincount(look.labels.astype(int)).max() / len(look.labels))
        if accuracy > usual + NOTHING_LEARNT or usual > 1 - NOTHING_LEARNT:
            return None
        return Finding(
            "no-better-than-mean",
            gettext(
                "{right:.1f} % of the examples are classified correctly, and always predicting the most frequent class "
                "would be right for {usual:.1f} %"
            ).format(right=100 * accuracy, usual=100 * usual),
            _another_rate(look),
        )
    if not look.restores or look.explained > NOTHING_LEARNT or look.explained > CLEARLY_LESS * look.pca_explained:
        return None
    return Finding(
        "no-better-than-mean",
        gettext("the model's SSE is {sse:.4g}, and always predicting the mean gives {mean:.4g}{pca}").format(
            sse=look.sse, mean=look.total, pca=_pca(look)
        ),
        _another_rate(look),
    )


def worse_than_pca(look: Look, spelling: Spelling) -> Finding | None:
    """Return a finding if PCA of the same width explains clearly more."""
    if not look.restores or look.pca_explained - look.explained < (BEHIND_PCA if look.is_plain else FAR_BEHIND_PCA):
        return None
    said = gettext("the model explains {explained} of the variance, SSE {sse:.4g}{pca}, which is {by_pca}")
    advice = gettext("smaller penalties and less noise: both pull away from a good reconstruction")
    if look.is_plain:
        advice = gettext("more epochs, another learning rate{more}").format(more=_or_no_activation(look, spelling))
    numbers = {"explained": percent(look.explained), "sse": look.sse, "by_pca": percent(look.pca_explained)}
    return Finding("worse-than-pca", said.format(pca=_pca(look), **numbers), advice)


def learning_rate_too_high(look: Look, spelling: Spelling) -> Finding | None:
    """Return a finding if the loss jumped up at the beginning or the end, or goes up and down in the second half."""
    history = look.history
    if history is None or not history.learning_rate:
        return None
    if ran_away := _ran_away_at_the_end(look):
        return Finding("learning-rate-too-high", ran_away, slower(look, spelling))
    is_behind = look.restores and look.explained < look.pca_explained - BEHIND_PCA
    first = history.first_loss
    if is_behind and first is not None and history.loss[0] > OVERSHOT * max(first, _range(look)):
        return Finding(
            "learning-rate-too-high",
            gettext(
                "the loss of the first batch was {first:.4g}, and over the first epoch it was {mean:.4g} on average: "
                "the first steps were far too large"
            ).format(first=first, mean=history.loss[0]),
            slower(look, spelling),
        )
    half = look.progress[len(look.progress) // 2 :]
    rises = np.maximum(-np.diff(half), 0)
    rest = max(1 - float(half.mean()), RESOLVED)
    rough = (ROUGH if is_behind else VERY_ROUGH) * rest
    if len(half) < FEWEST_EPOCHS or _has_come_to_rest(look) or rises.mean() < rough:
        return None
    if _is_on_another_scale(look) and not is_behind:
        return None
    return Finding(
        "learning-rate-too-high",
        gettext(
            "in {count} of the last {epochs} epochs the loss rose, by {rise:.3g} in all, and it ended at {end:.4g}"
        ).format(
            count=int((rises > 0).sum()), epochs=len(rises), rise=rises.sum() * _range(look), end=history.loss[-1]
        ),
        slower(look, spelling),
    )


def _ran_away_at_the_end(look: Look) -> str:
    """Return a sentence if the last epoch or step left the model far worse than before, else an empty string.

    Outliers in a part of the data would look the same, so none is returned where there are outliers.
    """
    history = look.history
    assert history is not None
    if outliers(look, PYTHON):
        return ""
    least, last = min(history.loss), history.loss[-1]
    left = last if history.last_loss is None else history.last_loss
    worst, floor = max(last, left), 0.0 if look.known_losses is None else look.known_losses[1]
    if least < floor or worst - floor < OVERSHOT * (least - floor) or worst - least < LOST * _range(look):
        return ""
    said = gettext("the loss was {last:.4g} over the last epoch{after}")
    if least < last:
        said = gettext("the loss had come down to {least:.4g}, was {last:.4g} over the last epoch{after}")
    after = gettext(", and after the last step it is {left:.4g}").format(left=left)
    return said.format(least=least, last=last, after="" if history.last_loss is None else after)


def still_falling(look: Look, spelling: Spelling) -> Finding | None:
    """Return a finding if the loss still falls so much in the last quarter of the epochs that more would help."""
    if look.history is None or len(look.history) < FEWEST_EPOCHS:
        return None
    gained, rest = _gained(look.progress), min(1 - look.progress[-1], 1.0)
    if gained < max(STILL, STILL_OF_REST * rest) or _has_come_to_rest(look):
        return None
    if _is_on_another_scale(look) and look.restores and 1 - look.explained < LITTLE:
        return None
    epochs = len(look.history)
    before = look.history.loss[_start_of_last_part(epochs)]
    return Finding(
        "still-falling",
        gettext("in the last {count} of {epochs} epochs the loss fell from {before:.4g} to {end:.4g}").format(
            count=epochs - 1 - _start_of_last_part(epochs), epochs=epochs, before=before, end=look.history.loss[-1]
        ),
        spelling("epochs", str(MORE_EPOCHS * epochs)),
    )


def stopped_learning(look: Look, spelling: Spelling) -> Finding | None:
    """Return a finding if the loss has been flat from early on, far from what PCA reaches."""
    is_short = look.history is None or len(look.history) < 2 * FEWEST_EPOCHS
    if look.history is None or is_short or not (look.restores and look.is_plain):
        return None
    start = len(look.progress) // 3
    since = look.progress[start:]
    if np.ptp(since) > max(FLAT, FLAT_OF_REST * (1 - since[-1])) or look.pca_explained - look.explained < BEHIND_PCA:
        return None
    said = gettext(
        "since epoch {epoch} of {epochs} the loss has hardly moved, and it ended at {end:.4g} with {explained} of the "
        "variance explained{pca}, which is {by_pca}"
    ).format(
        epoch=start + 1, epochs=len(look.progress), end=look.history.loss[-1], explained=percent(look.explained),
        pca=_pca(look), by_pca=percent(look.pca_explained),
    )  # fmt: skip
    advice = gettext("another learning rate, ten times larger or smaller{more}")
    return Finding("stopped-learning", said, advice.format(more=_or_no_activation(look, spelling)))


def overfitting(look: Look, spelling: Spelling) -> Finding | None:
    """Return a finding if unseen data are restored clearly worse than training data, or worse from epoch to epoch."""
    history = look.history
    advice = gettext("{patience} beside validation data, fewer units, or {decay}").format(
        patience=spelling("patience", "10"), decay=spelling("weight_decay", "0.001")
    )
    if history is not None and history.validation_loss and history.stopped != "early":
        unseen = np.asarray(history.validation_loss)
        best = int(unseen.argmin())
        risen = float(unseen[-1] - unseen[best])
        falls = history.loss[best] - history.loss[-1]
        if risen > RISEN * max(_range(look), unseen[best] - _floor(look)) and falls > 0:
            return Finding(
                "overfitting",
                gettext(
                    "since epoch {epoch} the validation loss has risen from {least:.4g} to {unseen:.4g}, while the "
                    "loss fell from {before:.4g} to {end:.4g}"
                ).format(
                    epoch=best + 1, least=unseen[best], unseen=unseen[-1], before=history.loss[best],
                    end=history.loss[-1],
                ),
                advice,
            )
    other = look.validation
    if other is None or not (look.restores and other.restores):
        return None
    unseen_mean = float(np.square(other.x - look.mean).sum(axis=1).mean())
    explained = 1 - other.sse / unseen_mean
    if look.explained - explained < WORSE_UNSEEN:
        return None
    return Finding(
        "overfitting",
        gettext(
            "the model explains {explained} of the variance of its training data and {unseen} of that of unseen data"
        ).format(explained=percent(look.explained), unseen=percent(explained)),
        advice,
    )


def _another_rate(look: Look) -> str:
    if look.is_standardized:
        return gettext("more epochs, and learning rates ten times larger and smaller")
    return gettext("more epochs, learning rates ten times larger and smaller, and data around zero")


def _gained(progress: Array) -> float:
    """Return the gain in the last part of the epochs."""
    return float(progress[-1] - progress[_start_of_last_part(len(progress))])


def _start_of_last_part(epochs: int) -> int:
    return max(0, epochs - 1 - max(1, round(LAST_PART * epochs)))


def _is_on_another_scale(look: Look) -> bool:
    """Whether the loss is noisy and can fall while the squared error hardly does: a log-density, or samples."""
    return any(isinstance(part, (FittedGaussian, ImportanceBound, MaximumMeanDiscrepancy)) for _, part in look.parts)


def _has_come_to_rest(look: Look) -> bool:
    """Whether the learning rate has decayed to almost 0, so that more epochs would change nothing."""
    assert look.history is not None
    rates = look.history.learning_rate
    return bool(rates) and rates[-1] < AT_REST * max(rates)


def _range(look: Look) -> float:
    trivial, perfect = look.trivial_and_perfect
    return trivial - perfect


def _floor(look: Look) -> float:
    return look.trivial_and_perfect[1]


def _pca(look: Look) -> str:
    said = gettext("; PCA with {count} components reaches {sse:.4g}")
    if look.width == 1:
        said = gettext("; PCA with 1 component reaches {sse:.4g}")
    return said.format(count=look.width, sse=look.pca_sse)


def _or_no_activation(look: Look, spelling: Spelling) -> str:
    """Return the advice to leave out the code's activation, if it has one."""
    layers = [part for name, part in look.parts if name.startswith("encoder")]
    if not layers or not isinstance(layers[-1], Activation):
        return ""
    return gettext(", or {setting}").format(setting=spelling("code_activation", "identity"))


def slower(look: Look, spelling: Spelling) -> str:
    """Return the advice to lower the learning rate."""
    if look.history is None or not look.history.learning_rate:
        return gettext("a lower learning rate")
    rate = spelling("learning_rate", f"{SLOWER * look.history.learning_rate[0]:.3g}")
    return gettext("a lower learning rate, {setting}").format(setting=rate)
