"""Pages of source code: their links back to the reference lead to the entry, wherever it is, or aren't there.

viewcode takes one page of the reference for all that a file holds.
"""

import html
import re

BACK = re.compile(r'<a class="viewcode-back" href="[^"#]*#([^"]+)">\[docs\]</a>')


def correct(body, found, address):
    """Return a page's HTML with each link back leading to address(docname, anchor), or left out if nothing is found.

    >>> entries = {"aescratch.Snapshot": ("reference/training", "aescratch.Snapshot")}
    >>> correct('<a class="viewcode-back" href="a.html#aescratch.OTHER">[docs]</a>class', entries, print)
    'class'
    """

    def link(match):
        place = found.get(html.unescape(match[1]))
        return f'<a class="viewcode-back" href="{address(*place)}">[docs]</a>' if place else ""

    return BACK.sub(link, body)


def correct_page(app, pagename, templatename, context, doctree):
    """Correct the links of a page of source."""
    if pagename.startswith("_modules/") and context.get("body"):
        objects = app.env.domains["py"].objects
        found = {name: (entry.docname, entry.node_id) for name, entry in objects.items()}
        context["body"] = correct(
            context["body"], found,
            lambda docname, anchor: f"{app.builder.get_relative_uri(pagename, docname)}#{anchor}",
        )  # fmt: skip


def setup(app):
    """Connect to the pages that viewcode makes."""
    app.connect("html-page-context", correct_page)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
