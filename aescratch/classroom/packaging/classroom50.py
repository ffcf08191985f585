"""An autograder for Classroom 50: the folder of an assignment, which its runner fetches for each submission.

    autograder.py      aescratch exercises grade --format classroom50 -> result.json, release-body.md
    settings.json      which exercises, and the language of what students read
    package/           the installed package

The folder is readable for everybody, so it contains nothing secret: no seed, and no exercises of the teacher's own,
whose answers would be public.
"""

import json
from collections.abc import Sequence
from pathlib import Path

from aescratch.classroom.exercise import Exercise
from aescratch.classroom.packaging.carried import copy_carried, script
from aescratch.foundations.files import write_text
from aescratch.foundations.language import language

RUN = "autograder.py"


def write_bundle(exercises: Sequence[Exercise], out: Path) -> list[Path]:
    """Write an assignment's autograder into a folder, and return its path in a list."""
    copy_carried(out)
    write_text(out / RUN, script(RUN))
    settings = {"only": [exercise.name for exercise in exercises], "language": language()}
    write_text(out / "settings.json", json.dumps(settings) + "\n")
    return [out]
