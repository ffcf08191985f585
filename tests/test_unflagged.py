"""Where NumPy gets no flags from the processor, as in a browser, a user's function is warned of in NumPy's own words."""

import warnings

import numpy as np
import pytest

import aescratch as ae
from aescratch.inspection.gradcheck import unflagged

X = np.random.default_rng(0).uniform(1, 2, size=(5, 3))
COMPUTED = {
    "overflow": lambda x: np.exp(1000 * x),
    "overflow, then NaN": lambda x: np.exp(1000 * x) / np.exp(1000 * x).sum(axis=1, keepdims=True),
    "overflow that leaves no trace": lambda x: 1 / (1 + np.exp(1000 * x)),
    "underflow": lambda x: np.exp(-1000 * x),
    "division by zero": lambda x: x / (x - x),
    "division of zero": lambda x: (x - x) / (x - x),
    "division that overflows": lambda x: 1e300 * x / (1e-300 * x),
    "some of both": lambda x: np.where(x > 1.5, 0, x) / np.where(x > 1.5, 0, x - x),
    "power of zero": lambda x: (x - x) ** -1.0,
    "power that overflows": lambda x: (1e200 * x) ** 2.0,
    "square": lambda x: (1e200 * x) ** 2,
    "reciprocal": lambda x: np.reciprocal(x - x),
    "logarithm of zero": lambda x: np.log(x - x),
    "logarithm of less": lambda x: np.log1p(-x - 1),
    "root": lambda x: np.sqrt(-x),
    "infinities": lambda x: np.exp(1000 * x) - np.exp(1000 * x),
    "a sum": lambda x: (5e307 * x).sum(axis=0),
    "running": lambda x: np.multiply.accumulate(1e200 * x, axis=1),
    "a product": lambda x: (1e200 * x) @ (1e200 * x).T,
    "into its input": lambda x: np.divide(x, x - x, out=x),
    "in place": lambda x: x.__itruediv__(0),
    "NaN that is there": lambda x: np.sqrt(np.where(x > 1.5, np.nan, x)) * 2 + np.maximum(x, np.nan),
    "an array made of it": lambda x: np.array(x) / (np.asarray(x) - x),
    "where it is positive": lambda x: np.log(x - x, out=np.full_like(x, -np.inf), where=x < 0),
    "where it is large": lambda x: np.log(x - x, out=np.full_like(x, np.nan), where=x > 1.5),
    "two results": lambda x: np.divmod(x, np.where(x > 1.5, x, 0)),
    "two results, used": lambda x: np.sqrt(-np.modf(x)[1]),
    "two results into arrays": lambda x: np.divmod(x, x - x, out=(x, np.empty_like(x)))[0],
    "a formula of ours": lambda x: np.log(ae.functions.relu(-x)),
}
QUIET = ("underflow", "NaN that is there", "where it is positive")


@pytest.fixture
def without_flags(monkeypatch):
    monkeypatch.setattr(unflagged, "has_flags", lambda: False)


def seen(function):
    """What a function returns, and each warning with its line."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        result = unflagged.with_warnings(function, X.copy())
    return result, [(str(each.message), each.filename, each.lineno) for each in told]


@pytest.mark.parametrize("name", COMPUTED)
def test_what_numpy_says_is_said(name, request):
    wanted, told = seen(COMPUTED[name])
    assert bool(told) is (name not in QUIET)
    request.getfixturevalue("without_flags")
    result, said = seen(COMPUTED[name])
    assert said == told
    assert not [each for each in (result if isinstance(result, tuple) else (result,)) if type(each) is not np.ndarray]
    np.testing.assert_array_equal(result, wanted)


def test_numpys_settings_are_obeyed(without_flags):
    with np.errstate(over="raise"), pytest.raises(FloatingPointError, match=r"^overflow encountered in exp$"):
        unflagged.with_warnings(COMPUTED["overflow"], X)
    with np.errstate(over="ignore"):
        assert seen(COMPUTED["overflow"])[1] == []


def softmax_backward(grad_y, a):
    e = np.exp(a)
    p = e / e.sum(axis=1, keepdims=True)
    return p * (grad_y - (grad_y * p).sum(axis=1, keepdims=True))


def test_a_check_names_the_line_and_warns_once_for_each(request):
    def softmax(a):
        e = np.exp(a - a.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    def told():
        with warnings.catch_warnings(record=True) as heard:
            warnings.simplefilter("always")
            report = ae.check_function(softmax, softmax_backward, {"a": 1000 * X})
        return str(report), {(str(each.message), each.lineno) for each in heard}

    wanted = told()
    assert "NumPy met overflow encountered in exp" in wanted[0]
    request.getfixturevalue("without_flags")
    assert told() == wanted
