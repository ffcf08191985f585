"""`check_meaning`: whether the parts of a model, and the model, compute what they are named after.

    model --in float64, put back afterwards--> every part: forward against an oracle         terms, layers, noise
                                               the model: against its own second opinion     objective, wiring

A wrong forward with a backward that matches it passes every gradient check; here it doesn't. Where a model has no
second opinion, or one that doesn't know all of its parts, nothing is called wrong: the verdict is inconclusive.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from aescratch.backend import Array, to_numpy
from aescratch.batch_norm import BatchNorm
from aescratch.corruptions import Corruption
from aescratch.foundations.buffers import move_buffers
from aescratch.foundations.parameters import pack
from aescratch.foundations.validation import require_count
from aescratch.inspection.gradcheck.keeping import kept
from aescratch.inspection.gradcheck.meaning import noise
from aescratch.inspection.gradcheck.meaning.choosing import decay_oracle, oracle_of, weighed
from aescratch.inspection.gradcheck.meaning.comparing import Look, MeaningReport, Oracle, compare
from aescratch.inspection.gradcheck.meaning.doubts import Doubts
from aescratch.inspection.gradcheck.meaning.drawing import (
    CORRUPTIONS,
    corrupting,
    look_at_generated,
    look_at_spelled_out_noise,
    sampling,
)
from aescratch.inspection.gradcheck.meaning.objective import Step, look_at_objective
from aescratch.inspection.gradcheck.meaning.states import move_from_the_start
from aescratch.inspection.gradcheck.meaning.wiring import look_at_passes, look_at_predictions, look_at_sharing
from aescratch.inspection.gradcheck.printing import FAIL, INCONCLUSIVE, Finding
from aescratch.layers import Sampling
from aescratch.models.opinion import SecondOpinion
from aescratch.penalties import WeightDecay
from aescratch.training import contract

N = 7  # rows of the batch that is drawn


def check_meaning(model: Any, x: Array | None = None, labels: Array | None = None, *, rng: int = 0) -> MeaningReport:
    """Check what no gradient check can see: that losses, penalties, layers and noise compute what they say.

    Each is compared with the same quantity computed another way: sums one by one, a divergence by quadrature, a
    penalty's Jacobian by differences, noise by its statistics, of which each may be six standard errors off.

    Parameters
    ----------
    model : object
        One of ours, of a class built on ours, or one with ``loss``, ``backward``, ``parameters`` and ``parts``. It is
        as before afterwards, to the last bit. What its objective is to be, it says itself, in `second_opinion`; of a
        model that doesn't, and of one with parts that its opinion doesn't know, the parts are looked at, and the
        verdict is never better than inconclusive.
    x : (N, D) array of floats, optional
        A small batch; by default 7 rows of random numbers between 0 and 1.
    labels : (N,) array of integers, optional
        For a classifier; by default random ones.
    rng : int
        The seed of all that is drawn.

    Returns
    -------
    MeaningReport
        Print it; `.verdict` is pass, fail or inconclusive.

    Raises
    ------
    TypeError, ValueError
        If the arguments are of no use; what the model computes wrong is a finding instead.

    Examples
    --------
    >>> model = ae.VariationalAutoencoder([5, 4, 2], rng=0)
    >>> check_meaning(model).verdict
    'pass'
    """
    seed = require_count("rng", rng, least=0)
    _require_model(model)
    generator = np.random.default_rng(seed)
    opinion, trouble = _opinion_of(model)
    data = _as_data(model, opinion, x, labels, generator)
    report = MeaningReport(f"meaning of {type(model).__name__}, {len(data[0])} examples, float64, rng={seed}")
    for parameter in model.parameters:
        if not np.isfinite(to_numpy(parameter.value)).all():
            raise ValueError(
                f"expected finite numbers in {parameter.name}, got NaN or infinity; nothing has a meaning there"
            )
    with _on_the_host(model), contract.trusting_batches(model), np.errstate(all="ignore"):
        batch = [to_numpy(a).astype(float) if a.dtype.kind == "f" else to_numpy(a).copy() for a in data]
        for parameter in model.parameters:
            if not parameter.value.any():  # a bias of 0 hides whether it is added or subtracted
                parameter.value = generator.normal(0, 0.3, parameter.shape)
        for part in contract.parts_of(model).values():
            if isinstance(part, BatchNorm):
                move_from_the_start(part, generator)
        unknown = _look_at_parts(report, model, opinion, batch[0], generator, seed)
        if opinion is None:
            _say_that_there_is_none(report, model, trouble, unknown)
        else:
            _look_at_whole(report, model, opinion, batch, unknown, generator, seed)
    return report


def _require_model(model: Any) -> None:
    lacking = [name for name in ("loss", "backward", "parameters") if not hasattr(model, name)]
    if isinstance(model, type) or lacking:
        what = f"the class {model.__name__}; make one first" if isinstance(model, type) else type(model).__name__
        raise TypeError(
            f"expected a model of aescratch, such as ae.Autoencoder([64, 32]), or an object with loss, backward and "
            f"parameters, got {what}; compare a function of your own with a second way to compute it"
        )


def _opinion_of(model: Any) -> tuple[SecondOpinion | None, str]:
    """Return a model's second opinion, or None and what is the matter with it: one that is inherited may not fit."""
    try:
        opinion = model.second_opinion() if hasattr(model, "second_opinion") else None
    except Exception as error:
        return None, f"has a second opinion that raised {type(error).__name__}: {error}"
    return opinion, "has no second opinion"


def _as_data(
    model: Any, opinion: SecondOpinion | None, x: Array | None, labels: Array | None, rng: np.random.Generator
) -> Any:
    if x is None:
        n_inputs = contract.n_inputs_of(model)
        if opinion is None or n_inputs is None:
            raise TypeError(f"expected x, since {type(model).__name__} has no widths to draw it by; pass a small batch")
        x = rng.random((N, n_inputs))
    n_classes = contract.n_classes_of(model)
    if labels is None and contract.takes_labels(model) and n_classes is not None:
        labels = rng.integers(0, n_classes, len(x))
    return contract.as_data(model, x, labels)


@contextlib.contextmanager
def _on_the_host(model: Any) -> Iterator[None]:
    """Put float64 copies of a model's values into it, in host memory, and put back everything afterwards."""
    parts = contract.parts_of(model).values()
    with kept(model, *parts, *model.parameters), contract.in_use(model):  # what a model means is what it does in use
        pack(model.parameters, "float64", "numpy")
        move_buffers(contract.buffers_of(model).values(), "numpy", "float64")
        if hasattr(model, "dtype"):
            model.dtype = "float64"
        yield


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
        if isinstance(part, CORRUPTIONS):
            noise.look_at_corruption(report, name, part, corrupting(part), 5, seed)
        elif isinstance(part, Sampling):
            noise.look_at_sampler(report, name, sampling(part), 3, seed)
        elif isinstance(part, WeightDecay):
            compare(report, name, weighed(part).forward, decay_oracle(part, model))
        elif (oracle := oracle_of(part, rng)) is not None:
            subject = weighed(part)
            if compare(report, name, subject.forward, oracle) and hasattr(subject, "apply"):
                compare(report, f"{name}.apply", subject.apply, oracle, row_if_right=False)
        else:
            unknown[name] = part
    return unknown


def _say_that_there_is_none(report: MeaningReport, model: Any, trouble: str, unknown: dict[str, Any]) -> None:
    """Add that nothing says what the model is to compute, beside its parts."""
    message = (
        f"{type(model).__name__} {trouble}: how its parts are put together wasn't looked at; say in "
        "second_opinion what each term of the objective is of"
    )
    report.findings.append(Finding("no-second-opinion", None, INCONCLUSIVE, message))
    _say_what_is_unknown(report, unknown, [])


def _say_what_is_unknown(report: MeaningReport, unknown: dict[str, Any], in_the_path: Sequence[str]) -> None:
    """Add which parts are of no known kind: a note for a term, which is taken as it is, more for what terms are of."""
    for names, severity, what in (
        ([name for name in unknown if name not in in_the_path], "note", "not looked at"),
        (list(in_the_path), INCONCLUSIVE, "not looked at, though the objective is computed from what it gives"),
    ):
        if names:
            shown = [f"{name} ({type(unknown[name]).__name__})" for name in names]
            message = f"{', '.join(shown)}: of no kind that could be computed another way here; {what}"
            report.findings.append(Finding("not-looked-at", None, severity, message, {"parts": shown}))


def _look_at_whole(
    report: MeaningReport, model: Any, opinion: SecondOpinion, batch: list[Array], unknown: dict[str, Any],
    rng: np.random.Generator, seed: int,
) -> None:  # fmt: skip
    doubts = Doubts(model, opinion, batch, unknown, seed)
    with doubts.softening(report) as whole:
        with guarded(whole, "loss"):
            step = look_at_objective(whole, model, opinion, batch, seed)
            look_at_spelled_out_noise(whole, model, opinion, step)
        with guarded(whole, type(model).__name__):
            _look_at_inner(whole, opinion, batch[0], seed)
            _look_at_jacobian(whole, model, opinion, batch)
            look_at_predictions(whole, model, opinion, batch[0])
            look_at_generated(whole, model, opinion, seed)
            look_at_passes(whole, model, opinion, batch[0])
    with guarded(report, type(model).__name__):
        look_at_sharing(report, model, rng)
    _say_what_is_unknown(report, unknown, doubts.in_the_path)


@contextlib.contextmanager
def guarded(report: MeaningReport, what: str) -> Iterator[None]:
    """Make a finding of what a model raises."""
    try:
        yield
    except Exception as error:
        message = f"{what} raised {type(error).__name__}: {error}"
        report.add(Look(what, "a number", None, FAIL), Finding("raised", what, "error", message))


def _look_at_inner(report: MeaningReport, opinion: SecondOpinion, x: Array, seed: int) -> None:
    """Look at the objectives of the models that this one is made of."""
    for number, (layer, batch) in enumerate(opinion.inner(x) if opinion.inner is not None else (), start=1):
        with contract.trusting_batches(layer):
            look_at_objective(report, layer, layer.second_opinion(), [batch], seed, f"loss of layer {number}")


def _look_at_jacobian(report: MeaningReport, model: Any, opinion: SecondOpinion, batch: Sequence[Array]) -> None:
    """Compare the penalty in place with the norm of the encoder's Jacobian, by differences."""
    name, x = opinion.contraction, batch[0]
    if not name:
        return
    part = model.parts[name]
    arguments = opinion.terms[name](Step(model, opinion, batch, 0))
    # A millionth of what moves a unit, so that hardly any crosses a kink; and no less than x's own digits allow.
    h = max(1e-6 / np.abs(model.parameters[0].value).max(), 1e-8 * np.abs(x).max())
    columns = []
    for i in range(x.shape[1]):
        up, down = x.copy(), x.copy()
        up[:, i] += h
        down[:, i] -= h
        columns.append((model.encode(up) - model.encode(down)) / (up - down)[:, i, None])
    oracle = Oracle(
        "‖∂h/∂x‖² of the encoder, by differences",
        lambda: (part.weight or 1.0) * float((np.array(columns) ** 2).sum()) / len(x),
        [()], [], "By how much does each unit of the code move when one input does?",
    )  # fmt: skip
    compare(report, name, lambda: weighed(part).forward(*arguments), oracle)
