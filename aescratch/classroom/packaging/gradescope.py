"""An autograder.zip for Gradescope: the installed package, the exercises and the seed, and two scripts.

    setup.sh          once, when the image is built: Python, NumPy, bubblewrap
    run_autograder    for each submission: aescratch exercises grade --format gradescope -> results/results.json

If bubblewrap doesn't work in the container, and the settings allow it, a submission runs as a user without rights, and
everything that it must not see lies in a folder that only root can open. Otherwise nothing is graded, and results.json
says so.
"""

import json
import zipfile
from collections.abc import Sequence
from pathlib import Path

from aescratch.classroom.exercise import Exercise
from aescratch.classroom.grading.allowed import distributions_of
from aescratch.classroom.grading.seeds import SEED_FILE, kept_seed
from aescratch.classroom.packaging.carried import add, carried, script, settings_of
from aescratch.foundations.files import whole_file


def write_autograder(
    exercises: Sequence[Exercise], out: Path, seed: str | None = None, *, own: Path | None = None,
    unconfined: bool = False,
) -> list[Path]:  # fmt: skip
    """Write an autograder for Gradescope, as a zip or into a folder, and return its path in a list.

    `own` is the folder of the teacher's own exercises, which is included; with `unconfined`, it grades even if the
    container can't confine submissions.
    """
    path = out if out.suffix == ".zip" else out / "autograder.zip"
    path.parent.mkdir(parents=True, exist_ok=True)
    texts = {
        "setup.sh": setup_of(exercises), "run_autograder": script("gradescope.sh", "grade.sh"),
        "settings.sh": settings_of(exercises, unconfined),
        SEED_FILE: json.dumps({"seed": kept_seed(path.parent, seed)}),
    }  # fmt: skip
    with whole_file(path) as stream, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in texts.items():
            add(archive, name, text.encode(), 0o755)
        for name, file in carried(own):
            add(archive, name, file.read_bytes(), 0o644)
    return [path]


def setup_of(exercises: Sequence[Exercise]) -> str:
    """Return the text of setup.sh, which installs NumPy and the packages that the exercises allow."""
    packages = ['"numpy>=2.0"', *distributions_of(exercises[0].packages)]
    return script("setup.sh").replace("{packages}", " ".join(packages))
