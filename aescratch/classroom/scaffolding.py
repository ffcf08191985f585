"""A template for a teacher's own exercise: small, valid, and ready to be edited.

    NAME -> SRC/NN_NAME/{about.md, solution.py, checks.py, hints.md, mutants.py}, as in template/

Task and hints are in the language in force; a translation stands beside them, as about.ko.md does beside about.md.
"""

import re
from pathlib import Path

from aescratch.classroom.exercise import CourseError
from aescratch.foundations.language import gettext, in_this_language

TEMPLATE = Path(__file__).parent / "template" / "01_softplus"
FILES = ("about.md", "solution.py", "checks.py", "hints.md", "mutants.py")


def scaffold(name: str, source: Path) -> Path:
    """Write a valid exercise with this name as the last one of a course, and return its folder."""
    if not re.fullmatch(r"[A-Za-z]\w*", name):
        message = gettext(
            "expected a name of letters, digits and underscores, with a letter first, such as softplus, got {name!r}"
        )
        raise CourseError(message.format(name=name))
    if source.exists() and not source.is_dir():
        message = gettext("expected a folder of exercises, got {source}, which is a file; name another")
        raise CourseError(message.format(source=source))
    there = [path.name.partition("_") for path in source.glob("[0-9]*_*")] if source.exists() else []
    if any(other == name for _, _, other in there):
        message = gettext("expected a new name, but {source} already has an exercise {name!r}; choose another")
        raise CourseError(message.format(source=source, name=name))
    number = max((int(digits) for digits, _, _ in there if digits.isdecimal()), default=0) + 1
    folder = source / f"{number:02}_{name}"
    folder.mkdir(parents=True)
    for file in FILES:
        (folder / file).write_text(in_this_language(TEMPLATE / file).read_text(encoding="utf-8"), encoding="utf-8")
    return folder
