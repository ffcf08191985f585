"""The language that students read: every sentence in the code has its Korean one, with the same values in it."""

import ast
import pathlib
import string
from gettext import translation

import pytest

import aescratch as ae
from aescratch.foundations.language import (
    LANGUAGES,
    LOCALE,
    VARIABLE,
    Phrase,
    gettext,
    in_language,
    in_this_language,
    language,
    told,
    with_sentences,
)

PACKAGE = pathlib.Path(ae.__file__).parent
KOREAN = translation("aescratch", LOCALE, languages=["ko"])


def sentences():
    """Every sentence that the code gives to gettext, gettext_noop or Phrase, with its place; a text with values in it fails.

    Those of the exercises are in their own files: see test_exercises_ko.py.
    """
    for path in sorted(path for path in PACKAGE.rglob("*.py") if "path" not in path.relative_to(PACKAGE).parts):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("gettext", "gettext_noop", "Phrase"):
                place = f"{path.relative_to(PACKAGE)}:{node.lineno}"
                if node.func.id == "gettext_noop" or isinstance(node.args[0], (ast.Constant, ast.JoinedStr, ast.BinOp)):
                    assert isinstance(node.args[0], ast.Constant), f"{place}: expected a text without values in it"
                    yield place, node.args[0].value


def values_of(template):
    """The names of the values that a template takes, with how each is written."""
    return sorted((name, how, conversion) for _text, name, how, conversion in string.Formatter().parse(template) if name is not None)


def test_every_sentence_has_a_korean_one_with_the_same_values():
    missing, other = [], []
    for place, sentence in sentences():
        korean = KOREAN.gettext(sentence)
        if korean == sentence:
            missing.append(f"{place}: {sentence}")
        elif "{" in sentence and values_of(korean) != values_of(sentence):
            other.append(f"{place}: {korean}")
    assert not missing, "run python docs/make_catalogue.py, and translate:\n" + "\n".join(missing)
    assert not other


def test_the_compiled_catalogue_is_that_of_the_text():
    pofile = pytest.importorskip("babel.messages.pofile")
    with (LOCALE / "ko" / "LC_MESSAGES" / "aescratch.po").open("rb") as file:
        catalog = pofile.read_po(file, locale="ko")
    assert {message.id: message.string for message in catalog if message.id} == {
        sentence: korean for sentence, korean in KOREAN._catalog.items() if sentence
    }


def test_the_language_is_that_of_the_environment_and_english_by_default(monkeypatch, tmp_path):
    monkeypatch.delenv(VARIABLE, raising=False)
    assert language() == "en"
    monkeypatch.setenv(VARIABLE, "ko")
    assert language() == "ko"
    assert gettext("no such sentence") == "no such sentence"
    monkeypatch.setenv(VARIABLE, "de")
    with pytest.raises(ValueError, match="expected the language en or ko in AESCRATCH_LANGUAGE, got 'de'"):
        language()
    with in_language("ko"):
        (tmp_path / "hints.md").write_text("hint")
        assert in_this_language(tmp_path / "hints.md").name == "hints.md"
        (tmp_path / "hints.ko.md").write_text("힌트", encoding="utf-8")
        assert in_this_language(tmp_path / "hints.md").name == "hints.ko.md"
    assert LANGUAGES == ("en", "ko")
    with pytest.raises(ValueError, match="language"):
        language()


def test_sentences_of_ones_own_come_first_for_the_block_and_english_stays_english():
    known = next(sentence for _place, sentence in sentences())
    with in_language("ko"):
        with with_sentences({known: "다른 말"}):
            assert gettext(known) == "다른 말"
        assert gettext(known) == KOREAN.gettext(known) != known
    with in_language("en"):
        assert gettext(known) == known


def test_a_phrase_is_told_with_all_that_is_in_it():
    known, other = [sentence for _place, sentence in sentences() if "{" not in sentence][:2]
    with in_language("ko"):
        assert told(Phrase("{}: {}²", Phrase(known), 3)) == f"{KOREAN.gettext(known)}: 3²"
        assert told(Phrase("{what}!", what=Phrase(other))) == f"{KOREAN.gettext(other)}!"
        assert told(Phrase(Phrase(known))) == KOREAN.gettext(known)
