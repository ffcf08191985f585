"""The audit of a check's own numbers: what they would hide is said, and nothing else is."""

import numpy as np
import pytest
from test_models import MODELS

import aescratch as ae
from aescratch.inspection.gradcheck import fixtures
from aescratch.inspection.gradcheck.fixtures import audit_inputs, audit_model, example_fixture


def codes(findings):
    assert all(finding.severity == "note" for finding in findings)
    return [finding.code for finding in findings]


def uniform(*shape, seed=3):
    return np.random.default_rng(seed).uniform(0.1, 0.9, shape)


def model(widths=(5, 3), **options):
    return ae.Autoencoder(list(widths), dtype="float64", activation=ae.Tanh, rng=0, **options)


@pytest.mark.in_turn
@pytest.mark.parametrize("name", MODELS)
def test_the_audit_has_nothing_to_say_about_its_own_fixture(name):
    made = MODELS[name](dtype="float64", rng=0)
    for parameter in made.parameters:
        parameter.value = parameter.value + np.random.default_rng(1).normal(0, 0.1, parameter.shape)
    x = example_fixture(made)
    assert len(x) not in {size for parameter in made.parameters for size in parameter.shape}
    assert audit_model(made, made.as_data(x)) == []
    # Of one threshold of the narrow bandwidth by default no unit is near, and so nothing about it is tested.
    assert ae.check_gradients(made, x).verdict == ("inconclusive" if name == "jump-relu as found" else "pass")


def test_a_classifier_gets_labels_of_every_class():
    made = ae.SoftmaxClassifier(ae.Autoencoder([5, 3], activation=ae.Tanh, rng=0), n_classes=10, rng=0)
    x, labels = example_fixture(made, rng=2)
    assert x.shape == (11, 5)
    assert set(labels) == set(range(10))
    assert audit_model(made, made.as_data(x, labels)) == []
    np.testing.assert_array_equal(example_fixture(made, rng=2)[0], x)
    assert not np.array_equal(example_fixture(made, rng=3)[0], x)


def test_what_is_no_model_is_refused():
    with pytest.raises(TypeError, match=r"expected a model of aescratch, such as .*, got list"):
        example_fixture([])
    with pytest.raises(ValueError, match="rng"):
        example_fixture(model(), rng=-1)


BATCHES = {
    "batch-of-one": uniform(1, 5),
    "equal-rows": np.tile(uniform(1, 5), (7, 1)),
    "equal-sizes": uniform(5, 5),
    "blank-columns": uniform(7, 5) * [1, 0, 1, 0, 1],
    "constant-columns": np.where([0, 1, 0, 0, 0], 0.5, uniform(7, 5)),
}


@pytest.mark.parametrize("code", BATCHES)
def test_a_batch_that_hides_something_gets_one_note(code):
    (finding,) = audit_model(model(), [BATCHES[code]])
    assert codes([finding]) == [code]
    assert finding.message.endswith(("differ", "detected", "detected there", "tested", "several examples"))


def test_blank_columns_are_one_note_that_counts_them():
    digits = ae.datasets.load_digits()
    (finding,) = audit_model(ae.Autoencoder([64, 32], activation=ae.Tanh, rng=0), [digits.x[:7]])
    assert "columns (0, " in finding.message
    assert ", ...)" in finding.message
    assert finding.evidence["columns"] == np.flatnonzero((digits.x[:7] == 0).all(axis=0)).tolist()
    assert codes(audit_model(model(), [np.zeros((7, 5))])) == ["equal-rows", "blank-columns"]


def test_values_that_hide_something_get_one_note():
    square = model((5, 5))
    assert codes(audit_model(square, [uniform(7, 5)])) == ["square"]
    square.parameters[0].value = np.eye(5)
    assert codes(audit_model(square, [uniform(7, 5)])) == ["square", "symmetric-weights"]
    zero = model()
    zero.parameters[0].value = np.zeros((5, 3))
    (finding,) = audit_model(zero, [uniform(7, 5)])
    assert (finding.code, finding.tensor) == ("zero-weights", "encoder.W1")
    decayed = model(weight_decay=0.1)
    assert codes(audit_model(decayed, [uniform(7, 5)])) == ["zero-biases-decay"]
    with_kinks = ae.Autoencoder([5, 3], weight_decay=0.1, dtype="float64", rng=0)
    assert audit_model(with_kinks, [uniform(7, 5)]) == []  # their biases are drawn by the check itself


@pytest.mark.parametrize("activation", [ae.ReLU, ae.Sigmoid, ae.Tanh, ae.GELU])
def test_dead_and_saturated_units_are_counted(activation):
    made = ae.Autoencoder([5, 3], activation=activation, dtype="float64", rng=0)
    x = uniform(7, 5)
    assert audit_model(made, [x]) == []
    made.parameters[1].value = np.array([-50.0, -50.0, 0.0])
    (finding,) = audit_model(made, [x])
    assert (finding.code, finding.evidence["units"]) == ("dead-units", [0, 1])
    assert "2 of 3 units" in finding.message
    made.parameters[1].value = np.array([-50.0, 0.0, 0.0])  # one of three: its column of zeros is seen in the table
    assert audit_model(made, [x]) == []


def test_the_audit_leaves_what_the_model_remembers():
    made = model()
    made.loss(uniform(7, 5))
    x, memory = made.parts["encoder.dense1"].x, made.parts["encoder.tanh1"].y
    audit_model(made, [uniform(11, 5)])
    assert made.parts["encoder.dense1"].x is x
    assert made.parts["encoder.tanh1"].y is memory


def dense_inputs(n=7, n_in=5, n_out=3):
    return {"x": uniform(n, n_in), "W": uniform(n_in, n_out, seed=4), "b": np.zeros(n_out)}


def test_inputs_of_a_function():
    names = ["x", "W", "b"]
    assert audit_inputs(dense_inputs(), names) == []
    assert codes(audit_inputs(dense_inputs(n=1), names)) == ["batch-of-one"]
    assert codes(audit_inputs(dense_inputs(n=3), names)) == ["equal-sizes"]
    assert codes(audit_inputs(dense_inputs(n=5), names)) == ["equal-sizes"]
    assert codes(audit_inputs(dense_inputs(n_in=3), names)) == ["square"]
    assert codes(audit_inputs({**dense_inputs(), "x": np.ones((7, 5))}, names)) == ["equal-rows"]
    assert codes(audit_inputs({**dense_inputs(), "W": np.zeros((5, 3))}, names)) == ["zero-weights"]
    assert audit_inputs({"x_hat": uniform(7, 5), "x": uniform(7, 5, seed=4)}, ["x_hat"]) == []
    assert audit_inputs({"a": uniform(7)}, ["a"]) == []
    assert audit_inputs({"a": np.array(1.0)}, ["a"]) == []


def test_the_batch_is_the_first_matrix_whether_it_gets_a_gradient_or_not():
    rng = np.random.default_rng(0)
    inputs = {"x": rng.random((7, 5)), "W1": rng.random((5, 3)), "W2": rng.random((3, 5))}
    assert audit_inputs(inputs, ["W1", "W2"]) == []
    assert [f.code for f in audit_inputs({**inputs, "x": rng.random((5, 5))}, ["W1", "W2"])] == ["equal-sizes"]


@pytest.mark.parametrize(("bias", "is_dead"), [(8.0, False), (30.0, True)])
def test_a_unit_is_dead_where_its_slope_is_too_small_for_a_difference_quotient(bias, is_dead):
    made = ae.Autoencoder([5, 3], dtype="float64", activation=ae.Sigmoid, rng=0)
    made.parameters[1].value = np.full(3, bias)
    assert ("dead-units" in codes(audit_model(made, [uniform(7, 5)]))) == is_dead


def test_other_batches_are_drawn_where_the_first_hide_something(monkeypatch):
    audited = []

    def audit(model, data):
        audited.append(data[0])
        return [None] * (len(audited) < 4)

    monkeypatch.setattr(fixtures, "audit_model", audit)
    np.testing.assert_allclose(example_fixture(model()), audited[3])
    assert len(audited) == 4
