"""The tutorials on the site: found where they live, read as notebooks, and offered for download.

    ../tutorials/NN_name.py --copied--> docs/tutorials/NN_name.py --read--> a notebook that myst-nb executes
                                        and, beside the page: NN_name.py, NN_name.ipynb

Sphinx reads nothing outside its source folder, so they are copied into it; git ignores the copies. What was computed is
kept beside the site, for as long as neither the tutorial nor the package changes.
"""

import hashlib
import os
import pathlib
import re
import socket
import tempfile

import jupyter_client
import jupytext
from docutils import nodes
from sphinx.util.osutil import ensuredir

FORMAT = "py:percent"
# A link to a tutorial, valid for readers of the repository's files.
LINK = re.compile(r"\]\((?:\.\./)+tutorials/(\d\d_\w+\.py)")
INTRODUCTION = "This page was executed when the site was built. Take it along: "


class ThroughFiles(jupyter_client.AsyncKernelManager):
    """Connect to a kernel through files instead of ports, which another program could take first."""

    def __init__(self, **named):
        self._folder = tempfile.TemporaryDirectory()
        super().__init__(transport="ipc", ip=os.path.join(self._folder.name, "kernel"), **named)


def read(text):
    """Return a tutorial's text as a notebook."""
    return jupytext.reads(text, fmt=FORMAT)


def scripts(folder):
    """Return the tutorials in a folder, in order."""
    return sorted(pathlib.Path(folder).glob("[0-9][0-9]_*.py"))


def fingerprint(folder):
    """Return a short name for the state of a folder's Python files."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def choose_cache(app, config):
    """Cache the tutorials' output under the state of the package that printed it."""
    package = pathlib.Path(app.srcdir).parent / "aescratch"
    config.nb_execution_cache_path = str(pathlib.Path(app.outdir).parent / ".tutorials" / fingerprint(package))


def copy_tutorials(app, config):
    """Update the copies, each in one step, since another build may be reading them."""
    target = pathlib.Path(app.srcdir) / "tutorials"
    sources = {path.name: path.read_bytes() for path in scripts(target.parents[1] / "tutorials")}
    for old in scripts(target):
        if old.name not in sources:
            old.unlink()
    for name, content in sources.items():
        copy = target / name
        if not copy.exists() or copy.read_bytes() != content:
            half = target / f".{name}.{os.getpid()}"
            half.write_bytes(content)
            half.replace(copy)


def link_to_pages(app, docname, source):
    """Replace links to a tutorial's file by links to its page."""
    source[0] = LINK.sub(r"](/tutorials/\1", source[0])


def add_downloads(app, doctree):
    """Add a line with the downloads below a tutorial's title."""
    folder, _, name = app.env.docname.rpartition("/")
    if folder != "tutorials" or name == "index":
        return
    title = next(iter(doctree.findall(nodes.title)))
    line = nodes.paragraph(classes=["downloads"])
    line += nodes.Text(INTRODUCTION)
    for words, ending, after in (("as a notebook", "ipynb", ", "), ("as a script", "py", ".")):
        line += nodes.reference("", words, refuri=f"{name}.{ending}", internal=True, classes=["download"])
        line += nodes.Text(after)
    title.parent.insert(title.parent.index(title) + 1, line)


def write_downloads(app, exception):
    """Write the notebooks, not executed, and the scripts next to their pages."""
    if exception is not None or app.builder.format != "html":
        return
    target = pathlib.Path(app.outdir) / "tutorials"
    ensuredir(target)
    for path in scripts(pathlib.Path(app.srcdir) / "tutorials"):
        text = path.read_text(encoding="utf-8")
        (target / path.name).write_text(text, encoding="utf-8")
        (target / f"{path.stem}.ipynb").write_text(jupytext.writes(read(text), fmt="ipynb"), encoding="utf-8")


def setup(app):
    """Connect these steps to a build."""
    if hasattr(socket, "AF_UNIX"):
        jupyter_client.AsyncKernelManager = ThroughFiles  # the executor of notebooks looks it up there
    app.connect("config-inited", choose_cache)
    app.connect("config-inited", copy_tutorials)
    app.connect("source-read", link_to_pages)
    app.connect("doctree-read", add_downloads)
    app.connect("build-finished", write_downloads)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
