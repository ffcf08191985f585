"""`check_meaning`: whether the parts of a model, and the model, compute what they are named after.

    model --in float64, put back afterwards--> every part: forward against an oracle       terms, layers, noise
                                               the model: how the parts are put together   objective, wiring

A wrong forward with a backward that matches it passes every gradient check; here it doesn't.
"""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Iterator
from typing import Any

import numpy as np

from aescratch.backend import Array, to_numpy
from aescratch.buffers import move_buffers
from aescratch.contract import buffers_of
from aescratch.corruptions import Corruption, GaussianNoise, MaskingNoise, SaltAndPepperNoise
from aescratch.gradcheck.meaning import noise
from aescratch.gradcheck.meaning.choosing import decay_oracle, oracle_of, weighed
from aescratch.gradcheck.meaning.comparing import Look, MeaningReport, Oracle, compare
from aescratch.gradcheck.meaning.objective import Step, look_at_objective
from aescratch.gradcheck.meaning.wiring import look_at_passes, look_at_predictions, look_at_sharing
from aescratch.gradcheck.models import in_double_precision
from aescratch.gradcheck.printing import FAIL, Finding
from aescratch.layers import Sampling, pack
from aescratch.models.base import Model
from aescratch.models.classifier import SoftmaxClassifier
from aescratch.models.contractive import ContractiveAutoencoder
from aescratch.models.stacked import StackedAutoencoder, StackLayer
from aescratch.models.variational import VariationalAutoencoder
from aescratch.penalties import WeightDecay
from aescratch.validation import require_count

N = 7  # rows of the batch that is drawn
CORRUPTIONS = (GaussianNoise, MaskingNoise, SaltAndPepperNoise)


def check_meaning(model: Model, x: Array | None = None, labels: Array | None = None, *, rng: int = 0) -> MeaningReport:
    """Check what no gradient check can see: that losses, penalties, layers and noise compute what they say.

    Each is compared with the same quantity computed another way: sums one by one, a divergence by quadrature, a
    penalty's Jacobian by differences, noise by its statistics, of which each may be six standard errors off.

    Parameters
    ----------
    model : Model
        One of ours, or of a class built on ours. It is as before afterwards, to the last bit.
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
    if not isinstance(model, Model):
        raise TypeError(
            f"expected a model of aescratch, such as ae.Autoencoder([64, 32]), got {type(model).__name__}; "
            "compare a function of your own with a second way to compute it"
        )
    generator = np.random.default_rng(seed)
    data = _as_data(model, x, labels, generator)
    report = MeaningReport(f"meaning of {type(model).__name__}, {len(data[0])} examples, float64, rng={seed}")
    for parameter in model.parameters:
        if not np.isfinite(to_numpy(parameter.value)).all():
            raise ValueError(
                f"expected finite numbers in {parameter.name}, got NaN or infinity; nothing has a meaning there"
            )
    with _on_the_host(model), model.trusting_batches(), np.errstate(all="ignore"):
        batch = [to_numpy(a).astype(float) if a.dtype.kind == "f" else to_numpy(a).copy() for a in data]
        for parameter in model.parameters:
            if not parameter.value.any():  # a bias of 0 hides whether it is added or subtracted
                parameter.value = generator.normal(0, 0.3, parameter.shape)
        _look_at_parts(report, model, generator, seed)
        _look_at_whole(report, model, batch, generator, seed)
    return report


def _as_data(model: Any, x: Array | None, labels: Array | None, rng: np.random.Generator) -> Any:
    if isinstance(model, SoftmaxClassifier):
        x = rng.random((N, model.autoencoder.widths[0])) if x is None else x
        return model.as_data(x, rng.integers(0, model.n_classes, len(x)) if labels is None else labels)
    if x is None:
        if not isinstance(model, StackLayer) and not hasattr(model, "widths"):
            raise TypeError(f"expected x, since {type(model).__name__} has no widths to draw it by; pass a small batch")
        width = model.encoder.layers[0].parameters[0].shape[0] if isinstance(model, StackLayer) else model.widths[0]
        x = rng.random((N, width))
    return model.as_data(x) if labels is None else model.as_data(x, labels)


@contextlib.contextmanager
def _on_the_host(model: Model) -> Iterator[None]:
    """Put float64 copies of a model's values into it, in host memory, and put back everything afterwards."""
    dtype = model.dtype
    with in_double_precision(model):
        try:
            pack(model.parameters, "float64", "numpy")
            move_buffers(buffers_of(model).values(), "numpy", "float64")
            model.dtype = "float64"
            yield
        finally:
            model.dtype = dtype


def _look_at_parts(report: MeaningReport, model: Any, rng: np.random.Generator, seed: int) -> None:
    parts = dict(model.parts)
    if isinstance(model, StackedAutoencoder) and model.corruption is not None:
        parts["corruption"] = model.corruption
    unknown = []
    for name, part in parts.items():
        if isinstance(part, Corruption) and isinstance(part, CORRUPTIONS):
            noise.look_at_corruption(report, name, part, _corrupt(part), 5, seed)
        elif isinstance(part, Sampling):
            noise.look_at_sampler(report, name, _sample(part), 3, seed)
        elif isinstance(part, WeightDecay):
            compare(report, name, weighed(part).forward, decay_oracle(part, model))
        elif (oracle := oracle_of(part, rng)) is not None:
            subject = weighed(part)
            if compare(report, name, subject.forward, oracle) and hasattr(subject, "apply"):
                compare(report, f"{name}.apply", subject.apply, oracle, row_if_right=False)
        else:
            unknown.append(f"{name} ({type(part).__name__})")
    if unknown:
        message = f"{', '.join(unknown)}: of no kind that could be computed another way here; not looked at"
        report.findings.append(Finding("not-looked-at", None, "note", message, {"parts": unknown}))


def _corrupt(corruption: Any) -> noise.Corrupt:
    return lambda x, seed: copy.copy(corruption).forward(x, np.random.default_rng(seed))


def _sample(sampling: Any) -> noise.Sample:
    def sample(mu: Array, log_var: Array, seed: int) -> Array:
        shape = (noise.rows_for(len(mu)), len(mu))
        arguments = [np.broadcast_to(a, shape).copy() for a in (mu, log_var)]
        return np.asarray(copy.copy(sampling).forward(*arguments, np.random.default_rng(seed)))

    return sample


def _look_at_whole(report: MeaningReport, model: Any, batch: list[Array], rng: np.random.Generator, seed: int) -> None:
    if not hasattr(model, "encoder") or not (hasattr(model, "decoder") or isinstance(model, SoftmaxClassifier)):
        message = f"{type(model).__name__} has no encoder and decoder: how its parts are put together wasn't looked at"
        report.findings.append(Finding("not-looked-at", None, "note", message))
        return
    with guarded(report, "loss"):
        step = look_at_objective(report, model, batch, seed)
        _look_at_spelled_out_noise(report, model, step)
    with guarded(report, type(model).__name__):
        if isinstance(model, StackedAutoencoder):
            _look_at_stack(report, model, batch[0], seed)
        if isinstance(model, ContractiveAutoencoder):
            _look_at_jacobian(report, model, batch[0])
        if isinstance(model, SoftmaxClassifier):
            look_at_predictions(report, model, batch[0])
        if isinstance(model, VariationalAutoencoder):
            _look_at_generated(report, model, seed)
        look_at_passes(report, model, batch[0])
        look_at_sharing(report, model, rng)


@contextlib.contextmanager
def guarded(report: MeaningReport, what: str) -> Iterator[None]:
    """Make a finding of what a model raises."""
    try:
        yield
    except Exception as error:
        message = f"{what} raised {type(error).__name__}: {error}"
        report.add(Look(what, "a number", None, FAIL), Finding("raised", what, "error", message))


def _look_at_spelled_out_noise(report: MeaningReport, model: Any, step: Step) -> None:
    """Look at noise that the model's loss draws itself, past its own part."""
    x = step.batch[0]
    corruption = model.parts.get("corruption")
    seen_in = step.into(model.encoder.layers) is not None
    if isinstance(corruption, CORRUPTIONS) and not step.of(corruption) and seen_in:
        corrupt: noise.Corrupt = lambda x, seed: Step(model, [x], seed).x_tilde  # noqa: E731
        noise.look_at_corruption(report, "loss's corruption", corruption, corrupt, x.shape[1], step.seed)
    if (
        isinstance(model, VariationalAutoencoder)
        and not step.of(model.sampling)
        and step.into(model.decoder.layers) is not None
    ):

        def sample(mu: Array, log_var: Array, seed: int) -> Array:
            for head, value in ((model.mean, mu), (model.log_variance, log_var)):
                head.W.value, head.b.value = np.zeros(head.W.shape), value
            many = np.resize(x, (noise.rows_for(len(mu)), x.shape[1]))
            return np.array(Step(model, [many], seed).into(model.decoder.layers))

        heads = [(p, p.value.copy()) for head in (model.mean, model.log_variance) for p in head.parameters]
        noise.look_at_sampler(report, "loss's sampling", sample, model.widths[-1], step.seed)
        for parameter, value in heads:
            parameter.value = value


def _look_at_stack(report: MeaningReport, model: StackedAutoencoder, x: Array, seed: int) -> None:
    for number, layer in enumerate(model.stack(), start=1):
        with layer.trusting_batches():
            look_at_objective(report, layer, [x], seed, f"loss of layer {number}")
            x = layer.encoder.apply(x)


def _look_at_jacobian(report: MeaningReport, model: ContractiveAutoencoder, x: Array) -> None:
    """Compare the penalty in place with the norm of the encoder's Jacobian, by differences."""
    # A millionth of what moves a unit, so that hardly any crosses a kink; and no less than x's own digits allow.
    h = max(1e-6 / np.abs(model.W.value).max(), 1e-8 * np.abs(x).max())
    columns = []
    for i in range(x.shape[1]):
        up, down = x.copy(), x.copy()
        up[:, i] += h
        down[:, i] -= h
        columns.append((model.encode(up) - model.encode(down)) / (up - down)[:, i, None])
    weight = model.contraction.weight or 1.0
    subject = weighed(model.contraction)
    oracle = Oracle(
        "‖∂h/∂x‖² of the encoder, by differences", lambda: weight * float((np.array(columns) ** 2).sum()) / len(x),
        [()], [], "By how much does each unit of the code move when one input does?",
    )  # fmt: skip
    compare(
        report, "contraction", lambda: subject.forward(model.slope.forward(model.dense.apply(x)), model.W.value), oracle
    )


def _look_at_generated(report: MeaningReport, model: VariationalAutoencoder, seed: int) -> None:
    """Look at the codes that sample decodes."""
    seen: list[Array] = []
    right, own = model.decode, "decode" in model.__dict__

    def decode(z: Array) -> Array:
        seen.append(np.array(z, float))
        return right(z)

    try:
        model.__dict__["decode"] = decode
        model.sample(noise.rows_for(model.widths[-1]), rng=seed)
    finally:
        model.__dict__["decode"] = right
        if not own:
            del model.__dict__["decode"]
    if seen:
        noise.look_at_prior(report, seen[0])
