"""Python that isn't handed in as a .py file: the cells of a notebook, and text typed into a platform.

    a notebook -> code_cells -> from_notebook: the cells that define the functions, and what these need from others
    a page of HTML, or plain text -> typed: the text

Nothing is parsed as Python here, since judging reports syntax errors; the lines without indentation show what a cell
defines. The time is proportional to the length, even for hostile texts.
"""

import html
import json
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

LARGEST_CODE = 500_000  # letters of a notebook's code
DEFINED = re.compile(r"(?:async\s+)?(?:def|class)\s+(\w+)|([A-Za-z_]\w*)\s*(?::[^=\n]+)?=(?!=)")
IMPORTED = re.compile(r"(?:from\s+[\w.]+\s+)?import\s+([^#;]*)")
PARAMETERS = re.compile(r"\bdef\s+\w+\s*\(([^()]*)")
LOCAL = re.compile(r"^[ \t]+(?:for[ \t]+)?(\w+)(?:,| *=| in )", re.MULTILINE)
MAGIC = re.compile(r"^([ \t]*)(?:%%?|!)[A-Za-z].*$", re.MULTILINE)  # such as %timeit: for the notebook, not for Python
OTHER_LANGUAGE = re.compile(r"\s*%%(?!time|capture|prun)")
MARKUP = re.compile(r"<(?:p|br|div|pre|span|html|body)\b", re.IGNORECASE)
TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]*)[^<>]*>")
HIDDEN = {"head", "script", "style", "h1"}  # the heading is Canvas's, not the student's
BLOCKS = {"p", "div", "pre", "li", "tr", "h2", "h3", "body"}


def code_cells(content: bytes) -> list[str]:
    """Return the code cells of a notebook; an empty list if it is invalid."""
    try:
        sources = [cell["source"] for cell in json.loads(content)["cells"] if cell["cell_type"] == "code"]
        texts = [source if isinstance(source, str) else "".join(source) for source in sources]
    except (ValueError, KeyError, TypeError, RecursionError):
        return []
    if sum(map(len, texts)) > LARGEST_CODE:
        return []
    return [MAGIC.sub(r"\1pass", text.replace("\r\n", "\n")) for text in texts if not OTHER_LANGUAGE.match(text)]


def defined(text: str) -> set[str]:
    """Return the names that a text binds on lines without indentation, by def, class or assignment."""
    return {match[1] or match[2] for line in text.splitlines() if (match := DEFINED.match(line))}


def from_notebook(cells: Sequence[str], functions: Sequence[str]) -> str:
    """Return the last cell that defines each of these functions, and the statements that they need from other cells."""
    chosen = {max(i for i, cell in enumerate(cells) if name in defined(cell)) for name in functions}
    text = "\n\n".join(cells[i] for i in sorted(chosen))
    others = [statement for i, cell in enumerate(cells) if i not in chosen for statement in _statements(cell)]
    binding: dict[str, list[int]] = defaultdict(list)
    for i, statement in enumerate(others):
        for name in _names(statement):
            binding[name].append(i)
    known = defined(text) | set(re.findall(r"\w+", " ".join(PARAMETERS.findall(text)))) | set(LOCAL.findall(text))
    wanted: set[int] = set()
    words = {*re.findall(r"\w+", text), "*"} - known
    while words:
        known |= words
        more = {i for word in words for i in binding[word]} - wanted
        wanted |= more
        words = {word for i in more for word in re.findall(r"\w+", others[i])} - known
    return "\n".join([*(others[i].rstrip() for i in sorted(wanted)), "", text]).lstrip("\n")


def _statements(cell: str) -> Iterator[str]:
    """Return the top-level statements of a cell, with decorators and indented lines."""
    lines: list[str] = []
    for line in [*cell.splitlines(keepends=True), "end"]:
        if line[:1] not in " \t\n#)]}" and not (lines and lines[-1].startswith("@")):
            yield "".join(lines)
            lines = []
        lines.append(line)


def _names(statement: str) -> Iterator[str]:
    """Yield the names that a statement binds, if it is a definition, an assignment or an import."""
    statement = re.sub(r"\A(?:@.*\n)+", "", statement)
    if match := DEFINED.match(statement):
        yield match[1] or match[2]
    elif match := IMPORTED.match(statement):
        for words in (part.split() for part in match[1].strip(" ()\n").split(",")):
            yield from words[2:3] or [word.partition(".")[0] for word in words[:1]]


def typed(content: bytes) -> str:
    """Return the text typed into a platform, with its layout."""
    text = content.decode("utf-8-sig", "replace").replace("\r\n", "\n")
    text = _laid_out(text) if MARKUP.search(text) else text
    return text.replace("\u00a0", " ").strip("\n") + "\n"


def _laid_out(text: str) -> str:
    """Return the text of a page; Python's own HTML parser takes a minute for some pages of 100 KB."""
    parts = ["\n"]
    inside = {"pre": 0, "hidden": 0}
    for piece in re.split(r"(<[^<>]*>)", text):
        starts = parts[-1].endswith("\n")
        if tag := TAG.fullmatch(piece):
            name = tag[2].lower()
            kind = "hidden" if name in HIDDEN else name
            if kind in inside:
                inside[kind] = max(0, inside[kind] + (-1 if tag[1] else 1))
            if name == "br" or (name in BLOCKS and not starts):
                parts.append("\n")
        elif not (inside["hidden"] or piece.startswith("<!")):
            first, *rest = piece.split("\n")
            if rest and not inside["pre"]:  # line ends are only markup here; blanks before a text are indentation
                rest = [line.strip(" \t") for line in rest]
                piece = " ".join(rest).strip() if starts and not first.strip() else " ".join([first, *rest])
            parts += [html.unescape(piece)] if piece else []
    return "".join(parts)
