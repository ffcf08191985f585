"""The step page of a large network in a real browser: its numbers, the picture of a whole tensor, and the window on it."""

import base64
import json

import numpy as np
import pytest
from test_browser_network import press, press_with
from test_browser_step import By, Keys, browser, page, pytestmark, told  # noqa: F401

import aescratch as ae
from aescratch.inspection.tracing.arrays import Quantity
from aescratch.inspection.tracing.packing import LARGEST_TABLE, packed

webdriver = pytest.importorskip("selenium.webdriver", reason="needs selenium: pip install selenium")

SIDE = 10  # rows and columns of a window
SOME = 400  # entries of each tensor that are compared; all would take seconds to come out of the browser
# The numbers at some places: as the page opens, computed anew as a whole, and one by one by the interpreter.
AT = """
const { engine } = window.aescratch, places = arguments[0];
const held = Object.fromEntries(Object.entries(places).map(([of, flats]) => [of, flats.map((flat) => engine.arrays[of].data[flat])]));
for (const step of engine.steps) engine.arrays[step.name].data.fill(NaN);
engine.compute();
const again = Object.fromEntries(Object.entries(places).map(([of, flats]) => [of, flats.map((flat) => engine.arrays[of].data[flat])]));
const single = Object.fromEntries(engine.steps.map((step) => [step.name, places[step.name].map((flat) => engine.value(step.tree, engine.indices(step, flat)))]));
return [held, again, single];
"""
# What the window of a tensor shows, in its first place: {flat: text}.
WINDOW = """
const [mine] = window.aescratch.cells.get(arguments[0]);
return mine.lens.cells.map((cell) => [cell.flat, cell.textContent, cell.isConnected, mine[cell.flat] === cell]);
"""
WHOLE = "const [of, place = 0] = arguments; return window.aescratch.cells.get(of)[place].lens.whole"


@pytest.fixture(scope="module")
def large():
    """A step of 784-64-16-64-784 with an image as its only example, and what is needed to take it again."""
    x = ae.datasets.load_fashion().x[:1].astype(np.float64)
    model = ae.Autoencoder([784, 64, 16], dtype="float64", rng=0)
    return model, x, ae.trace(model, x, optimizer=ae.SGD(0.1))


@pytest.fixture
def opened(page, large, monkeypatch):  # noqa: F811
    _, _, step = large
    written = step.to_html
    monkeypatch.setattr(step, "to_html", lambda path: written(path, (28, 28)))
    return page(step)


def arrays(step):
    return {**step.given, **{operation.name: operation.output for operation in step}}


def window_of(driver, name):
    """The entries in a tensor's window, and their texts as numbers."""
    rows = driver.execute_script(WINDOW, name)
    assert all(connected and own for *_, connected, own in rows)
    return [flat for flat, *_ in rows], np.array([text.replace("−", "-") for _, text, *_ in rows], float)


def assert_numbers_equal(driver, expected):
    rng = np.random.default_rng(0)
    flats = {name: rng.integers(value.size, size=min(SOME, value.size)).tolist() for name, value in expected.items()}
    for numbers in driver.execute_script(AT, flats):
        for name, got in numbers.items():
            own = np.reshape(expected[name], -1)[flats[name]]
            np.testing.assert_allclose(got, own, rtol=1e-12, atol=1e-12, err_msg=name)


def test_a_large_networks_numbers_are_pythons_also_after_an_edit_in_the_window(opened, large):
    _, x, step = large
    driver, expected = opened, arrays(step)
    assert {"W1", "grad_W1", "W1_new"} <= {name for name, value in expected.items() if value.size > 50_000}
    assert sum(value.size for value in expected.values()) > 300_000
    assert float(driver.execute_script("return document.documentElement.dataset.selftest")) < 1e-12
    assert_numbers_equal(driver, expected)

    flats, shown = window_of(driver, "W1")
    assert len(flats) == SIDE * SIDE
    np.testing.assert_allclose(shown, expected["W1"].reshape(-1)[flats], rtol=5.1e-4)
    flat = int(np.abs(expected["grad_W1"]).argmax())  # of a unit that isn't silent
    driver.execute_script("window.aescratch.cells.get('W1')[0].lens.reveal(arguments[0])", flat)
    assert flat in window_of(driver, "W1")[0]
    driver.execute_script("window.aescratch.cells.get('W1')[0][arguments[0]].focus()", flat)
    i, j = divmod(flat, 64)
    assert told(driver).startswith(f"W1[{i},{j}] = ")
    press(driver, Keys.ENTER)
    press(driver, "0.75", Keys.ENTER)
    edited = ae.Autoencoder([784, 64, 16], dtype="float64", rng=0)
    edited.parameters[0].value[i, j] = 0.75
    after = ae.trace(edited, x, optimizer=ae.SGD(0.1))
    assert after.loss != step.loss
    assert driver.execute_script("return window.aescratch.engine.arrays.J.data[0]") == pytest.approx(after.loss, rel=1e-9)
    assert_numbers_equal(driver, arrays(after))
    driver.find_element(By.ID, "undo").click()
    assert_numbers_equal(driver, expected)


def test_the_window_moves_by_keys_by_the_pointer_and_to_what_is_chosen(opened):
    driver = opened
    driver.execute_script("arguments[0].focus()", driver.execute_script(WHOLE, "W3"))  # 16 x 64, no images
    assert window_of(driver, "W3")[0][:2] == [0, 1]
    press(driver, Keys.ARROW_RIGHT, Keys.ARROW_RIGHT, Keys.ARROW_DOWN)
    assert window_of(driver, "W3")[0][0] == 64 + 2
    assert window_of(driver, "grad_W3")[0] == window_of(driver, "W3")[0], "tensors of one shape show the same window"
    press_with(driver, [Keys.SHIFT], Keys.ARROW_RIGHT)
    assert window_of(driver, "W3")[0][0] == 64 + 2 + SIDE
    press(driver, *[Keys.ARROW_UP] * 3)
    assert window_of(driver, "W3")[0][0] == 2 + SIDE, "it stays inside"

    whole = driver.execute_script(WHOLE, "W3")
    driver.execute_script("arguments[0].scrollIntoView({ block: 'center' })", whole)
    webdriver.ActionChains(driver).move_to_element_with_offset(whole, whole.size["width"] // 2 - 2, whole.size["height"] // 2 - 2).click().perform()
    assert window_of(driver, "W3")[0][-1] == 16 * 64 - 1, "the last corner"

    corner = "const [mine] = window.aescratch.cells.get('W3'); mine.lens.cells[0].focus()"
    driver.execute_script(corner)
    before = window_of(driver, "W3")[0][0]
    press(driver, Keys.ARROW_LEFT, Keys.ARROW_UP)
    assert window_of(driver, "W3")[0][0] == before - 64 - 1, "arrows in the cells take the window along"
    assert told(driver).startswith(f"W3[{before // 64 - 1},{before % 64 - 1}] = ")

    driver.execute_script("location.hash = '#step-0&at=W1.20000'")
    driver.execute_async_script("setTimeout(arguments[0], 100)")
    assert told(driver).startswith(f"W1[{20000 // 64},{20000 % 64}] = ")
    assert 20000 in window_of(driver, "W1")[0]
    assert 20000 in window_of(driver, "grad_W1")[0]
    assert {flat % 64 for flat in window_of(driver, "W1")[0]} == {20000 % 64}, "the image of one unit"
    press(driver, Keys.ESCAPE)
    script = "const cell = window.aescratch.cells.get('a1')[0][7]; cell.dispatchEvent(new MouseEvent('mouseover', { bubbles: true }))"
    driver.execute_script(script)
    assert {flat % 64 for flat in window_of(driver, "W1")[0]} == {7}, "the weights that a1[0,7] is computed from"
    assert driver.execute_script("return window.aescratch.cells.get('W1').find((mine) => mine.section.id === 'step-0').lens.cells.every((cell) => cell.classList.contains('lit'))")

    whole = driver.execute_script(WHOLE, "W1")
    driver.execute_script("arguments[0].scrollIntoView({ block: 'center' })", whole)
    place = "const { across, canvas } = window.aescratch.cells.get('W1')[0].lens; return [across, canvas.width, canvas.height]"
    across, wide, tall = driver.execute_script(place)
    unit, size = 37, whole.size  # an image has a gap of a point beside it and below it
    x, y = (29 * (unit % across) + 14) / wide - 0.5, (29 * (unit // across) + 14) / tall - 0.5
    webdriver.ActionChains(driver).move_to_element_with_offset(whole, round(x * size["width"]), round(y * size["height"])).click().perform()
    pointed = np.array(window_of(driver, "W1")[0])
    assert set(pointed % 64) == {unit}
    assert set(pointed // 64 // 28) == set(range(9, 19)), "rows around the middle of the image"


def test_a_large_networks_picture_has_its_weights_as_images(opened):
    driver = opened
    sheets = driver.execute_script("return [...document.querySelectorAll('#scene .sheet')].map((sheet) => [sheet.of, sheet.width > 100])")
    assert sheets == [["W1", True], ["W4", True]]
    unit = "[...document.querySelectorAll('#scene [role=button]')].find((unit) => unit.of === 'a1' && unit.flat === 5)"
    driver.execute_script(f"{unit}.focus()")
    press_with(driver, [Keys.SHIFT], Keys.ARROW_LEFT)
    assert told(driver).startswith("W1[0,5] = ")
    press(driver, Keys.ARROW_DOWN)
    assert told(driver).startswith("W1[28,5] = ")
    assert len(driver.find_elements(By.CSS_SELECTOR, "#scene *")) < 10_000


def test_a_large_array_is_packed_in_no_more_bytes_than_its_numbers_need():
    rng = np.random.default_rng(0)
    n = LARGEST_TABLE + 1
    double, single = rng.random(n), rng.random(n, np.float32).astype(np.float64)
    single[3] = np.nan
    for value, size in ((double, 8), (single, 4)):
        found = packed(Quantity(value, "parameter", "W"))
        np.testing.assert_array_equal(np.frombuffer(base64.b64decode(found["bytes"]), f"<f{size}"), value)
        assert found["size"] == size
    assert packed(Quantity(double[:-1], "parameter", "W")) == {"data": double[:-1].tolist()}


def test_a_computed_array_is_written_where_its_formula_does_not_return_it(large, monkeypatch):
    _, x, step = large
    gradient = step["grad_W1"].quantity
    found = packed(gradient)
    assert found["sample"] == gradient.value.reshape(-1)[:: found["every"]].tolist()
    _, columns = np.unravel_index(np.arange(0, gradient.value.size, found["every"]), gradient.value.shape)
    assert len(set(columns.tolist())) == 64, "a sample has entries of every unit"
    assert len(json.dumps(found)) < 6_000
    monkeypatch.setattr(ae.functions, "dense_backward", lambda grad_y, x, W: (grad_y @ W.T, 2 * x.T @ grad_y, grad_y.sum(axis=0)))
    wrong = ae.trace(ae.Autoencoder([784, 64], dtype="float64", rng=0), x)
    assert not wrong["grad_W1"].agrees
    assert "bytes" in packed(wrong["grad_W1"].quantity)
    assert "bytes" not in packed(wrong["W1_new"].quantity), "it follows from the wrong gradient, which is there"
