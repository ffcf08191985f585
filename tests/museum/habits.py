"""Exhibits of habits: what a backward does beside, or instead of, computing gradients, and what lies beyond it."""

import numpy as np
from exhibition import D, H, N, X, exhibit

import aescratch as ae

A = np.random.default_rng(1).normal(size=(N, D))


@exhibit(
    "A penalty without a backward",
    "jatinshah/ufldl_tutorial#9 asks where it belongs; bobye/neuron#7 fails once sparsity is on",
    "The sparsity penalty is in the loss, but its gradient is never added. The decoder's gradients are right, the encoder's are wrong.",
    ("fail",), "sparsity", "Put forward and backward side by side: a missing line breaks the symmetry.",
)  # fmt: skip
def penalty_without_a_way_back():
    class Sparse(ae.SparseAutoencoder):
        def backward(self):
            grad_h = self.decoder.backward(self.reconstruction.backward())
            self.encoder.backward(grad_h)
            self.decay.backward()

    return ae.check_gradients(Sparse([D, H], rng=0), X)


@exhibit(
    "= where += was meant",
    "karpathy/micrograd#2; karpathy/nn-zero-to-hero#52",
    "Tied weights are used twice, and the second gradient overwrites the first.",
    ("fail",), "encoder.W1", "Count how often each parameter is used, and how often its gradient is written.",
)  # fmt: skip
def overwritten_gradient():
    class Tied(ae.Autoencoder):
        def backward(self):
            self.encoder.layers[0].adds = False  # it writes over what the decoder has written
            super().backward()

    return ae.check_gradients(Tied([D, H], tied=True, activation=ae.Tanh, rng=0), X)


@exhibit(
    "A backward that learns",
    "eriklindernoren/ML-From-Scratch (`Dense.backward_pass`)",
    "The layer updates its weights during the backward pass, and passes on a gradient through the new weights.",
    ("fail",), "backward changed the value of encoder.W1", "A backward that changes weights can't be called twice with the same result.",
)  # fmt: skip
def backward_that_learns():
    class Learning(ae.Dense):
        def backward(self, grad_y):
            super().backward(grad_y)
            self.W.value = self.W.value - 0.1 * self.W.grad
            return grad_y @ self.W.value.T

    class Network(ae.Autoencoder):
        def build(self, rng):
            super().build(rng)
            for layer in (self.encoder.layers[0], self.decoder.layers[0]):
                layer.__class__ = Learning

    return ae.check_gradients(Network([D, H], activation=ae.Tanh, rng=0), X)


@exhibit(
    "Writing into the caller's array",
    "oreilly-japan/deep-learning-from-scratch (`Relu.backward`)",
    "The upstream gradient is masked in place. The returned values are right, but the caller's array is overwritten.",
    ("pass",), "note: backward changed grad_y, one of its arguments", "Work on a copy. The caller may still need the original.",
)  # fmt: skip
def writing_into_the_upstream():
    def relu_backward(grad_y, a):
        grad_y[a <= 0] = 0
        return grad_y

    return ae.check_function(ae.functions.relu, relu_backward, {"a": A})


@exhibit(
    "An example that was never run",
    "explosion/thinc (`concept.md`)",
    "A closure adds to a gradient of the enclosing function without `nonlocal`, so Python treats the name as a new local variable.",
    ("fail",), "UnboundLocalError", "Let the tests execute the code in the documentation.",
)  # fmt: skip
def example_never_run():
    grad_W = np.zeros((D, H))

    def dense_backward(grad_y, x, W):
        def accumulate():
            grad_W += x.T @ grad_y  # noqa: F823
            return grad_W

        return grad_y @ W.T, accumulate(), grad_y.sum(axis=0)

    inputs = {"x": A, "W": np.ones_like(grad_W), "b": np.ones(H)}
    return ae.check_function(ae.functions.dense, dense_backward, inputs)


@exhibit(
    "Right gradients, wrong step",
    "apache/systemds PR #2330",
    "In a two-layer autoencoder the optimiser gets the biases themselves instead of their gradients. Every gradient is right, and neither check examines an update. A step of plain gradient descent, done by hand, shows the mistake: the change isn't −rate × gradient.",
    ("pass", "pass"), "", "After the gradients, check the step: does every parameter move by −rate × its gradient?",
)  # fmt: skip
def wrong_step():
    def step(parameters, rate):
        for p in parameters:
            p.value = p.value - rate * (p.grad if p.decays else p.value)  # biases don't decay: here they take themselves

    model = ae.Autoencoder([D, H], activation=ae.Tanh, dtype="float64", rng=0)
    for p in model.parameters:
        p.value = np.random.default_rng(8).normal(size=p.shape)
    reports = ae.check_gradients(model, X), ae.check_meaning(model, X)
    model.loss(X)
    model.backward()
    before = {p.name: p.value.copy() for p in model.parameters}
    step(model.parameters, rate=0.1)
    wrong = [p.name for p in model.parameters if not np.allclose(p.value, before[p.name] - 0.1 * p.grad)]
    assert wrong == ["encoder.b1", "decoder.b1"]
    return reports
