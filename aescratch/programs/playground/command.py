"""`aescratch playground`: a page in which autoencoders train live, in the browser.

    the package's formulas, recorded -> playground.html, and a browser
"""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from aescratch.foundations.files import write_text
from aescratch.foundations.language import gettext, gettext_noop
from aescratch.programs.cli.options import Option, command, json_of, option, switch
from aescratch.programs.cli.status import RIGHT
from aescratch.programs.cli.writing import answer, open_page, require_folder
from aescratch.programs.playground.page import page

DESCRIPTION = gettext_noop(
    """Write a page that trains autoencoders in the browser: on points, curves and digits, variant by variant.

It computes with the package's own formulas, recorded from training steps. The page is a single file that works
offline. The part of its address after # has the settings: playground.html#data=digits&variant=vae&beta=0.1
"""
)
EXAMPLES = """examples:
  aescratch playground --open
  aescratch playground --out lecture.html
"""

add_arguments: Option = command(
    DESCRIPTION, EXAMPLES,
    option("--out", metavar="PATH", default="playground.html", help="the page's file (default %(default)s)"),
    switch("--open", "open the page in a browser"), json_of("the page's file and its size"),
    usage="aescratch playground [options]",
)  # fmt: skip


def run(arguments: Namespace) -> int:
    """Write the page; return the exit status."""
    path = Path(arguments.out)
    require_folder(path)
    text = page()
    write_text(path, text)
    size = len(text.encode("utf-8"))
    said = gettext("{path}: {kilobytes:.0f} KB; open it in a browser").format(path=path, kilobytes=size / 1000)
    answer(arguments, said, {"page": str(path), "bytes": size})
    if arguments.open:
        open_page(arguments, path)
    return RIGHT
