"""An autograder.zip for Gradescope: this package as it is here, the exercises and the seed, and two scripts.

    setup.sh          once, when the image is built: Python, NumPy, bubblewrap
    run_autograder    for each submission: aescratch exercises grade --format gradescope -> results/results.json

A submission runs confined, by bubblewrap. Where the container doesn't let that work, it is run as a user who is nobody,
if the settings allow it, and everything that it mustn't see lies in a folder that only root may open. Otherwise nothing
is graded, and results.json says so.
"""

from __future__ import annotations

import json
import shlex
import stat
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import aescratch as ae
from aescratch.classroom.exercise import Exercise
from aescratch.classroom.grading.allowed import distributions_of
from aescratch.classroom.grading.seeds import SEED_FILE, kept_seed
from aescratch.foundations.files import whole_file
from aescratch.foundations.sources import is_bytecode

WHEN = (1980, 1, 1, 0, 0, 0)  # of every file in the zip, so that the same course gives the same bytes
SETTINGS = """\
# Of this autograder; change and zip again.
ONLY=({only})
# 1 grades also where bubblewrap doesn't work: a submission then runs as a user who is nobody, and can't read the
# solutions, the seed or other submissions, but reaches the network.
UNCONFINED={unconfined}
"""
SETUP = """\
#!/usr/bin/env bash
# Run once, by Gradescope, when the image is built.
set -euo pipefail
source_folder=${AUTOGRADER:-/autograder}/source
export DEBIAN_FRONTEND=noninteractive
apt-get update
apt-get install -y python3 python3-venv bubblewrap
python3 -c 'import sys; assert sys.version_info >= (3, 10), "choose an image with Python 3.10 or newer"'
python3 -m venv "$source_folder/venv"
"$source_folder/venv/bin/pip" install {packages}
chmod 700 "$source_folder"
"""
RUN = """\
#!/usr/bin/env bash
# Run for each submission, by Gradescope, as root.
set -uo pipefail
umask 077
root=${AUTOGRADER:-/autograder}
python=${AUTOGRADER_PYTHON:-$root/source/venv/bin/python}
chmod 700 "$root/source"
. "$root/source/settings.sh"
export PYTHONPATH=$root/source/package PYTHONDONTWRITEBYTECODE=1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/results-grading"
cp "$root/source/seed.json" "$work/results-grading/"  # no option, which other processes could read
options=(--format gradescope --jobs 1 --out "$work/results.json")
if [ -d "$root/source/exercises" ]; then options+=(--exercises "$root/source/exercises"); fi
if [ "$UNCONFINED" = 1 ]; then options+=(--unconfined); fi
if [ "${#ONLY[@]}" -gt 0 ]; then options+=(--only "${ONLY[@]}"); fi
"$python" -m aescratch exercises grade "$root/submission" "${options[@]}"
status=$?
mkdir -p "$root/results"
if [ "$status" = 0 ]; then
    cp "$work/results.json" "$root/results/results.json"
else
    why="something broke"
    safe="from aescratch.classroom.grading.judging import missing_protections as m; raise SystemExit(bool(m()))"
    if [ "$UNCONFINED" != 1 ] && ! "$python" -c "$safe"; then why="it could not be graded safely on this machine"; fi
    words="Nothing was graded: $why. This is no verdict on what you handed in. The course staff finds the reason in the"
    words+=" output of the autograder."
    printf '{"score": 0, "output": "%s", "visibility": "visible"}\n' "$words" > "$root/results/results.json"
fi
chmod 644 "$root/results/results.json"
"""


def write_autograder(
    exercises: Sequence[Exercise], out: Path, seed: str | None = None, *, own: Path | None = None,
    unconfined: bool = False,
) -> list[Path]:  # fmt: skip
    """Write an autograder for Gradescope, as a zip or into a folder, and return its path in a list.

    The folder of the teacher's own exercises, if these are from one, is put in, whole; `unconfined` grades also where
    the container can't confine submissions.
    """
    path = out if out.suffix == ".zip" else out / "autograder.zip"
    path.parent.mkdir(parents=True, exist_ok=True)
    only = " ".join(shlex.quote(exercise.name) for exercise in exercises)
    texts = {
        "setup.sh": setup_of(exercises), "run_autograder": RUN,
        "settings.sh": SETTINGS.format(only=only, unconfined=int(unconfined)),
        SEED_FILE: json.dumps({"seed": kept_seed(path.parent, seed)}),
    }  # fmt: skip
    with whole_file(path) as stream, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in texts.items():
            _add(archive, name, text.encode(), 0o755)
        folders = {"package/aescratch": Path(ae.__file__).resolve().parent}
        if own is not None:
            folders["exercises"] = own
        for place, folder in folders.items():
            for file in _files(folder):
                _add(archive, f"{place}/{file.relative_to(folder).as_posix()}", file.read_bytes(), 0o644)
    return [path]


def setup_of(exercises: Sequence[Exercise]) -> str:
    """Return the text of setup.sh: what the exercises allow is installed beside NumPy."""
    return SETUP.replace("{packages}", " ".join(['"numpy>=2.0"', *distributions_of(exercises[0].packages)]))


def _files(folder: Path) -> Iterator[Path]:
    """Yield the files in a folder that aren't made by running it, or hidden, in order."""
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if path.is_file() and not is_bytecode(inside) and not any(part.startswith(".") for part in inside.parts):
            yield path


def _add(archive: zipfile.ZipFile, name: str, data: bytes, mode: int) -> None:
    info = zipfile.ZipInfo(name, WHEN)
    info.external_attr = (stat.S_IFREG | mode) << 16
    info.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(info, data)
