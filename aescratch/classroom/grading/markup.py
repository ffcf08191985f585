"""Pieces of the teacher's pages: the page itself, text that is escaped, lists that can be folded, bars.

    names, texts, lines -> HTML
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from html import escape
from pathlib import Path

from aescratch.foundations.language import gettext, language

LONGEST_NAME = 40
FEW_LINES, MOST_LINES = 10, 100  # lines of a list that is open at first, and of any list
WIDTH = 160  # pixels, of the longest bar


def page(title: str, body: str, *styles: str) -> str:
    """Return a page that fetches nothing, in the style of the teacher's pages and of further style sheets here."""
    # Korean is read more easily if lines end between words.
    words = ' style="word-break: keep-all"' if language() == "ko" else ""
    style = "".join((Path(__file__).parent / name).read_text(encoding="utf-8") for name in ("summary.css", *styles))
    return (
        f'<!doctype html>\n<html lang="{language()}"{words}><head><meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>\n{style}</style></head>\n<body>\n{body}</body></html>\n"
    )


def shortened(name: str) -> str:
    """Return a student's name for HTML, shortened in the middle, since long names often differ at their end."""
    return escape(name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 13]}…{name[-12:]}")


def breakable(name: str) -> str:
    """Return an exercise's name for HTML, which may break between its words."""
    return escape(name).replace("_", "_<wbr>")


def folded(lists: Mapping[str, Sequence[str]]) -> str:
    """Return foldable lists with their titles; short ones are open, and empty ones are left out."""
    text = ""
    for title, lines in lists.items():
        items = "".join(f"<li>{line}</li>" for line in lines[:MOST_LINES])
        rest = gettext("and {count} more, all in grades.json").format(count=len(lines) - MOST_LINES)
        more = f"<li>{rest}</li>" if len(lines) > MOST_LINES else ""
        head = f"<details{' open' if len(lines) <= FEW_LINES else ''}><summary>{title} ({len(lines)})</summary>\n"
        text += f"{head}<ul>{items}{more}</ul></details>\n" if lines else ""
    return text


def table(heads: Sequence[str], rows: Sequence[tuple[Sequence[object], Fraction | None]]) -> str:
    """Return a table whose first column is text; a row has cells and a share, shown as a bar at its end."""
    head, body = "".join(f"<th>{name}</th>" for name in heads), ""
    for (first, *cells), share in rows:
        body += f"<tr><th>{first}</th>{''.join(f'<td>{cell}</td>' for cell in cells)}"
        if share is not None:
            body += f'<td style="text-align:left"><span class="bar" style="width:{round(WIDTH * share)}px"></span></td>'
        body += "</tr>\n"
    return f'<div class="scroll"><table class="far"><thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table></div>'
