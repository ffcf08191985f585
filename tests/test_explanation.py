"""The pages that explain and teach: complete where they say "every", quoting what is still there, with commands that exist.

Their code is run as doctests, like that of every page.
"""

import importlib
import inspect
import io
import re
import runpy
import shlex
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from matplotlib.text import Text
from test_architecture import FLOORS

import aescratch as ae
from aescratch import functions
from aescratch.classroom import all_exercises
from aescratch.plots.lettering import hangul_font
from aescratch.programs.cli import main
from aescratch.programs.cli.program import COMMANDS

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = [*(DOCS / "explanation").glob("*.md"), *(DOCS / "teaching").glob("*.md"), *(DOCS / "ko").glob("*.md")]
PAGES += [ROOT / "README.ko.md"]
EACH = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def read(name):
    return (DOCS / name).read_text(encoding="utf-8")


def sections(text):
    """The text below each heading, up to the next one."""
    parts = re.split(r"^#+ (.*)\n", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def table_rows(text, width):
    """The cells of each row, below the heads, of the tables of this width."""
    rows = [[cell.strip() for cell in line.strip("| \n").split(" | ")] for line in text.splitlines() if line[:1] == "|"]
    rows = [row for row in rows if len(row) == width]
    return [row for row, above in zip(rows[1:], rows, strict=False) if set(above[0]) <= {"-"} or "---" not in row[0]]


def pairs():
    return [name for name, formula in functions.FORMULAS.items() if formula.backward is not None]


@pytest.mark.parametrize("name", pairs())
def test_every_backward_is_derived_and_proved(name):
    text = read("explanation/derivations.md")
    derived = {word: body for title, body in sections(text).items() for word in title.split(", ")}
    if name in derived:
        assert re.search(rf'proof\("{name}",', derived[name]), f"nothing proves {name} in its section"
        return
    formula = functions.FORMULAS[name]
    family = formula.forward.__module__.rpartition(".")[2]
    assert f"```{{derivations}} {family}\n```" in text, f"what {family}.py derives is nowhere on the page"
    assert "$" in formula.derivation, f"{name} has no section in derivations.md, and its record no derivation"
    inputs = formula.inputs(np.random.default_rng(0), 7, 5, 3)
    assert ae.check_function(formula.forward, formula.backward, inputs).verdict == "pass"


def test_every_family_has_its_place_on_the_page_of_derivations():
    places = re.findall(r"^```\{derivations\} (\w+)$", read("explanation/derivations.md"), flags=re.MULTILINE)
    families = [family.__name__.rpartition(".")[2] for family in functions.FAMILIES]
    assert places == families


def test_the_derivations_prove_by_the_real_check():
    text = read("explanation/derivations.md")
    assert "return ae.check_function(forward, backward, inputs).verdict" in text
    assert len(pairs()) >= 31


def test_the_page_has_the_floors_of_the_house():
    listed = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", read("explanation/house.md"), flags=re.MULTILINE)
    assert [set(re.findall(r"\w+", row)) for row in listed] == FLOORS


def test_the_files_that_a_change_touches_are_there():
    changes = read("explanation/house.md").partition("## Where a change goes")[2]
    names = re.findall(r"`([\w/]+\.(?:py|md))`", changes)
    names = [name for name in names if name not in ("models/name.py", "about.md", "solution.py", "checks.py", "hints.md", "mutants.py")]
    assert len(names) > 10
    for name in names:
        assert any((folder / name).exists() for folder in (ROOT, ROOT / "aescratch")), name


QUOTATION = re.compile(r"`([\w./]+)`: `(.+)`$")


def claims():
    return [(row[0], *QUOTATION.match(row[2]).groups()) for row in table_rows(read("explanation/claims.md"), 4) if "`" in row[2]]


def test_no_row_of_a_table_ran_into_its_head():
    broken = [path for path in DOCS.rglob("*.md") if re.search(r"\| \| ?---", path.read_text(encoding="utf-8"))]
    assert not broken


@pytest.mark.parametrize(("claim", "file", "quotation"), claims(), ids=lambda value: value[:40])
def test_a_claim_still_stands_where_it_is_said_to(claim, file, quotation):
    assert quotation in (ROOT / file).read_text(encoding="utf-8"), claim


def test_the_claims_are_many_and_count_the_museum_rightly():
    assert len(claims()) > 30
    museum = read("museum.md")
    seen_by_meaning = museum.count("| sees nothing | sees it |")
    assert f"| {seen_by_meaning} exhibits |" in read("explanation/claims.md")
    assert museum.count("| sees nothing | sees nothing |") == 1


def test_the_table_of_the_variants_is_of_the_claims_and_figures_of_its_script():
    script = runpy.run_path(str(DOCS / "make_variants.py"))
    lines = read("variants_measured.txt").splitlines()
    claims = [claim.text for trial in script["TRIALS"] for claim in trial.claims]
    assert [line[2:].rpartition(": holds")[0].removesuffix(": REFUTED") for line in lines if ": holds with" in line] == claims
    assert lines[0] == f"seeds {script['SEEDS'][0]} to {script['SEEDS'][-1]}: median (least to most)"
    for trial in script["TRIALS"]:
        if trial.measure.__name__ in ("estimator_of_a_threshold", "straight_through"):  # the quick ones, measured again
            for name, value in trial.measure(script["SEEDS"][0]).items():
                (row,) = [line for line in lines if line.startswith(f"    {name} ")]
                least, most = map(float, re.search(r"\((\S+) to (\S+)\)", row).groups())
                assert 0.99 * least < value < 1.01 * most, row


def test_the_syllabus_names_exercises_and_answers_that_there_are():
    text = read("teaching/index.md")
    exercises = {exercise.name: exercise for exercise in all_exercises()}
    named = [name for block in re.findall(r"\*\*Exercises\*\*(.*?)\n\n", text, re.DOTALL) for name in re.findall(r"`(\w+)`", block)]
    assert len(named) == len(set(named))
    assert set(named) == set(exercises), "each exercise belongs to one of the weeks"
    rows = [row for row in table_rows(text, 3) if row[1].strip("`") in exercises]
    assert len(rows) > 20
    for _, name, answer in rows:
        assert answer.strip("`") in {mutant.expected for mutant in exercises[name.strip("`")].mutants.values()}, (name, answer)


def test_scale_is_the_most_frequent_answer_as_the_page_for_teachers_says():
    expected = [mutant.expected for exercise in all_exercises() for mutant in exercise.mutants.values()]
    assert Counter(answer.partition("@")[0] for answer in expected).most_common(1)[0][0] == "scale"


def test_the_minutes_of_a_week_are_those_of_its_exercises():
    minutes = {exercise.name: exercise.minutes for exercise in all_exercises()}
    weeks = re.findall(r"\*\*Exercises\*\* \(about (\d+) minutes\):(.*?)\n\n", read("teaching/index.md"), re.DOTALL)
    assert len(weeks) == 5
    for said, names in weeks:
        assert abs(int(said) - sum(minutes[name] for name in re.findall(r"`(\w+)`", names))) <= 10, names


@EACH
def test_what_a_page_links_to_is_there(page):
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        assert not target.startswith(("http:", "https:")), "a page that works without a network"
        path, _, anchor = target.partition("#")
        linked = (page.parent / path) if path else page
        assert linked.exists(), f"{page.name} links to {target}"
        if anchor:
            assert anchor in anchors(linked.read_text(encoding="utf-8")), f"{page.name} links to {target}"


def anchors(text):
    """The anchors of a page's headings, as they are made from their words."""
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in sections(text)}


def command_lines(page):
    """The commands of this package in the blocks of a page."""
    blocks = re.findall(r"^```(\w*)\n(.*?)^```", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    texts = [text for language, text in blocks if language != "python"]
    lines = [line.split("#")[0].strip() for text in texts for line in text.splitlines()]
    return [line.partition("aescratch ")[2] for line in lines if line.startswith("aescratch ")]


def parsed(line, monkeypatch):
    """The exit status of a command that is read as ever, but not run."""
    command, *words = shlex.split(line)
    monkeypatch.setattr(importlib.import_module(COMMANDS[command][0]), "run", lambda arguments: 0)
    return main([command, *words])


@EACH
def test_the_commands_of_a_page_are_commands(page, monkeypatch):
    for line in command_lines(page):
        with monkeypatch.context() as patch:
            assert parsed(line, patch) == 0, line


def test_a_command_that_is_none_would_be_noticed(monkeypatch):
    assert parsed("tour --opne", monkeypatch) == 2
    assert parsed("exercises lists", monkeypatch) == 2
    assert len(command_lines(DOCS / "teaching" / "index.md")) == 8
    assert len(command_lines(ROOT / "README.ko.md")) == 9


@pytest.mark.in_turn(2)
def test_the_slides_are_drawn_from_real_trainings(tmp_path):
    pytest.importorskip("PIL")
    script = runpy.run_path(str(DOCS / "make_teaching_figures.py"))
    paths = script["write"](tmp_path, fast=True, svg=True)
    assert {path.stem for path in paths} == set(script["SLIDES"])
    for path in paths:
        assert path.stat().st_size > 4000
        assert path.read_bytes()[:4] == b"\x89PNG" or path.suffix == ".svg"
    assert all(inspect.getdoc(slide) for slide in script["SLIDES"].values())


def test_the_numbers_on_the_slide_of_a_step_are_those_of_their_cells():
    pytest.importorskip("PIL")
    ax = runpy.run_path(str(DOCS / "make_teaching_figures.py"))["training_step"](True).axes[0]
    values = {}
    for cells in ax.collections:
        corners = cells.get_coordinates()
        centres = (corners[:-1, :-1] + corners[1:, 1:]) / 2
        values |= {tuple(centres[at].round(3)): cells.get_array()[at] for at in np.ndindex(centres.shape[:2])}
    shown = [text for text in ax.texts if text.get_text() and text.get_va() == "center"]
    assert len(shown) == len(values) == 47 + 38  # forward and backward
    for text in shown:
        value = values[tuple(np.round(text.get_position(), 3))]
        assert text.get_text() in (f"{value:.2f}".replace("-", "−"), f"{value:.0f}" if value == int(value) else "")


def test_the_slides_that_come_along_are_those_of_the_script_and_small():
    script = runpy.run_path(str(DOCS / "make_teaching_figures.py"))
    committed = {path.name for path in (DOCS / "teaching" / "figures").iterdir()}
    assert committed == {f"{name}{end}.png" for name in script["SLIDES"] for end in ("", ".ko")}
    assert sum(path.stat().st_size for path in (DOCS / "teaching" / "figures").iterdir()) < 600_000
    text, korean = read("teaching/index.md"), read("ko/index.md")
    for name in script["SLIDES"]:
        assert f"(figures/{name}.png)" in text
        assert f"(../teaching/figures/{name}.ko.png)" in korean


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_slides_have_words_of_one_language_and_letters_for_all_of_them(language):
    pytest.importorskip("PIL")
    if language == "ko" and hangul_font() is None:
        pytest.skip("needs a font with Hangul, such as NanumGothic")
    script = runpy.run_path(str(DOCS / "make_teaching_figures.py"))
    hangul = re.compile("[가-힣]")
    with script["speaking"](language, script["KOREAN"]):
        for name in ("training_step", "kl_gradient", "pca_against_code", "ae_against_vae"):
            figure = script["SLIDES"][name](True)
            figure.savefig(io.BytesIO())  # matplotlib warns about a letter that no font has
            words = [text.get_text() for text in figure.findobj(Text)]
            assert any(map(hangul.search, words)) == (language == "ko")
            assert language == "en" or not [each for each in words if re.search(r"[a-z]{2,} [a-z]{2,}", each)]
    assert all(map(hangul.search, script["KOREAN"].values()))
    assert not any("$" in korean for korean in script["KOREAN"].values())


@pytest.mark.parametrize("path", [ROOT / "README.ko.md", *DOCS.glob("ko/*.md"), *DOCS.glob("teaching/*/ko/*.md")], ids=lambda path: path.parent.parent.name + path.stem)
def test_korean_pages_show_pictures_with_korean_words(path):
    shown = re.findall(r"!\[.*?\]\((\S+?)\)", path.read_text(encoding="utf-8"))
    assert not [each for each in shown if each.endswith(".png") and not each.endswith(".ko.png")]
    assert all((path.parent / each).is_file() for each in shown)
