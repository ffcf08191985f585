"""Draw the pictures of docs/tutorials/index.md and write its table. Run as ``python docs/make_gallery.py``: a minute.

    tutorials/NN_name.py --run as a script--> its figures, and its seconds --one of them--> docs/tutorials/pictures/
    its title and its finding, "In one line" --> the table
"""

import pathlib
import re
import runpy
import sys
import time

from matplotlib import pyplot

from aescratch import plots

DOCS = pathlib.Path(__file__).parent
TUTORIALS = sorted((DOCS.parent / "tutorials").glob("[0-9][0-9]_*.py"))
INDEX, PICTURES = DOCS / "tutorials" / "index.md", DOCS / "tutorials" / "pictures"
SHOWN = {1: 2, 6: 2, 7: 3, 8: 3, 11: 1, 14: 2, 15: 2}  # which figure of a tutorial is shown; the first by default
WIDTH = 480  # pixels
BEGIN, END = "<!-- by make_gallery.py -->\n", "<!-- to here -->\n"


def described(path):
    """Return a tutorial's title, without its number, and its finding, from its first cell."""
    text = path.read_text(encoding="utf-8")
    (title,) = re.findall(r"^# # \d+\. (.+)$", text, re.MULTILINE)
    (finding,) = re.findall(r"^# \*\*In one line:\*\* (.+?)\n#\n", text, re.MULTILINE | re.DOTALL)
    return title, " ".join(line.removeprefix("# ") for line in finding.splitlines())


def table(seconds):
    """Return the lines of the table, given how long each tutorial takes."""
    lines = ["| | |\n", "| --- | --- |\n"]
    for path in TUTORIALS:
        title, finding = described(path)
        link = f"../../tutorials/{path.name}"
        lines.append(
            f"| [![{title}](pictures/{path.stem}.png)]({link}) | **[{int(path.stem[:2])}. {title}]({link})**, "
            f"{seconds[path.stem]} s<br>{finding[0].upper()}{finding[1:]} |\n"
        )
    return "".join(lines)


def times_in(page):
    """Return how long each tutorial takes, according to the page."""
    return {name: int(seconds) for name, seconds in re.findall(r"tutorials/(\w+)\.py\)\*\*, (\d+) s<br>", page)}


def with_table(page, seconds):
    """Return the page with a new table."""
    before, _, rest = page.partition(BEGIN)
    return f"{before}{BEGIN}{table(seconds)}{END}{rest.partition(END)[2]}"


def main():
    seconds = {}
    pyplot.switch_backend("agg")
    PICTURES.mkdir(exist_ok=True)
    plots.show = lambda: None
    for path in TUTORIALS:
        started = time.process_time()
        runpy.run_path(str(path), run_name="__main__")
        seconds[path.stem] = max(1, round(time.process_time() - started))
        figure = pyplot.figure(SHOWN.get(int(path.stem[:2]), 1))
        figure.savefig(PICTURES / f"{path.stem}.png", dpi=WIDTH / figure.get_figwidth())
        pyplot.close("all")
        print(f"{path.stem}: {seconds[path.stem]} s", file=sys.stderr)
    INDEX.write_text(with_table(INDEX.read_text(encoding="utf-8"), seconds), encoding="utf-8")


if __name__ == "__main__":
    main()
