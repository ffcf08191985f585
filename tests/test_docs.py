"""The documentation: links and names in the repository's pages, and, if Sphinx is installed, the site built from them.

Python code blocks are tested as doctests, by setup.cfg. This file tests the rest: blocks of commands, links, the
completeness of the reference, and the site, built exactly as the README says, with every warning an error.
"""

import doctest
import html
import html.parser
import importlib
import importlib.util
import inspect
import json
import os
import pathlib
import re
import runpy
import shlex
import shutil
import subprocess
import sys
from urllib.parse import unquote, urlsplit

import pytest
from chromium import IS_HERE, REASON, chromium
from turns import has_turn

import aescratch as ae
from aescratch import datasets, functions, plots, testing
from aescratch.inspection import measures
from aescratch.programs.cli import main
from aescratch.programs.cli.program import COMMANDS

ROOT = pathlib.Path(__file__).parents[1]
DOCS, TUTORIALS = ROOT / "docs", sorted((ROOT / "tutorials").glob("*.py"))
PAGES = sorted({*DOCS.rglob("*.md"), *ROOT.glob("*.md")})
HOW_TO = sorted((DOCS / "how-to").glob("*.md"))
FENCED = re.compile(r"^( *)(`{3,}|~{3,}).*?^\1\2`* *$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\)")
CONSOLE = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"(?:^ *(?:\$ )?|`|&& |(?<=/))aescratch ([a-z][^`\n#&]*)", re.MULTILINE)
FOUND = "return [...document.querySelectorAll('#search-results li a')].map(a => a.getAttribute('href'))"
NEEDED = ("sphinx", "myst_nb", "furo", "sphinxcontrib.katex", "sphinx_copybutton", "jupytext")
# Executed when the site is built here; all of them run as scripts in test_tutorials.py.
EXECUTED = {"02_one_step_by_hand", "05_checking_a_gradient", "06_linear_is_pca"}
FRAMES = runpy.run_path(str(DOCS / "_ext" / "frames.py"))["FRAMES"]
NO_PAGES = ("slides", "exam", "solutions")  # of docs/teaching
LOOSELY = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def named(path):
    return path.relative_to(ROOT).as_posix()


def prose_of(path):
    """A page's text without its code; of a tutorial, the text of its Markdown cells."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        text = "\n".join(line[2:] for line in text.splitlines() if line.startswith("# "))
    return re.sub(r"(`+)(?!`).+?(?<!`)\1(?!`)", lambda code: code[0].strip("`"), FENCED.sub("", text))


def anchors_of(path):
    """What can be linked to within a page: its headings, as repositories and the site name them, and its targets."""
    found, text = [], prose_of(path)
    for title in re.findall(r"^#{1,6} +(.+?) *#*$", text, re.MULTILINE):
        title = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title)
        anchor = re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
        found.append(f"{anchor}-{found.count(anchor)}" if anchor in found else anchor)
    return {*found, *re.findall(r"^\(([\w-]+)\)=$", text, re.MULTILINE), *re.findall(r'\bid="([^"]+)"', text)}


@pytest.mark.parametrize("path", [*PAGES, *TUTORIALS], ids=named)
def test_links_lead_somewhere(path):
    wrong = []
    for link in LINK.findall(prose_of(path)):
        target, _, anchor = link.partition("#")
        if urlsplit(link).scheme or target.startswith("/"):
            wrong += [link] if target.startswith("/") else []
            continue
        file = (path.parent / unquote(target)).resolve() if target else path
        if not file.exists() or (anchor and file.suffix == ".md" and unquote(anchor) not in anchors_of(file)):
            wrong.append(link)
    assert not wrong, wrong


def public_names():
    """Every name that is part of the public interface, in full."""
    for name in ae.__all__:
        if not inspect.ismodule(getattr(ae, name)):
            yield f"aescratch.{name}"
    for module in (functions, measures, plots, testing, datasets):
        named_here = getattr(module, "__all__", None) or [
            name for name, value in vars(module).items()
            if not name.startswith("_") and getattr(value, "__module__", None) == module.__name__
        ]  # fmt: skip
        yield from (f"{module.__name__}.{name}" for name in named_here)


def test_the_reference_leaves_no_public_name_out():
    listed, whole = set(), set()
    for path in (DOCS / "reference").glob("*.rst"):
        module = ""
        for kind, name in re.findall(r"^\.\. (\w+):: (\S+)$", path.read_text(encoding="utf-8"), re.MULTILINE):
            module = name if kind in ("currentmodule", "automodule") else module
            if kind == "variants":  # all that are found there
                listed |= {f"aescratch.{model.__name__}" for model in importlib.import_module(name).MODELS}
            if kind == "described":  # a dictionary of classes, each of which gets its entry
                place, _, dictionary = name.rpartition(".")
                kinds = getattr(importlib.import_module(place), dictionary).values()
                listed |= {f"aescratch.{each.__name__}" for each in kinds}
                continue
            (whole if kind == "automodule" else listed).add(name if name.startswith("aescratch.") else f"{module}.{name}")
    missing = [name for name in public_names() if name not in listed and name.rpartition(".")[0] not in whole]
    assert len(listed) > 60
    assert not missing


@pytest.mark.in_turn(2)
@pytest.mark.parametrize("path", [p for p in HOW_TO if CONSOLE.search(p.read_text("utf-8"))], ids=named)
def test_commands_on_a_page_do_what_it_says(path, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    typed = re.split(r"^\$ (.+)\n", "".join(CONSOLE.findall(path.read_text("utf-8"))), flags=re.MULTILINE)
    assert typed[0] == ""
    for command, expected in zip(typed[1::2], typed[2::2], strict=True):
        program, *words = shlex.split(command)
        if program == "cd":
            monkeypatch.chdir(words[0])
            continue
        assert program == "aescratch"
        assert main(words) in (0, 1), command
        said = capsys.readouterr().out
        assert doctest.OutputChecker().check_output(expected, said, LOOSELY), f"$ {command}\n{said}"


@pytest.mark.parametrize("path", [p for p in PAGES if COMMAND.search(p.read_text("utf-8"))], ids=named)
def test_every_command_that_is_shown_is_one(path, monkeypatch, capsys):
    for line in COMMAND.findall(path.read_text(encoding="utf-8")):
        command, *words = shlex.split(line)
        monkeypatch.setattr(importlib.import_module(COMMANDS[command][0]), "run", lambda arguments: 0)
        said = f"{main([command, *words])} {capsys.readouterr().err}"
        assert said.startswith("0 ") or "the following arguments are required" in said, f"{line}: {said}"


def is_here(name):
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:  # the package around it
        return False


def missing_tool():
    """The missing requirements for building the site."""
    modules = [name for name in NEEDED if not is_here(name)]
    return ", ".join(modules if shutil.which("node") else [*modules, "Node.js"])


class Page(html.parser.HTMLParser):
    """What a page of the site fetches, links to and can be linked to, and its text."""

    def __init__(self, path):
        super().__init__()
        self.fetched, self.links, self.ids, self.text = [], [], set(), path.read_text(encoding="utf-8")
        self.feed(self.text)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if "id" in given:
            self.ids.add(given["id"])
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])
        elif tag == "link" and given.get("rel") in ("stylesheet", "icon", "preload"):
            self.fetched.append(given["href"])
        elif tag in ("script", "img", "iframe", "source", "video", "audio") and given.get("src"):
            self.fetched.append(given["src"])


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The site, built as the README says, but that few tutorials are executed; a warning is an error.

    To build it and to open its pages takes two minutes, so all of its tests have the same turn.
    """
    if missing_tool():
        pytest.skip(f"needs {missing_tool()}: pip install -e '.[docs]', and Node.js")
    folder = tmp_path_factory.mktemp("documentation") / "site"
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", str(DOCS), str(folder)]
    left_out = " ".join(f"tutorials/{path.name}" for path in TUTORIALS if path.stem not in EXECUTED)
    environment = {**os.environ, "AESCRATCH_DOCS_NOT_EXECUTED": left_out}
    built = subprocess.run(command, capture_output=True, text=True, timeout=900, env=environment)
    if built.returncode != 0:
        pytest.fail(built.stderr[-5000:], pytrace=False)
    return folder


@pytest.fixture(scope="module")
def pages(site):
    return {path: Page(path) for path in sorted(site.rglob("*.html"))}


@pytest.mark.in_turn(3)
def test_the_site_has_all_four_parts_and_every_page(site):
    for part in ("tutorials", "how-to", "reference", "explanation", "teaching", "ko"):
        assert (site / part / "index.html").is_file() or part == "explanation", part
    sources = [path.relative_to(DOCS) for path in DOCS.rglob("*.md") if path.parents[1].name not in NO_PAGES] + [
        path.relative_to(ROOT) for path in TUTORIALS
    ]
    assert len(sources) > 30
    assert not [path for path in sources if not (site / path.with_suffix(".html")).is_file()]


@pytest.mark.in_turn(3)
def test_slides_are_on_the_site_and_exam_and_solutions_are_not(site):
    assert len(list((site / "_static" / "slides").glob("*/week*.html"))) == 8
    assert not [path for path in site.rglob("*") if {"exam", "solutions"} & set(path.relative_to(site).parts)]
    solved = [path for kind in ("exam", "solutions") for path in (DOCS / "teaching" / kind).glob("*/*.md")]
    said = [re.search(r"^> (.+?)[.,]", path.read_text(encoding="utf-8"), re.MULTILINE)[1] for path in solved]
    assert len(said) == 12
    for path in site.rglob("*.*"):
        if path.suffix in (".html", ".js", ".txt", ".md"):
            text = path.read_text(encoding="utf-8")
            assert not [sentence for sentence in said if sentence in text], path


@pytest.mark.in_turn(2)
@pytest.mark.in_turn(3)
def test_tutorials_show_what_they_print_and_draw_and_can_be_taken_along(site, pages):
    for path in TUTORIALS:
        text = pages[site / "tutorials" / f"{path.stem}.html"].text
        drawn = re.search(r'<img [^>]*src="\.\./_images/', text) is not None
        assert drawn == (path.stem in EXECUTED), path.stem
        assert f'href="{path.name}"' in text
        assert f'href="{path.stem}.ipynb"' in text
        assert (site / "tutorials" / path.name).read_bytes() == path.read_bytes()
        notebook = json.loads((site / "tutorials" / f"{path.stem}.ipynb").read_text(encoding="utf-8"))
        code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
        assert len(code) == len(re.findall(r"^# %%$", path.read_text(encoding="utf-8"), re.MULTILINE))
        assert not any(cell["outputs"] for cell in code)


def test_ten_tutorials_have_a_frame_below_one_of_their_figures():
    assert len({frame.tutorial for frame in FRAMES}) >= 10
    for frame in FRAMES:
        code = re.findall(r"^# %%\n(.*?)(?=^# %%|\Z)", (ROOT / "tutorials" / f"{frame.tutorial}.py").read_text("utf-8"), re.MULTILINE | re.DOTALL)
        assert sum(frame.figure in cell for cell in code) == 1, frame.figure
        assert re.fullmatch(r"[A-Z].+[^.]\.", frame.caption), frame.caption


@pytest.mark.in_turn(3)
def test_the_frames_stand_below_their_figures_and_lead_to_a_live_page(site, pages):
    for path in TUTORIALS:
        page = pages[site / "tutorials" / f"{path.stem}.html"]
        listed = [f"../_static/{frame.address('en')}" for frame in FRAMES if frame.tutorial == path.stem]
        assert [address for address in page.fetched if address.startswith("../_static/") and "language=" in address] == listed
        assert page.text.count("<noscript><style>figure.live") == bool(listed)
    for frame in FRAMES:
        text = pages[site / "tutorials" / f"{frame.tutorial}.html"].text
        before = text.partition(html.escape(frame.address("en")))[0]
        cell = re.sub("<[^>]+>", "", before[before.rindex('<div class="cell docutils') :])
        assert frame.figure in html.unescape(cell), frame


@pytest.mark.in_turn(3)
def test_formulas_are_set_and_need_no_script(pages):
    shown = "".join(page.text for page in pages.values())
    assert shown.count('class="katex"') > 500
    assert "katex-error" not in shown
    assert not [script for page in pages.values() for script in page.fetched if re.search("mathjax|katex.*js$", script, re.I)]
    assert r"\sum" not in re.sub(r"<annotation.*?</annotation>|<pre>.*?</pre>", "", shown, flags=re.DOTALL)


@pytest.mark.in_turn(3)
def test_nothing_is_fetched_from_elsewhere(site, pages):
    elsewhere = {address for page in pages.values() for address in page.fetched if urlsplit(address).netloc}
    for sheet in site.rglob("*.css"):
        elsewhere |= {a for a in re.findall(r"url\(([^)]+)\)", sheet.read_text("utf-8")) if urlsplit(a.strip("'\"")).netloc}
    assert not elsewhere


@pytest.mark.in_turn(3)
def test_links_within_the_site_lead_somewhere(site, pages):
    wrong = set()
    for path, page in pages.items():
        for link in page.links + page.fetched:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            there = None if "steps" in target.parts else pages.get(target)  # a state of a page, and no place in it
            if not target.is_file() or (there and parts.fragment and unquote(parts.fragment) not in there.ids):
                wrong.add((str(path.relative_to(site)), link))
    assert not wrong, wrong


@pytest.mark.in_turn(3)
def test_headings_have_levels_and_code_is_reached_by_keys(pages):
    shown = "".join(page.text for page in pages.values())
    assert shown.count('role="heading" aria-level="2"') >= len(pages)
    assert 'role="heading">' not in shown
    assert shown.count('<pre tabindex="0">') > 500
    assert "<pre>" not in shown


@pytest.mark.in_turn(3)
def test_every_public_name_has_its_place_in_the_reference(pages):
    ids = set().union(*(page.ids for path, page in pages.items() if path.parent.name == "reference"))
    assert not [name for name in public_names() if name not in ids]


@pytest.mark.in_turn(3)
def test_the_formula_sheet_shows_formula_and_code(pages):
    (page,) = (page for path, page in pages.items() if path.name == "functions.html" and path.parent.name == "reference")
    for name in (name for name in public_names() if name.startswith("aescratch.functions.")):
        entry = page.text.partition(f'id="{name}"')[2].partition('<dl class="py function">')[0]
        assert 'class="katex"' in entry, name
        assert "highlight-python" in entry, name


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    pytest.importorskip("selenium.webdriver", reason="needs selenium: pip install selenium")
    if not IS_HERE:
        pytest.skip(REASON)
    with chromium(tmp_path_factory.mktemp("browser")) as driver:
        yield driver


def requests_of(browser):
    """The addresses that the pages opened since the last call have asked for."""
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    sent = [message["params"]["request"]["url"] for message in messages if message["method"] == "Network.requestWillBeSent"]
    return {address for address in sent if address.startswith(("http", "ftp", "ws"))}


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # selenium's own sockets
@pytest.mark.in_turn(3)
def test_search_works_on_a_page_opened_from_a_file(site, browser):
    from selenium.webdriver.support.ui import WebDriverWait

    for words, page in (("reparameterize", "reference/functions.html"), ("scientific notation pineapple", None)):
        browser.get(f"{(site / 'search.html').as_uri()}?q={words}")
        WebDriverWait(browser, 20).until(
            lambda driver: re.search(r"found|did not match", driver.find_element("id", "search-results").text)
        )
        found = browser.execute_script(FOUND)
        assert any(link.startswith(page) for link in found) if page else not found
    assert browser.get_log("browser") == []
    assert requests_of(browser) == set()


@pytest.mark.in_turn(3)
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_frames_are_alive_in_sight_and_not_there_without_scripts(site, browser):
    from selenium.webdriver.support.ui import WebDriverWait

    metrics = {"width": 1280, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    trained = "return window.playground?.training.steps > 0"
    opened = "return [document.querySelector('section.current')?.id, document.querySelectorAll('.refused').length]"
    for name in {frame.tutorial for frame in FRAMES}:
        browser.get((site / "tutorials" / f"{name}.html").as_uri())
        frames = browser.find_elements("css selector", "figure.live iframe")
        for there, frame in zip(frames, [frame for frame in FRAMES if frame.tutorial == name], strict=True):
            browser.execute_script("arguments[0].scrollIntoView({ block: 'center', behavior: 'instant' })", there)
            browser.switch_to.frame(there)
            step = [frame.state.partition("&")[0], 0]
            WebDriverWait(browser, 20).until(
                lambda driver, frame=frame, step=step: driver.execute_script(trained) if frame.shows else driver.execute_script(opened) == step
            )
            browser.switch_to.default_content()
    assert browser.get_log("browser") == []
    assert requests_of(browser) == set()
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.get((site / "tutorials" / "07_denoising.html").as_uri())
        root = browser.execute_cdp_cmd("DOM.getDocument", {})["root"]["nodeId"]
        node = browser.execute_cdp_cmd("DOM.querySelector", {"nodeId": root, "selector": "figure.live"})["nodeId"]
        browser.execute_cdp_cmd("CSS.enable", {})
        style = browser.execute_cdp_cmd("CSS.getComputedStyleForNode", {"nodeId": node})["computedStyle"]
        assert {"name": "display", "value": "none"} in style
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


@pytest.mark.in_turn(3)
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("width", [1280, 390])
def test_every_page_fits_its_window_and_says_no_error(site, pages, browser, width):
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    too_wide = {}
    shown = [path for path in pages if "_modules" not in path.parts and has_turn(path.name)]
    assert len(shown) > 10
    for path in shown:
        browser.get(path.as_uri())
        if browser.execute_script("return document.documentElement.scrollWidth") > width:
            too_wide[path.name] = browser.execute_script("return document.documentElement.scrollWidth")
    assert not too_wide
    assert browser.get_log("browser") == []
    assert requests_of(browser) == set()
