"""`aescratch site FOLDER`: a course in a browser tab, as static files for any host.

    a course, or the built-in path, and Pyodide -> FOLDER, to be put on a web server
"""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from aescratch.classroom.exercise import CourseError
from aescratch.classroom.releasing import ReleaseError
from aescratch.foundations.language import Phrase, gettext
from aescratch.programs.cli.options import command, json_of, option, switch
from aescratch.programs.cli.status import FAIL, RIGHT, usage_error
from aescratch.programs.cli.writing import answer
from aescratch.programs.site.building import build
from aescratch.programs.site.distribution import VERSION, DistributionError, distribution_of

DESCRIPTION = Phrase(
    """Write a site on which students do the exercises in a browser tab, with nothing to install.

Python runs in the tab, by Pyodide {version}. The site is a folder of static files, for any web server, under any path.
It contains no solution: all that is written is searched for solutions. It is for practice; grading stays on your
computer.
""", version=VERSION,
)  # fmt: skip
EXAMPLES = """examples:
  aescratch site public
  aescratch site public --course my_exercises
  aescratch site public --pyodide downloads/pyodide
  python -m http.server --directory public
"""

add_arguments = command(
    DESCRIPTION, EXAMPLES,
    option("folder", metavar="FOLDER", help="the folder to write, which must not exist yet, or must be empty"),
    option(
        "--course", metavar="COURSE",
        help="a folder of your own exercises, or of released ones (default: the built-in exercises)",
    ),
    option(
        "--pyodide", metavar="FOLDER|URL",
        help="a folder with Pyodide, to be copied into the site, or an address (default: the one in Pyodide's "
        "documentation)",
    ),
    option("--title", metavar="TEXT", help="the site's title"),
    option("--documentation", metavar="URL", help="where the package's documentation is, for a link"),
    switch("--formulas", "with your own exercises: hand out the third level of the hints, too, which is the formula"),
    json_of("what was written"),
    usage="aescratch site FOLDER [options]",
)  # fmt: skip


def run(arguments: Namespace) -> int:
    """Write the site; return the exit status."""
    out = Path(arguments.folder)
    course = None if arguments.course is None else Path(arguments.course)
    try:
        with usage_error(CourseError, DistributionError):
            site = build(
                course, out, distribution_of(arguments.pyodide), title=arguments.title, formulas=arguments.formulas,
                documentation=arguments.documentation,
            )  # fmt: skip
    except ReleaseError as error:
        text = "\n  ".join([gettext("nothing was written:"), *error.problems])
        answer(arguments, text, {"site": None, "problems": error.problems})
        return FAIL
    ready = gettext("{out} is ready: {count} exercises, {megabytes:.1f} MB, no answer in it")
    lines = [ready.format(out=out, count=site.exercises, megabytes=site.size / 1e6)]
    if site.left_out:
        without = gettext("left out, since they hold answers of this course: {names}")
        lines.append(without.format(names=", ".join(site.left_out)))
    trying = gettext("to try it: python -m http.server --directory {out}, and open the address that it says")
    lines.append(trying.format(out=out))
    value = {"site": str(out), "exercises": site.exercises, "bytes": site.size, "left_out": site.left_out}
    answer(arguments, "\n".join(lines), value)
    return RIGHT
