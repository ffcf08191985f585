"""`check_meaning`: whether a model and its parts compute what their names say.

    model --in float64, restored afterwards--> every part: forward against an oracle         terms, layers, noise
                                               the model: against its own second opinion     objective, wiring

A wrong forward with a matching backward passes every gradient check, but fails here. If a model has no second opinion,
or one that doesn't know all of its parts, the verdict is inconclusive instead of fail.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from aescratch.backend import Array, to_numpy
from aescratch.batch_norm import BatchNorm
from aescratch.codes.adversary import BesidePrior
from aescratch.codes.selection import SilentTopK
from aescratch.corruptions import Corruption
from aescratch.foundations.language import Phrase, gettext
from aescratch.foundations.validation import Data, require_count
from aescratch.inspection.gradcheck.keeping import in_double_precision
from aescratch.inspection.gradcheck.meaning.choosing import decay_oracle, oracle_of, weighed
from aescratch.inspection.gradcheck.meaning.comparing import Look, MeaningReport, compare, expect
from aescratch.inspection.gradcheck.meaning.doubts import Doubts
from aescratch.inspection.gradcheck.meaning.drawing import (
    CORRUPTIONS,
    look_at_drawing,
    look_at_generated,
    look_at_spelled_out_noise,
)
from aescratch.inspection.gradcheck.meaning.layers import move_from_the_start
from aescratch.inspection.gradcheck.meaning.objective import Step, look_at_objective
from aescratch.inspection.gradcheck.meaning.wiring import look_at_passes, look_at_predictions, look_at_sharing
from aescratch.inspection.gradcheck.printing import FAIL, INCONCLUSIVE, Finding
from aescratch.layers import Sampling
from aescratch.models.opinion import SecondOpinion
from aescratch.penalties import WeightDecay
from aescratch.training import contract

N = 7  # rows of the default batch


def check_meaning(
    model: contract.Trainable, x: Data | None = None, labels: Data | None = None, *, rng: int = 0
) -> MeaningReport:
    """Check that losses, penalties, layers and noise compute what their names say, which no gradient check can see.

    Each is compared with the same quantity computed another way: sums one by one, a divergence by quadrature, a
    penalty's Jacobian by differences, noise by its statistics, each within six standard errors.

    Parameters
    ----------
    model : object
        One of ours, of a class built on ours, or one with ``loss``, ``backward``, ``parameters`` and ``parts``. The
        check leaves it exactly as it was. The model itself states its objective, in `second_opinion`. Without one, or
        with parts that the opinion doesn't know, only the parts are checked, and the verdict is at best inconclusive.
    x : (N, D) array of floats, optional
        A small batch; by default 7 rows of random numbers between 0 and 1.
    labels : (N,) array of integers, optional
        For a classifier; by default random ones.
    rng : int
        The seed of all random draws.

    Returns
    -------
    MeaningReport
        Print it; `.verdict` is pass, fail or inconclusive.

    Raises
    ------
    TypeError, ValueError
        If the arguments are invalid; mistakes of the model are findings instead.

    Examples
    --------
    >>> model = ae.VariationalAutoencoder([5, 4, 2], rng=0)
    >>> check_meaning(model).verdict
    'pass'
    """
    seed = require_count("rng", rng, least=0)
    contract.require_methods(model)
    generator = np.random.default_rng(seed)
    opinion, trouble = _opinion_of(model)
    data = _as_data(model, opinion, x, labels, generator)
    title = gettext("meaning of {model}, {count} examples, float64, rng={seed}")
    report = MeaningReport(title.format(model=type(model).__name__, count=len(data[0]), seed=seed))
    for parameter in model.parameters:
        if not np.isfinite(to_numpy(parameter.value)).all():
            message = "expected finite numbers in {name}, got NaN or infinity; give the model finite parameters"
            raise ValueError(gettext(message).format(name=parameter.name))
    trusting = contract.trusting_batches(model)
    with in_double_precision(model, "numpy"), contract.in_use(model), trusting, np.errstate(all="ignore"):
        if hasattr(model, "dtype"):
            model.dtype = "float64"
        batch = [to_numpy(a).astype(float) if a.dtype.kind == "f" else to_numpy(a).copy() for a in data]
        _let_nothing_hide(model, generator)
        unknown = _look_at_parts(report, model, opinion, batch[0], generator, seed)
        if opinion is None:
            message = gettext(
                "{model} {trouble}: how its parts are combined was not checked; define second_opinion, with the inputs "
                "of each term of the objective"
            ).format(model=type(model).__name__, trouble=trouble)
            report.findings.append(Finding("no-second-opinion", None, INCONCLUSIVE, message))
            _say_what_is_unknown(report, unknown, [])
        else:
            _look_at_whole(report, Step(model, opinion, batch, seed), unknown, generator)
    return report


def _let_nothing_hide(model: Any, generator: np.random.Generator) -> None:
    """Move parameters from their initial values, which hide mistakes: a bias of 0, no silent unit."""
    for parameter in model.parameters:
        if not parameter.value.any():
            parameter.value = generator.normal(0, 0.3, parameter.shape)
    for part in contract.parts_of(model).values():
        if isinstance(part, BatchNorm):
            move_from_the_start(part, generator)
        if isinstance(part, SilentTopK) and not part.silent_for.value.any():
            every_other = generator.permutation(np.arange(part.silent_for.value.size) % 2)
            part.silent_for.value = (part.silent_after + 1.0) * every_other


def _opinion_of(model: Any) -> tuple[SecondOpinion | None, str]:
    """Return a model's second opinion, or None and the reason: an inherited one may not fit."""
    try:
        opinion = model.second_opinion() if hasattr(model, "second_opinion") else None
    except Exception as error:
        said = gettext("has a second opinion that raised {kind}: {error}")
        return None, said.format(kind=type(error).__name__, error=error)
    return opinion, gettext("has no second opinion")


def _as_data(
    model: Any, opinion: SecondOpinion | None, x: Any, labels: Any, rng: np.random.Generator
) -> Any:
    if x is None:
        n_inputs = contract.n_inputs_of(model)
        if opinion is None or n_inputs is None:
            message = gettext("expected x, since {model} has no widths to draw it from; pass a small batch")
            raise TypeError(message.format(model=type(model).__name__))
        x = rng.random((N, n_inputs))
    n_classes = contract.n_classes_of(model)
    if labels is None and contract.takes_labels(model) and n_classes is not None:
        labels = rng.integers(0, n_classes, len(x))
    return contract.as_data(model, x, labels)


def _look_at_parts(
    report: MeaningReport, model: Any, opinion: SecondOpinion | None, x: Array, rng: np.random.Generator, seed: int
) -> dict[str, Any]:
    """Compare every part of a known kind with its oracle; return the others, by name."""
    parts = dict(contract.parts_of(model))
    inner = opinion.inner(x) if opinion is not None and opinion.inner is not None else ()
    for layer, _ in inner:
        parts |= {name: part for name, part in layer.parts.items() if isinstance(part, Corruption)}
    unknown = {}
    for name, part in parts.items():
        if isinstance(part, (*CORRUPTIONS, Sampling, BesidePrior)):
            look_at_drawing(report, name, part, seed)
        elif isinstance(part, WeightDecay):
            compare(report, name, weighed(part).forward, decay_oracle(part, model))
        elif (oracle := oracle_of(part, rng)) is not None:
            subject = weighed(part)
            if compare(report, name, subject.forward, oracle) and hasattr(subject, "apply"):
                compare(report, f"{name}.apply", subject.apply, oracle, row_if_right=False)
        else:
            unknown[name] = part
    return unknown


def _say_what_is_unknown(report: MeaningReport, unknown: dict[str, Any], in_the_path: Sequence[str]) -> None:
    """Add a finding for parts of unknown kinds: a note for a term, inconclusive for a part that terms depend on."""
    for names, severity, what in (
        ([name for name in unknown if name not in in_the_path], "note", gettext("not looked at")),
        (list(in_the_path), INCONCLUSIVE, gettext("not checked, though the objective depends on it")),
    ):
        if names:
            shown = [f"{name} ({type(unknown[name]).__name__})" for name in names]
            message = gettext("{parts}: of an unknown kind, which can't be computed another way here; {what}")
            message = message.format(parts=", ".join(shown), what=what)
            report.findings.append(Finding("not-looked-at", None, severity, message, {"parts": shown}))


def _look_at_whole(report: MeaningReport, step: Step, unknown: dict[str, Any], rng: np.random.Generator) -> None:
    name, doubts = type(step.model).__name__, Doubts(step, unknown)
    with doubts.softening(report) as whole:
        with guarded(whole, "loss"):
            look_at_objective(whole, step)
            look_at_spelled_out_noise(whole, step)
        with guarded(whole, name):
            _look_at_inner(whole, step)
            _look_at_jacobian(whole, step)
            look_at_predictions(whole, step)
            look_at_generated(whole, step)
            look_at_passes(whole, step)
    with guarded(report, name):
        look_at_sharing(report, step.model, rng)
    _say_what_is_unknown(report, unknown, doubts.in_the_path)


@contextlib.contextmanager
def guarded(report: MeaningReport, what: str) -> Iterator[None]:
    """Turn an exception of the model into a finding."""
    try:
        yield
    except Exception as error:
        message = gettext("{what} raised {kind}: {error}")
        message = message.format(what=what, kind=type(error).__name__, error=error)
        report.add(Look(what, gettext("a number"), None, FAIL), Finding("raised", what, "error", message))


def _look_at_inner(report: MeaningReport, step: Step) -> None:
    """Check the objectives of the models that this one consists of."""
    inner = step.opinion.inner(step.x) if step.opinion.inner is not None else ()
    for number, (layer, batch) in enumerate(inner, start=1):
        with contract.trusting_batches(layer):
            inner_step = Step(layer, layer.second_opinion(), [batch], step.seed)
            look_at_objective(report, inner_step, Phrase("loss of layer {number}", number=number))


def _look_at_jacobian(report: MeaningReport, step: Step) -> None:
    """Compare the penalty in the model with the norm of the encoder's Jacobian, by differences."""
    model, name, x = step.model, step.opinion.contraction, step.x
    if not name:
        return
    part = model.parts[name]
    arguments = step.opinion.terms[name](step)
    # A millionth of the distance that moves a unit, so that hardly any crosses a kink, but at least x's own precision.
    h = max(1e-6 / np.abs(model.parameters[0].value).max(), 1e-8 * np.abs(x).max())
    squares = 0.0
    for i in range(x.shape[1]):
        up, down = x.copy(), x.copy()
        up[:, i] += h
        down[:, i] -= h
        slopes = (model.encode(up) - model.encode(down)) / (up - down)[:, i, None]
        squares += float((slopes**2).sum())
    wanted = (part.weight or 1.0) * squares / len(x)
    question = "By how much does each unit of the code move when one input does?"
    expect(report, name, weighed(part).forward, arguments, "‖∂h/∂x‖² of the encoder, by differences", wanted, question)
