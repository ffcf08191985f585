"""Recording a training step: every call is seen, in order, and nothing is changed afterwards."""

import numpy as np
import pytest
from test_models import MODELS, batch

import aescratch as ae
from aescratch.codes.codebook import Codebook
from aescratch.inspection.recording import observed, record


def step_of(model):
    def step():
        model.loss(batch(model), rng=3)
        model.backward()

    return step


@pytest.mark.parametrize("name", MODELS)
def test_every_part_is_seen_forward_and_backward_and_nothing_changes(name):
    model, other = MODELS[name](dtype="float64", rng=0), MODELS[name](dtype="float64", rng=0)
    before = {name: set(part.__dict__) for name, part in model.parts.items()}
    calls = record(model, step_of(model))
    step_of(other)()
    for ours, theirs in zip(model.parameters, other.parameters, strict=True):
        np.testing.assert_array_equal(ours.grad, theirs.grad)
    assert {call.name for call in calls if call.which == "forward"} == set(model.parts)
    follows = {name for name, part in model.parts.items() if isinstance(part, Codebook) and not part.parameters}
    called = {call.name for call in calls if call.which == "backward"}
    assert called == set(model.parts) - {"corruption", "prior"} - follows
    for name, part in model.parts.items():
        assert set(part.__dict__) - before[name] <= set(part.remembers)


def test_arguments_are_named_and_a_result_can_be_replaced():
    model = ae.SparseAutoencoder([5, 3], rng=0, dtype="float64")
    x = batch(model)
    plain = float(model.loss(x))
    penalty = next(c for c in record(model, step_of(model)) if (c.name, c.which) == ("sparsity", "forward"))
    assert list(penalty.arguments) == ["h"]
    np.testing.assert_array_equal(penalty.arguments["h"], model.encode(x))
    with observed(model, lambda call: 0.0 if call.name == "sparsity" else None):
        assert float(model.loss(x)) == pytest.approx(plain - float(penalty.result))


def test_what_an_exercise_put_on_a_part_is_there_again():
    model = ae.Autoencoder([5, 3], rng=0)
    relu = model.parts["encoder.relu1"]
    relu.backward = mine = lambda grad_y: grad_y

    def observer(call):
        raise KeyError(call.name)

    with pytest.raises(KeyError), observed(model, observer):
        step_of(model)()
    assert relu.backward is mine
    assert "forward" not in relu.__dict__
