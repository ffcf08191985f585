"""Formulas compiled for the CPU: the same numbers as the sheet for all inputs, and the sheet itself if nothing is compiled."""

import importlib.util
import inspect
import os
import pathlib
import subprocess
import sys
import warnings

import numpy as np
import pytest
from test_kernels import FORMULAS, PLACES, numbers
from test_speed import model_of

import aescratch as ae
from aescratch import backend, functions
from aescratch.backend import compiled
from aescratch.backend.compiled import Compiled
from aescratch.inspection.gradcheck.warned import warnings_of_numpy
from aescratch.models import MODELS

needs_numba = pytest.mark.skipif(
    importlib.util.find_spec("numba") is None, reason='needs Numba: pip install "aescratch[fast]"'
)
both_types = pytest.mark.parametrize("dtype", ["float32", "float64"])
every_formula = pytest.mark.parametrize("name", FORMULAS)
N, D = 37, 41  # more than a vector's width, and no multiple of it
# Formulas of the sheet that are marked as element-wise and evaluated as they stand all the same.
FALLS_BACK: set[str] = set()
LOOPS = {name: Compiled(formula.__wrapped__, list(inspect.signature(formula).parameters)) for name, formula in FORMULAS.items()}
SPECIAL = [0.0, -0.0, np.nan, np.inf, -np.inf, 1.0, -1.0, 30.0, -30.0, 88.0, -87.5, -103.0, 89.5, 710.5, -745.0]


@pytest.fixture
def everything(monkeypatch):
    """Formulas are compiled for arrays of any size."""
    monkeypatch.setattr(compiled, "SMALLEST", 1)


def names_of(name):
    return list(inspect.signature(FORMULAS[name]).parameters)


def rng_of(name):
    return np.random.default_rng(len(name))


def arguments_of(name, draw):
    """Arguments of a formula: numbers in (0, 1), and what is drawn for each array."""
    rng, given = rng_of(name), []
    for argument in names_of(name):
        x = float(rng.uniform(0.1, 0.9)) if argument in numbers(name) else draw(rng)
        given.append(x * x if argument == "v" else x)  # a mean of squares
    return given


def copies(arguments):
    return [x.copy() if isinstance(x, np.ndarray) else x for x in arguments]


def outcome(evaluate, arguments):
    """The arguments, which may have been changed, and what was returned."""
    with np.errstate(all="ignore"):
        returned = evaluate(*arguments)
    returned = returned if isinstance(returned, tuple) else () if returned is None else (returned,)
    return [x for x in arguments if isinstance(x, np.ndarray)] + [np.asarray(x) for x in returned]


def of_both(name, arguments):
    """What the loop and the formula as it stands make of the same arguments."""
    found = outcome(lambda *given: LOOPS[name](given), copies(arguments))
    with backend.as_written():
        expected = outcome(FORMULAS[name], copies(arguments))
    return found, expected


def assert_alike(found, expected, terms=()):
    """The same NaN and infinities, and finite numbers but for the last digits, of them or of the terms they are made of."""
    assert len(found) == len(expected)
    for ours, theirs in zip(found, expected, strict=True):
        assert ours.dtype == theirs.dtype
        assert ours.shape == theirs.shape
        np.testing.assert_array_equal(np.isnan(ours), np.isnan(theirs))
        np.testing.assert_array_equal(np.isinf(ours), np.isinf(theirs))
        bound = PLACES * np.finfo(ours.dtype).eps
        largest = max(np.abs(x[np.isfinite(x)]).max(initial=0) for x in (theirs, *terms))
        np.testing.assert_allclose(ours, theirs, rtol=bound, atol=bound * largest)


# Every formula of the sheet


@needs_numba
@both_types
@every_formula
def test_a_loop_computes_what_the_sheet_computes(name, dtype):
    arguments = arguments_of(name, lambda rng: rng.normal(0, 2, (N, D)).astype(dtype))
    found, expected = of_both(name, arguments)
    falls_back = found[-1].dtype == object  # NotImplemented
    assert falls_back == (name in FALLS_BACK)
    if not falls_back:
        assert_alike(found, expected)


@needs_numba
@both_types
@every_formula
def test_infinities_and_nan_keep_their_meaning(name, dtype):
    # One array at a time is special: beside two of them many a NaN would be right.
    for place in range(3):
        drawn = []

        def draw(rng, drawn=drawn, place=place):
            x = rng.uniform(-2, 2, (len(SPECIAL), 19)).astype(dtype)  # where no slope is 0 but for rounding
            if len(drawn) == place:
                x[:] = np.array(SPECIAL)[:, np.newaxis]
            drawn.append(x)
            return x

        arguments = arguments_of(name, draw)
        assert_alike(*of_both(name, arguments), terms=[x for x in arguments if isinstance(x, np.ndarray)])


@needs_numba
@both_types
@every_formula
def test_subnormal_tiny_and_huge_numbers(name, dtype):
    info = np.finfo(dtype)
    for scale in (info.smallest_subnormal * 1000, info.tiny, np.sqrt(info.tiny), np.sqrt(info.max) / 16):
        assert_alike(*of_both(name, arguments_of(name, lambda rng, s=scale: (s * rng.normal(size=(5, 19))).astype(dtype))))


@needs_numba
@pytest.mark.usefixtures("everything")
@both_types
@every_formula
@pytest.mark.parametrize("view", ["every other column", "transposed", "empty"])
def test_arrays_that_lie_otherwise_and_empty_ones_are_left_to_numpy(name, dtype, view, monkeypatch):
    monkeypatch.setattr(compiled, "make_loop", lambda formula, names, kinds: lambda arguments: 1 / 0)
    rng = rng_of(name)
    views = {"every other column": lambda x: x[:, ::2], "transposed": np.transpose, "empty": lambda x: x[:0]}
    drawn = [np.abs(rng.normal(size=(6, 8))).astype(dtype) for _ in names_of(name)]
    found, expected = ([], [])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a mean of nothing
        for each, formula in ((found, FORMULAS[name]), (expected, FORMULAS[name].__wrapped__)):
            given = iter([views[view](x.copy()) for x in drawn])
            each += outcome(formula, arguments_of(name, lambda rng, given=given: next(given)))
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("shape", [(70_003,), (2, 3, 5003), (263, 67)])
@needs_numba
def test_arrays_of_any_dimensions(shape):
    a, grad_y = np.random.default_rng(0).normal(size=(2, *shape)).astype(np.float32)
    for ours, theirs in zip(outcome(functions.gelu_and_slope, [a]), outcome(functions.gelu_and_slope.__wrapped__, [a]), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(functions.relu_backward(grad_y, a), grad_y * (a > 0))


# exp, tanh and log1p


@backend.fused
def exp(x):
    return backend.array_module(x).exp(x)


@backend.fused
def tanh(x):
    return backend.array_module(x).tanh(x)


@backend.fused
def log1p(x):
    return backend.array_module(x).log1p(x)


@backend.fused
def erf(x):
    return backend.erf(x)


def places_off(found, exact):
    """The largest error in units in the last place."""
    unit = np.maximum(np.spacing(np.abs(exact).astype(found.dtype)), np.finfo(found.dtype).smallest_subnormal)
    return float((np.abs(found.astype(exact.dtype) - exact) / unit.astype(exact.dtype)).max())


def spread(rng, low, high, size=100_000):
    """Numbers of every size from 10^low to 10^high, of both signs."""
    return 10 ** rng.uniform(low, high, size) * rng.choice([-1, 1], size)


@needs_numba
@both_types
@pytest.mark.parametrize("function", [exp, tanh, log1p], ids=lambda function: function.__name__)
def test_errors_in_units_in_the_last_place(function, dtype):
    if dtype == "float64" and np.finfo(np.longdouble).eps > 1e-18:
        pytest.skip("needs longer floats than float64")
    rng, exact, least = np.random.default_rng(0), getattr(np, function.__name__), {"float32": -44, "float64": -307}[dtype]
    low, high = {"float32": (-103, 88), "float64": (-744, 709)}[dtype]
    drawn = {
        exp: [rng.uniform(low, high, 400_000), rng.normal(size=400_000)],
        tanh: [rng.uniform(-25, 25, 400_000), rng.normal(size=400_000)],
        log1p: [rng.uniform(-0.999, 3, 400_000), np.abs(spread(rng, 0, 37)), -(1 - 10.0 ** rng.uniform(-6, 0, 100_000))],
    }
    x = np.concatenate([*drawn[function], spread(rng, least, -0.5)]).astype(dtype)
    with np.errstate(all="ignore"):
        longer = exact(x.astype(np.longdouble))
        loops, plain = places_off(function(x), longer), places_off(exact(x), longer)
    assert loops < 1.5
    assert dtype == "float64" or loops < plain  # no less accurate than NumPy's


@needs_numba
@both_types
def test_erf_is_as_accurate_as_it_was(dtype):
    x = np.random.default_rng(0).normal(0, 2, 100_000).astype(dtype)
    with backend.as_written():
        plain = erf(x)
    assert np.abs(erf(x) - plain).max() < {"float32": 4e-7, "float64": 1e-15}[dtype]


@needs_numba
@both_types
@pytest.mark.usefixtures("everything")
def test_the_ends_of_exp_tanh_and_log1p(dtype):
    x = np.array([*SPECIAL, -1.5, 1e30, 88.72, 88.73, 709.78, 709.79, -745.2, -1e30, 5e-324, np.finfo(dtype).tiny], dtype)
    with np.errstate(all="ignore"):
        for function in (exp, tanh, log1p):
            np.testing.assert_allclose(function(x), getattr(np, function.__name__)(x), rtol=1e-6, atol=0)


@needs_numba
@pytest.mark.usefixtures("everything")
def test_a_sum_of_a_wide_row_is_no_less_accurate_than_numpys():
    x = np.random.default_rng(0).random((2, 1_000_000), np.float32)
    exact = np.square(x.astype(np.float64)).sum() / 4
    assert abs(functions.squared_error(x, np.zeros_like(x)) / exact - 1) < 1e-7


# Where nothing is compiled


def test_small_arrays_are_numpys(monkeypatch):
    monkeypatch.setattr(compiled, "make_loop", lambda *given: 1 / 0)
    a = np.random.default_rng(0).normal(size=(127, 128))
    assert a.size < compiled.SMALLEST
    np.testing.assert_array_equal(functions.relu(a), np.maximum(a, 0))


@pytest.mark.usefixtures("everything")
def test_as_written_nothing_is_compiled(monkeypatch):
    monkeypatch.setattr(compiled, "make_loop", lambda *given: 1 / 0)
    a = np.random.default_rng(0).normal(size=(7, 5)).astype(np.float16).astype(np.float64)
    with backend.as_written():
        np.testing.assert_array_equal(functions.gelu(a), functions.gelu.__wrapped__(a))


@pytest.fixture
def asked_anew():
    """Whether Numba is there is found out once more."""
    compiled.why_not.cache_clear()
    yield
    compiled.why_not.cache_clear()


@pytest.fixture
def formula():
    """A formula of which nothing is compiled yet."""
    return backend.fused(lambda a, b: a * b + a)


def large(dtype=np.float32):
    return np.random.default_rng(0).normal(size=(2, 200, 300)).astype(dtype)


@pytest.mark.usefixtures("asked_anew")
def test_without_numba_it_is_numpys_and_says_why(formula, monkeypatch):
    a, b = large()
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    np.testing.assert_array_equal(formula(a, b), a * b + a)
    assert compiled.why_not() == 'not installed: pip install "aescratch[fast]"'


@pytest.mark.usefixtures("asked_anew")
def test_a_numba_that_cannot_be_imported_is_no_matter(formula, monkeypatch):
    a, b = large()
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: True)
    monkeypatch.setitem(sys.modules, "numba", None)
    np.testing.assert_array_equal(formula(a, b), a * b + a)
    assert compiled.why_not().startswith("installed, but can't be imported (ModuleNotFoundError: import of numba halted")


@pytest.mark.usefixtures("asked_anew")
def test_the_environment_turns_it_off(formula, monkeypatch):
    a, b = large()
    monkeypatch.setenv("AESCRATCH_COMPILED", "0")
    np.testing.assert_array_equal(formula(a, b), a * b + a)
    assert compiled.why_not() == "turned off by AESCRATCH_COMPILED=0"


def python(program, **variables):
    environment = {**os.environ, **variables}
    return subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True).stdout


@needs_numba
@pytest.mark.parametrize(("widths", "off", "expected"), [("[64, 8]", "", "False"), ("[784, 128]", "", "True"), ("[784, 128]", "0", "False")])
def test_numba_is_imported_when_something_large_is_trained(widths, off, expected):
    program = (
        "import sys, numpy as np, aescratch as ae\n"
        f"model = ae.Autoencoder({widths}, rng=0)\n"
        f"model.fit(np.random.default_rng(0).random((128, {widths}[0]), np.float32), epochs=1, batch_size=64, rng=0)\n"
        "print('numba' in sys.modules)"
    )
    assert python(program, AESCRATCH_COMPILED=off).split() == [expected]


# What no loop can compute is computed as before


def choosing(a, b):
    return np.where(a > 0, a, b)


def branching(a, alpha):
    return a * alpha if alpha > 0.5 else a


def of_truth(a, b):
    return a > b


def changing_its_number(a, alpha):
    alpha += 1
    return a * alpha


def asking_for_the_size(a, b):
    return a * b / a.size


@needs_numba
@pytest.mark.parametrize("mark", [backend.fused, backend.elementwise])
@pytest.mark.parametrize("text", [choosing, branching, of_truth, changing_its_number, asking_for_the_size])
def test_a_formula_that_cannot_be_written_as_a_kernel_is_evaluated_as_it_stands(text, mark):
    formula, (a, b) = mark(text), large()
    for second in (0.25, 0.75) if "alpha" in inspect.signature(text).parameters else (b,):
        ours, theirs = formula(a, second), text(a, second)
        assert ours.dtype == theirs.dtype
        np.testing.assert_array_equal(ours, theirs)


@needs_numba
@pytest.mark.parametrize(
    "second",
    [np.float64(0.1), np.float32(0.1), np.array(0.1), large(np.float64)[1], large()[1] > 0, large()[1].astype(">f4"), True,
     np.ma.masked_array(large()[1]), large()[1][:, :1], np.arange(300)],
    ids=lambda second: f"{type(second).__name__} {getattr(second, 'dtype', '')} {np.shape(second)}",
)  # fmt: skip
def test_arguments_of_several_kinds_are_left_to_numpy(formula, second):
    a = large()[0]
    ours, theirs = formula(a, second), a * second + a
    assert ours.dtype == theirs.dtype
    np.testing.assert_array_equal(ours, theirs)


@needs_numba
def test_a_row_is_repeated_as_numpy_repeats_it(formula):
    a, b = large(np.float64)
    np.testing.assert_allclose(formula(a, b[0]), a * b[0] + a, rtol=1e-15, atol=1e-15)
    with pytest.raises(ValueError, match="broadcast"):
        formula(a, b[0, 1:])


@needs_numba
def test_an_array_that_must_not_be_written_to_stays_so():
    a, b = large()
    before = a.copy()
    a.flags.writeable = b.flags.writeable = False
    move = backend.fused(changing)
    with pytest.raises(ValueError, match="read-only"):
        move(a, b)
    np.testing.assert_array_equal(a, before)
    a.flags.writeable = True
    assert move(a, b) is None
    np.testing.assert_allclose(a, before + b, rtol=1e-6)


def changing(a, b):
    a += b


@needs_numba
@pytest.mark.usefixtures("everything")
@pytest.mark.parametrize("name", ["dense", "relu", "squared_error", "squared_error_backward", "dense_backward", "relu_backward"])
def test_a_function_in_the_sheets_place_is_called(name, monkeypatch):
    x, right, calls = np.random.default_rng(0).random((7, 5)), getattr(functions, name), []
    model = ae.Autoencoder([5, 3], dtype="float64", rng=0)
    monkeypatch.setattr(functions, name, lambda *given: calls.append(name) or right(*given))
    model.loss(x)
    model.backward()
    assert len(calls) == 1 + name.startswith("dense")


# Models


@needs_numba
@pytest.mark.usefixtures("everything")
@pytest.mark.parametrize("kind", MODELS, ids=lambda kind: kind.__name__)
def test_the_gradients_of_every_variant_are_right(kind):
    model = model_of(kind)
    x = np.random.default_rng(3).random((7, 13))
    labels = (np.random.default_rng(4).integers(0, 2, len(x)),) if model.takes_labels else ()
    assert ae.check_gradients(model, x, *labels).verdict == "pass"


def trained(kind):
    model = model_of(kind, dtype="float64") if kind is not ae.SoftmaxClassifier else model_of(kind)
    x = np.random.default_rng(3).random((29, 13))
    labels = (np.random.default_rng(4).integers(0, 2, len(x)),) if model.takes_labels else ()
    history = model.fit(x.astype(model.dtype), *labels, epochs=3, batch_size=11, rng=5)
    return [np.array(history.loss), *(parameter.value.copy() for parameter in model.parameters)]


@needs_numba
@pytest.mark.parametrize("kind", MODELS, ids=lambda kind: kind.__name__)
def test_a_training_is_numpys_but_for_rounding_and_the_same_each_time(kind, monkeypatch):
    theirs = trained(kind)
    monkeypatch.setattr(compiled, "SMALLEST", 1)
    ours, again = trained(kind), trained(kind)
    for first, second, third in zip(ours, again, theirs, strict=True):
        np.testing.assert_array_equal(first, second)
        np.testing.assert_allclose(first, third, rtol=1e-4 if first.dtype == np.float32 else 1e-9, atol=1e-6)
    assert any((first != third).any() for first, third in zip(ours, theirs, strict=True))  # something was compiled


@needs_numba
@pytest.mark.parametrize("activation", [ae.ReLU, ae.GELU])
def test_a_large_training_is_numpys_but_for_rounding(activation, monkeypatch):
    x, losses = np.random.default_rng(0).random((512, 300), np.float32), []
    for smallest in (compiled.SMALLEST, sys.maxsize):
        monkeypatch.setattr(compiled, "SMALLEST", smallest)
        model = ae.Autoencoder([300, 200], activation=activation, rng=0)
        losses.append(model.fit(x, epochs=5, batch_size=128, rng=0).loss)
    np.testing.assert_allclose(*losses, rtol=1e-5)


@needs_numba
@pytest.mark.usefixtures("everything")
@pytest.mark.parametrize("activation", ["ReLU", "GELU", "Sigmoid", "Tanh"])
@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="needs PyTorch")
def test_gradients_are_pytorchs(activation):
    import torch

    x = np.random.default_rng(0).random((11, 7))
    model = ae.Autoencoder([7, 5], activation=getattr(ae, activation), dtype="float64", rng=0)
    loss = model.loss(x)
    model.backward()
    W1, b1, W2, b2 = (torch.tensor(parameter.value.copy(), requires_grad=True) for parameter in model.parameters)
    x_hat = getattr(torch.nn, activation)()(torch.tensor(x) @ W1 + b1) @ W2 + b2
    theirs = 0.5 * ((x_hat - torch.tensor(x)) ** 2).sum() / len(x)
    theirs.backward()
    assert float(loss) == pytest.approx(theirs.item(), rel=1e-13)
    for parameter, tensor in zip(model.parameters, (W1, b1, W2, b2), strict=True):
        np.testing.assert_allclose(parameter.grad, tensor.grad, rtol=1e-12, atol=1e-14)


@needs_numba
@pytest.mark.usefixtures("everything")
def test_what_numpy_warns_of_is_still_told():
    grad_y, a = np.full((7, 5), np.inf), -np.ones((7, 5))
    functions.relu_backward(grad_y, a)  # compiled, and silent
    with warnings_of_numpy() as met:
        functions.relu_backward(grad_y, a)
    assert [each.what for each in met] == ["invalid value encountered in multiply"]


# On disk


TRAIN = (
    "import numpy as np, aescratch as ae\n"
    "from aescratch.backend import machine_code as compiled\n"
    "hits = []\n"
    "make = compiled.machine_code\n"
    "compiled.machine_code = lambda text, signature: hits.append(make(text, signature)) or hits[-1]\n"
    "a = np.random.default_rng(0).normal(size=(200, 300))\n"
    "print(float(ae.functions.gelu(a).sum()), *(bool(loop.stats.cache_hits) for loop in hits))"
)


@pytest.mark.in_turn(3)
@needs_numba
def test_loops_are_kept_on_disk_and_two_processes_may_start_at_once(tmp_path):
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    both = [subprocess.Popen([sys.executable, "-c", TRAIN], env=environment, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    first = {process.communicate(timeout=300)[0].split()[0] for process in both}
    value, is_found = python(TRAIN, NUMBA_CACHE_DIR=str(tmp_path)).split()
    assert (first, is_found) == ({value}, "True")
    for path in [*tmp_path.rglob("*.nbi"), *tmp_path.rglob("*.nbc")]:
        path.write_bytes(path.read_bytes()[:50])
    assert python(TRAIN, NUMBA_CACHE_DIR=str(tmp_path)).split() == [value, "False"]  # damaged: compiled, and kept anew
    assert python(TRAIN, NUMBA_CACHE_DIR=str(tmp_path)).split() == [value, "True"]


@needs_numba
def test_a_folder_that_cannot_be_written_to_is_no_matter(tmp_path):
    (tmp_path / "file").write_text("in the folder's place")
    assert python(TRAIN, NUMBA_CACHE_DIR=str(tmp_path / "file")).split()[1:] == ["False"]


@needs_numba
@pytest.mark.skipif(not hasattr(os, "getuid"), reason="needs POSIX")
def test_a_folder_that_others_can_write_to_is_not_used(tmp_path, monkeypatch):
    from aescratch.backend import machine_code

    monkeypatch.setattr(machine_code.numba.config, "CACHE_DIR", str(tmp_path))
    path = machine_code.kept_at("text")
    assert pathlib.Path(path).read_text(encoding="utf-8") == "text"
    os.chmod(os.path.dirname(path), 0o777)
    with pytest.raises(PermissionError):
        machine_code.kept_at("text")


# What is said


@needs_numba
def test_the_progress_bar_says_that_a_formula_is_compiled(capsys, monkeypatch):
    monkeypatch.setattr(compiled, "SMALLEST", 1)
    own = [cell.cell_contents for cell in functions.relu.__closure__ if isinstance(cell.cell_contents, Compiled)]
    own[0].loops.clear()
    ae.Autoencoder([5, 3], rng=0).fit(np.random.default_rng(0).random((7, 5)), epochs=1, rng=0, progress=True)
    assert "compiling relu" in capsys.readouterr().err
    assert not compiled.told
