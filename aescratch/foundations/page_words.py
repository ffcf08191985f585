"""The words of a page in every language: kept in one file per language, and shown in the language in force.

    strings.en.json, strings.ko.json beside a page -> words_of -> JSON in the page, for page_words.js
    <h2 data-say="data_title"></h2> -> filled -> <h2 data-say="data_title">Data</h2>, for a reader without JavaScript
"""

import json
import re
from collections.abc import Mapping
from html import escape, unescape
from pathlib import Path
from typing import Any

from aescratch.foundations.language import LANGUAGES, language

Words = dict[str, dict[str, str]]
EMPTY = re.compile(r'<(\w+)((?: [^<>]*)? data-say="(\w+)"[^<>]*)></\1>')
LABEL = re.compile(r'data-say-(label|title)="(\w+)"')
VALUES = re.compile(r'data-values="([^"]*)"')
ATTRIBUTES = {"label": "aria-label", "title": "title"}


def words_of(folder: Path) -> Words:
    """Return the words of the page in a folder: a text for every name, in every language."""
    return {each: json.loads((folder / f"strings.{each}.json").read_text(encoding="utf-8")) for each in LANGUAGES}


def first_language() -> str | None:
    """Return the language in which a page opens at first; None if the browser chooses one."""
    return None if language() == LANGUAGES[0] else language()


def content_of(words: Words, **parts: Any) -> str:
    """Return the JSON for a script element of a page: its words, the language it opens in, and what else it shows."""
    content = {"words": words, "language": first_language(), **parts}
    data = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return data.replace("<", "\\u003c")  # or a text with </script> would end the element


def filled(page: str, words: Words) -> str:
    """Return a page with a text in every element that names one, and with its language as that of the page.

    Examples
    --------
    >>> words = {"en": {"title": "Use `fit`"}, "ko": {"title": "`fit`을 쓴다"}}
    >>> filled('<html><h1 data-say="title"></h1></html>', words)
    '<html lang="en"><h1 data-say="title">Use <code>fit</code></h1></html>'
    """
    said = words[language()]

    def with_text(found: re.Match[str]) -> str:
        values = VALUES.search(found[2])
        text = _with(said[found[3]], json.loads(unescape(values[1])) if values else {})
        return f"<{found[1]}{found[2]}>{with_code(text) if found[1] != 'title' else escape(text)}</{found[1]}>"

    def with_label(found: re.Match[str]) -> str:
        return f'{found[0]} {ATTRIBUTES[found[1]]}="{escape(said[found[2]])}"'

    page = LABEL.sub(with_label, EMPTY.sub(with_text, page))
    return page.replace("<html>", f'<html lang="{language()}">', 1)


def values_of(**values: Any) -> str:
    """Return the values of a text with places for them, as an attribute of its element."""
    return f'data-values="{escape(json.dumps(values, ensure_ascii=False))}"'


def with_code(text: str) -> str:
    """Return a text as HTML, what stands between backticks as code."""
    return re.sub("`(.+?)`", r"<code>\1</code>", escape(text))


def script() -> str:
    """Return the script that shows a page's words, the class `Words`."""
    return Path(__file__).with_name("page_words.js").read_text(encoding="utf-8")


def _with(text: str, values: Mapping[str, Any]) -> str:
    return re.sub(r"\{(\w+)\}", lambda found: str(values[found[1]]), text)
