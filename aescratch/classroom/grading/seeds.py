"""The seed of a course, a secret that lies in one file alone, and the number that it gives for each submission.

    seed.json --> the course's seed;   course's seed, exercise, text --keyed hash--> what the checks draw inputs from

Every text has inputs of its own. Whoever reads some of them in an answer, say because the submission printed them,
knows nothing of those of the next text, and nobody can compute any without the seed.
"""

import hmac
import json
import secrets
from pathlib import Path

from aescratch.classroom.exercise import Exercise
from aescratch.classroom.grading.parts import fair_seed
from aescratch.foundations.files import write_text

SEED_FILE = "seed.json"
SECRET = 16  # bytes: too many to try, of a course's seed as of what follows from it


class SeedError(ValueError):
    """A course's seed can't be read; the message is one sentence."""


def seed_for(exercise: Exercise, text: bytes, seed: str) -> int:
    """Return what the inputs for a text are drawn from, in a course of this seed; the solution passes with it."""
    drawn = hmac.digest(seed.encode(), exercise.name.encode() + b"\0" + text, "sha256")
    return fair_seed(exercise, int.from_bytes(drawn[:SECRET], "big"))


def kept_seed(folder: Path, given: str | None = None) -> str:
    """Return a course's seed: what was given, or is kept in the folder, or is drawn now; it is kept there."""
    path = folder / SEED_FILE
    if given is None and path.is_file():
        return _read(path)
    seed = secrets.token_hex(SECRET) if given is None else given
    write_text(path, json.dumps({"seed": seed}) + "\n")
    return seed


def nearest_seed() -> str:
    """Return the seed that is kept in the working folder, or in the nearest one above it: a grader's notebook asks."""
    here = Path.cwd()
    path = next((path for folder in (here, *here.parents) if (path := folder / SEED_FILE).is_file()), None)
    if path is None:
        raise SeedError(f"expected {SEED_FILE} in {here} or above it, got none; it was written with the package")
    return _read(path)


def _read(path: Path) -> str:
    try:
        return str(json.loads(path.read_text(encoding="utf-8"))["seed"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise SeedError(
            f"expected a seed in {path}, but it can't be read ({type(error).__name__}: {error}); give --seed, or "
            "delete the file and grade anew"
        ) from error
