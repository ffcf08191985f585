"""The language that students and teachers read: English, or Korean from the catalogue.

    gettext("expected {shape}, got {got}") --the language in force--> template --.format(shape=...)--> a sentence

The English sentence stands in the code, and is the key. The catalogue is GNU gettext's: people edit
``data/locale/ko/LC_MESSAGES/aescratch.po``, and ``docs/make_catalogue.py`` packs it beside it, as JSON, in which a
digest stands for each English sentence, so that the package has it only once. A sentence that is missing stays English.
The environment holds the language in force, so that processes that are started have it too.
An exercise brings the translations of its own sentences along, in ``sentences.ko.md``; so does a teacher's.
"""

import contextlib
import functools
import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from aescratch.backend.sentences import translate_by

LANGUAGES = ("en", "ko")
VARIABLE = "AESCRATCH_LANGUAGE"
LOCALE = Path(__file__).parents[1] / "data" / "locale"
PACKED = "aescratch.json"
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
    """Return a sentence, or a template of one, in the language in force; in English if it has no translation.

    In English it is a `Sentence`, which `told` can still translate.
    """
    if not sentence:  # whose translation in a catalogue is the catalogue's header
        return sentence
    if isinstance(sentence, (Phrase, Replaced)):
        translated: str = told(sentence)
        return translated
    if language() == "en":
        return Sentence(sentence)
    return OWN.get().get(sentence) or _catalogue(language()).get(digest_of(sentence), sentence)


def digest_of(sentence: str) -> str:
    """Return what stands for a sentence in a packed catalogue.

    Examples
    --------
    >>> digest_of("not begun yet")
    '8f6195db'
    """
    return hashlib.sha256(sentence.encode("utf-8", "surrogatepass")).hexdigest()[:8]


translate_by(gettext)


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


class Sentence(str):
    """A sentence in English, or a template of one, that can still be translated, and so can what is made of it.

    Examples
    --------
    >>> message = gettext("not begun yet") + "!"
    >>> with in_language("ko"):
    ...     message, told(message)
    ('not begun yet!', '아직 시작하지 않았다!')
    """

    def format(self, *values: Any, **named: Any) -> "Phrase":
        """Return the phrase with these values."""
        return Phrase(self, *values, **named)

    def join(self, parts: Iterable[str]) -> str:
        """Return the parts with this sentence between them."""
        return joined(self, parts)

    def __add__(self, other: str) -> str:
        return joined("", (self, other))

    def __radd__(self, other: str) -> str:
        return joined("", (other, self))

    def replace(self, *arguments: Any) -> "Replaced":
        """Return this with a part replaced, as `str.replace` does, in every language."""
        return Replaced(self, arguments)


class Phrase(Sentence):
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
        phrase = super().__new__(cls, str.format(template, *values, **named))
        phrase.template = template
        phrase.values = tuple(_kept(value) for value in values)
        phrase.named = {name: _kept(value) for name, value in named.items()}
        return phrase

    def __getnewargs_ex__(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Return what a copy is made of."""
        return (self.template, *self.values), self.named


class Replaced(Sentence):
    """Words in which a part is replaced after they are translated."""

    words: str
    arguments: tuple[Any, ...]

    def __new__(cls, words: str, arguments: tuple[Any, ...]) -> "Replaced":
        """Replace it in English."""
        replaced = super().__new__(cls, str.replace(words, *arguments))
        replaced.words, replaced.arguments = words, arguments
        return replaced

    def __getnewargs__(self) -> tuple[Any, ...]:
        """Return what a copy is made of."""
        return self.words, self.arguments


def _kept(value: Any) -> Any:
    """Return a value as a phrase keeps it: an exception's text, since a student's exception may change."""
    return str(value) if isinstance(value, BaseException) else value


def joined(separator: str, parts: Iterable[str]) -> str:
    """Return texts with a separator between them, which `told` translates if any of them can be.

    Examples
    --------
    >>> message = joined("; ", ["1", gettext("not begun yet")])
    >>> with in_language("ko"):
    ...     told(message)
    '1; 아직 시작하지 않았다'
    """
    parts = list(parts)
    if not any(isinstance(text, Sentence) for text in (separator, *parts)):
        return separator.join(parts)
    between = [text for part in parts for text in (separator, part)][1:]
    template = "{}" * len(between)
    return Phrase(template, *between)


def told(words: Any) -> Any:
    """Return a sentence or a phrase in the language in force, and anything else as it is."""
    if not isinstance(words, Sentence) or language() == "en":
        return words
    if isinstance(words, Replaced):
        return told(words.words).replace(*words.arguments)
    if not isinstance(words, Phrase):
        return gettext(words)
    template = gettext(words.template)
    values, named = map(told, words.values), {name: told(value) for name, value in words.named.items()}
    return str.format(template, *values, **named)


def in_this_language(path: Path) -> Path:
    """Return a file in the language in force, such as ``hints.ko.md`` for ``hints.md``, or the file itself."""
    translated = path.with_suffix(f".{language()}{path.suffix}")
    return translated if translated.is_file() else path


@functools.cache
def _catalogue(chosen: str) -> Mapping[str, str]:
    packed: dict[str, str] = json.loads((LOCALE / chosen / "LC_MESSAGES" / PACKED).read_text(encoding="utf-8"))
    return packed
