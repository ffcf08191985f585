"""Dropout, batch normalisation and the moving KL penalty beside PyTorch's, in both modes, in float64."""

import numpy as np
import pytest
from numeric import random_upstream

import aescratch as ae

torch = pytest.importorskip("torch")

N, D, STEPS = 11, 7, 5
TOLERANCE = 1e-10


def same(found, wanted):
    np.testing.assert_allclose(found, wanted.detach().numpy(), rtol=TOLERANCE, atol=TOLERANCE)


@pytest.mark.parametrize("training", [True, False])
def test_batch_norm(training):
    r = np.random.default_rng(0)
    ours, theirs = ae.BatchNorm(D, dtype="float64"), torch.nn.BatchNorm1d(D, dtype=torch.float64)
    ours.gamma.value, ours.beta.value = r.uniform(0.5, 2, D), r.normal(size=D)
    with torch.no_grad():
        theirs.weight[:], theirs.bias[:] = torch.tensor(ours.gamma.value), torch.tensor(ours.beta.value)
    for _ in range(STEPS):  # so that the running statistics are of several batches
        batch = r.normal(2, 3, (N, D))
        ours.in_training = True
        ours.forward(batch)
        theirs(torch.tensor(batch))
    ours.in_training = training
    theirs.train(training)
    x, upstream = r.normal(1, 2, (N, D)), random_upstream((N, D))
    leaf = torch.tensor(x, requires_grad=True)
    y = theirs(leaf)
    same(ours.forward(x), y)
    y.backward(torch.tensor(upstream))
    same(ours.backward(upstream), leaf.grad)
    same(ours.gamma.grad, theirs.weight.grad)
    same(ours.beta.grad, theirs.bias.grad)
    same(ours.running_mean.value, theirs.running_mean)
    same(ours.running_variance.value, theirs.running_var)


@pytest.mark.parametrize("training", [True, False])
def test_dropout(training):
    r, p = np.random.default_rng(0), 0.4
    ours, theirs = ae.Dropout(p), torch.nn.Dropout(p)
    ours.in_training = training
    theirs.train(training)
    x, upstream = r.normal(size=(N, D)), random_upstream((N, D))
    leaf = torch.tensor(x, requires_grad=True)
    y = ours.forward(x, np.random.default_rng(1))
    if training:  # the masks are drawn otherwise; by torch's own, ours is what torch computes
        torch.manual_seed(0)
        of_ones = theirs(torch.ones(N, D, dtype=torch.float64))
        ours.mask = (of_ones > 0).double().numpy()
        torch.manual_seed(0)
        y = ae.functions.dropout(x, ours.mask, p)
    same(y, of_theirs := theirs(leaf))
    of_theirs.backward(torch.tensor(upstream))
    same(ours.backward(upstream), leaf.grad)


@pytest.mark.parametrize("training", [True, False])
def test_the_moving_penalty(training):
    r, rho, weight, momentum = np.random.default_rng(0), 0.1, 0.7, 0.2
    ours = ae.KLSparsity(rho, weight, momentum=momentum)
    ours.prepare(D, "float64")
    running = torch.full((D,), rho, dtype=torch.float64)
    for step in range(STEPS):
        ours.in_training = training or step < STEPS - 1
        h = r.uniform(0.05, 0.95, (N, D))
        leaf = torch.tensor(h, requires_grad=True)
        rho_hat = (1 - momentum) * running + momentum * leaf.mean(dim=0)
        wanted = torch.distributions.Bernoulli(torch.tensor(rho, dtype=torch.float64))
        divergence = torch.distributions.kl_divergence(wanted, torch.distributions.Bernoulli(rho_hat)).sum()
        loss = weight * divergence
        same(ours.forward(h), loss)
        loss.backward()
        same(ours.backward(), leaf.grad)
        if ours.in_training:
            running = rho_hat.detach()
        same(ours.running_activity.value, running)


@pytest.mark.parametrize("training", [True, False])
def test_a_whole_model(training):
    model = ae.Autoencoder([D, 5, 3], activation=ae.GELU, batch_norm=True, dtype="float64", rng=0)
    layers = []
    for half in (model.encoder, model.decoder):
        for layer in half.layers:
            if isinstance(layer, ae.Dense):
                linear = torch.nn.Linear(*layer.W.shape, dtype=torch.float64)
                with torch.no_grad():
                    linear.weight[:], linear.bias[:] = torch.tensor(layer.W.value.T), torch.tensor(layer.b.value)
                layers.append(linear)
            else:
                layers.append(
                    torch.nn.BatchNorm1d(layer.gamma.size, dtype=torch.float64)
                    if isinstance(layer, ae.BatchNorm)
                    else torch.nn.GELU()
                )
    theirs, x = torch.nn.Sequential(*layers), np.random.default_rng(0).random((N, D))
    for _ in range(STEPS):
        with model.training():
            model.loss(x)
        theirs(torch.tensor(x))
    theirs.train(training)
    loss = 0.5 * ((theirs(torch.tensor(x)) - torch.tensor(x)) ** 2).sum(dim=1).mean()
    loss.backward()
    if training:
        with model.training():
            same(model.loss(x), loss)
    else:
        same(model.loss(x), loss)
    model.backward()
    for ours, parameter in zip(model.parameters, theirs.parameters(), strict=True):
        same(ours.grad.T if ours.grad.ndim == 2 else ours.grad, parameter.grad)
