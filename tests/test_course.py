"""The course's material: slides, exam, solutions, calendar; both languages say the same, and the pages made of them fit.

The solutions' numbers and code are doctests of their own pages. Here: points, names, structure, HTML and PDF.
"""

import html
import importlib
import re
import runpy
import sys
from pathlib import Path

import pytest
from chromium import IS_HERE, REASON, chromium
from matplotlib.text import Text
from test_docs import missing_tool

from aescratch.classroom.exercise import all_exercises
from aescratch.foundations.language import in_language, with_sentences

DOCS = Path(__file__).parents[1] / "docs"
TEACHING = DOCS / "teaching"
SOURCES = sorted(path.relative_to(TEACHING).as_posix() for path in TEACHING.glob("*/en/*.md"))
EXAMS = sorted(TEACHING.glob("exam/*/*.md"))
POINTS = [2, 2, 4, 4, 3, 3, 3, 3, 3, 3]
NUMBER, MATPLOTLIB = re.compile(r"-?\d+\.\d+"), re.compile(r"Matplotlib v(\S+),")
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^(#+) ", re.MULTILINE)
TOO_LARGE = """
const slide = document.querySelector("section.now"), page = slide.getBoundingClientRect(), found = [];
for (const column of slide.querySelectorAll(".columns > div")) {
  if (column.scrollHeight > column.clientHeight + 1 || column.scrollWidth > column.clientWidth + 1) found.push("a column");
}
for (const part of slide.querySelectorAll("h1, h2, li, p, pre, table, img, iframe, .katex-html")) {
  const box = part.getBoundingClientRect();
  const out = box.left < page.left || box.right > page.right || box.top < page.top || box.bottom > page.bottom;
  if (part.closest(".notes") === null && out) found.push(part.tagName + ": " + part.textContent.slice(0, 40));
  if (part.tagName === "PRE" && part.scrollWidth > part.clientWidth + 1) found.push("a line of code");
}
return found;
"""


def read(path):
    return path.read_text(encoding="utf-8")


def named_exercises(text):
    names = {exercise.name for exercise in all_exercises()}
    return {name for name in re.findall(r"`(\w+)`", text) if name in names}


def week_of(text, number):
    """A week's section of the page for teachers."""
    return text.partition(f"## Week {number}.")[2].partition("\n## ")[0]


def outline(path):
    """What doesn't depend on the language: headings, code, pictures, pages of steps, and, but for slides, set formulas."""
    text = read(path)
    bare = FENCED.sub("", text)
    found = [HEADING.findall(bare), FENCED.findall(text), re.findall(r"\]\((\S+?)(?:\.ko)?(\.png|\.svg)\)|(<!-- .+? -->)", bare)]
    return found if "slides" in path.parts else [*found, re.findall(r"^\$\$.+?\$\$$", bare, re.MULTILINE | re.DOTALL)]


@pytest.mark.parametrize("name", SOURCES)
def test_both_languages_have_the_same_structure_code_and_pictures(name):
    assert outline(TEACHING / name) == outline(TEACHING / name.replace("/en/", "/ko/"))


def test_there_are_four_weeks_of_slides_and_exam_in_both_languages():
    for kind in ("slides", "exam"):
        for language in ("en", "ko"):
            assert [path.name for path in sorted((TEACHING / kind / language).glob("*.md"))] == [f"week{n}.md" for n in (1, 2, 3, 4)]


@pytest.mark.parametrize("path", EXAMS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_weeks_exam_has_ten_questions_whose_points_add_up_and_whose_answers_are_computed(path):
    questions = re.split(r"^## ", read(path), flags=re.MULTILINE)[1:]
    titles = [re.match(r"(\d+)\. (.+) · (\d+) ?(?:points|점)\n", question).groups() for question in questions]
    assert [int(number) for number, _, _ in titles] == list(range(1, 11))
    assert [int(points) for _, _, points in titles] == POINTS
    assert len({kind for _, kind, _ in titles}) == 5
    for question, points in zip(questions, POINTS, strict=True):
        asked, _, solved = question.partition("\n### ")
        assert solved.count("(+1)") == points, question
        assert ">>>" not in asked
        assert ">>>" in solved or points == 2, question
    for question in questions[-2:]:
        assert re.search(r"^!\[.+\]\(.+\)$", question, re.MULTILINE)


def test_every_exercise_has_its_derivation_in_the_solutions():
    text = read(TEACHING / "solutions" / "en" / "exercises.md")
    without = {exercise.name for exercise in all_exercises()} - named_exercises(re.sub(r"^## (.*)$", r"`\1`", text, flags=re.MULTILINE))
    assert {name for name in without if f"{name} and" not in text and f"and {name}" not in text} == {
        "find_the_bug_1", "find_the_bug_2", "find_the_bug_3",
    }  # fmt: skip
    assert "## find_the_bug_1, _2, _3, and own_checker" in text


def test_calendar_slides_and_the_page_for_teachers_ask_for_the_same_exercises_in_the_same_week():
    page = read(TEACHING / "index.md")
    for number in (1, 2, 3, 4):
        week = week_of(page, number)
        minutes, block = re.search(r"\*\*Exercises\*\* \(about (\d+) minutes\):(.*?)\n\n", week, re.DOTALL).groups()
        asked = named_exercises(block)
        tutorials = sorted(int(n) for n in re.findall(r"tutorials/(\d\d)_", week.partition("**Tutorials.**")[2].partition("\n\n")[0]))
        for calendar, in_minutes in ((TEACHING / "calendar.md", f"{minutes} minutes"), (DOCS / "ko" / "calendar.md", f"{minutes}분")):
            (when,), (what,) = (re.findall(rf"^\| {number} \| {cells}.*$", read(calendar), re.MULTILINE) for cells in (r"[^`]", "`"))
            assert named_exercises(what) == asked
            assert in_minutes in when
            assert [int(n) for n in re.split(", ", when.split(" | ")[3])] == tutorials
        for language in ("en", "ko"):
            last = read(TEACHING / "slides" / language / f"week{number}.md").rpartition("\n## ")[2]
            assert named_exercises(last.partition("\n>")[0]) == asked
            assert re.search(rf"\b{minutes} ?(?:minutes|분)", last)


@pytest.mark.in_turn
def test_the_slides_figures_are_those_of_their_script_and_small(tmp_path):
    script = runpy.run_path(str(DOCS / "make_slide_figures.py"))
    committed = list((TEACHING / "slides" / "figures").iterdir())
    worded = set(script["FIGURES"]) - set(script["WORDLESS"])
    assert {path.name for path in committed} == {f"{name}.svg" for name in script["FIGURES"]} | {f"{name}.ko.svg" for name in worded}
    script["write"](tmp_path)
    for path in committed:
        if not (tmp_path / path.name).exists():  # Korean letters are those of the font that was there
            continue
        drawn, kept = (NUMBER.sub(lambda found: f"{float(found[0]):.1f}", read(each)) for each in (tmp_path / path.name, path))
        if MATPLOTLIB.search(drawn)[1] == MATPLOTLIB.search(kept)[1]:  # each version sets text in its own way
            assert drawn == kept, f"{path.name} isn't what python docs/make_slide_figures.py draws"
    for korean in (True, False):
        assert sum(path.stat().st_size for path in committed if (".ko." in path.name) == korean) < 300_000
    for draw in script["FIGURES"].values():
        axes = draw().axes
        assert all(ax.get_xlabel() for ax in axes)
        assert any(ax.get_ylabel() for ax in axes)


def test_the_slides_figures_have_korean_words_in_korean_and_english_ones_in_english():
    script, hangul = runpy.run_path(str(DOCS / "make_slide_figures.py")), re.compile("[가-힣]")
    assert all(map(hangul.search, (korean for korean in script["KOREAN"].values() if not korean.startswith("Xavier"))))
    assert not any("$" in korean for korean in script["KOREAN"].values())
    for name, draw in script["FIGURES"].items():
        with in_language("ko"), with_sentences(script["KOREAN"]):
            words = [text.get_text() for text in draw().findobj(Text)]
        assert not [each for each in words if re.search(r"[a-z]{2,} [a-z]{2,}", each)]
        assert any(map(hangul.search, words)) == (name not in script["WORDLESS"])
        assert not any(hangul.search(text.get_text()) for text in draw().findobj(Text))
    for path in (*TEACHING.glob("slides/ko/*.md"), *TEACHING.glob("exam/ko/*.md")):
        for picture in re.findall(r"figures/(\w+)[.]svg", read(path)):
            assert picture in script["WORDLESS"], path


@pytest.fixture(scope="module")
def script():
    if missing_tool():
        pytest.skip(f"needs {missing_tool()}: pip install -e '.[docs]', and Node.js")
    sys.path.insert(0, str(DOCS / "_ext"))
    importlib.import_module("site_formulas").be_patient()
    sys.path.remove(str(DOCS / "_ext"))
    return runpy.run_path(str(DOCS / "make_course.py"))


@pytest.fixture(scope="module")
def decks(script, tmp_path_factory):
    return script["make_slides"](tmp_path_factory.mktemp("slides"))


@pytest.fixture(scope="module")
def sheets(script, tmp_path_factory):
    return script["make_exam"](tmp_path_factory.mktemp("exam"))


def prose_of(page):
    """What a page shows beside code and formulas."""
    without = re.sub(r"<annotation.*?</annotation>|<pre.*?</pre>|<code>.*?</code>", "", page, flags=re.DOTALL)
    return html.unescape(re.sub(r"<[^>]+>", "", without))


def source_of(page):
    return TEACHING / "slides" / page.parent.name / f"{page.stem}.md"


def test_every_heading_is_a_slide_with_notes_and_no_tex_is_left(decks):
    assert len(decks) == 8
    for page in decks:
        text, bare = read(page), FENCED.sub("", read(source_of(page)))
        slides = re.findall(r"<section .*?</section>", text, re.DOTALL)
        assert len(slides) == len(HEADING.findall(bare)) >= 15
        assert all(re.search(r'<aside class="notes"><blockquote>\s*<p>', slide) for slide in slides), page
        assert text.count('class="katex-display"') == len(re.findall(r"^\$\$", bare, re.MULTILINE)) > 0
        assert not re.findall(r"[$\\]|\*\*|!\[", prose_of(text))
        assert "<!--" not in text, "a comment that the script doesn't know"


def test_what_pages_fetch_lies_beside_them(decks, sheets):
    for page in [*decks, *sheets]:
        fetched = re.findall(r'(?:src|href)="([^"]+)"', read(page))
        assert fetched
        assert not [address for address in fetched if not (page.parent / address).is_file()], page


def test_sheets_come_without_solutions_and_with_them(sheets):
    assert len(sheets) == 16
    for page in sheets:
        text = read(page)
        solved = page.stem.endswith("_solved")
        assert len(re.findall("<h2>", text)) == 10
        assert len(re.findall("<h3>", text)) == (10 if solved else 0)
        assert [mark in text for mark in ("(+1)", "&gt;&gt;&gt;", "make_course")] == [solved] * 3
        assert not re.findall(r"[$\\]|\*\*|!\[", prose_of(text))


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    pytest.importorskip("selenium.webdriver", reason="needs selenium: pip install selenium")
    if not IS_HERE:
        pytest.skip(REASON)
    with chromium(tmp_path_factory.mktemp("browser")) as driver:
        size = {"width": 1280, "height": 720, "deviceScaleFactor": 1, "mobile": False}
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        yield driver


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # selenium's own sockets
def test_every_slide_fits_and_keys_lead_through_them(decks, browser):
    from selenium.webdriver import ActionChains

    too_large = {}
    for page in decks:
        browser.get(page.as_uri())
        for number in range(browser.execute_script("return slides.length")):
            browser.execute_script("show(arguments[0])", number)
            if found := browser.execute_script(TOO_LARGE):
                too_large[page.parent.name, page.stem, number + 1] = found
        loaded = browser.execute_script("return [...document.images].map(i => i.complete && i.naturalWidth > 0)")
        assert all(loaded)
    assert not too_large
    place = "return [now + 1, location.hash, getComputedStyle(document.querySelector('.now .notes')).display]"
    for key, expected in (
        ("\ue011", [1, "#1", "none"]), ("\ue014", [2, "#2", "none"]), ("n", [2, "#2", "block"]), ("\ue012", [1, "#1", "block"]),
    ):  # fmt: skip
        ActionChains(browser).send_keys(key).perform()
        assert browser.execute_script(place) == expected
    half = {"width": 640, "height": 480, "deviceScaleFactor": 1, "mobile": False}  # slides are scaled here, and not on paper
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", half)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    size = "return [...document.querySelectorAll('section')].map(s => [s.getBoundingClientRect().width, getComputedStyle(s).visibility])"
    assert set(map(tuple, browser.execute_script(size))) == {(1280, "visible")}
    assert browser.execute_script("return document.querySelector('iframe').getClientRects().length") == 0
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    ActionChains(browser).send_keys("s").perform()
    assert browser.execute_script("return speaker.document.body.innerText.includes(slides[1].querySelector('h2').innerText)")
    assert browser.get_log("browser") == []


def test_a_deck_is_printed_one_slide_a_page(script, decks):
    if not IS_HERE:
        pytest.skip(REASON)
    pdf = script["print_pdf"](decks[0]).read_bytes()
    assert len(re.findall(rb"/Type ?/Page\b", pdf)) == read(decks[0]).count("<section ")
