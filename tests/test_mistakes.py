"""The mistakes that the step page can switch in: each is wrong, each is the catalogue's, each has the checker's words."""

import copy
import html
import importlib.util
import inspect
import json
import re
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest
from mistakes import MISTAKES as CATALOGUE
from mistakes import PAIRS
from test_tracing import IN_A_BROWSER, made
from wrong_backward import mistaken

import aescratch as ae
from aescratch import functions
from aescratch.foundations.parameters import pack
from aescratch.inspection.tracing import breaking, page
from aescratch.inspection.tracing.breaking import mistakes_in, with_right
from aescratch.inspection.tracing.language import Equation, evaluate
from aescratch.inspection.tracing.mistakes import MISTAKES, OF_MODELS
from aescratch.inspection.tracing.operation import named_equation
from aescratch.programs.cli import main

NAMES = [(function, name) for function, mistakes in MISTAKES.items() for name in mistakes]
# Of the catalogue, on formulas of the sheet: what has another shape or dtype, or depends on all entries at once; a
# square layer's; and what no variant's backward calls.
WITHOUT_FORMULA = {
    "dense: b not summed", "dense: b summed over the columns", "dense: b with an axis kept", "dense: W transposed",
    "dense: W reshaped", "dense: W in float16", "dense: W of unit norm", "square_dense: W transposed",
    "square_dense: b over columns", "square_dense: x exchanged with itself turned", "square_dense: x the upstream",
    "corrupt: mask not applied", "corrupt: mask turned round", "corrupt: scaled by 1/(1 − p)",
}  # fmt: skip


def arguments(function):
    """Random arguments of a backward and of its forward, by name."""
    formula, rng = functions.FORMULAS[function.removesuffix("_backward")], np.random.default_rng(4)
    inputs = formula.inputs(rng, 7, 5, 3)
    output = formula.forward(**inputs)
    own = inspect.signature(functions.AS_WRITTEN[function]).parameters
    upstream = rng.normal(size=np.shape(output)) if not isinstance(output, tuple) else None
    return {**{name: upstream if name.startswith("grad_") else output for name in own}, **inputs}


def called(function, known):
    """What a function returns, as a tuple, for those of these arguments that it takes."""
    returned = function(**{name: known[name] for name in inspect.signature(function).parameters if name in known})
    return returned if isinstance(returned, tuple) else (returned,)


def test_every_mistake_keeps_the_shape_and_is_wrong():
    for function, name in NAMES:
        known = arguments(function)
        right, found = called(getattr(functions, function), known), called(mistaken(function, name), known)
        assert [np.shape(gradient) for gradient in found] == [np.shape(gradient) for gradient in right], name
        same = [np.allclose(*pair, rtol=1e-6, atol=1e-12) for pair in zip(found, right, strict=True)]
        assert not all(same), (function, name)


def test_the_catalogues_mistakes_are_there():
    missing = set()
    for mistake in CATALOGUE:
        forward, make, _ = PAIRS[mistake.pair]
        function = f"{forward.__name__}_backward"
        if getattr(functions, forward.__name__, None) is not forward:
            continue  # a forward that isn't of the sheet
        inputs = make(np.random.default_rng(5))
        output = forward(**inputs)
        upstream = np.random.default_rng(6).normal(size=np.shape(output))
        known = {**dict.fromkeys(["grad_y", "grad_slope", "grad_z", "grad_x_tilde", "grad_W"], upstream), "y": output, **inputs}
        expected = called(mistake.backward, known)

        def equals(name, function=function, known=known, expected=expected):
            found = called(mistaken(function, name), known)
            return len(found) == len(expected) and all(
                np.shape(one) == np.shape(other) and np.allclose(one, other, rtol=1e-9, atol=1e-12)
                for one, other in zip(found, expected, strict=True)
            )

        if not any(map(equals, MISTAKES.get(function, ()))):
            missing.add(mistake.name)
    assert missing == WITHOUT_FORMULA


def test_every_mistake_has_its_name_in_korean_and_the_checkers_words():
    folder = Path(page.__file__).parent
    korean, said = (json.loads((folder / name).read_text(encoding="utf-8")) for name in (page.MISTAKES, page.ANSWERS))
    between = [breaking.LEFT_OUT, breaking.OVERWRITTEN, breaking.SUBTRACTED, breaking.WITHOUT_WEIGHT, *OF_MODELS]
    assert set(korean) == {name for _, name in NAMES} | set(between)
    assert {function: set(names) for function, names in said.items()} == {
        **{function: set(names) for function, names in MISTAKES.items()}, "model": set(between),
    }  # fmt: skip
    causes = [cause for names in said.values() for told in names.values() for cause, _ in told.values()]
    assert all(causes)
    assert not [cause for cause in causes if "raised" in cause]


@pytest.fixture(scope="module")
def making():
    """docs/make_mistakes.py."""
    script = Path(__file__).parents[1] / "docs" / "make_mistakes.py"
    spec = importlib.util.spec_from_file_location("make_mistakes", script)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def recorded():
    """The words that the page shows, by function and name."""
    return json.loads((Path(page.__file__).parent / page.ANSWERS).read_text(encoding="utf-8"))


@pytest.mark.in_turn
@pytest.mark.parametrize("function", MISTAKES)
def test_the_recorded_words_are_what_the_checker_says(making, recorded, function):
    """Of every mistake: a sample would miss a change of the checker that concerns a few of them."""
    assert making.words_of(function) == recorded[function]


def test_what_the_checker_says_of_a_mistake_on_the_page_comes_from_no_source(making):
    """Its function is read from a file of the tests, which the page doesn't show: a change of a line there corrects it."""
    name, mistake = "reparameterize_backward", "upstream missing"
    unseen, seen = making.report_on(name, mistake), making.report_on.__wrapped__(name, mistake)
    assert [bool([each for each in report.findings if "line" in each.evidence]) for report in (unseen, seen)] == [False, True]


def propagated(step, mistake):
    """Every number behind the forward pass with a mistake, by NumPy."""
    values = {**step.given, **{operation.name: operation.output for operation in step}}
    for operation in step:
        if operation.which != "forward" and operation.agrees:
            right = named_equation(operation.quantity)
            tree = with_right(mistake.trees.get(operation.name, right.tree), right.tree)
            values[operation.name] = evaluate(Equation(right.name, right.indices, tree), values, operation.output.shape)
    return {operation.name: values[operation.name] for operation in step if operation.which != "forward"}


# What a mistake between parts is about, in the museum's model.
ABOUT = {
    breaking.LEFT_OUT: "∂J/∂h1 (sparsity)", breaking.OVERWRITTEN: "∂J/∂W1 (decoder)",
    breaking.SUBTRACTED: "∂J/∂h1 (sparsity)", breaking.WITHOUT_WEIGHT: "weight",
}  # fmt: skip
BETWEEN = [*ABOUT, *OF_MODELS]


@pytest.mark.in_turn
@pytest.mark.parametrize("name", BETWEEN)
def test_a_mistake_between_parts_is_the_museums_and_has_the_checkers_words(making, recorded, name, monkeypatch):
    assert list(making.BETWEEN) == BETWEEN
    assert making.in_languages(making.BETWEEN[name]) == recorded["model"][name]
    with monkeypatch.context() as patched:
        patched.setattr(ae, "check_gradients", lambda model, x: (model, x))
        wrong, x = making.BETWEEN[name]()
    wrong.dtype = "float64"
    pack(wrong.parameters, "float64")
    right = copy.deepcopy(wrong)
    right.__class__ = type(wrong).__mro__[1]
    step = ae.trace(right, x, rng=3)
    with wrong.training():
        wrong.loss(x, rng=3)
        wrong.backward()
    (mistake,) = (found for found in mistakes_in(step) if found.name == name and found.about == ABOUT.get(name, ""))
    numbers = propagated(step, mistake)
    names = {given.wish: given.name for given in step.given_quantities if given.kind == "parameter"}
    for parameter in wrong.parameters:
        np.testing.assert_allclose(numbers[f"grad_{names[parameter.name]}"], parameter.grad, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", IN_A_BROWSER[::3])
def test_a_mistake_in_a_step_is_the_function_with_that_mistake(name):
    model, x, labels = made(name, dtype="float64")
    step = ae.trace(model, x, labels, optimizer=ae.SGD(0.1), rng=3)
    values = {**step.given, **{operation.name: operation.output for operation in step}}
    found = [mistake for mistake in mistakes_in(step) if mistake.function in MISTAKES]
    assert len(found) > 50
    for mistake in found[:: max(1, len(found) // 25)]:
        for gradient, tree in mistake.trees.items():
            quantity = step[gradient].quantity
            right = named_equation(quantity)
            wrong = evaluate(Equation(gradient, right.indices, with_right(tree, right.tree)), values, quantity.value.shape)
            known = {of: source.value.T if turned else source.value for of, (source, turned) in quantity.references.items()}
            results = called(mistaken(mistake.function, mistake.name), known)
            turned = [result.T for result in results if result.ndim == 2]  # of a tied weight
            assert any(
                result.shape == wrong.shape and np.allclose(result, wrong, rtol=1e-9, atol=1e-12)
                for result in (*results, *turned)
            ), mistake


def test_the_links_of_the_documentation_lead_to_steps_entries_and_mistakes(tmp_path):
    text = (Path(__file__).parents[1] / "docs" / "steps.md").read_text(encoding="utf-8")
    links = [html.unescape(link) for link in re.findall(r'"_static/steps/([^"]+#[^"]+)"', text)]
    assert len(links) >= 5
    for link in links:
        name, place, *changes = re.split("[.]html#|&", link)
        path = tmp_path / f"{name}.html"
        assert path.exists() or main(["step", name, "--out", str(path)]) == 0
        data = json.loads(re.search(r'id="data">(.*?)</script>', path.read_text("utf-8"), re.DOTALL)[1])
        shown = data["steps"][int(place.removeprefix("step-"))]["name"]
        for key, _, value in (change.partition("=") for change in changes if change != "embed"):
            if key == "at":
                of, _, flat = value.rpartition(".")
                assert of == shown
                assert int(flat) < len(data["quantities"][of]["data"])
            else:
                assert key == "wrong"
                trees = {
                    f"{part or 'model'}:{data['texts'][name][0].replace('{}', about)}": trees
                    for part, listed in data["mistakes"].items() for _, name, _, _, trees, about in listed
                }  # fmt: skip
                assert shown in trees[unquote(value)], link
