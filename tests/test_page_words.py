"""The words of the pages: the same in both languages, all used, and none outside of their files."""

import json
import pathlib
import re
import string

import pytest

import aescratch as ae
from aescratch.foundations import page_words
from aescratch.foundations.language import LANGUAGES, in_language
from aescratch.inspection.tracing.formulas import FORMULAS, RULES
from aescratch.inspection.tracing.page import documented

PACKAGE = pathlib.Path(ae.__file__).parent
PAGES = {
    "step": (PACKAGE / "inspection" / "tracing", ["page.html"], ["*.js", "page.py"]),
    "playground": (PACKAGE / "programs" / "playground", ["page.html"], ["*.js"]),
    "site": (PACKAGE / "programs" / "site", ["page.html", "tutorial.html"], ["app/*.js", "pages.py"]),
}
NAMES = {"Adam", "NaN", "PCA", "ReLU", "tanh"}  # which are the same in Korean
BY_NAME = ("activation_", "data_", "rule_", "variant_")  # of the playground, as in say(`${name}_${word}`)
ALLOWED = re.compile(r"[\s\d\W]*(\$\w+)?\s*")  # signs, and what Python puts there


def texts_of(page):
    folder, templates, scripts = PAGES[page]
    return (
        page_words.words_of(folder),
        "".join((folder / name).read_text("utf-8") for name in templates),
        "".join(path.read_text("utf-8") for pattern in scripts for path in sorted(folder.glob(pattern))),
    )


def places_in(text):
    return sorted({name for _, name, _, _ in string.Formatter().parse(text) if name is not None})


@pytest.mark.parametrize("page", PAGES)
def test_both_languages_have_the_same_names_and_values(page):
    words, _, _ = texts_of(page)
    assert tuple(words) == LANGUAGES
    english, korean = words.values()
    assert list(korean) == list(english)
    assert [name for name in english if places_in(english[name]) != places_in(korean[name])] == []
    assert [name for name in english if english[name].count("`") != korean[name].count("`")] == []
    latin = [re.sub("{.+?}", "", text) for text in korean.values() if not re.search("[가-힣]", text)]
    assert {word for text in latin for word in re.findall(r"[A-Za-z]{2,}", text)} <= NAMES


@pytest.mark.parametrize("page", PAGES)
def test_every_word_is_used_and_every_word_that_is_used_is_there(page):
    words, templates, scripts = texts_of(page)
    named = set(re.findall(r'data-say(?:-label|-title)?="(\w+)"', templates))
    quoted = set(re.findall(r'"(\w+)"', scripts)) | set(re.findall(r'data-say="(\w+)"', scripts))
    stems = (*re.findall(r"[`\"](\w+_)\$?\{", scripts), *(BY_NAME if page == "playground" else ()))  # as in say(`state_${state}`)
    assert [name for name in words["en"] if name not in named | quoted and not name.startswith(stems)] == []
    assert (named | set(re.findall(r'\bsay\("(\w+)"', scripts))) - set(words["en"]) == set()


@pytest.mark.parametrize("page", PAGES)
def test_templates_hold_no_text_of_their_own(page):
    _, templates, _ = texts_of(page)
    without = re.sub(r"<(script|style|svg)\b.*?</\1>|<!DOCTYPE html>", "", templates, flags=re.DOTALL)
    assert [text for text in re.split(r"<[^<>]+>", without) if not ALLOWED.fullmatch(text)] == []
    assert re.findall(r' (?:aria-label|title|alt|placeholder)="([^"$]*[A-Za-z][^"]*)"', without) == []


def test_a_page_is_filled_in_the_language_in_force():
    words = {"en": {"a": "Go to {where}", "b": "menu"}, "ko": {"a": "{where}로 <가기>", "b": "메뉴"}}
    page = f'<html><a href="#" data-say="a" {page_words.values_of(where="x")}></a><nav data-say-label="b"></nav></html>'
    assert page_words.first_language() is None
    assert ">Go to x</a>" in page_words.filled(page, words)
    with in_language("ko"):
        assert page_words.first_language() == "ko"
        filled = page_words.filled(page, words)
    assert '<html lang="ko">' in filled
    assert ">x로 &lt;가기&gt;</a>" in filled
    assert 'aria-label="메뉴"' in filled


def test_what_functions_and_rules_say_on_the_step_page_is_in_korean_with_their_formulas():
    korean = json.loads((PACKAGE / "inspection" / "tracing" / "says.ko.json").read_text("utf-8"))
    assert set(korean) == {*FORMULAS, *RULES}
    missing = {}
    for name, text in korean.items():
        english = documented(name, "update" if name in RULES else "forward")
        signs = set(re.findall(r"[Σ√½∂φ²³Φπ⊙‖]|\b[a-z]+_[a-z_]+\b|\([A-Z], [A-Z]\)", english))
        missing[name] = [sign for sign in signs if sign not in text]
    assert {name: signs for name, signs in missing.items() if signs} == {}
