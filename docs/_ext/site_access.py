"""What the theme leaves out for those who have no mouse or don't see a page: levels of headings, and keys for code."""

import re

MISSING = {
    'role="heading">': 'role="heading" aria-level="2">',  # captions of the list of pages
    "<pre>": '<pre tabindex="0">',  # code that is wider than its place is scrolled by keys
}
PARTS = ("body", "furo_navigation_tree", "toc")


def complete(html):
    """Return HTML with what is missing.

    >>> complete('<p class="caption" role="heading">Learn</p><div><pre>x = 1</pre></div>')
    '<p class="caption" role="heading" aria-level="2">Learn</p><div><pre tabindex="0">x = 1</pre></div>'
    """
    return re.sub("|".join(MISSING), lambda found: MISSING[found[0]], html)


def complete_page(app, pagename, templatename, context, doctree):
    """Complete what the theme and the builder have made of a page."""
    context |= {part: complete(context[part]) for part in PARTS if context.get(part)}


def setup(app):
    """Come after the theme, which adds its list of pages in the same way."""
    app.connect("html-page-context", complete_page, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
