"""Live pages on the tutorials' pages, each below the figure that it sets in motion; frames.py lists them.

    a code cell with the text `figure`  ->  the cell, and below it <figure class="live"> with a frame and a caption

A frame is loaded when it comes near the window, and trains only in sight. Without scripts, and on paper, it isn't
there: the figure stays.
"""

from html import escape

from docutils import nodes
from frames import FRAMES, PLAYGROUND
from sphinx.errors import ExtensionError

TITLES = {True: "Playground", False: "One training step, number by number"}
WITHOUT_SCRIPTS = "<noscript><style>figure.live { display: none; }</style></noscript>"


def html_of(frame, language):
    """Return a frame with its caption."""
    playground = frame.page == PLAYGROUND
    kind, title = "live" if playground else "step", TITLES[playground]
    return (
        f'<figure class="live"><iframe class="{kind}" loading="lazy" title="{title}" '
        f'src="../_static/{escape(frame.address(language))}"></iframe>'
        f"<figcaption>{escape(frame.caption)} "
        f'<a href="../_static/{escape(frame.whole)}">In the whole window</a></figcaption></figure>'
    )


def add(app, doctree):
    """Put the frames of a tutorial below their cells; raise if a cell isn't there, or not just once."""
    folder, _, name = app.env.docname.rpartition("/")
    if folder != "tutorials":
        return
    cells = [each for each in doctree.findall(nodes.container) if each.get("nb_element") == "cell_code"]
    for frame in (frame for frame in FRAMES if frame.tutorial == name):
        found = [cell for cell in cells if frame.figure in cell.children[0].astext()]
        if len(found) != 1:
            sentence = f"expected one code cell with {frame.figure!r} in {name}, got {len(found)}; see frames.py"
            raise ExtensionError(sentence)
        node = nodes.raw("", html_of(frame, app.config.language), format="html")
        found[0].parent.insert(found[0].parent.index(found[0]) + 1, node)


def hide_without_scripts(app, pagename, templatename, context, doctree):
    """Hide the frames where a browser runs no scripts."""
    if any(frame.tutorial == pagename.removeprefix("tutorials/") for frame in FRAMES):
        context["metatags"] = context.get("metatags", "") + WITHOUT_SCRIPTS


def setup(app):
    """Add the frames to each page as it is read."""
    app.connect("doctree-read", add)
    app.connect("html-page-context", hide_without_scripts)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
