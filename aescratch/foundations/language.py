"""The language that students and teachers read: English, or Korean from the catalogue.

    gettext("expected {shape}, got {got}") --the language in force--> template --.format(shape=...)--> a sentence

The English sentence stands in the code, and is the key. The catalogue is GNU gettext's: people edit
``data/locale/ko/LC_MESSAGES/aescratch.po``, ``docs/make_catalogue.py`` compiles it, and a sentence that is missing
there stays English. The environment holds the language in force, so that processes that are started have it too.
"""

import contextlib
import functools
import os
from collections.abc import Iterator
from gettext import NullTranslations, translation
from pathlib import Path
from typing import Any

LANGUAGES = ("en", "ko")
VARIABLE = "AESCRATCH_LANGUAGE"
LOCALE = Path(__file__).parents[1] / "data" / "locale"


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
    return sentence if language() == "en" else _catalogue(language()).gettext(sentence)


def gettext_noop(sentence: str) -> str:
    """Return the sentence itself: it has a translation, and whoever shows it asks `gettext` for that."""
    return sentence


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
