"""The step page in a browser: right against wrong, links to any state, steps on paper and in slides, code, and keys."""

import base64
import inspect
import re

import numpy as np
import pytest
from test_browser_network import press, press_with
from test_browser_step import By, Keys, arrays, browser, cell, edit, here, page, pytestmark, said, sparse, told  # noqa: F401
from test_mistakes import propagated
from test_tracing import made
from wrong_backward import mistaken

import aescratch as ae
from aescratch import functions
from aescratch.inspection.tracing.breaking import mistakes_in

NUMBERS = "return Object.fromEntries(Object.entries(window.aescratch.engine.arrays).map(([name, array]) => [name, array.data]))"
# Every number behind the forward pass, with one mistake after the other, or some of them.
WITH_EACH = """
const { engine, mistakes, withBackward } = window.aescratch;
const later = engine.steps.filter((step) => step.which !== 'forward').map((step) => step.name);
return mistakes.filter((_, place) => place % arguments[0] === 0).map((mistake) => [mistake.id, withBackward(mistake, () => later.map((name) => [name, engine.arrays[name].data.map(String)]))]);
"""
WRONG = "return [...document.querySelectorAll('td.wrong')].map((cell) => [cell.of, cell.flat, cell.dataset.right])"


def switch_in(driver, mistake):
    """Choose a mistake in the menu, as a user does; "" is none."""
    driver.execute_script(
        "const menu = document.getElementById('mistake'); menu.value = arguments[0]; menu.dispatchEvent(new Event('change'));",
        mistake,
    )
    assert driver.find_element(By.ID, "mistake").get_attribute("value") == mistake


def text(driver, name):
    return driver.find_element(By.ID, name).text


@pytest.mark.parametrize(("name", "each"), [("sparse kl tied", 1), ("vector-quantized as found", 4)])
def test_every_mistakes_numbers_are_pythons(page, name, each):  # noqa: F811
    model, x, labels = made(name, dtype="float64")
    step = ae.trace(model, x, labels, optimizer=ae.SGD(0.1), rng=3)
    mistakes = mistakes_in(step)
    found = dict(page(step).execute_script(WITH_EACH, each))
    known = {f"{mistake.part or 'model'}:{mistake.name.replace('{}', mistake.about)}": mistake for mistake in mistakes}
    assert len(known) == len(mistakes) > 50
    assert len(found) >= len(known) / each
    differ = 0
    for name, numbers in found.items():
        mistake = known[name]
        expected = propagated(step, mistake)
        differ += any(not np.allclose(expected[of], step[of].output, rtol=1e-12, atol=0) for of in mistake.trees)
        for of, values in numbers:
            got = np.array(values, float).reshape(expected[of].shape)
            np.testing.assert_allclose(got, expected[of], rtol=1e-9, atol=1e-13, err_msg=f"{mistake.name}: {of}")
    assert differ > 0.8 * len(found)  # W from |x| is right where all x are positive


def wrong_in_the_encoder(monkeypatch, function, name):
    """Put a mistake into a function of the sheet where it is called for a weight or a code of three units."""
    right, wrong = getattr(functions, function), mistaken(function, name)

    def backward(*arguments):
        named = dict(zip(inspect.signature(right).parameters, arguments, strict=True))
        return wrong(**named) if arguments[-1].shape[-1:] == (3,) else right(*arguments)

    monkeypatch.setattr(functions, function, backward)


def losses_in_python(model, x, steps):
    optimizer, losses = ae.SGD(0.1).start(model.parameters), []
    for _ in range(steps + 1):
        with model.training():
            losses.append(float(model.loss(x, rng=3)))
            model.backward()
        optimizer.step(0.1)
    return losses


def test_a_mistake_is_marked_told_and_trained_beside_the_right_backward(page, monkeypatch):  # noqa: F811
    model, x, _ = made("sparse kl", dtype="float64")
    model = ae.SparseAutoencoder([x.shape[1], 3], sparsity=ae.KLSparsity(0.1, 0.5), dtype="float64", rng=0)
    step = ae.trace(model, x, optimizer=ae.SGD(0.1), rng=3)
    driver = page(step)
    assert driver.execute_script(WRONG) == []
    before = driver.execute_script(NUMBERS)
    switch_in(driver, "encoder.dense1:museum: biases averaged")
    with monkeypatch.context() as patched:
        wrong_in_the_encoder(patched, "dense_backward", "museum: biases averaged")
        copied = ae.SparseAutoencoder([x.shape[1], 3], sparsity=ae.KLSparsity(0.1, 0.5), dtype="float64", rng=0)
        expected = losses_in_python(copied, x, 50)
    right = losses_in_python(ae.SparseAutoencoder([x.shape[1], 3], sparsity=ae.KLSparsity(0.1, 0.5), dtype="float64", rng=0), x, 50)
    assert expected[-1] != pytest.approx(right[-1], rel=1e-3)
    marked = driver.execute_script(WRONG)
    assert {of for of, *_ in marked} == {"grad_b1", "b1_new"}
    gradient = step["grad_b1"].output
    numbers = driver.execute_script(NUMBERS)
    np.testing.assert_allclose(numbers["grad_b1"], gradient / 3, rtol=1e-12)
    assert {(flat, shown) for of, flat, shown in marked if of == "grad_b1"} == {
        (flat, f"{number:.4g}".replace("-", "−")) for flat, number in enumerate(gradient)
    }
    place = int(np.argmax(np.abs(gradient)))
    assert text(driver, "verdict").startswith(f"First wrong: grad_b1[{place}] = ")
    assert "Wrong gradients: b1 (3 of 3). Still right: W1, W2, b2." in text(driver, "verdict")
    assert "grad_b is the right gradient, times 1/N" in text(driver, "verdict")
    assert "Over what does the forward sum" in text(driver, "verdict")
    links = driver.execute_script("return [...document.querySelectorAll('#steps a.wrong')].map((a) => a.getAttribute('href'))")
    assert links == [f"#step-{step[name].number}" for name in ("grad_b1", "b1_new")]
    formulas = driver.execute_script("return [...document.querySelectorAll('.formula.wrong')].map((f) => f.parentElement.id)")
    assert formulas == [f"step-{step['grad_b1'].number}"]
    driver.execute_script("arguments[0].click()", cell(driver, f"step-{step['grad_b1'].number}", "grad_b1", 1))
    assert f"The right gradient is {gradient[1]:.4g}".replace("-", "−") in told(driver)
    assert "off" in driver.find_element(By.CSS_SELECTOR, ".check").get_attribute("class")
    driver.find_element(By.ID, "compare").click()
    drawn = driver.execute_script("const { right, off } = document.getElementById('compared'); return [right, off]")
    np.testing.assert_allclose(drawn[0], right, rtol=1e-9)
    np.testing.assert_allclose(drawn[1], expected, rtol=1e-9)
    assert text(driver, "compared") == (
        f"With the right backward (solid), J = {right[-1]:.4g} after 50 steps. "
        f"With the mistake (dashed), J = {expected[-1]:.4g} after 50 steps."
    )
    assert driver.execute_script(NUMBERS) == numbers, "comparing changes nothing"
    driver.find_element(By.ID, "language").click()
    assert "처음 틀린 곳" in text(driver, "verdict")
    assert "grad_b의 값은 올바른 기울기의 1/N배" in text(driver, "verdict")
    assert "박물관: 편향을 평균 냄" in text(driver, "mistake")
    formula = driver.find_element(By.CSS_SELECTOR, ".formula.wrong").get_attribute("aria-label")
    assert formula.startswith("이 단계에 실수가 들어 있다.")
    driver.find_element(By.ID, "language").click()
    switch_in(driver, "")
    assert driver.execute_script(NUMBERS) == before
    assert driver.execute_script(WRONG) == []
    assert text(driver, "verdict") == ""


def test_a_mistake_that_changes_nothing_and_one_that_breaks_off_are_told(page):  # noqa: F811
    model = ae.Autoencoder([4, 2], activation=ae.Tanh, rng=0)
    driver = page(ae.trace(model, np.random.default_rng(0).random((1, 4)), optimizer=ae.SGD(0.5)))
    switch_in(driver, "encoder.dense1:W divided by N D")
    sizes = "return [...document.querySelectorAll('.formula.wrong .off mfrac > :last-child')].map((size) => size.textContent)"
    assert "N·D" in driver.execute_script(sizes)
    switch_in(driver, "encoder.dense1:W averaged")
    assert text(driver, "verdict").startswith("With these numbers, the mistake changes nothing.")
    switch_in(driver, "reconstruction:squared")
    driver.find_element(By.ID, "compare").click()
    assert re.search(r"\(solid\), J = .+ after 50 steps\. .+\(dashed\), J is no longer finite after \d+ steps\.", text(driver, "compared"))
    for name, value in {"eta": 1e4, "x": 3}.items():
        edit(driver, name, 0, value)
    driver.find_element(By.ID, "compare").click()
    says, (right, off) = text(driver, "compared"), driver.execute_script("return ['right', 'off'].map((name) => document.getElementById('compared')[name].length)")
    assert says == (
        f"With the right backward (solid), J is no longer finite after {right} steps. "
        f"With the mistake (dashed), J is no longer finite after {off} steps."
    )


def test_a_link_opens_the_page_as_it_is(page, sparse):  # noqa: F811
    driver = page(sparse)
    edit(driver, "x", 0, 0.25)
    switch_in(driver, "sparsity:turned round")
    driver.find_element(By.ID, "unfold").click()
    driver.execute_script("document.getElementById('train-on').click()")
    edit(driver, "rho", 0, 0.3)
    switch_in(driver, "encoder.dense1:b from the last example")
    press(driver, Keys.ESCAPE)
    driver.execute_script("arguments[0].click()", cell(driver, "step-1", "h1", 4))
    numbers, verdict, number = driver.execute_script(NUMBERS), text(driver, "verdict"), told(driver)
    assert "h1[1,1]" in number
    fragment = driver.execute_script("return location.hash")
    driver.execute_script(
        "navigator.clipboard.writeText = async (text) => { window.copied = text; }; document.getElementById('copy').click()"
    )
    assert driver.execute_script("return window.copied") == driver.current_url
    assert said(driver).startswith("The link is copied")
    driver.get("about:blank")
    driver = page(sparse, fragment=fragment)
    assert driver.execute_script(NUMBERS) == numbers
    assert (text(driver, "verdict"), told(driver)) == (verdict, number)
    press_with(driver, [Keys.CONTROL], "z")
    assert driver.execute_script("return window.aescratch.engine.arrays.rho.data[0]") == sparse.given["rho"]
    assert "rho" not in driver.current_url


REFUSED = (
    "x.999=1", "rho.0=7", "wrong=nothing", "train=3@nothing", "train=1001", "at=h1.999", "example=-1", "example=0.5",
    "example=", "step-999", "colour=red", "100%",
)  # fmt: skip


def test_a_link_names_what_the_page_cannot_do(page, sparse):  # noqa: F811
    driver = page(sparse, fragment=f"#{'&'.join(REFUSED)}&step-2")
    assert here(driver).startswith("step 2 ")
    assert said(driver) == f"The link asks for what this page can't do: {', '.join(REFUSED)}."
    assert driver.execute_script("return window.aescratch.engine.arrays.J.data[0]") == sparse.loss
    assert driver.find_element(By.ID, "example").get_attribute("value") == "0"


def test_an_address_holds_all_changes(page, sparse):  # noqa: F811
    driver = page(sparse, fragment="#x.0=0.25&train=2@encoder.dense1:b times 4&train=999")
    assert said(driver) == "The link asks for what this page can't do: train=999."
    assert driver.find_element(By.ID, "mistake").get_attribute("value") == ""
    assert driver.execute_script(WRONG) == []
    follow = "location.hash = arguments[0]; addEventListener('hashchange', () => setTimeout(arguments[1]), { once: true })"
    driver.execute_async_script(follow, "#step-2&wrong=encoder.dense1:b times 4&example=1")
    assert driver.find_element(By.ID, "mistake").get_attribute("value") == "encoder.dense1:b times 4"
    driver.execute_async_script(follow, "#step-2")
    assert driver.find_element(By.ID, "mistake").get_attribute("value") == ""
    assert driver.find_element(By.ID, "example").get_attribute("value") == "0"
    assert driver.execute_script("return window.aescratch.engine.arrays.J.data[0]") == sparse.loss


def test_chosen_steps_fit_a_page_of_paper(page, sparse):  # noqa: F811
    driver = page(sparse)
    driver.execute_script("window.print = () => {}")
    driver.execute_script("document.querySelector(\"a[href='#step-2']\").click()")
    driver.find_element(By.ID, "print").click()
    now = driver.find_element(By.ID, "print-now")
    press(driver, Keys.PAGE_DOWN, Keys.ESCAPE)
    assert not now.is_displayed()
    assert here(driver).startswith("step 2 ")
    driver.find_element(By.ID, "print").click()
    driver.find_element(By.CSS_SELECTOR, "#choices :checked").click()
    assert not now.is_enabled()
    driver.find_element(By.ID, "print-all").click()
    assert now.is_enabled()
    driver.find_element(By.ID, "print-cancel").click()
    driver.find_element(By.ID, "print").click()
    names = [label.text for label in driver.find_elements(By.CSS_SELECTOR, "#choices label")]
    assert names[:2] == ["Given", "0 a1"]
    driver.find_element(By.ID, "print-now").click()

    def pages():
        return len(re.findall(rb"/Type\s*/Page\b", base64.b64decode(driver.print_page())))

    assert pages() == 1
    driver.execute_cdp_cmd("Input.dispatchMouseEvent", {"type": "mouseMoved", "x": 1, "y": 1})  # away from the numbers
    driver = page(sparse, fragment="#step-3&embed")
    shown = "return [...document.querySelectorAll('main > section')].filter((s) => s.offsetHeight).map((s) => s.id)"
    assert driver.execute_script(shown) == ["step-3"]
    hidden = "return ['steps', 'panel', 'copy'].filter((id) => document.getElementById(id).offsetHeight)"
    assert driver.execute_script(hidden) == []
    press(driver, Keys.ARROW_RIGHT)
    assert driver.execute_script(shown) == ["step-4"]
    assert driver.current_url.endswith("#step-4&embed")


def test_code_unfolds_into_its_function(page, sparse):  # noqa: F811
    driver = page(sparse)
    section = driver.find_element(By.ID, f"step-{sparse['grad_b1'].number}")
    assert not section.find_element(By.TAG_NAME, "pre").is_displayed()
    driver.execute_script("arguments[0].click()", section.find_element(By.TAG_NAME, "summary"))
    source, first = inspect.getsourcelines(inspect.unwrap(functions.dense_backward))
    source, first = source[next(i for i, line in enumerate(source) if line.startswith("def ")) :], int(sparse["grad_b1"].where.split(":")[1])
    lines = driver.execute_script("return [...arguments[0].querySelectorAll('pre span')].map((s) => s.lastChild.textContent)", section)
    assert "".join(lines) == "".join(source)
    own = driver.execute_script("return [...arguments[0].querySelectorAll('.own')].map((s) => s.textContent)", section)
    assert own == [f"{first}    {sparse['grad_b1'].code}\n"]


def test_weights_are_reached_by_keys(page, sparse):  # noqa: F811
    driver = page(sparse)
    driver.execute_script("document.querySelector('#scene [tabindex=\"0\"]').focus()")
    press_with(driver, [Keys.SHIFT], Keys.ARROW_RIGHT)
    assert told(driver).startswith("W1[0,0] = ")
    press(driver, Keys.ARROW_DOWN)
    assert told(driver).startswith("W1[0,1] = ")
    press(driver, Keys.ARROW_RIGHT)
    assert told(driver).startswith("a1[0,1] = ")
    press_with(driver, [Keys.SHIFT], Keys.ARROW_LEFT)
    press(driver, Keys.ARROW_DOWN)
    assert told(driver).startswith("W1[1,1] = ")
    press(driver, Keys.ENTER, "0.5", Keys.ENTER)
    assert driver.execute_script("return window.aescratch.engine.arrays.W1.data[4]") == 0.5


def test_arrows_scroll_wide_code(page, sparse):  # noqa: F811
    driver = page(sparse, 390)
    section = driver.find_element(By.ID, f"step-{sparse['grad_b1'].number}")
    before = here(driver)
    wide = """
    const [section, done] = arguments, code = section.querySelector('pre');
    section.querySelector('summary').click();
    requestAnimationFrame(() => requestAnimationFrame(() => { code.focus({ preventScroll: true }); done(code.scrollWidth > code.clientWidth); }));
    """
    assert driver.execute_async_script(wide, section)
    press(driver, Keys.ARROW_RIGHT)
    moved = "setTimeout(() => arguments[1](arguments[0].querySelector('pre').scrollLeft), 300)"
    assert driver.execute_async_script(moved, section) > 0
    assert here(driver) == before


def test_a_notebooks_frame_offers_neither_print_nor_copy(browser, sparse, tmp_path):  # noqa: F811
    path = tmp_path / "notebook.html"
    path.write_text(f"<!DOCTYPE html><meta charset='utf-8'>{sparse._repr_html_()}", encoding="utf-8")
    browser.get(path.as_uri())
    browser.switch_to.frame(0)
    assert browser.find_element(By.ID, "mistake").is_displayed()
    assert [browser.find_element(By.ID, name).is_displayed() for name in ("print", "copy")] == [False, False]
    browser.switch_to.default_content()
    assert browser.get_log("browser") == []
