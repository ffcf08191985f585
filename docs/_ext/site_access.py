"""Accessibility that the theme lacks: levels of headings, and code blocks that can be scrolled by keyboard."""

import re

MISSING = {
    'role="heading">': 'role="heading" aria-level="2">',  # captions of the list of pages
    "<pre>": '<pre tabindex="0">',  # wide code can be scrolled by keyboard
}
PARTS = ("body", "furo_navigation_tree", "toc")


def complete(html):
    """Return HTML with the missing attributes.

    >>> complete('<p class="caption" role="heading">Learn</p><div><pre>x = 1</pre></div>')
    '<p class="caption" role="heading" aria-level="2">Learn</p><div><pre tabindex="0">x = 1</pre></div>'
    """
    return re.sub("|".join(MISSING), lambda found: MISSING[found[0]], html)


def complete_page(app, pagename, templatename, context, doctree):
    """Add the missing attributes to a page."""
    context |= {part: complete(context[part]) for part in PARTS if context.get(part)}


def setup(app):
    """Connect after the theme, which adds its list of pages in the same way."""
    app.connect("html-page-context", complete_page, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
