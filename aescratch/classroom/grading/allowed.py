"""Where the packages lie that a course allows, and what they need: what a confined process is to find besides NumPy.

    ("scipy",) -> {"scipy": .../site-packages/scipy, "scipy.libs": .../site-packages/scipy.libs, ...}
"""

import functools
import re
from importlib import metadata
from pathlib import Path

from aescratch.classroom.exercise import OURS, PACKAGES, CourseError

ELSEWHERE = {"..", "__pycache__", "numpy", "numpy.libs", OURS}  # programs, what is there anyway, and what must not be


@functools.cache
def distributions_of(packages: tuple[str, ...]) -> tuple[str, ...]:
    """Return what has to be installed for packages to be imported, as installers call it; raise where it isn't."""
    found: dict[str, None] = {}
    for package in packages:
        files = (package, f"{package}.py")
        holding = [each.metadata["Name"] for each in metadata.distributions()
                   if any(file.parts[0] in files for file in each.files or ())]  # fmt: skip
        if not holding:
            advice = "install it, or take the line out"
            raise CourseError(f"expected {package}, which {PACKAGES} allows, to be installed here, got none; {advice}")
        found |= dict.fromkeys(holding)
    return tuple(found)


@functools.cache
def places_of(packages: tuple[str, ...]) -> dict[str, Path]:
    """Return the files and folders that were installed with packages, and with all that these need, by their names."""
    left, seen = list(distributions_of(packages)), set()
    places: dict[str, Path] = {}
    while left:
        name = left.pop()
        try:
            distribution = metadata.distribution(name)
        except metadata.PackageNotFoundError:  # of another system, or not wanted here
            continue
        if distribution.metadata["Name"] not in seen:
            seen.add(distribution.metadata["Name"])
            parts = {file.parts[0] for file in distribution.files or ()} - ELSEWHERE
            places |= {part: Path(str(distribution.locate_file(part))) for part in parts}
            needs = (need for need in distribution.requires or () if "extra ==" not in need)
            left += [match.group() for need in needs if (match := re.match(r"[\w.-]+", need))]
    return places
