"""A task and an answer as a page shows them: escaped, with paragraphs, and with lines that can be jumped to.

    text -> HTML, and the lines of the student's file that it names
"""

import re
import textwrap
from html import escape

CODE = re.compile("`([^`]+)`")
PARTED = re.compile(r"\n\s*\n")


def task_as_html(task: str) -> str:
    """Return a task's paragraphs; one that is indented stands as it is.

    Examples
    --------
    >>> print(task_as_html("Where a > 0,\\n`y` moves.\\n\\n    y = a"))
    <p>Where a &gt; 0, <code>y</code> moves.</p>
    <pre>y = a</pre>
    """
    parts = []
    for part in PARTED.split(task):
        if part.startswith("    "):
            parts.append(f"<pre>{escape(textwrap.dedent(part).strip())}</pre>")
        else:
            words = CODE.sub(r"<code>\1</code>", escape(" ".join(part.split())))
            parts.append(f"<p>{words}</p>")
    return "\n".join(parts)


def linked(text: str, file: str) -> tuple[str, list[int]]:
    """Return an answer as HTML in which each line of a file is a link, and the numbers of these lines.

    Examples
    --------
    >>> linked("relu.py:3: a < 0", "relu.py")
    ('<a href="#line-3" data-line="3">relu.py:3</a>: a &lt; 0', [3])
    """
    place = re.compile(rf"\b(?:{re.escape(escape(file))}:|line )(\d+)\b")
    html = escape(text)
    lines = [int(found[1]) for found in place.finditer(html)]
    link = r'<a href="#line-\1" data-line="\1">\g<0></a>'
    return place.sub(link, html), list(dict.fromkeys(lines))
