"""The seed of a course, a secret in a single file, and the seed that follows from it for each submission.

    seed.json --> the course's seed;   course's seed, exercise, text --keyed hash--> the seed of the checks' inputs

Every text has inputs of its own. A student who sees some of them in an answer, for example because the submission
printed them, learns nothing about those of the next text, and nobody can compute any without the seed.
"""

import hmac
import json
import secrets
from pathlib import Path

from aescratch.classroom.exercise import CourseError, Exercise
from aescratch.classroom.grading.parts import fair_seed
from aescratch.foundations.files import write_text
from aescratch.foundations.language import gettext

SEED_FILE = "seed.json"
SECRET = 16  # bytes: too many to try, for a course's seed and for what follows from it


def seed_for(exercise: Exercise, text: bytes, seed: str) -> int:
    """Return the seed of the inputs for a text, in a course with this seed; the solution passes with it."""
    drawn = hmac.digest(seed.encode(), exercise.name.encode() + b"\0" + text, "sha256")
    return fair_seed(exercise, int.from_bytes(drawn[:SECRET], "big"))


def kept_seed(folder: Path, given: str | None = None) -> str:
    """Return a course's seed: the given one, or that in the folder, or a new one; it is stored in the folder."""
    path = folder / SEED_FILE
    if given is None and path.is_file():
        return _read(path)
    seed = secrets.token_hex(SECRET) if given is None else given
    write_text(path, json.dumps({"seed": seed}) + "\n")
    return seed


def nearest_seed() -> str:
    """Return the seed from the current folder, or from the nearest folder above it, for a grader's notebook."""
    here = Path.cwd()
    path = next((path for folder in (here, *here.parents) if (path := folder / SEED_FILE).is_file()), None)
    if path is None:
        message = gettext(
            "expected {SEED_FILE} in {here} or above it, got none; copy the one that aescratch exercises package wrote"
        )
        raise CourseError(message.format(SEED_FILE=SEED_FILE, here=here))
    return _read(path)


def _read(path: Path) -> str:
    try:
        return str(json.loads(path.read_text(encoding="utf-8"))["seed"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        message = gettext(
            "expected a seed in {path}, but the file is invalid ({kind}: {error}); give --seed, or delete the file "
            "and grade again"
        )
        raise CourseError(message.format(path=path, kind=type(error).__name__, error=error)) from error
