"""Locate the packages that a course allows, and their requirements, for the confined process to find beside NumPy.

    ("scipy",) -> {"scipy": .../site-packages/scipy, "scipy.libs": .../site-packages/scipy.libs, ...}
"""

import functools
import re
from importlib import metadata
from pathlib import Path

from aescratch.classroom.exercise import OURS, PACKAGES, CourseError
from aescratch.foundations.language import gettext

ELSEWHERE = {"..", "__pycache__", "numpy", "numpy.libs", OURS}  # programs, always available, or forbidden


@functools.cache
def distributions_of(packages: tuple[str, ...]) -> tuple[str, ...]:
    """Return the distributions that contain packages, by the names that pip uses; raise `CourseError` if missing."""
    found: dict[str, None] = {}
    for package in packages:
        files = (package, f"{package}.py")
        holding = [each.metadata["Name"] for each in metadata.distributions()
                   if any(file.parts[0] in files for file in each.files or ())]  # fmt: skip
        if not holding:
            message = gettext(
                "expected {package}, which {file} allows, to be installed here; install it, or remove it from {file}"
            )
            raise CourseError(message.format(package=package, file=PACKAGES))
        found |= dict.fromkeys(holding)
    return tuple(found)


@functools.cache
def places_of(packages: tuple[str, ...]) -> dict[str, Path]:
    """Return the files and folders installed with packages and with their requirements, by their names."""
    left, seen = list(distributions_of(packages)), set()
    places: dict[str, Path] = {}
    while left:
        name = left.pop()
        try:
            distribution = metadata.distribution(name)
        except metadata.PackageNotFoundError:  # required on another system only
            continue
        if distribution.metadata["Name"] not in seen:
            seen.add(distribution.metadata["Name"])
            parts = {file.parts[0] for file in distribution.files or ()} - ELSEWHERE
            places |= {part: Path(str(distribution.locate_file(part))) for part in parts}
            needs = (need for need in distribution.requires or () if "extra ==" not in need)
            left += [match.group() for need in needs if (match := re.match(r"[\w.-]+", need))]
    return places
