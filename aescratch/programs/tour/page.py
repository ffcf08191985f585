"""A page of HTML from its parts: escaped text, pictures and tables in, one self-contained document out.

It fetches nothing: the style sheet is copied in, pictures are data: addresses, and there are no scripts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from importlib.resources import files

from aescratch.foundations.language import language
from aescratch.programs.tour.figures import Picture

DOCUMENT = """<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
{body}
</body>
</html>
"""


def document(title: str, body: Iterable[str]) -> str:
    """Return the whole page; the parts of the body must be HTML."""
    style = files("aescratch.programs.tour").joinpath("style.css").read_text(encoding="utf-8")
    return DOCUMENT.format(language=language(), title=escape(title), style=style, body="\n".join(body))


def element(name: str, text: str, **attributes: str) -> str:
    """Return an element with text, which is escaped.

    Examples
    --------
    >>> element("p", "1 < 2", id="sum")
    '<p id="sum">1 &lt; 2</p>'
    """
    return around(name, [escape(text, quote=False)], **attributes)


def around(name: str, parts: Iterable[str], **attributes: str) -> str:
    """Return an element around parts of HTML; ``class_`` becomes class, ``aria_label`` aria-label."""
    names = {key: key.rstrip("_").replace("_", "-") for key in attributes}
    given = "".join(f' {names[key]}="{escape(value)}"' for key, value in attributes.items())
    inside = list(parts)
    between = "\n" if len(inside) > 1 else ""
    return f"<{name}{given}>{between}{between.join(inside)}{between}</{name}>"


def terms(pairs: Iterable[tuple[str, str]]) -> str:
    """Return a list of terms, each with its explanation."""
    return around("dl", [part for name, text in pairs for part in (element("dt", name), element("dd", text))])


def figure(picture: Picture) -> str:
    """Return a picture with its caption."""
    width, height = picture.size
    image = f'<img src="{picture.source}" width="{width}" height="{height}" alt="{escape(picture.alternative)}">'
    kind = "wide" if picture.wide else "narrow"
    return around("figure", [image, element("figcaption", picture.caption)], class_=kind)


def table(caption: str, head: Sequence[str], rows: Iterable[Sequence[str]], marks: Iterable[str]) -> str:
    """Return a table that scrolls sideways if it is too wide; each row's first cell links to its section.

    The marks are style sheet classes, one for each row.
    """
    heads = [element("th", name, scope="col") for name in head]
    lines = [around("tr", heads)]
    for (name, *cells), mark in zip(rows, marks, strict=True):
        link = around("th", [element("a", name, href=f"#{name}")], scope="row")
        lines.append(around("tr", [link, *(element("td", cell) for cell in cells)], class_=mark))
    inside = [element("caption", caption), around("thead", lines[:1]), around("tbody", lines[1:])]
    return around("div", [around("table", inside)], class_="scroll", tabindex="0", role="region", aria_label=caption)
