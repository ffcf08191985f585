"""The language that students and teachers read: English, or Korean from the catalogue.

    gettext("expected {shape}, got {got}") --the language in force--> template --.format(shape=...)--> a sentence

The English sentence stands in the code, and is the key. The catalogue is GNU gettext's: people edit
``data/locale/ko/LC_MESSAGES/aescratch.po``, ``docs/make_catalogue.py`` compiles it, and a sentence that is missing
there stays English. The environment holds the language in force, so that processes that are started have it too.
An exercise brings the translations of its own sentences along, in ``sentences.ko.md``; so does a teacher's.
"""

import contextlib
import functools
import os
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from gettext import NullTranslations, translation
from pathlib import Path
from typing import Any

LANGUAGES = ("en", "ko")
VARIABLE = "AESCRATCH_LANGUAGE"
LOCALE = Path(__file__).parents[1] / "data" / "locale"
NO_SENTENCES: Mapping[str, str] = {}
OWN = ContextVar("own", default=NO_SENTENCES)  # translations that come before the catalogue's


def language() -> str:
    """Return the language in force, ``"en"`` or ``"ko"``; raise a `ValueError` if the environment names another one."""
    chosen = os.environ.get(VARIABLE) or "en"
    if chosen not in LANGUAGES:
        raise ValueError(f"expected the language {' or '.join(LANGUAGES)} in {VARIABLE}, got {chosen!r}")
    return chosen


@contextlib.contextmanager
def in_language(chosen: str) -> Iterator[None]:
    """Put a language in force for the block.

    Examples
    --------
    >>> with in_language("ko"):
    ...     language()
    'ko'
    """
    before = os.environ.get(VARIABLE)
    os.environ[VARIABLE] = chosen
    try:
        language()
        yield
    finally:
        if before is None:
            del os.environ[VARIABLE]
        else:
            os.environ[VARIABLE] = before


def gettext(sentence: str) -> str:
    """Return a sentence, or a template of one, in the language in force; in English if it has no translation."""
    if language() == "en":
        return sentence
    return OWN.get().get(sentence) or _catalogue(language()).gettext(sentence)


def gettext_noop(sentence: str) -> str:
    """Return the sentence itself: it has a translation, and whoever shows it asks `gettext` for that."""
    return sentence


@contextlib.contextmanager
def with_sentences(translations: Mapping[str, str]) -> Iterator[None]:
    """Let `gettext` find these translations too, for the block.

    Examples
    --------
    >>> with in_language("ko"), with_sentences({"the bias is left out": "편향이 빠져 있다"}):
    ...     gettext("the bias is left out")
    '편향이 빠져 있다'
    """
    token = OWN.set(translations)
    try:
        yield
    finally:
        OWN.reset(token)


def read_sentences(text: str) -> dict[str, str]:
    """Return the translation of each sentence of a text in which it follows the sentence, on a line that begins with =.

    Examples
    --------
    >>> read_sentences("the bias is left out\\n= 편향이 빠져 있다")
    {'the bias is left out': '편향이 빠져 있다'}
    """
    lines = text.splitlines()
    return {sentence: line[2:] for sentence, line in zip(lines, lines[1:], strict=False) if line.startswith("= ")}


class Phrase(str):
    """Words in English, which may be a key or evidence, with their template and values; `told` translates them.

    A template that is a phrase, and values that are, are translated too.

    Examples
    --------
    >>> words = Phrase("{size} in every entry", size=Phrase("{}²", "N"))
    >>> words
    'N² in every entry'
    """

    template: str
    values: tuple[Any, ...]
    named: dict[str, Any]

    def __new__(cls, template: str, /, *values: Any, **named: Any) -> "Phrase":
        """Put the values into the template."""
        phrase = super().__new__(cls, template.format(*values, **named))
        phrase.template, phrase.values, phrase.named = template, values, named
        return phrase


def told(words: Any) -> Any:
    """Return a phrase in the language in force, and anything else as it is."""
    if not isinstance(words, Phrase):
        return words
    template = told(words.template) if isinstance(words.template, Phrase) else gettext(words.template)
    values, named = map(told, words.values), {name: told(value) for name, value in words.named.items()}
    return template.format(*values, **named)


def in_this_language(path: Path) -> Path:
    """Return a file in the language in force, such as ``hints.ko.md`` for ``hints.md``, or the file itself."""
    translated = path.with_suffix(f".{language()}{path.suffix}")
    return translated if translated.is_file() else path


@functools.cache
def _catalogue(chosen: str) -> NullTranslations:
    return translation("aescratch", LOCALE, languages=[chosen])
