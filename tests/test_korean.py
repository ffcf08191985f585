"""The Korean pages: their code runs, they keep to one style, name what there is, and lead from the note to the code."""

import doctest
import re
from pathlib import Path

import pytest
from test_explanation import anchors, pairs

import aescratch as ae
from aescratch import functions
from aescratch.programs.cli.exercises import ACTIONS

ROOT = Path(__file__).parents[1]
PAGES = [
    ROOT / "README.ko.md", *sorted((ROOT / "docs" / "ko").glob("*.md")), *sorted((ROOT / "docs" / "teaching").glob("*/ko/*.md")),
]  # fmt: skip
EACH = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
CODE = re.compile(r"```.*?```|\$\$.*?\$\$|`[^`]*`|\$[^$]*\$|\]\([^)]*\)", re.DOTALL)


def read(page):
    return page.read_text(encoding="utf-8")


def prose(page):
    """The page's sentences, with a letter in place of code, formulas and addresses."""
    return CODE.sub("A", read(page))


def test_the_readmes_code_runs():
    outcome = doctest.testfile(
        str(PAGES[0]), module_relative=False, encoding="utf-8",
        optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS,
    )  # fmt: skip
    assert outcome.attempted > 15
    assert not outcome.failed


def test_a_wrong_result_on_a_page_would_be_noticed(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(read(PAGES[0]).replace("((359, 8), (359, 64))", "((359, 9), (359, 64))"), encoding="utf-8")
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    assert doctest.testfile(str(page), False, encoding="utf-8", optionflags=flags, report=False, verbose=False).failed


@EACH
def test_the_style_is_that_of_a_textbook_throughout(page):
    sentences = re.findall(r"([가-힣]+)[.?](?=\s|$|\))", prose(page))
    assert sentences
    polite = [ending for ending in sentences if re.search(r"(니다|세요|십시오|어요|아요|에요|예요|죠|네요)$", ending)]
    assert not polite
    endings = [ending for ending in sentences if not re.search(r"(다|자|까|가|시오)$", ending)]
    assert not endings, "a sentence that ends neither in -다, nor as a proposal, a question or an exam's task"


@EACH
def test_marks_and_spaces_stand_as_they_should(page):
    text = prose(page)
    assert not re.search(r"[가-힣] [.,?!]", text), "a space before a mark"
    assert not re.search(r"[가-힣],[가-힣]", text), "no space after a comma"
    assert not re.search(r"[가-힣A] (은|는|을|를|와|과)(?= )", text), "a particle by itself"
    assert not re.search(r"할수 |수있|수없|하는것|것 이다|때 마다|뿐만아니라|그 다음|한 번에 하나", text)


@EACH
def test_names_on_a_page_are_names_of_the_package(page):
    named = set(re.findall(r"`(?:ae\.)?([A-Z][A-Za-z0-9]+[a-z])`", read(page)))
    assert not [name for name in named if not hasattr(ae, name)]
    named = set(re.findall(r"`f\.(\w+)`", read(page)))
    assert not [name for name in named if not hasattr(functions, name)]


def test_each_row_of_the_note_leads_to_code_and_to_a_derivation_that_is_there():
    page = ROOT / "docs" / "ko" / "index.md"
    rows = re.findall(r"^\| (.+?) \| (.+?) \| \[.+?\]\((.+?)\) \|$", read(page), flags=re.MULTILINE)
    assert len(rows) >= 13
    derived = anchors(read(ROOT / "docs" / "explanation" / "derivations.md"))
    for notion, code, target in rows:
        assert "`" in code, notion
        path, _, anchor = target.partition("#")
        assert (page.parent / path).exists(), notion
        assert not anchor or anchor in derived, notion
    formulas = {name for _, code, _ in rows for name in re.findall(r"`f\.(\w+)`", code)}
    assert formulas <= set(pairs())


def test_the_exercises_actions_are_those_of_the_command_line():
    named = re.findall(r"^\| `(\w+)` \|", read(PAGES[0]).partition("## 연습 문제")[2].partition("##")[0], re.MULTILINE)
    assert len(named) == 5
    assert set(named) <= {name for name, action in ACTIONS.items() if action.place.startswith("student:")}


def test_the_glossary_gives_each_word_once():
    rows = re.findall(r"^\| (.+?) \| (.+?) \| (.+?) \|$", read(ROOT / "docs" / "ko" / "glossary.md"), re.MULTILINE)
    words = [word for word, english, _ in rows if english not in ("English", "---")]
    assert len(words) > 50
    assert len(words) == len(set(words))


def test_words_of_the_pages_are_those_of_the_glossary():
    text = " ".join(prose(page) for page in PAGES[:2])
    for other in ("그래디언트", "엔코더", "인코터", "오토엔코더", "바이어스", "웨이트", "스파스", "배치 사이즈"):
        assert other not in text
