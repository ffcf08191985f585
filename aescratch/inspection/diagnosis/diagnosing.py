"""The diagnosis of a training: one look at the model, then every rule, most serious first.

model, x --a fixed sample--> Look --rules--> Diagnosis
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from aescratch.backend import Array, move, to_numpy
from aescratch.foundations.language import gettext, gettext_noop
from aescratch.foundations.showing import shows
from aescratch.foundations.validation import Data, as_matrix
from aescratch.inspection.diagnosis import of_data, of_model, of_training
from aescratch.inspection.diagnosis.finding import PYTHON, Diagnosis, Finding, Spelling
from aescratch.inspection.diagnosis.look import Look
from aescratch.models.base import Model
from aescratch.training import contract
from aescratch.training.ending import is_as_it_ended, sampled, some_rows
from aescratch.training.history import History

Rule = Callable[[Look, Spelling], "Finding | None"]

# Most serious first: the result of the training, then its causes, then possible improvements.
RULES: dict[str, Rule] = {
    "no-better-than-mean": of_training.no_better_than_mean,
    "learning-rate-too-high": of_training.learning_rate_too_high,
    "posterior-collapsed": of_model.posterior_collapsed,
    "codebook-collapsed": of_model.codebook_collapsed,
    "discriminator-wins": of_model.discriminator_wins,
    "penalty-dominates": of_model.penalty_dominates,
    "unscaled-features": of_data.unscaled_features,
    "outliers": of_data.outliers,
    "dead-units": of_model.dead_units,
    "saturated-code": of_model.saturated_code,
    "overfitting": of_training.overfitting,
    "stopped-learning": of_training.stopped_learning,
    "still-falling": of_training.still_falling,
    "worse-than-pca": of_training.worse_than_pca,
    "sparsity-missed": of_model.sparsity_missed,
    "copies-input": of_model.copies_input,
    "labels-among-features": of_data.labels_among_features,
    "constant-features": of_data.constant_features,
}
CODES = tuple(RULES)
SEE_NEXT = gettext_noop("what the next finding says")
CAUSES = set(CODES[1 : CODES.index("overfitting")])  # the causes of a model that is no better than the mean
# A finding is left out where another one already states or explains it.
SAID_BY_OTHERS = {
    "learning-rate-too-high": {"penalty-dominates"},
    "overfitting": {"no-better-than-mean"},
    "stopped-learning": {"no-better-than-mean", "dead-units", "saturated-code"},
    "still-falling": {"posterior-collapsed", "overfitting"},
    "worse-than-pca": {
        "no-better-than-mean", "learning-rate-too-high", "posterior-collapsed", "codebook-collapsed",
        "discriminator-wins", "penalty-dominates",
        "unscaled-features", "stopped-learning", "still-falling",
    },
}  # fmt: skip


@np.errstate(all="ignore")  # a diverged model overflows; its error says so
def diagnose(
    model: Any, x: Data, labels: Data | None = None, *, history: History | None = None, validation: Any = None,
    spelling: Spelling = PYTHON,
) -> Diagnosis:  # fmt: skip
    """Return what a trained model didn't learn, why, and what to try; an empty diagnosis if nothing is wrong.

    It looks at a fixed sample of at most 2,000 rows, draws nothing from the model's generator and changes nothing.

    Parameters
    ----------
    model : object
        A trained model, ours or your own. Without `encode` and `reconstruct`, only the data and the history are
        judged.
    x : (N, D) array of floats
        The training data.
    labels : (N,) array of integers, optional
        For a classifier.
    history : History, optional
        What `fit` returned. Without it, the course of the training is not judged.
    validation : (M, D) array, or the pair (x, labels), optional
        Data that the model wasn't trained on.
    spelling : callable
        How the advice writes a setting: `PYTHON` or `COMMAND_LINE`.

    Returns
    -------
    Diagnosis
        The findings, most serious first.

    Raises
    ------
    TypeError, ValueError
        If the model or an argument is invalid; the message says what was expected.

    Examples
    --------
    >>> import aescratch as ae
    >>> x = ae.datasets.load_digits().x
    >>> model = ae.VariationalAutoencoder([64, 8], rng=0)
    >>> history = model.fit(x, epochs=60, rng=0)
    >>> ae.diagnose(model, x, history=history).codes
    ['no-better-than-mean', 'posterior-collapsed']
    """
    contract.require_model(model)
    if history is not None and not isinstance(history, History):
        message = gettext("expected history to be what fit returned, an ae.History, got {kind}")
        raise TypeError(message.format(kind=type(history).__name__))
    curve = history if contract.loss_measures_progress(model) else None
    seen = look_at(model, x, labels, curve, validation)
    findings = {code: rule(seen, spelling) for code, rule in RULES.items()}
    codes = {code for code, finding in findings.items() if finding is not None}
    told = [finding for code, finding in findings.items() if finding and not codes & SAID_BY_OTHERS.get(code, set())]
    if codes & CAUSES and told[0].code == "no-better-than-mean":
        told[0] = told[0]._replace(advice=gettext(SEE_NEXT))
    return Diagnosis(told)


def diagnose_data(x: Data) -> Diagnosis:
    """Return the findings about data (N, D) before scaling: columns that look like labels, and constant columns."""
    (sample,) = sampled([as_matrix(some_rows(x)[0], "float64", None)])
    seen = Look(None, sample, None, None, None)
    found = [RULES[code](seen, PYTHON) for code in ("labels-among-features", "constant-features")]
    return Diagnosis([finding for finding in found if finding])


@np.errstate(all="ignore")
def levels_of(model: Any, x: Data) -> dict[str, float]:
    """Return the losses to compare a model's loss with: that of the mean and, for squared error, that of PCA."""
    seen = look_at(model, x, None, None, None) if not contract.takes_labels(model) else None
    if seen is None or not seen.restores or seen.known_losses is None:
        return {}
    trivial, perfect = seen.known_losses
    return {gettext_noop("the mean"): trivial} | ({"PCA": seen.pca_sse / 2} if perfect == 0 and seen.pca_sse else {})


@shows(Model, "levels")
def levels_beside(model: Model, data: Sequence[Array]) -> str:
    """Return what a progress bar shows beside the loss: the losses to compare it with."""
    levels = levels_of(model, data[0])
    said = ", ".join(f"{gettext(name)} {value:.4g}" for name, value in levels.items())
    return f" ({said})" if said else ""


@shows(Model, "is hopeless")
def is_hopeless(model: Model, data: Sequence[Array]) -> bool:
    """Return whether more epochs would change nothing.

    The model is no better than the mean, and either its whole code is dead or saturated, so that no gradient passes
    through it, or its objective has its minimum there.
    """
    if model.takes_labels:
        return False
    seen = look_at(model, data[0], None, None, None)
    if of_training.no_better_than_mean(seen, PYTHON) is None:
        return False
    collapsed = (of_model.posterior_collapsed(seen, PYTHON), of_model.penalty_dominates(seen, PYTHON))
    return of_model.has_no_gradient(seen) or (any(collapsed) and of_model.asks_for_nothing(seen))


@shows(History, "diagnosis")
def diagnosis_of(history: History) -> Diagnosis:
    """Return the diagnosis of this history's training, as long as the model has not changed since."""
    if isinstance(history.ending, Diagnosis):
        return history.ending
    model = None if history.ending is None else history.ending.model()
    if model is None or not is_as_it_ended(model, history.ending):
        why = gettext("the model has changed or no longer exists")
        if history.ending is None:
            why = gettext("this history is a copy or did not come from fit")
        message = gettext(
            "expected the history of a fit whose model is unchanged since then, but {why}; call "
            "ae.diagnose(model, x, history=history)"
        )
        raise ValueError(message.format(why=why))
    ending = history.ending
    history.end(diagnose(model, *ending.data, history=history, validation=ending.validation))
    found: Diagnosis = history.ending
    return found


def look_at(model: Any, x: Any, labels: Any, history: History | None, validation: Any) -> Look:
    """Return what the rules look at: a validated sample of the data, and one of the validation data."""
    x, labels = some_rows(x, labels)
    if labels is None and not contract.takes_labels(model):  # which may have no loss, and needs none here
        given = as_matrix(x, contract.dtype_of(model), contract.n_inputs_of(model))
        arrays = sampled([move(given, contract.backend_of(model))])
    else:
        arrays = sampled(contract.as_data(model, x, labels))
    other = None
    if validation is not None:
        pair = validation if isinstance(validation, (tuple, list)) else (validation,)
        other = look_at(model, pair[0], pair[1] if len(pair) > 1 else None, None, None)
    known = to_numpy(arrays[1]) if len(arrays) > 1 else None
    return Look(model, np.asarray(to_numpy(arrays[0]), np.float64), known, history, other)
