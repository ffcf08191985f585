"""What a model promises beside its objective: what encode and decode give, and what stays shared."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from aescratch.backend import Array
from aescratch.functions.one_by_one import each, logistic
from aescratch.inspection.gradcheck.meaning.comparing import MeaningReport, Oracle, Reading, compare
from aescratch.layers import Dense, begins_stage
from aescratch.losses import BinaryCrossEntropy, SquaredError
from aescratch.models.opinion import SecondOpinion


def look_at_passes(report: MeaningReport, model: Any, opinion: SecondOpinion, x: Array) -> None:
    """Add what encode, decode and their like promise beside the objective."""
    if opinion.code is None or opinion.output is None:
        return
    question = "What does the method promise, and to whom: to training, or to the user of a trained model?"
    encode = Oracle("the clean code of x", opinion.code, [(x,)], [], question)
    compare(report, "encode", model.encode, encode)
    h, most = opinion.code(x), opinion.most_active
    if most is not None:
        count = Oracle(
            f"at most {most} units of an example",
            lambda x: np.minimum((h != 0).sum(axis=1), most),
            [(x,)],
            [],
            question,
        )
        compare(report, "encode", lambda x: (model.encode(x) != 0).sum(axis=1), count)
    logits = opinion.output(h)
    if isinstance(model.reconstruction, BinaryCrossEntropy):
        data, claim = each(logistic, logits), "probabilities, sigmoid(logits)"
    elif isinstance(model.reconstruction, SquaredError):
        data, claim = logits, "the decoder's output"
    else:
        data, claim = model.reconstruction.to_data(logits), "the data that the decoder's output stands for"
    readings = {
        "it returns logits: the sigmoid is missing": lambda h: logits,
        "it applies a sigmoid, which belongs to cross-entropy alone": lambda h: each(logistic, logits),
        "it applies the sigmoid twice": lambda h: each(lambda l: logistic(logistic(l)), logits),
        "it rounds to 0 and 1": lambda h: (data > 0.5).astype(float),
    }
    decode = Oracle(claim, lambda h: data, [(h,)], [Reading(*item) for item in readings.items()], question)
    if compare(report, "decode", model.decode, decode):
        compare(
            report, "reconstruct", model.reconstruct, Oracle("decode(encode(x))", lambda x: data, [(x,)], [], question)
        )


def look_at_predictions(report: MeaningReport, model: Any, opinion: SecondOpinion, x: Array) -> None:
    """Add what a classifier predicts."""
    if opinion.logits is None:
        return
    logits = opinion.logits(x)
    e = np.exp(logits.astype(np.longdouble))
    p = (e / e.sum(axis=1, keepdims=True)).astype(float)
    question = "What do the probabilities of one example sum to, and which class do they make the prediction?"
    others = {
        "each class has a sigmoid of its own": lambda x: each(logistic, logits),
        "it normalises over the batch": lambda x: (e / e.sum(axis=0)).astype(float),
        "it returns logits": lambda x: logits,
    }  # fmt: skip
    oracle = Oracle("softmax of the logits", lambda x: p, [(x,)], [Reading(*item) for item in others.items()], question)
    compare(report, "predict_probabilities", model.predict_probabilities, oracle)
    classes = Oracle(
        "the most probable class", lambda x: p.argmax(axis=1), [(x,)],
        [Reading("it is the least probable class", lambda x: p.argmin(axis=1)),
         Reading("its classes count from 1", lambda x: p.argmax(axis=1) + 1)], question,
    )  # fmt: skip
    compare(report, "predict", model.predict, classes)


def look_at_sharing(report: MeaningReport, model: Any, rng: np.random.Generator) -> None:
    """Add whether tied weights are one array, before and after a step, and whether every parameter is listed once."""
    listed = [parameter.name for parameter in model.parameters]
    ids = [id(parameter) for parameter in model.parameters]
    question = "What does an optimiser do with a parameter that stands in the list twice?"
    once = Oracle("each parameter once", lambda: len(set(ids)), [()], [], question)
    compare(report, "parameters", lambda: len(listed), once)
    if not getattr(model, "tied", False) or not hasattr(model, "encoder") or not hasattr(model, "decoder"):
        return
    partners = [layer for layer in model.encoder.layers if isinstance(layer, Dense)]
    mirrors = [layer for layer in model.decoder.layers if begins_stage(layer)][::-1]

    def matrix(layer: Any, width: int) -> Array:
        zero = layer.apply(np.zeros((1, width)))
        return layer.apply(np.eye(width)) - zero

    equal_at_first = True
    for claim, step in (("W transposed in the decoder", 0.0), ("W transposed in the decoder, after a step too", 0.1)):
        for parameter in model.parameters:
            parameter.value[...] += step * rng.normal(size=parameter.shape)
        for partner, mirror in zip(partners, mirrors, strict=False):
            n_in, n_out = partner.W.shape
            oracle = Oracle(
                claim, lambda partner=partner, n_in=n_in: matrix(partner, n_in).T, [()], [],
                "Is the decoder's matrix the same array as the encoder's, or a copy from the beginning?",
            )  # fmt: skip
            alike = compare(report, "tied weights", partial(matrix, mirror, n_out), oracle)
            if step and not alike and equal_at_first:
                report.findings[-1].cause = "the decoder has weights of its own, which were equal at the start only"
            equal_at_first = equal_at_first and alike
