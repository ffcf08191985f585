"""The same on a real GPU: ``pytest -m gpu``, skipped with the package's own reason where there is none.

What could be tested without a GPU is tested in test_cupy.py; here is what only a GPU shows: other rounding, real memory.
Kernels and cuBLAS sum in an order of their own, so results agree to rounding, in units of each array's largest entry.
"""

import gc

import numpy as np
import pytest
from make_cupy_manifest import manifest
from test_cupy import LABELS, MANIFEST, OPTIMIZERS, data, every_variant, make

import aescratch as ae
from aescratch.backend import require_backend

CLOSE = {"float64": 1e-12, "float32": 1e-5}


@pytest.fixture
def cupy():
    try:
        require_backend("cupy")
    except RuntimeError as error:
        pytest.skip(str(error))
    import cupy

    return cupy


def assert_close(device, host, bound):
    device, host = ae.to_numpy(device), np.asarray(host)
    assert (device.dtype, device.shape) == (host.dtype, host.shape)
    assert np.abs(device - host).max() <= bound * max(np.abs(host).max(), 1e-300)


@pytest.mark.gpu
@pytest.mark.parametrize("dtype", CLOSE)
@every_variant
def test_a_pass_agrees_with_numpys(cupy, name, dtype):
    host, device = make(name, dtype=dtype), make(name, dtype=dtype).to("cupy")
    x = data(host).astype(dtype)
    x_device = cupy.asarray(x)
    assert_close(device.loss(x_device, rng=3), host.loss(x, rng=3), CLOSE[dtype])
    host.backward()
    device.backward()
    largest = max(np.abs(parameter.grad).max() for parameter in host.parameters)
    for a, b in zip(device.parameters, host.parameters, strict=True):
        assert a.grad.dtype == b.grad.dtype
        assert np.abs(a.grad.get() - b.grad).max() <= CLOSE[dtype] * largest
    assert_close(device.encode(x_device), host.encode(x), CLOSE[dtype])
    assert_close(device.reconstruct(x_device), host.reconstruct(x), CLOSE[dtype])


@pytest.mark.gpu
@every_variant
def test_gradients_checked_on_the_device(cupy, name):
    device = make(name, dtype="float32").to("cupy")
    report = ae.check_gradients(device, data(device), rng=3)
    assert report.verdict == "pass", str(report)


@pytest.mark.gpu
def test_a_classifier_agrees_with_numpys(cupy):
    host, device = (ae.SoftmaxClassifier(make("stacked"), 3, rng=0) for _ in range(2))
    device.to("cupy")
    x = data(host.autoencoder)
    for model in (host, device):
        model.fit(x, LABELS, epochs=3, batch_size=3, optimizer=ae.SGD(0.1), rng=0)
    for a, b in zip(device.parameters, host.parameters, strict=True):
        assert_close(a.value, b.value, 1e-10)
    assert device.score(cupy.asarray(x), cupy.asarray(LABELS)) == host.score(x, LABELS)


@pytest.mark.gpu
@pytest.mark.parametrize("clip_norm", [None, 0.05])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer_agrees_with_numpys(cupy, optimizer, clip_norm):
    host, device = make("vanilla tanh"), make("vanilla tanh").to("cupy")
    for model in (host, device):
        rule = OPTIMIZERS[optimizer]()
        rule.clip_norm = clip_norm
        model.fit(data(host), epochs=3, batch_size=3, optimizer=rule, rng=0)
    for a, b in zip(device.parameters, host.parameters, strict=True):
        assert_close(a.value, b.value, 1e-8)


@pytest.mark.gpu
def test_a_thousand_steps_learn_what_numpys_learn_and_give_their_memory_back(cupy):
    x = np.random.default_rng(0).random((400, 5), np.float32) @ np.random.default_rng(1).random((5, 64), np.float32)

    def train(backend, epochs):
        model = ae.Autoencoder([64, 32, 5], activation=ae.GELU, rng=0).to(backend)
        return model.fit(x, epochs=epochs, batch_size=40, rng=0).loss

    def used():
        gc.collect()
        cupy.cuda.Stream.null.synchronize()
        return cupy.get_default_memory_pool().used_bytes()

    train("cupy", 1)  # compiles the kernels; cuBLAS takes its workspace
    before = used()
    device, host = train("cupy", 100), train("numpy", 100)
    assert device[-1] < 0.1 * device[0]
    np.testing.assert_allclose(device, host, rtol=0.01)
    assert used() == before


def test_the_manifest_is_that_of_this_cupy():
    """Needs CuPy, but no GPU."""
    cupy = pytest.importorskip("cupy")
    if cupy.__version__ != MANIFEST["version"]:
        pytest.skip(f"CuPy here is {cupy.__version__}, the manifest that of {MANIFEST['version']}")
    assert manifest(cupy) == MANIFEST
