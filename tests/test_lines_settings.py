"""A repair of a number is proved at other settings, and one of two numbers of equal value is never blamed for the other."""

import inspect

import mistakes
import numpy as np
import pytest

import aescratch as ae

RNG = np.random.default_rng(5)
STEEPNESS = 0.5


class Quadratic:
    """Its second term has the number 0.5, the first a setting; at 0.5 the two are alike."""

    half: float = 0.5

    def __init__(self, gain):
        self.gain = gain

    def forward(self, x):
        self.x = x
        return self.gain * np.sin(x) + 0.25 * x**2

    def backward(self, grad_y):
        return self.gain * grad_y * np.cos(self.x) + grad_y * self.x


class Gained(Quadratic):
    """Here it is the setting that is left out."""

    def backward(self, grad_y):
        return grad_y * np.cos(self.x) + grad_y * 0.5 * self.x


class OfTheClass(Quadratic):
    """The setting is an attribute of the class."""

    def forward(self, x):
        self.x = x
        return self.half * np.sin(x) + 0.25 * x**2

    def backward(self, grad_y):
        return self.half * grad_y * np.cos(self.x) + grad_y * self.x


class OfAModule(Quadratic):
    """The setting is a constant of the module."""

    def forward(self, x):
        self.x = x
        return STEEPNESS * np.sin(x) + 0.25 * x**2

    def backward(self, grad_y):
        return STEEPNESS * grad_y * np.cos(self.x) + grad_y * self.x


class Twins:
    """Two settings of one value; the second is left out."""

    def __init__(self, rise, fall):
        self.rise, self.fall = rise, fall

    def forward(self, x):
        self.x = x
        return self.rise * np.sin(x) + self.fall * np.exp(-(x**2))

    def backward(self, grad_y):
        return self.rise * grad_y * np.cos(self.x) - 2 * grad_y * self.x * np.exp(-(self.x**2))


class Paired:
    """Two whole numbers whose product is a width, so that neither can be moved alone; one is a divisor."""

    def __init__(self, groups, each):
        self.groups, self.each = groups, each

    def forward(self, x):
        self.x = x
        parts = np.sin(x).reshape(len(x), self.groups, self.each) / self.each
        return parts.reshape(x.shape)

    def backward(self, grad_y):
        return grad_y * np.cos(self.x)


class Single(Paired):
    """A whole number that nothing but itself fits: whether it is 2 or the setting, nobody can see."""

    def __init__(self, each):
        self.each = each

    def forward(self, x):
        self.x = x
        if self.each != 2:
            raise ValueError("only pairs")
        return np.sin(x) / self.each


class Squares:
    """At a setting of 1 the factor that is missing, twice the setting, is 2."""

    def __init__(self, gain):
        self.gain = gain

    def forward(self, x):
        self.x = x
        return self.gain * np.sin(x) + self.gain * x**2

    def backward(self, grad_y):
        return self.gain * grad_y * np.cos(self.x) + grad_y * self.x


class Sampled:
    """A mean over the columns, which may be as many as the rows, lacks its divisor."""

    def forward(self, x):
        self.x = x
        return np.sin(x) / len(x) + 0.5 * x**2 / x.shape[1]

    def backward(self, grad_y):
        return grad_y * np.cos(self.x) / len(self.x) + grad_y * self.x


def repaired(report):
    """Return the repaired line that is told, without its return, or nothing."""
    assert report.verdict == "fail"
    lines = [finding.evidence["repaired"] for finding in report.findings if "repaired" in finding.evidence]
    return lines[0].removeprefix("return ") if lines else ""


WAVE = "grad_y * np.cos(self.x)"
BELL = "2 * grad_y * self.x * np.exp(-self.x ** 2)"
SQUARE = "grad_y * np.cos(self.x) + 0.5 * (grad_y * self.x)"
LAYERS = {
    "an attribute": (Quadratic(0.5), (7, 6), f"self.gain * {SQUARE}"),
    "an attribute that is meant": (Gained(0.5), (7, 6), "self.gain * (grad_y * np.cos(self.x)) + grad_y * 0.5 * self.x"),
    "of the class": (OfTheClass(0.5), (7, 6), f"self.half * {SQUARE}"),
    "of a module": (OfAModule(0.5), (7, 6), f"STEEPNESS * {SQUARE}"),
    "two settings": (Twins(0.7, 0.7), (7, 6), f"self.rise * {WAVE} - self.fall * ({BELL})"),
    "one over a setting": (Twins(0.5, 2.0), (7, 6), f"self.rise * {WAVE} - self.fall * ({BELL})"),
    "of one product": (Paired(3, 2), (7, 6), f"{WAVE} / self.each"),
    "two of one value": (Paired(2, 2), (7, 4), f"{WAVE} / self.each"),
    "that can't be moved": (Single(2), (7, 6), ""),
    "a setting of 1": (Squares(1.0), (7, 6), ""),
    "a size of 2": (Sampled(), (5, 2), f"{WAVE} / len(self.x) + grad_y * self.x / grad_y.shape[1]"),
    "as many rows as columns": (Sampled(), (6, 6), ""),
}


@pytest.mark.in_turn
@pytest.mark.parametrize("case", LAYERS)
def test_a_number_and_a_setting_of_its_value_are_told_apart_or_neither_is_blamed(case):
    layer, shape, line = LAYERS[case]
    before = dict(vars(layer)), dict(vars(type(layer))), STEEPNESS
    assert repaired(ae.check_layer(layer, RNG.normal(size=shape))) == line
    assert (vars(layer), dict(vars(type(layer))), STEEPNESS) == before


def made_with(rate):
    """Return a forward and a backward that share a number in their closures."""

    def forward(a):
        return rate * np.sin(a) + 0.25 * a**2

    def backward(grad_y, a):
        return rate * grad_y * np.cos(a) + grad_y * a

    return forward, backward


def sine(a, times=0.5):
    return times * np.sin(a) + 0.25 * a**2


def sine_backward(grad_y, a, times=0.5):
    return times * grad_y * np.cos(a) + grad_y * a


def helped(a):
    return sine(a)


def helped_backward(grad_y, a):
    return sine_backward(grad_y, a)


def passed(a, weight, share):
    return weight * np.sin(a) + share * np.exp(-a)


def passed_backward(grad_y, a, weight, share):
    return weight * grad_y * np.cos(a) - grad_y * np.exp(-a)


def named(a):
    decay = 0.1
    return np.sin(a) + 0.5 * decay * a**2


def named_backward(grad_y, a):
    decay = 0.1
    return grad_y * np.cos(a) + grad_y * a + 0 * decay


FUNCTIONS = {
    "a name for a number": (named, named_backward, {}, "grad_y * np.cos(a) + decay * (grad_y * a) + 0 * decay"),
    "in a closure": (*made_with(0.5), {}, "rate * grad_y * np.cos(a) + 0.5 * (grad_y * a)"),
    "a default": (helped, helped_backward, {}, "times * grad_y * np.cos(a) + 0.5 * (grad_y * a)"),
    "two arguments": (passed, passed_backward, {"weight": 0.3, "share": 0.3},
                      "weight * grad_y * np.cos(a) - share * (grad_y * np.exp(-a))"),
}  # fmt: skip


@pytest.mark.in_turn
@pytest.mark.parametrize("case", FUNCTIONS)
def test_of_a_function_it_is_the_same(case):
    forward, backward, numbers, line = FUNCTIONS[case]
    report = ae.check_function(forward, backward, {"a": RNG.normal(size=(7, 5)), **numbers}, wrt=["a"])
    assert repaired(report) == line
    assert sine.__defaults__ == sine_backward.__defaults__ == (0.5,)


def gelu(a):
    return 0.5 * a * (1 + np.tanh(0.8 * (a + 0.044715 * a**3)))


def cubes(a, w):
    h = a @ w
    return np.sin(h) + 0.7 * h * h * h


GELU = """
    t = np.tanh(0.8 * (a + 0.044715 * a**3))
    return grad_y * (0.5 * (1 + t) + 0.4 * a * (1 - t**2) * (1 + {} * a**2))"""
CUBES = """
    h = a @ w
    grad_h = grad_y * (np.cos(h) + 6 * 0.7 * h**2)
    return grad_h @ w.T, a.T @ grad_h"""
# A forward, a wrong backward, and the cause that is told.
PRODUCTS = [
    (gelu, GELU.format("3 * 0.44715"), "the number 0.44715 is wrong"),
    (gelu, GELU.format("4 * 0.044715"), "the number 4 is wrong"),
    (cubes, CUBES, "the constant factor `6 * 0.7` is wrong: it should be 2.1"),
]


@pytest.mark.in_turn
@pytest.mark.parametrize(("forward", "body", "cause"), PRODUCTS, ids=["factor", "other factor", "whole"])
def test_of_the_numbers_in_a_product_the_one_is_blamed_that_forward_knows(forward, body, cause):
    inputs = {"a": RNG.normal(size=(7, 5)), "w": RNG.normal(size=(5, 3))}
    taken = {name: inputs[name] for name in inspect.signature(forward).parameters}
    report = ae.check_function(forward, mistakes.written(f"def backward(grad_y, {', '.join(taken)}):{body}\n"), taken)
    assert cause in [finding.cause for finding in report.findings]
