"""A course in a browser tab: headless Chromium with the network cut but for the loopback, and Pyodide where it is given."""

import json
import os
import pathlib
import re
import zipfile

import pytest
from chromium import IS_HERE, chromium
from chromium import REASON as BROWSER
from site_in_browser import DISTRIBUTION, PATIENCE, REASON, Server, Student, without_memory, words

from aescratch.classroom import Workspace, check_file
from aescratch.classroom.answering import answer
from aescratch.classroom.exercise import all_exercises
from aescratch.classroom.grading.judging import missing_protections
from aescratch.classroom.tab.in_place import check_in_place
from aescratch.classroom.workspace import NEW
from aescratch.programs import site
from aescratch.programs.cli import main

webdriver = pytest.importorskip("selenium.webdriver", reason="needs selenium: pip install selenium")
ActionChains, Keys = webdriver.ActionChains, webdriver.Keys

pytestmark = [
    pytest.mark.skipif(not DISTRIBUTION, reason=REASON),
    pytest.mark.skipif(not IS_HERE, reason=BROWSER),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # selenium's own sockets
]
BY_NAME = {exercise.name: exercise for exercise in all_exercises()}
SOLVED = ("dense_backward", "top_k_backward", "find_the_bug_2")  # with a hole, with a prediction, with a planted bug
QUICKER = {"fine_tuning": "the bias averaged", "vae_backward": "beta forgotten", "vq_backward": "no mean"}  # than the first mistake
MOST_BYTES = 20e6
STRINGS = pathlib.Path(site.__file__).parent
AXE = os.environ.get("AESCRATCH_AXE")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("served") / "site"
    assert main(["site", str(folder), "--pyodide", DISTRIBUTION]) == 0
    server = Server(folder)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def student(server, tmp_path_factory):
    """One visitor for all tests, who comes to the first page first."""
    with chromium(tmp_path_factory.mktemp("chromium")) as driver:
        downloads = tmp_path_factory.mktemp("downloads")
        driver.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(downloads)})
        student = Student(driver, server.address)
        student.downloads = downloads
        yield student.open()


@pytest.fixture(autouse=True)
def silent(student):
    """Nothing complains in the console, and every request goes to the loopback."""
    yield
    assert student.driver.get_log("browser") == []
    messages = [json.loads(entry["message"])["message"] for entry in student.driver.get_log("performance")]
    asked = [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]
    strange = [url for url in asked if not url.startswith((student.address, "blob:http://127.0.0.1", "data:", "about:", "chrome:"))]
    assert strange == []


def on_the_command_line(exercise, text, folder):
    path = folder / exercise.file_name
    path.write_text(text, "utf-8")
    return answer(exercise, path, check_file(exercise, path), NEW)


def test_the_first_exercise_is_there_after_less_than_20_megabytes(student, server):
    assert student.text("begin") == "Start: 1. The dense layer, forward"
    student.find("#begin").click()
    student.until(lambda: student.text("exercise-title") == "1. The dense layer, forward", 20)
    student.wait_for_python()
    assert "dense_forward: not begun yet" in student.check()
    later = ("/tutorials/", "/steps/", "/playground.html")
    sent = {path: size for path, size in server.sent.items() if not any(part in path for part in later)}
    assert not [path for path in sent if "matplotlib" in path]
    assert 15e6 < sum(sent.values()) < MOST_BYTES
    student.find("#hint").click()
    student.until(lambda: "hint 1 of 3" in student.text("hints"), 20)


@pytest.mark.parametrize("name", SOLVED)
def test_a_mistake_is_answered_as_on_the_command_line_and_the_solution_passes(name, student, tmp_path):
    exercise = BY_NAME[name]
    student.go(exercise)
    wrong = exercise.mutated(next(iter(exercise.mutants.values())))
    student.write(wrong)
    said = student.check()
    assert words(said) == words(on_the_command_line(exercise, wrong, tmp_path))
    for button in student.driver.find_elements("css selector", "#answer .place"):
        line = int(button.text.rpartition(":")[2].rpartition(" ")[2])
        button.click()
        shown = student.driver.execute_script("return document.querySelector('#editor .cm-activeLine').textContent")
        assert shown == wrong.splitlines()[line - 1]
    student.write(exercise.shown_solution)
    assert f"{name}: passed" in student.check()
    assert "passes" in student.text("exercise-about")


def test_a_prediction_is_chosen_beside_the_code(student):
    exercise = BY_NAME["kl_sparsity_backward"]
    student.go(exercise)
    choices = student.driver.find_elements("css selector", "#choices input")
    assert len(choices) == exercise.stub.count('\n#   "')
    choices[2].click()
    assert '\nPREDICTION = "c"\n' in student.code()
    assert "isn't what happens" in student.check()
    right = next(n for n, choice in enumerate(choices) if choice.get_attribute("value") in exercise.solution.partition("PREDICTION = ")[2][:3])
    choices[right].click()
    assert "pass: the prediction is right" in student.check()


def test_a_hint_asked_for_again_says_nothing_of_a_terminal_and_a_pass_is_seen(student):
    exercise = BY_NAME["dense_backward"]
    student.go(exercise)
    student.write(exercise.mutated(next(iter(exercise.mutants.values()))))
    student.check()
    for number in range(1, 7):
        student.find("#hint").click()
        student.until(lambda: student.text("hints").count("hint ") >= min(number, 3) and not student.driver.execute_script("return document.querySelector('#hint').disabled"))
        assert student.driver.execute_script("return document.activeElement.id") == "hint"
    assert "aescratch" not in student.text("hints")
    assert len(student.driver.find_elements("css selector", "#hints button")) == 1
    student.driver.execute_script("scrollTo(0, document.body.scrollHeight)")
    student.write(exercise.shown_solution)
    assert "dense_backward: passed" in student.check()
    assert student.text("hints") == ""
    top, height = student.driver.execute_script("return [document.querySelector('#answer .verdict').getBoundingClientRect().top, innerHeight]")
    assert 0 < top < height - 20


def test_what_was_there_before_a_start_again_is_seen_and_comes_back(student):
    exercise = BY_NAME["weight_decay"]
    student.go(exercise)
    assert not student.find("#earlier").is_displayed()
    again = [f"mine = {number}\n" for number in range(3)]
    for number, text in enumerate(again[:2], start=1):
        student.write(text)
        student.find("#reset").click()
        student.driver.switch_to.alert.accept()
        student.until(lambda number=number: student.text("earlier-title") == f"Earlier versions ({number})", 20)
        assert student.kept(exercise.file_name) == exercise.handed_stub
    student.open(f"#{exercise.name}")  # they stay
    student.until(lambda: student.text("earlier-title") == "Earlier versions (2)")
    student.find("#earlier-title").click()
    assert student.text("before") == "mine = 1"
    student.find("#version option:last-child").click()
    assert student.text("before") == "mine = 0"
    student.write(again[2])
    student.find("#bring-again").click()
    assert student.code().strip() == "mine = 0"
    assert student.kept(exercise.file_name) == "mine = 0\n"
    assert student.text("earlier-title") == "Earlier versions (3)"  # what stood in the editor
    assert student.text("before") == "mine = 2"
    student.find("#bring-again").click()  # what is kept already isn't kept twice
    assert student.text("earlier-title") == "Earlier versions (3)"
    student.write(exercise.handed_stub)
    student.wait_for_python()


def test_an_exercise_and_its_tutorial_lead_to_each_other_and_every_page_to_the_first_one(student):
    student.go(BY_NAME["dense_backward"])
    assert student.text("tutorial") == "3. Backpropagation of a dense layer, derived"
    student.find("#tutorial").click()
    student.until(lambda: student.find("#practise a"))
    links = student.driver.find_elements("css selector", "#practise a")
    assert [link.text for link in links] == ["1. The dense layer, forward", "2. The dense layer, backward"]
    links[1].click()
    student.until(lambda: student.text("exercise-title") == "2. The dense layer, backward")
    student.go(BY_NAME["adam_step"])  # no tutorial teaches it
    assert not student.find("#taught").is_displayed()
    for place in ("playground.html", "steps/variational.html"):
        student.open(place)
        assert student.text("home") == "All exercises"
        student.find("#home").click()
        student.until(lambda: student.text("begin"))
        assert student.driver.current_url == f"{student.address}index.html"
    student.wait_for_python()


def test_a_loop_without_an_end_is_stopped_at_its_line_while_the_page_answers(student):
    exercise = BY_NAME["relu_backward"]
    student.go(exercise)
    looping = exercise.stub.replace('raise NotImplementedError("your turn")', "while True:\n        grad_y = grad_y + 0")
    line = looping.splitlines().index("        grad_y = grad_y + 0") + 1
    student.write(looping)
    student.find("#check").click()
    student.find("#watch").click()  # the page isn't held up
    assert student.find("#watch").is_selected()
    student.find("#watch").click()
    said = student.answer()
    assert "relu_backward: it didn't finish in time" in said
    assert f"03_relu_backward.py:{line}" in said or f"03_relu_backward.py:{line - 1}" in said
    student.write(exercise.shown_solution)
    assert "passed" in student.check()


def test_typing_is_checked_and_keys_lead_everywhere(student):
    exercise = BY_NAME["sigmoid_backward"]
    student.go(exercise)
    student.find("#watch").click()
    student.write(exercise.shown_solution)
    student.until(lambda: "sigmoid_backward: passed" in student.text("answer"), 30)
    student.find("#watch").click()
    code = student.find("#editor .cm-content")
    student.write(exercise.stub)
    code.send_keys(Keys.CONTROL, Keys.ENTER)
    student.until(lambda: "not begun yet" in student.text("answer"), 30)
    focused = lambda: student.driver.execute_script("return document.activeElement.id")  # noqa: E731
    code.send_keys(Keys.ESCAPE, Keys.TAB)
    assert focused() == "check"
    ActionChains(student.driver).send_keys(Keys.TAB).perform()
    assert focused() == "hint"


def test_a_reload_loses_nothing(student):
    exercise = BY_NAME["dense_forward"]
    student.go(exercise)
    mine = exercise.stub + "\n# not checked yet: ∂L/∂y\n"
    student.write(mine)
    student.open("#dense_forward")
    assert student.until(lambda: "∂L/∂y" in student.code())
    assert student.kept(exercise.file_name) == mine
    student.open()
    student.until(lambda: student.text("passed-text"), 20)
    assert student.text("passed-text").startswith("5 of 38")
    assert student.text("begin") == "Go on: 1. The dense layer, forward"
    student.wait_for_python()


def test_a_hand_in_is_graded_in_full_and_goes_on_in_a_terminal_and_back(student, tmp_path, monkeypatch, capsys):
    student.find("#hand-in").click()
    path = student.downloads / "hand-in.zip"
    student.until(path.is_file, 30)
    work = tmp_path / "work"
    with zipfile.ZipFile(path) as archive:
        archive.extractall(work)
    workspace = Workspace(work)
    assert all(workspace.entry(BY_NAME[name])["passed"] for name in SOLVED)
    submissions = tmp_path / "submissions" / "ada"
    submissions.mkdir(parents=True)
    path.replace(submissions / "hand-in.zip")
    unconfined = ["--unconfined"] if missing_protections() else []
    assert main(["exercises", "grade", str(submissions.parent), "--only", *SOLVED, "--out", str(tmp_path / "grades"), *unconfined]) == 0
    grades = json.loads((tmp_path / "grades" / "grades.json").read_text("utf-8"))
    assert [(each["student"], each["points"], each["of"]) for each in grades["students"]] == [("ada", 30, 30)]
    # and back: one more was solved in a terminal
    solved = BY_NAME["gelu_backward"]
    monkeypatch.chdir(work)
    assert main(["exercises", "start", solved.name]) == 0
    (work / solved.file_name).write_text(solved.shown_solution, "utf-8")
    assert main(["exercises", "check", solved.name]) == 0
    back = tmp_path / "back.zip"
    with zipfile.ZipFile(back, "w") as archive:
        for file in (solved.file_name, "progress.json"):
            archive.write(work / file, f"work/{file}")
    student.find("#bring").send_keys(str(back))
    student.until(lambda: solved.file_name in student.text("work-said"), 30)
    assert student.text("passed-text").startswith("6 of 38")
    student.go(solved)
    assert student.kept(solved.file_name) == solved.shown_solution
    assert student.code().startswith(solved.shown_solution[:200])


@pytest.mark.in_turn
@pytest.mark.parametrize("name", [name for name in BY_NAME if name not in SOLVED])
def test_so_is_every_other_exercise(name, student, tmp_path):
    """A mistake in it is answered as elsewhere, and its solution passes."""
    exercise = BY_NAME[name]
    student.go(exercise)
    wrong = exercise.mutated(exercise.mutants[QUICKER.get(name, next(iter(exercise.mutants)))])
    student.write(wrong)
    said = without_memory(student.check())
    path = tmp_path / exercise.file_name
    path.write_text(wrong, "utf-8")
    assert words(said) == words(answer(exercise, path, check_in_place(exercise, path, PATIENCE), NEW))
    student.write(exercise.shown_solution)
    assert student.check() == f"{name}: passed"


def test_a_phone_is_wide_enough(student):
    exercise = BY_NAME["dense_backward"]
    student.open("#dense_backward", 390, 844).wait_for_python()
    student.write(exercise.mutated(next(iter(exercise.mutants.values()))))
    assert "not right yet" in student.check()
    wide = "return [document.documentElement.scrollWidth, innerWidth]"
    assert student.driver.execute_script(wide) == [390, 390]
    student.open("", 390, 844)
    assert student.driver.execute_script(wide) == [390, 390]


@pytest.mark.parametrize("width", [1920, 1280, 390])
def test_the_header_stays_as_high_as_it_is(width, student):
    high = "const [said, text, bar] = arguments, header = document.querySelector('header'); if (said) { document.getElementById('loading-text').textContent = text; document.getElementById('loaded').hidden = !bar; } return header.offsetHeight"
    said = json.loads((STRINGS / "strings.en.json").read_text("utf-8")), json.loads((STRINGS / "strings.ko.json").read_text("utf-8"))
    file = {"done": "19.0", "of": "28.8", "what": "matplotlib-3.8.4-cp312-cp312-pyodide_2024_0_wasm32.whl"}
    for place in ("#dense_backward", "tutorials/01_manifolds.html"):
        student.open(place, width, 844).wait_for_python()
        heights = {student.driver.execute_script(high, False, "", False)}
        for words_of_page in said:
            for name in ("loading", "starting", "ready", "offline_ready", "restarted"):
                for bar in (True, False):
                    heights.add(student.driver.execute_script(high, True, words_of_page[name].format(**file), bar))
        assert len(heights) == 1, heights
        assert student.driver.execute_script("return document.documentElement.scrollWidth") == width


@pytest.mark.skipif(not AXE, reason="needs axe-core: npm install axe-core, and AESCRATCH_AXE as the path of its axe.min.js")
@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("page", ["", "#dense_backward", "#top_k_backward", "tutorials/02_one_step_by_hand.html", "playground.html", "steps/variational.html"])
def test_axe_finds_nothing_serious(page, language, student):
    place, _, name = page.partition("#")
    student.open(f"{place}?language={language}#{name}")
    student.until(lambda: student.driver.execute_script("return document.documentElement.lang") == language and student.find("main:not([hidden])").text)
    student.driver.execute_script(pathlib.Path(AXE).read_text("utf-8"))
    serious = """
    const done = arguments[0], worst = (found) => ["serious", "critical"].includes(found.impact);
    axe.run().then(({ violations }) => done(violations.filter(worst).flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`))));
    """
    assert student.driver.execute_async_script(serious) == []
    student.driver.execute_script("document.querySelector('main:not([hidden]) > *').after(document.createElement('button'))")
    assert len(student.driver.execute_async_script(serious)) == 1  # it does look


@pytest.mark.in_turn(0)
def test_a_tutorial_runs_and_draws(student):
    student.open("tutorials/02_one_step_by_hand.html").wait_for_python()
    student.find("#run-all").click()
    student.until(lambda: student.driver.find_elements("css selector", ".cell img, .cell .error"))
    student.until(lambda: {b.text for b in student.driver.find_elements("css selector", ".cell button")} == {"Run"})
    assert [node.text for node in student.driver.find_elements("css selector", ".cell .error")] == []
    assert student.driver.execute_script("return document.querySelectorAll('math').length") > 10


@pytest.mark.in_turn(2)
def test_after_a_visit_it_needs_no_server(student, server):
    server.stop()
    student.open("#top_k_backward").wait_for_python()
    assert "top_k_backward: passed" in student.check()
    student.open("playground.html?data=ring")
    assert student.driver.title == "Autoencoder playground"


@pytest.mark.in_turn(1)
def test_it_speaks_korean_at_a_click_and_python_in_the_tab_does_too(student):
    exercise = BY_NAME["relu_backward"]
    student.open(f"#{exercise.name}")
    student.until(lambda: student.text("file") == exercise.file_name)
    student.wait_for_python()
    student.write('import os\n\nraise RuntimeError("spoken: " + os.environ["AESCRATCH_LANGUAGE"])\n')
    try:
        student.find("#language").click()
        student.until(lambda: student.text("check") == "검사")
        assert "RuntimeError" in student.code()
        student.until(lambda: "준비되었다" in student.text("loading-text"))
        student.find("#check").click()
        assert student.until(lambda: "spoken: ko" in student.text("answer"))
        student.driver.execute_script("location.hash = ''")
        assert student.text("begin").startswith(("시작하기", "이어서 하기"))
        said = "return [...document.querySelectorAll('[data-say]')].filter((node) => node.offsetParent).map((node) => node.textContent)"
        assert [text for text in student.driver.execute_script(said) if not re.search("[가-힣]", text)] == []
        for width in (1280, 390):
            student.open(width=width)
            assert student.driver.execute_script("return document.documentElement.scrollWidth") <= width
    finally:
        student.driver.execute_script("localStorage.clear()")
