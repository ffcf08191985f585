"""The picture of the network on the step page: what is drawn, what is lit, which ways lead to J, and edits beside it."""

import numpy as np
import pytest
from test_browser_step import By, Keys, arrays, browser, cell, edit, here, page, pytestmark, said, sparse, told  # noqa: F401
from test_tracing import made

import aescratch as ae
from aescratch.programs.cli import main
from aescratch.programs.cli.variants import VARIANTS
from aescratch.programs.site.pages import STEP_MODELS, write_steps

webdriver = pytest.importorskip("selenium.webdriver", reason="needs selenium: pip install selenium")

# What a unit says, and how it looks: {"h1 0": {says, size, plus, minus, lit, way}}.
UNITS = """
return Object.fromEntries([...document.querySelectorAll('#scene [role=button]')].map((unit) => {
  const core = unit.querySelector('.core'), classes = unit.classList, is = (name) => core?.classList.contains(name) ?? false;
  const size = Number(core?.getAttribute('r') ?? 0); // a term of J is a box with its number
  return [`${unit.of} ${unit.flat}`, { says: unit.getAttribute('aria-label'), size, plus: is('plus'),
    minus: is('minus'), lit: classes.contains('lit'), way: classes.contains('way') }];
}));
"""
# The lines that carry a single weight: {"W1 0": {width, plus, minus, lit, way}}.
WEIGHTS = """
return Object.fromEntries([...document.querySelectorAll('#scene path')].filter((line) => line.of).map((line) => {
  const { classList: classes } = line, width = parseFloat(line.style.strokeWidth);
  return [`${line.of} ${line.flat}`, { width, plus: classes.contains('plus'), minus: classes.contains('minus'),
    lit: classes.contains('lit'), way: classes.contains('way') }];
}));
"""
# What of the picture lies outside of its place, and which of its names lie over one another.
MISPLACED = """
const view = document.getElementById('view').getBoundingClientRect(), labels = [...document.querySelectorAll('.labels text')];
const boxes = (nodes) => nodes.map((node) => [node.of ?? node.textContent, node.getBoundingClientRect()]), named = boxes(labels);
const outside = ([, box]) => box.left < view.left - 1 || box.right > view.right + 1 || box.top < view.top - 1 || box.bottom > view.bottom + 1;
const over = ([, a], [, b]) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1;
return [...named, ...boxes([...document.querySelectorAll('#scene .unit')])].filter(outside).map(([of]) => `${of} is cut`).concat(
  named.flatMap((one, i) => named.slice(i + 1).filter((other) => over(one, other)).map((other) => `${one[0]} lies over ${other[0]}`)));
"""
GATHERED = "return window.aescratch.paths.gathered(...arguments).rows.map(({ of, part, unit, sum }) => [part || of, ...unit, sum])"


def press(driver, *keys):
    webdriver.ActionChains(driver).send_keys(*keys).perform()


def press_with(driver, held, key):
    chain = webdriver.ActionChains(driver)
    for modifier in held:
        chain = chain.key_down(modifier)
    chain = chain.send_keys(key)
    for modifier in held:
        chain = chain.key_up(modifier)
    chain.perform()


def points_at(driver, selector, of, flat):
    """Point with the mouse at a unit or a weight of the picture."""
    found = driver.execute_script(
        "return [...document.querySelectorAll(arguments[0])].find((e) => e.of === arguments[1] && e.flat === arguments[2])",
        selector, of, flat,
    )  # fmt: skip
    driver.execute_script("arguments[0].dispatchEvent(new MouseEvent('mouseover', { bubbles: true }))", found)
    return found


def assert_weights_are_seen(lines, name, weight):
    """Assert that every weight has its line, of another look and colour where it is negative, as wide as it is large."""
    flat = weight.reshape(-1)
    mine = [lines[f"{name} {place}"] for place in range(flat.size)]
    assert [line["minus"] for line in mine] == (flat < 0).tolist()
    assert [line["plus"] for line in mine] == (flat > 0).tolist()
    slope, widths = np.abs(flat) / np.abs(flat).max(), np.array([line["width"] for line in mine])
    np.testing.assert_allclose(widths, 0.03 + 0.22 * slope, rtol=1e-4)


def test_units_and_weights_are_drawn_and_lit_forward_backward_and_in_the_update(page):  # noqa: F811
    model, x, _ = made("vanilla tanh", dtype="float64")
    step = ae.trace(model, x, optimizer=ae.SGD(0.1))
    driver = page(step)
    units, lines = driver.execute_script(UNITS), driver.execute_script(WEIGHTS)
    assert sum(key.startswith("x ") for key in units) == x.shape[1]
    assert {key.split()[0] for key in units} == {o.name for o in step if o.which == "forward"} | {"x"}
    assert_weights_are_seen(lines, "W1", step.given["W1"])
    assert_weights_are_seen(lines, "W2", step.given["W2"])
    assert units["a1 0"]["says"] == "a1[0,0], not computed yet"

    for operation in step:
        press(driver, Keys.PAGE_DOWN)
        if operation.which == "update":
            break
        units, lines = driver.execute_script(UNITS), driver.execute_script(WEIGHTS)
        target = operation.quantity.target
        name = operation.name if target is None else target.name
        lit = {key.split()[0] for key, unit in units.items() if unit["lit"]}
        assert lit == ({name} if name in {key.split()[0] for key in units} else set()), operation.name
        if target is not None and name in step.given and operation.output.ndim == 2:
            assert_weights_are_seen(lines, name, operation.output)
            assert {key.split()[0] for key, line in lines.items() if line["lit"]} == {name}
        elif lit:
            shown = operation.output.reshape(-1)
            size = np.array([units[f"{name} {i}"]["size"] for i in range(operation.output.shape[-1] if operation.output.ndim else 1)])
            first_row = shown[: size.size]
            if operation.output.ndim:
                np.testing.assert_allclose((size / size.max()) ** 2, np.abs(first_row) / np.abs(first_row).max(), rtol=1e-4)
            assert [units[f"{name} {i}"]["minus"] for i in range(size.size)] == (first_row < 0).tolist()
            label = "J" if name == "J" else f"{'∂J/∂' if target is not None else ''}{'x̂' if name == 'x_hat' else name}[0,0]"
            assert units[f"{name} 0"]["says"].startswith(f"{label} = "), units[f"{name} 0"]

    assert here(driver) == "Update: SGD"
    lines = driver.execute_script(WEIGHTS)
    for weight in ("W1", "W2"):
        assert_weights_are_seen(lines, weight, step[f"{weight}_new"].output - step.given[weight])
    driver.find_element(By.CSS_SELECTOR, "#example option[value='2']").click()
    assert f"x {x.size - 1}" in driver.execute_script(UNITS), "the third example"


def test_a_gradient_is_gathered_by_next_unit(page, sparse):  # noqa: F811
    driver, values = page(sparse), arrays(sparse)
    x, h, W = values["x"], values["h1"], values["W1"]
    into, penalty = values["grad_x_hat"], values["grad_h1_sparsity"]
    n, j = 1, 2  # an entry of the code: what x_hat[k] passes on, W1[k,j] being tied, and the penalty
    found = driver.execute_script(GATHERED, "h1", n * h.shape[1] + j)
    assert [row[:-1] for row in found] == [["x_hat", k] for k in range(5)] + [["sparsity"]]
    np.testing.assert_allclose([row[-1] for row in found], [*(into[n] * W[:, j]), penalty[n, j]], rtol=1e-12, atol=1e-16)
    b = driver.execute_script(GATHERED, "b1", j)  # over all examples, through the sigmoid
    slope = h * (1 - h)
    expected = [(into[:, k] * W[k, j] * slope[:, j]).sum() for k in range(5)] + [(penalty * slope)[:, j].sum()]
    np.testing.assert_allclose([row[-1] for row in b], expected, rtol=1e-12, atol=1e-16)
    i = 3  # a tied weight leads to its code unit as an encoder's, and to its output as a decoder's
    tied = driver.execute_script(GATHERED, "W1", i * W.shape[1] + j)
    terms = {tuple(row[:-1]): row[-1] for row in tied}
    assert set(terms) == {("a1", j), ("x_hat", i)}
    np.testing.assert_allclose(terms["a1", j], x[:, i] @ values["grad_a1"][:, j], rtol=1e-12)
    np.testing.assert_allclose(terms["x_hat", i], into[:, i] @ h[:, j], rtol=1e-12)
    edit(driver, "x", 0, 0.3)
    edit(driver, "W1", 4, -1.5)
    sums = driver.execute_script(
        "const { engine, paths } = window.aescratch; return engine.arrays.W1.data.map((_, flat) => [engine.arrays.grad_W1.data[flat], "
        "paths.gathered('W1', flat).rows.reduce((sum, row) => sum + row.sum, 0)])"
    )
    np.testing.assert_allclose(*zip(*sums, strict=True), rtol=1e-12, atol=1e-15)
    assert sums[4][0] != values["grad_W1"].reshape(-1)[4]


def test_a_unit_and_a_weight_show_their_ways_to_j_and_the_sum_beside_them(page):  # noqa: F811
    model, x, _ = made("sparse kl", dtype="float64")
    step = ae.trace(model, x, optimizer=ae.SGD(0.1))
    driver = page(step, fragment=f"#step-{step['J'].number}")
    code, width = step["h2"].output.shape[1], x.shape[1]
    points_at(driver, "#scene [role=button]", "h2", 1)
    assert told(driver).startswith("h2[0,1] = ")
    way = {key for key, unit in driver.execute_script(UNITS).items() if unit["way"]}
    assert {"h2 1", "rho_hat 1", "kl 0", "sparsity 0", "reconstruction 0", "J 0"} <= way
    assert not way & {"h2 0", "rho_hat 0", "x 0", "a1 0"}
    beside = driver.find_elements(By.CSS_SELECTOR, "#told .shares tbody tr")
    assert beside[-1].text.startswith("sparsity")
    total = float(driver.find_element(By.CSS_SELECTOR, "#told [data-sum]").get_attribute("data-sum"))
    assert total == pytest.approx(step["grad_h2"].output[0, 1], rel=1e-12)
    shares = [row[-1] for row in driver.execute_script(GATHERED, "h2", 1)]
    written = [text.text.replace("−", "-") for text in driver.find_elements(By.CSS_SELECTOR, "#scene .shares text")]
    np.testing.assert_allclose(np.array(written, float), [share for share in shares if share], rtol=0.06)

    points_at(driver, "#scene path", "W1", 2 * step.given["W1"].shape[1])
    assert told(driver).startswith("W1[2,0] = ")
    units, lines = driver.execute_script(UNITS), driver.execute_script(WEIGHTS)
    assert [key for key, line in lines.items() if key.startswith("W1 ") and line["way"]] == [f"W1 {2 * step.given['W1'].shape[1]}"]
    assert [i for i in range(step["a1"].output.shape[1]) if units[f"a1 {i}"]["way"]] == [0]
    assert all(units[f"h2 {j}"]["way"] for j in range(code))
    assert not any(units[f"x {i}"]["way"] for i in range(width))
    total = float(driver.find_element(By.CSS_SELECTOR, "#told [data-sum]").get_attribute("data-sum"))
    assert total == pytest.approx(step["grad_W1"].output[2, 0], rel=1e-12)


def test_the_picture_is_used_by_keys_alone(page, sparse):  # noqa: F811
    driver = page(sparse)
    driver.execute_script("document.querySelector('#scene [tabindex=\"0\"]').focus()")
    assert told(driver).startswith("x[0,0] = ")
    press(driver, Keys.ARROW_DOWN)
    assert told(driver).startswith("x[0,1] = ")
    press(driver, Keys.ENTER)
    press(driver, "0.5", Keys.ENTER)
    assert told(driver).startswith("x[0,1] = 0.5\n")
    press(driver, Keys.ESCAPE)
    driver.execute_script("document.querySelector('#scene [tabindex=\"0\"]').focus()")
    press(driver, Keys.ARROW_RIGHT)
    assert told(driver).startswith("a1[0,")


def test_wide_layers_are_drawn_closely_and_their_lines_as_one(page):  # noqa: F811
    step = ae.trace(ae.Autoencoder([5, 19, 3], rng=0), np.random.default_rng(0).random((2, 5)), optimizer=ae.SGD(0.1))
    driver = page(step)
    units = driver.execute_script("return [...document.querySelectorAll('#scene rect.core')].map((e) => e.parentElement.of)")
    assert {name: units.count(name) for name in set(units)} == dict.fromkeys(("a1", "h1", "a3", "h3"), 19)
    bundles = driver.execute_script(
        "return [...document.querySelectorAll('#scene path.weight')].map((line) => line.of ?? 'several')"
    )
    assert bundles.count("several") == 5 + 3 + 3 + 5
    points_at(driver, "#scene [role=button]", "a1", 18)
    assert told(driver).startswith("a1[0,18] = ")


def test_images_are_shown_as_images(browser, tmp_path):  # noqa: F811
    path = tmp_path / "digits.html"
    assert main(["step", "sparse", "--data", "digits", "--out", str(path)]) == 0
    assert path.stat().st_size < 250_000
    browser.get(path.as_uri())
    x = ae.datasets.load_digits().x[:3]
    tables = browser.find_elements(By.CSS_SELECTOR, "#given table[aria-label^='x,']")
    assert len(tables) == 3
    pixels = "return [...arguments[0].rows].map((row) => [...row.cells].map((cell) => Number(cell.textContent)))"
    np.testing.assert_allclose(browser.execute_script(pixels, tables[1]), x[1].reshape(8, 8), atol=5e-4)
    columns = browser.find_elements(By.CSS_SELECTOR, "#given table[aria-label^='W1,']")
    numbers = "return [window.aescratch.engine.arrays[arguments[0]].data, arguments[1].rows[2].cells[5].flat]"
    weights, flat = browser.execute_script(numbers, "W1", columns[3])
    assert len(columns) == 4
    assert flat == (2 * 8 + 5) * 4 + 3
    tiles = "return [...document.querySelectorAll('#scene .core')].filter((e) => e.of === arguments[0]).map((e) => [e.flat, Number(e.getAttribute('width')), e.classList.contains('minus')])"
    for name in ("W1", "W2"):
        weights = np.array(browser.execute_script(numbers, name, columns[3])[0])
        drawn = browser.execute_script(tiles, name)
        assert sorted(place for place, *_ in drawn) == list(range(256))
        size = np.array([width for _, width, _ in drawn])
        own = np.array([weights[place] for place, *_ in drawn])
        np.testing.assert_allclose((size / size.max()) ** 2, np.abs(own) / np.abs(own).max(), rtol=1e-4)
        assert [minus for *_, minus in drawn] == (own < 0).tolist()
    browser.execute_script("arguments[0].rows[2].cells[5].focus()", columns[3])
    press(browser, Keys.ARROW_DOWN)
    assert told(browser).startswith(f"W1[{3 * 8 + 5},3] = ")
    with pytest.raises(ValueError, match=r"height and width of an image of 64 pixels, got \(8, 9\)"):
        ae.trace(ae.Autoencoder([64, 2], rng=0), x).to_html(path, (8, 9))
    assert browser.get_log("browser") == []


def test_the_optimizer_is_one_step_that_unfolds(page):  # noqa: F811
    model, x, _ = made("sparse kl", dtype="float64")
    step = ae.trace(model, x, optimizer=ae.Adam())
    driver = page(step)
    settings = driver.execute_script("return [...document.querySelectorAll('#given figure:not(.number)')].length")
    parameters = len(model.parameters)
    assert settings == 1 + parameters, "x and the parameters; numbers stand in a line of their own"
    numbers = driver.execute_script("return [...document.querySelectorAll('#given figure.number td')].map((cell) => cell.of)")
    assert set(numbers) == {given.name for given in step.given_quantities if given.kind == "setting" and given.part != "optimizer"}
    visible = "return [...document.querySelectorAll('main section')].filter((s) => s.offsetHeight).length"
    passes = sum(operation.which != "update" for operation in step)
    assert driver.execute_script(visible) == 1 + passes + 1
    button = driver.find_element(By.ID, "unfold")
    assert button.get_attribute("aria-expanded") == "false"
    assert button.text == f"show its {5 * parameters} operations"
    driver.get(driver.current_url.partition("#")[0] + f"#step-{len(step) - 1}")
    driver.refresh()
    assert here(driver).startswith(f"step {len(step) - 1} ")
    assert driver.execute_script(visible) == 1 + passes + 1 + 5 * parameters


def test_edits_are_undone_and_done_again_and_what_they_change_is_marked(page, sparse):  # noqa: F811
    driver = page(sparse)
    loss, marks = sparse.loss, "return [...document.querySelectorAll('td[data-was]')].map((c) => c.of)"
    assert driver.execute_script(marks) == []
    assert not driver.find_element(By.ID, "undo").is_displayed()
    edit(driver, "b1", 0, 2)
    edit(driver, "x", 0, 0.25)
    marked = set(driver.execute_script(marks))
    assert {"b1", "a1", "h1", "rho_hat", "sparsity", "J", "grad_W1", "W1_new"} <= marked
    assert not marked & {"rho", "eta", "b2", "W1"}
    unchanged = cell(driver, "step-0", "a1", 4)  # the first entries of b1 and x lead to other columns and rows
    assert unchanged.get_attribute("data-was") is None
    now, before = cell(driver, "step-0", "a1", 0), f"{sparse['a1'].output[0, 0]:.4g}".replace("-", "−")
    assert now.get_attribute("data-was") == before
    above = driver.execute_script("return getComputedStyle(arguments[0], '::before').content", now)
    assert above == f'"{before}"'
    number = "return window.aescratch.engine.arrays[arguments[0]].data[0]"
    shown = driver.find_element(By.ID, "loss").text
    assert shown.startswith(f"J = {loss:.4g} → ")
    press_with(driver, [Keys.CONTROL], "z")
    assert driver.execute_script(number, "x") == sparse.given["x"][0, 0]
    assert driver.execute_script(number, "b1") == 2
    assert said(driver).startswith("x[0,0] as 0.25: undone. J went from ")
    press_with(driver, [Keys.CONTROL], "z")
    assert driver.execute_script(number, "J") == loss
    assert driver.execute_script(marks) == []
    press_with(driver, [Keys.CONTROL], "z")  # nothing is left
    press_with(driver, [Keys.CONTROL], "y")
    press_with(driver, [Keys.CONTROL, Keys.SHIFT], "z")
    assert driver.execute_script(number, "x") == 0.25
    assert driver.find_element(By.ID, "loss").text == shown
    driver.find_element(By.ID, "undo").click()
    edit(driver, "b1", 0, 1)
    assert not driver.find_element(By.ID, "redo").is_enabled()


def test_a_slider_moves_a_number_in_one_edit(page, sparse):  # noqa: F811
    driver = page(sparse)
    driver.execute_script("arguments[0].click()", cell(driver, "given", "rho", 0))
    slide = """
    const slider = document.getElementById('slider');
    const range = [Number(slider.min), Number(slider.max)];
    for (const value of arguments[0]) { slider.value = value; slider.dispatchEvent(new Event('input')); }
    slider.dispatchEvent(new Event('change'));
    const { rho, J } = window.aescratch.engine.arrays;
    return [range, rho.data[0], J.data[0]];
    """
    (low, high), rho, loss = driver.execute_script(slide, [0.2, 0.4, 0.6])
    assert 0 < low < 0.01
    assert 0.99 < high < 1
    assert rho == pytest.approx(0.6, abs=0.005)
    assert loss != sparse.loss
    press_with(driver, [Keys.CONTROL], "z")
    assert driver.execute_script("return window.aescratch.engine.arrays.J.data[0]") == sparse.loss


@pytest.mark.parametrize("name", ["sparse kl tied", "variational beta"])
def test_training_goes_on_in_the_page_as_in_python(page, name):  # noqa: F811
    model, x, _ = made(name, dtype="float64")
    step = ae.trace(model, x, optimizer=ae.SGD(0.05), rng=3)
    driver = page(step)
    optimizer, losses = ae.SGD(0.05).start(model.parameters), []
    for _ in range(21):
        with model.training():
            losses.append(float(model.loss(x, rng=3)))
            model.backward()
        optimizer.step(0.05)
        for parameter in model.parameters:
            parameter.grad[...] = 0
    with model.training():
        losses.append(float(model.loss(x, rng=3)))
    driver.execute_script("document.getElementById('train').click()")
    driver.execute_script("document.getElementById('train-on').click()")
    held = driver.execute_script("return Object.entries(window.aescratch.engine.arrays).map(([name, array]) => [name, array.data])")
    numbers = dict(held)
    assert numbers["J"][0] == pytest.approx(losses[-1], rel=1e-9)
    names = {given.wish: given.name for given in step.given_quantities if given.kind == "parameter"}
    for parameter in model.parameters:
        np.testing.assert_allclose(numbers[names[parameter.name]], parameter.value.reshape(-1), rtol=1e-9, atol=1e-12)
    says = driver.find_element(By.ID, "curve").get_attribute("aria-label")
    assert says == f"J over 21 training steps: from {losses[0]:.4g} to {losses[-1]:.4g}"
    points = driver.execute_script("return document.querySelector('#curve polyline').getAttribute('points').split(' ').map((p) => p.split(',').map(Number))")
    np.testing.assert_allclose([40 - y for _, y in points], 40 * np.array(losses) / max(losses), rtol=1e-6)
    press_with(driver, [Keys.CONTROL], "z")
    assert driver.execute_script("return window.aescratch.engine.arrays.J.data[0]") == pytest.approx(losses[1], rel=1e-9)
    driver = page(ae.trace(model, x, optimizer=ae.Adam(), rng=3))
    assert driver.find_elements(By.ID, "train") == [], "Adam remembers more than the page knows"


def test_presenters_keys_playing_and_the_full_screen(page, sparse):  # noqa: F811
    driver = page(sparse)
    press(driver, Keys.PAGE_DOWN, Keys.PAGE_DOWN, Keys.PAGE_DOWN, Keys.PAGE_UP)
    assert here(driver).startswith("step 1 h1")
    press(driver, "f")
    assert driver.execute_async_script("setTimeout(() => arguments[0](document.fullscreenElement !== null), 200)")
    press(driver, "f")
    assert driver.execute_async_script("setTimeout(() => arguments[0](document.fullscreenElement === null), 200)")
    press(driver, "p")
    assert driver.find_element(By.ID, "play").text == "pause"
    later = "setTimeout(() => arguments[0](document.getElementById('here').textContent), 2700)"
    assert driver.execute_async_script(later).startswith("step 3"), "two steps further"
    press(driver, "p")
    assert driver.find_element(By.ID, "play").text == "play"


def test_presenters_keys_step_from_the_number_that_was_just_set(page, sparse):  # noqa: F811
    driver = page(sparse)
    driver.execute_script("arguments[0].click()", cell(driver, "given", "W1", 1))
    driver.find_element(By.ID, "value").clear()
    driver.find_element(By.ID, "value").send_keys("0.5", Keys.ENTER)
    assert driver.execute_script("return window.aescratch.engine.arrays.W1.data[1]") == 0.5
    press(driver, Keys.PAGE_DOWN, Keys.PAGE_DOWN)
    assert here(driver).startswith("step 1 h1")


@pytest.mark.parametrize("width", [1366, 1920])
def test_the_shares_of_a_sum_add_up_as_shown_and_are_never_cut_off(page, width):  # noqa: F811
    model, x, labels = made("vanilla gelu")
    driver = page(ae.trace(model, x, labels), width)
    read = """const table = document.querySelector('#told .shares'), numbers = (row) => [...row.querySelectorAll('td')].map((cell) => cell.innerText.trim());
        return [table.offsetWidth, table.parentElement.clientWidth, [...table.tBodies[0].rows].map(numbers), numbers(table.tFoot)]"""
    for flat in range(model.parameters[0].value.size):
        driver.execute_script("arguments[0].click()", cell(driver, "given", "W1", flat))
        edit(driver, "W1", flat, 0.123456)
        wide, place, rows, [total] = driver.execute_script(read)
        assert wide <= place + 1
        [decimals] = {len(number.rpartition(".")[2]) for number in [total, *(number for row in rows for number in row)]}
        *columns, shares = np.array([[number.replace("−", "-") for number in row] for row in rows], float).T
        rounding = 0.5 * 10.0**-decimals
        np.testing.assert_allclose(sum(columns), shares, rtol=0, atol=(len(columns) + 1.01) * rounding)
        np.testing.assert_allclose(sum(shares), float(total.replace("−", "-")), rtol=0, atol=(len(shares) + 1.01) * rounding)


def test_a_difference_quotient_names_the_entry(page, sparse):  # noqa: F811
    driver = page(sparse)
    driver.execute_script("arguments[0].click()", cell(driver, f"step-{sparse['grad_b1'].number}", "grad_b1", 2))
    assert "(J(b1[2] + h) − J(b1[2] − h)) / 2h = " in told(driver)


@pytest.mark.parametrize("width", [1280, 390])
def test_what_scrolls_is_reached_by_keys(page, width):  # noqa: F811
    model, x, labels = made("contractive gelu tanh")
    driver = page(ae.trace(model, x, labels), width)
    driver.execute_script("arguments[0].click()", cell(driver, "given", "b1", 0))
    script = """
    const done = arguments[0];
    requestAnimationFrame(() => requestAnimationFrame(() => done([...document.querySelectorAll('.formula, .gathered, #panel, #steps')].filter(
      (e) => e.offsetHeight && (e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 1) && e.tabIndex !== 0).length)));
    """
    assert driver.execute_async_script(script) == 0
    wide = "return [...document.querySelectorAll('.formula')].filter((e) => e.scrollWidth > e.clientWidth + 1).length"
    assert width > 500 or driver.execute_script(wide) > 0, "the test sees something"


@pytest.mark.parametrize("name", [*VARIANTS, *(f"steps/{name}" for name in STEP_MODELS)])
def test_the_picture_fits_its_place_and_no_name_lies_over_another(browser, name, tmp_path):  # noqa: F811
    path = tmp_path / f"{name}.html"
    path.parent.mkdir(exist_ok=True)
    if name in VARIANTS:
        assert main(["step", name, "--out", str(path)]) == 0
    else:  # as it lies in the site
        write_steps(path.parent)
    for width, height in ((1280, 800), (1920, 1080)):
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        browser.get(path.as_uri())
        assert browser.execute_async_script("setTimeout(arguments[0], 100)") is None
        assert browser.execute_script(MISPLACED) == [], width
        assert browser.execute_script("return document.querySelectorAll('.labels text').length") > 3
