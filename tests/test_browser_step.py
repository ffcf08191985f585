"""The step-through page in a real browser: headless Chromium, driven by Selenium, where both are installed."""

import json
import re

import numpy as np
import pytest
from chromium import IS_HERE, REASON, chromium
from test_tracing import IN_A_BROWSER, OPTIMIZERS, made

import aescratch as ae
from aescratch.foundations.declared import declaration_of

webdriver = pytest.importorskip("selenium.webdriver", reason="needs selenium: pip install selenium")
ActionChains = webdriver.ActionChains
By = pytest.importorskip("selenium.webdriver.common.by").By
Keys = webdriver.Keys

# What the cells show, and what the page's interpreter computes from the given numbers alone.
COMPUTED = """
const { engine, cells } = window.aescratch;
const shown = {};
for (const [name, places] of cells) shown[name] = places.map((mine) => mine.map((cell) => cell.textContent));
const numbers = () =>
  Object.fromEntries(Object.entries(engine.arrays).map(([name, array]) => [name, Array.from(array.data, String)]));
const held = numbers();
for (const step of engine.steps) if (step.tree) engine.arrays[step.name].data.fill(NaN);
engine.compute();
return [shown, held, numbers()];
"""

pytestmark = [
    pytest.mark.in_turn,
    pytest.mark.skipif(not IS_HERE, reason=REASON),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # selenium's own sockets
]


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with chromium(tmp_path_factory.mktemp("chromium")) as driver:
        yield driver


@pytest.fixture
def page(browser, tmp_path):
    """Open the page of a trace, in a window of some width; at the end nothing was fetched and nothing complained."""

    def show(step, width=1280, fragment=""):
        metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        browser.get(step.to_html(tmp_path / "step.html").as_uri() + fragment)
        return browser

    yield show
    assert browser.get_log("browser") == []
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]
    assert asked
    assert all(address.startswith("file:") for address in asked)


@pytest.fixture(scope="module")
def sparse():
    model, x, _ = made("sparse kl tied", dtype="float64")
    return ae.trace(model, x, optimizer=ae.SGD(0.1))


def arrays(step):
    return {**step.given, **{operation.name: operation.output for operation in step}}


def assert_page_equals(browser, step):
    """Assert that the page holds and computes Python's numbers to 1e-12, and shows them in every cell; return how many."""
    shown, held, data = browser.execute_script(COMPUTED)
    expected = arrays(step)
    assert set(data) == set(expected)
    assert set(shown) == set(expected)
    for name, value in expected.items():
        flat = np.asarray(value, float).reshape(-1)
        for numbers in (held[name], data[name]):
            np.testing.assert_allclose(np.array(numbers, float), flat, rtol=1e-12, atol=1e-12, err_msg=name)
        for place in shown[name]:
            numbers = np.array([text.replace("−", "-") for text in place], float)
            # Values that are 0 up to rounding, such as a bias's gradient before a batch normalisation, differ in Python.
            np.testing.assert_allclose(numbers, np.array(held[name], float), rtol=5.1e-4, atol=1e-15, err_msg=name)
    return sum(np.size(value) for value in expected.values())


def edit(browser, name, flat, value):
    browser.execute_script("window.aescratch.edit(...arguments)", name, flat, value)


def cell(browser, section, name, flat):
    """The cell that shows an entry of a quantity in a step's section."""
    return browser.execute_script(
        "const [section, name, flat] = arguments;"
        "return window.aescratch.cells.get(name).find((mine) => mine[0].section.id === section)[flat]",
        section, name, flat,
    )  # fmt: skip


def click(browser, section, name, flat):
    """Click a number that the bar may lie over."""
    browser.execute_script("arguments[0].click()", cell(browser, section, name, flat))


def here(browser):
    return browser.find_element(By.ID, "here").text


def told(browser):
    return browser.find_element(By.ID, "told").text


def said(browser):
    return browser.find_element(By.ID, "said").text


def lit(browser, name):
    """Which entries of a quantity are lit."""
    script = "return [...document.querySelectorAll('td.lit')].filter((c) => c.of === arguments[0]).map((c) => c.flat)"
    return sorted(browser.execute_script(script, name))


@pytest.mark.in_turn
@pytest.mark.parametrize("name", IN_A_BROWSER)
def test_every_number_on_the_page_is_pythons_also_after_edits(page, name):
    model, x, labels = made(name, dtype="float64")
    step = ae.trace(model, x, labels, optimizer=ae.SGD(0.1), rng=3)
    browser = page(step)
    assert assert_page_equals(browser, step) > 100
    assert float(browser.execute_script("return document.documentElement.dataset.selftest")) < 1e-12
    x[1, 2] = 0.123456789
    first, last = model.parameters[0], model.parameters[-1]
    first.value[2, 1], last.value[0] = -0.7654321, 0.55
    names = {given.wish: given.name for given in step.given_quantities if given.kind == "parameter"}
    edit(browser, "x", x.shape[1] + 2, x[1, 2])
    edit(browser, names[first.name], 2 * first.shape[1] + 1, -0.7654321)
    edit(browser, names[last.name], 0, 0.55)
    edit(browser, "eta", 0, 0.3)
    edited = ae.trace(model, x, labels, optimizer=ae.SGD(0.3), rng=3)
    assert edited.loss != step.loss
    assert_page_equals(browser, edited)
    browser.find_element(By.ID, "reset").click()
    assert_page_equals(browser, step)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizers_update_is_computed_in_the_page(page, name):
    model, x, _ = made("vanilla tanh", dtype="float64")
    step = ae.trace(model, x, optimizer=OPTIMIZERS[name])
    browser = page(step)
    assert_page_equals(browser, step)
    x[0, 0] = 0.25
    edit(browser, "x", 0, 0.25)
    assert_page_equals(browser, ae.trace(model, x, optimizer=OPTIMIZERS[name]))


def backwards(model):
    return [part.backward for part in model.parts.values()]


@pytest.mark.in_turn
@pytest.mark.parametrize("name", IN_A_BROWSER)
def test_the_pages_own_gradient_check_passes_everywhere(page, name):
    model, x, labels = made(name, dtype="float64")
    step = ae.trace(model, x, labels, rng=3)
    browser = page(step)
    pairs = browser.execute_script(
        "const { engine } = window.aescratch; return [...engine.whole].filter(([of]) => of in engine.arrays && !engine.byRule.has(of)).flatMap("
        "([of, name]) => engine.arrays[name].data.map((gradient, flat) => [name, gradient, String(engine.quotient(of, flat))]))"
    )
    wrong = [pair for pair in pairs if pair[2] != "NaN" and abs(pair[1] - float(pair[2])) > 1e-7 * max(1, abs(pair[1]))]
    kinks = {pair[0] for pair in pairs if pair[2] == "NaN"}
    # The sum over the next units, for every entry that has a gradient.
    sums = browser.execute_script(
        "const { engine, paths } = window.aescratch; return [...engine.whole].filter(([of]) => of in engine.arrays).flatMap("
        "([of]) => engine.arrays[of].data.map((_, flat) => paths.gathered(of, flat)).map(({ name, value, rows }) => "
        "[name, value, rows.reduce((sum, row) => sum + row.sum, 0)]))"
    )
    assert not [row for row in sums if not abs(row[1] - row[2]) <= 1e-12 * max(1, abs(row[1]))]
    assert len(sums) >= len(pairs)
    assert len(pairs) > (10 if any(map(declaration_of, backwards(model))) else 30)
    assert not wrong
    assert kinks <= ({"grad_h2"} if name.startswith("sparse l1") else set())


def test_the_interpreters_erf_is_pythons(page, sparse):
    x = np.concatenate([np.linspace(-7, 7, 2001), [0.0, 1e-300, -1e-9]])
    browser = page(sparse)
    computed = browser.execute_script("return arguments[0].map((x) => window.aescratch.engine.functions.erf(x))", x.tolist())
    np.testing.assert_allclose(computed, ae.backend.erf(x), rtol=0, atol=2e-15)


def test_pointing_at_a_number_tells_its_arithmetic_and_lights_where_it_comes_from(page, sparse):
    browser = page(sparse)
    ActionChains(browser).move_to_element(cell(browser, "step-0", "a1", 4)).perform()  # a1[1,1] of (3, 3)
    assert "a1[1,1] = " in told(browser)
    assert sparse["a1"].worked(1, 1).partition(" = ")[2].split(" + ")[0] in told(browser)
    assert lit(browser, "x") == [5, 6, 7, 8, 9], "the row of x"
    assert lit(browser, "W1") == [1, 4, 7, 10, 13], "the column of W1"
    assert lit(browser, "b1") == [1]
    section = f"step-{sparse['rho_hat'].number}"
    ActionChains(browser).move_to_element(cell(browser, section, "rho_hat", 2)).perform()
    assert lit(browser, "h1") == [2, 5, 8], "the batch mean"
    assert "/ 3 = " in told(browser)
    section = f"step-{sparse['grad_W1'].number}"
    ActionChains(browser).move_to_element(cell(browser, section, "grad_W1", 0)).perform()
    assert "Gradient check: grad_W1[0,0] = " in told(browser)
    assert "off" not in browser.find_element(By.CSS_SELECTOR, ".check").get_attribute("class")
    assert browser.find_element(By.ID, "told").get_attribute("aria-live") == "polite"


def test_every_number_can_be_pointed_at(page, sparse):
    browser = page(sparse)
    silent = browser.execute_script(
        "return [...document.querySelectorAll('td')].filter((cell) => {"
        "  cell.dispatchEvent(new MouseEvent('mouseover', { bubbles: true }));"
        "  return !document.getElementById('told').textContent.startsWith(cell.of);"
        "}).length"
    )
    assert silent == 0


def test_a_wrong_gradient_is_seen_by_the_pages_check(page, monkeypatch):
    monkeypatch.setattr(ae.functions, "tanh_backward", lambda grad_y, y: grad_y * (1 - y))
    model, x, _ = made("vanilla tanh")
    step = ae.trace(model, x)
    browser = page(step)
    section = f"step-{step['grad_a1'].number}"
    assert "is not the formula of the sheet" in browser.find_element(By.ID, section).text
    ActionChains(browser).move_to_element(cell(browser, section, "grad_a1", 0)).perform()
    assert "off" in browser.find_element(By.CSS_SELECTOR, ".check").get_attribute("class")


def test_a_given_number_is_edited_by_hand(page, sparse):
    browser = page(sparse)
    before = browser.execute_script("return window.aescratch.engine.arrays.J.data[0]")
    cell(browser, "given", "W1", 4).click()
    field = browser.find_element(By.ID, "value")
    assert float(field.get_attribute("value")) == sparse.given["W1"][1, 1]
    field.clear()
    field.send_keys("much", Keys.ENTER)
    assert field.get_attribute("aria-invalid") == "true"
    assert said(browser).startswith("“much” is refused: expected a number, such as 0.5. W1[1,1] is still ")
    field.clear()
    field.send_keys(Keys.ENTER)
    assert said(browser).startswith("An empty field is refused: expected a number")
    field.clear()
    field.send_keys("-0,5", Keys.ENTER)
    assert cell(browser, "step-0", "W1", 4).text == "−0.5"
    assert field.get_attribute("aria-invalid") == "false"
    assert "W1[1,1] was " in said(browser)
    assert "and is −0.5 now. J went from " in said(browser)
    assert browser.execute_script("return window.aescratch.engine.arrays.J.data[0]") != before
    browser.find_element(By.ID, "reset").click()
    assert browser.execute_script("return window.aescratch.engine.arrays.J.data[0]") == before
    assert said(browser).startswith("All edits are undone")
    assert browser.find_element(By.ID, "said").get_attribute("role") == "status"
    cell(browser, "step-0", "a1", 0).click()
    assert said(browser) == ""
    assert not browser.find_element(By.ID, "edit").is_displayed()


@pytest.mark.parametrize(
    ("name", "optimizer", "given", "typed", "expected"),
    [
        ("k-sparse", ae.Adam(), "k", "2.5", "a whole number from 1 to "),
        ("k-sparse", ae.Adam(), "k", "-3", "a whole number from 1 to "),
        ("k-sparse", ae.Adam(), "k", "100", "a whole number from 1 to "),
        ("k-sparse", ae.Adam(), "t", "0", "a whole number, 1 or more"),
        ("k-sparse", ae.Adam(), "beta1", "1", "a number from 0 to below 1"),
        ("k-sparse", ae.Adam(), "eps_Adam", "0", "a number above 0"),
        ("sparse kl", ae.Adam(), "rho", "2", "a number between 0 and 1"),
        ("classifier", ae.Adam(), "labels", "7", "a whole number from 0 to 2"),
        ("vanilla tanh", ae.SGD(0.1), "x", "1e200", "with it, some results would be no finite numbers"),
    ],
)  # fmt: skip
def test_a_number_that_cannot_be_is_refused_in_a_sentence(page, name, optimizer, given, typed, expected):
    model, x, labels = made(name)
    browser = page(ae.trace(model, x, labels, optimizer=optimizer))
    before, _, computed = browser.execute_script(COMPUTED)
    cell(browser, "given" if given in ("k", "rho", "labels", "x") else "update", given, 0).click()
    assert expected in told(browser) or given == "x"
    field = browser.find_element(By.ID, "value")
    field.clear()
    field.send_keys(typed, Keys.ENTER)
    assert said(browser).startswith(f"“{typed}” is refused: ")
    assert expected in said(browser)
    assert field.get_attribute("value") == typed
    assert browser.execute_script(COMPUTED) == [before, computed, computed]
    assert not browser.find_element(By.ID, "reset").is_displayed()


@pytest.mark.parametrize("model", ["KLSparsity", "JumpReLU", "Wasserstein"])
def test_no_fraction_stands_within_the_numerator_of_another(model, page):
    of = {
        "KLSparsity": ae.SparseAutoencoder([5, 3], ae.KLSparsity(0.05, 0.5), rng=0),
        "JumpReLU": ae.JumpReLUAutoencoder([5, 3], 0.1, rng=0),
        "Wasserstein": ae.WassersteinAutoencoder([5, 3], rng=0),
    }
    browser = page(ae.trace(of[model], np.random.default_rng(0).random((4, 5))))
    nested = "return [...document.querySelectorAll('mfrac > :first-child mfrac')].map((each) => each.closest('section').id)"
    assert browser.execute_script(nested) == []
    assert browser.execute_script("return document.querySelectorAll('mfrac').length") > 20


@pytest.mark.parametrize("width", [1280, 390])
def test_a_page_opens_at_its_title(page, sparse, width):
    browser = page(sparse, width)
    browser.execute_async_script("const done = arguments[0]; setTimeout(done, 300)")
    assert browser.execute_script("return scrollY") == 0
    assert "#" not in browser.current_url
    assert browser.execute_script("return document.querySelector('h1').getBoundingClientRect().top") > 0


def test_an_edited_noise_moves_every_number_that_reads_it(page):
    model = ae.VariationalAutoencoder([4, 2], rng=0)
    step = ae.trace(model, np.random.default_rng(0).random((3, 4)))
    browser = page(step)
    edit(browser, "eps", 0, 3)
    click(browser, f"step-{step['log_var'].number}", "log_var", 0)
    assert "Gradient check: grad_log_var[0,0] = " in told(browser)
    assert "off" not in browser.find_element(By.CSS_SELECTOR, ".check").get_attribute("class")


def test_no_name_in_the_list_takes_two_lines(page):
    for name in ("variational beta", "sparse kl tied", "contractive gelu tanh"):
        model, x, labels = made(name)
        browser = page(ae.trace(model, x, labels))
        browser.execute_script("document.getElementById('unfold').click()")
        heights = browser.execute_script("return [...document.querySelectorAll('#steps a')].map((a) => a.offsetHeight)")
        assert max(heights) < 1.5 * min(heights)
        cut = "return [...document.querySelectorAll('#steps a')].filter((a) => a.scrollWidth > a.clientWidth).map((a) => a.textContent)"
        assert browser.execute_script(cut) == []


def test_brackets_stand_only_where_they_are_needed(page):
    model, x, _ = made("variational", dtype="float64")
    step = ae.trace(model, x)
    browser = page(step)
    negative = 0
    for name in ("x_hat", "grad_z"):
        for flat in range(step[name].output.size):
            click(browser, f"step-{step[name].number}", name, flat)
            where = np.unravel_index(flat, step[name].output.shape)
            assert step[name].worked(*where).partition(" = ")[2] in told(browser)
            assert not re.search(r"\+ \(−[\d.]+·", told(browser))
            negative += "+ (−" in told(browser)
    assert negative


def test_a_minus_before_a_negative_number_is_put_in_brackets(page, sparse):
    browser, negative = page(sparse), 0
    for flat, (where, a) in enumerate(np.ndenumerate(sparse["a1"].output)):
        click(browser, f"step-{sparse['h1'].number}", "h1", flat)
        assert sparse["h1"].worked(*where) in told(browser)
        assert ("exp(−(−" in told(browser)) == (a < 0)
        negative += a < 0
    assert negative


def test_keys_walk_through_steps_and_tables(page, sparse):
    browser = page(sparse)

    def press(*keys):
        ActionChains(browser).send_keys(*keys).perform()

    assert here(browser) == "Given"
    press(Keys.ARROW_RIGHT)
    assert here(browser) == f"step 0 a1, the last is {sum(each.which != 'update' for each in sparse) - 1}"  # the update's are folded away
    press(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT, Keys.ARROW_LEFT)
    assert here(browser).startswith("step 1 h1")
    assert browser.current_url.endswith("#step-1")
    press(*[Keys.ARROW_RIGHT] * (len(sparse) + 3))
    assert here(browser) == "Update: SGD"
    assert not browser.find_element(By.ID, "next").is_enabled()
    browser.find_element(By.ID, "unfold").click()
    press(*[Keys.ARROW_RIGHT] * (len(sparse) + 3))
    assert here(browser).startswith(f"step {len(sparse) - 1} b2 new")
    assert not browser.find_element(By.ID, "next").is_enabled()
    press(*[Keys.ARROW_LEFT] * (len(sparse) + 3))
    assert here(browser) == "Given"
    press(Keys.TAB)
    assert told(browser).startswith("x[0,0] = ")
    press(Keys.ARROW_RIGHT, Keys.ARROW_DOWN)
    assert told(browser).startswith("x[1,1] = ")
    press(Keys.ENTER)
    press("0.5", Keys.ENTER)
    assert told(browser).startswith("x[1,1] = 0.5\n")
    press(Keys.ESCAPE)
    press(Keys.ARROW_RIGHT)
    assert here(browser).startswith("step 0 a1")


def test_links_open_at_a_step_and_buttons_and_scrolling_move(page, sparse):
    number = sparse["grad_a1"].number
    browser = page(sparse, fragment=f"#step-{number}")
    assert here(browser).startswith(f"step {number} ∂J/∂a1")
    top = browser.execute_script(f"return document.getElementById('step-{number}').getBoundingClientRect().top")
    picture = browser.execute_script("return document.getElementById('network').getBoundingClientRect().bottom")
    assert 0 < top - picture < 50
    browser.find_element(By.ID, "back").click()
    assert here(browser).startswith(f"step {number - 1} ")
    browser.find_element(By.CSS_SELECTOR, "a[href='#step-2']").click()
    assert here(browser).startswith("step 2 x̂")
    browser.execute_async_script(
        "const done = arguments[0]; scrollTo(0, 0); requestAnimationFrame(() => requestAnimationFrame(() => "
        f"{{ const s = document.getElementById('step-{number}'); scrollTo(0, s.offsetTop - {picture} - 10); "
        "requestAnimationFrame(() => requestAnimationFrame(done)); }))"
    )
    assert here(browser).startswith(f"step {number} ")
    assert browser.current_url.endswith(f"#step-{number}")


@pytest.mark.parametrize("width", [1920, 1280, 390])
def test_the_page_is_no_wider_than_the_window(page, width):
    for name in ("variational beta", "contractive gelu tanh"):
        model, x, labels = made(name)
        browser = page(ae.trace(model, x, labels), width)
        content, window = browser.execute_script("return [document.documentElement.scrollWidth, window.innerWidth]")
        assert content <= window


def test_screen_readers_and_paper(page, sparse):
    browser = page(sparse)
    grids = browser.execute_script("return [...document.querySelectorAll('table')].map((t) => t.getAttribute('aria-label'))")
    assert "W1, 5 × 3" in grids
    formulas = browser.execute_script("return [...document.querySelectorAll('.formula')].map((f) => f.ariaLabel)")
    assert formulas == [operation.formula for operation in sparse]
    assert all(browser.execute_script("return [...document.querySelectorAll('button')].map((b) => b.ariaLabel || b.textContent)"))
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        visible = "return arguments[0].map((id) => getComputedStyle(document.getElementById(id)).display)"
        assert browser.execute_script(visible, ["panel", "steps", "step-3"]) == ["none", "none", "block"]
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def test_it_works_inside_of_a_notebooks_frame(browser, tmp_path, sparse):
    path = tmp_path / "notebook.html"
    path.write_text(f"<!DOCTYPE html><meta charset=utf-8>{sparse._repr_html_()}", encoding="utf-8")
    browser.get(path.as_uri())
    browser.switch_to.frame(0)
    assert float(browser.execute_script("return document.documentElement.dataset.selftest")) < 1e-12
    for typed, sent in (("0.25", lambda field: field.send_keys(Keys.ENTER)),
                        ("0.5", lambda field: browser.find_element(By.ID, "set").click())):  # fmt: skip
        cell(browser, "given", "x", 1).click()
        field = browser.find_element(By.ID, "value")
        field.clear()
        field.send_keys(typed)
        sent(field)
        assert told(browser).startswith(f"x[0,1] = {typed}\n")
    browser.find_element(By.ID, "next").click()
    assert here(browser).startswith("step 0 a1")
    browser.find_element(By.CSS_SELECTOR, "a[href='#step-2']").click()
    assert here(browser).startswith("step 2 x̂")
    browser.switch_to.default_content()
    browser.get_log("performance")
    assert browser.get_log("browser") == []


def test_it_speaks_korean_at_a_click_keeps_what_was_edited_and_fits_a_phone(page, sparse):
    browser = page(sparse)
    edit(browser, "x", 0, 0.5)
    loss = browser.find_element(By.ID, "loss").text
    click(browser, "given", "x", 0)
    english = told(browser)
    try:
        browser.find_element(By.ID, "language").click()
        assert browser.execute_script("return document.documentElement.lang") == "ko"
        assert (browser.find_element(By.ID, "loss").text, here(browser)) == (loss, "주어진 값")
        assert "고치기 전의 값" in told(browser)
        assert "주어진 값: 배치" in told(browser)
        assert "학습 한 스텝: SparseAutoencoder" in browser.find_element(By.TAG_NAME, "h1").text
        assert browser.title == browser.find_element(By.TAG_NAME, "h1").text
        said = browser.execute_script("return [...document.querySelectorAll('.says, .bar button, #steps h2')].map((node) => node.textContent)")
        assert [text for text in said if re.search("[a-z]{3}", text) and not re.search("[가-힣]|←", text)] == []
        labels = browser.execute_script("return [...document.querySelectorAll('[aria-label]')].map((node) => node.ariaLabel)")
        assert [label for label in labels if re.search("computed|example|number|step|image", label)] == []
        for width in (1280, 390):
            metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
            browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
            assert browser.execute_script("return document.documentElement.scrollWidth") <= width
        browser.find_element(By.ID, "language").click()
        assert told(browser) == english
    finally:
        browser.execute_script("localStorage.clear()")
