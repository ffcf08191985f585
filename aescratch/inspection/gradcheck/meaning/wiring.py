"""What a model promises beside its objective: the results of encode and decode, and shared weights."""

from __future__ import annotations

from typing import Any

import numpy as np

from aescratch.backend import Array
from aescratch.foundations.language import Phrase, gettext
from aescratch.functions.one_by_one import each, logistic
from aescratch.inspection.gradcheck.meaning.comparing import MeaningReport, expect
from aescratch.inspection.gradcheck.meaning.objective import Step
from aescratch.layers import Dense, begins_stage
from aescratch.losses import BinaryCrossEntropy, SquaredError


def look_at_passes(report: MeaningReport, step: Step) -> None:
    """Check what encode, decode and similar methods promise beside the objective."""
    model, opinion, x = step.model, step.opinion, step.x
    if opinion.code is None or opinion.output is None:
        return
    question = "What should the method return: a value for training, or for the user of a trained model?"
    h = opinion.code(x)
    expect(report, "encode", model.encode, (x,), "the clean code of x", h, question)
    if opinion.most_active is not None:
        active = np.minimum((h != 0).sum(axis=1), opinion.most_active)
        few = Phrase("at most {count} units of an example", count=opinion.most_active)
        expect(report, "encode", lambda x: (model.encode(x) != 0).sum(axis=1), (x,), few, active, question)
    logits = opinion.output(h)
    if isinstance(model.reconstruction, BinaryCrossEntropy):
        data, claim = each(logistic, logits), "probabilities, sigmoid(logits)"
    elif isinstance(model.reconstruction, SquaredError):
        data, claim = logits, "the decoder's output"
    else:
        data, claim = model.reconstruction.to_data(logits), "the data that the decoder's output stands for"
    others = {
        "it returns logits: the sigmoid is missing": logits,
        "it applies a sigmoid, which belongs to cross-entropy alone": each(logistic, logits),
        "it applies the sigmoid twice": each(lambda l: logistic(logistic(l)), logits),
        "it rounds to 0 and 1": (data > 0.5).astype(float),
    }
    if expect(report, "decode", model.decode, (h,), claim, data, question, others):
        expect(report, "reconstruct", model.reconstruct, (x,), "decode(encode(x))", data, question)


def look_at_predictions(report: MeaningReport, step: Step) -> None:
    """Check a classifier's predictions."""
    model, opinion, x = step.model, step.opinion, step.x
    if opinion.logits is None:
        return
    logits = opinion.logits(x)
    e = np.exp(logits.astype(np.longdouble))
    p = (e / e.sum(axis=1, keepdims=True)).astype(float)
    question = "What do the probabilities of one example sum to, and which class do they make the prediction?"
    others = {
        "each class has its own sigmoid": each(logistic, logits),
        "it normalises over the batch": (e / e.sum(axis=0)).astype(float),
        "it returns logits": logits,
    }
    claim, predict = "softmax of the logits", model.predict_probabilities
    expect(report, "predict_probabilities", predict, (x,), claim, p, question, others)
    best = p.argmax(axis=1)
    others = {"it is the least probable class": p.argmin(axis=1), "its classes count from 1": best + 1}
    expect(report, "predict", model.predict, (x,), "the most probable class", best, question, others)


def look_at_sharing(report: MeaningReport, model: Any, rng: np.random.Generator) -> None:
    """Check that tied weights are one array, before and after a step, and that every parameter is listed once."""
    ids = [id(parameter) for parameter in model.parameters]
    question = "What does an optimiser do with a parameter that is listed twice?"
    expect(report, "parameters", lambda: len(ids), (), "each parameter once", len(set(ids)), question)
    if not getattr(model, "tied", False) or not hasattr(model, "encoder") or not hasattr(model, "decoder"):
        return
    partners = [layer for layer in model.encoder.layers if isinstance(layer, Dense)]
    mirrors = [layer for layer in model.decoder.layers if begins_stage(layer)][::-1]
    question = "Is the decoder's matrix the same array as the encoder's, or a copy made at the start?"

    def matrix(layer: Any, width: int) -> Array:
        zero = layer.apply(np.zeros((1, width)))
        return layer.apply(np.eye(width)) - zero

    equal_at_first = True
    for claim, size in (("W transposed in the decoder", 0.0), ("W transposed in the decoder, after a step too", 0.1)):
        for parameter in model.parameters:
            parameter.value[...] += size * rng.normal(size=parameter.shape)
        for partner, mirror in zip(partners, mirrors, strict=False):
            n_in, n_out = partner.W.shape
            wanted, found = matrix(partner, n_in).T, matrix(mirror, n_out)
            alike = expect(report, Phrase("tied weights"), lambda found=found: found, (), claim, wanted, question)
            if size and not alike and equal_at_first:
                cause = gettext("the decoder has its own weights, which were equal only at the start")
                report.findings[-1].cause = cause
            equal_at_first = equal_at_first and alike
