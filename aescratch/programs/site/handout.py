"""What the browser gets of a course and of the package: the folder that students work in, and a wheel without answers.

    exercises, or a folder that was released -> course.zip, as `aescratch exercises release` writes it
    the package -> its wheel, without the path's solutions and without programs, which a browser can't run
"""

from __future__ import annotations

import re
import shutil
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

from aescratch.classroom import releasing
from aescratch.classroom.exercise import CourseError, Exercise, read_course
from aescratch.classroom.leaks import STRAY, Leak, leaks_in, secrets_of
from aescratch.classroom.packaging import wheel
from aescratch.classroom.packaging.carried import add
from aescratch.classroom.workspace import COURSE, PROGRESS, fresh_progress
from aescratch.foundations.language import gettext

COURSE_FILE = "course.zip"
NOT_CARRIED = re.compile(r"aescratch/(programs/|classroom/(path|template)/\d\d_)")
THE_SAME = ("pyodide/", "vendored/", "app/", "tab/")  # for every course: the interpreter and scripts


def course_of(folder: Path | None) -> tuple[tuple[Exercise, ...], bool]:
    """Return the exercises of a folder, or the built-in ones, and whether the folder was released already."""
    released = folder is not None and (folder / PROGRESS).is_file() and (folder / COURSE).is_dir()
    exercises = read_course(folder / COURSE if folder is not None and released else folder)
    kinds = {exercise.released for exercise in exercises}
    if len(kinds) > 1 or (kinds == {True} and not released):
        sentence = gettext(
            "expected {folder} to hold exercises with their solutions, or to be what a release wrote, got neither; "
            "name the folder that `aescratch exercises release` wrote, or the one that it read"
        )
        raise CourseError(sentence.format(folder=folder))
    return exercises, released


def write_course(exercises: Sequence[Exercise], own: Path | None, released: bool, formulas: bool, site: Path) -> None:
    """Write course.zip into the site; exercises of one's own are proved first, as for a release."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "handout"
        if released and own is not None:
            folder.mkdir()
            shutil.copytree(own / COURSE, folder / COURSE, ignore=shutil.ignore_patterns("__pycache__", ".*"))
            (folder / PROGRESS).write_text(fresh_progress(), encoding="utf-8")
        elif own is not None:
            releasing.release(exercises, folder, formulas=formulas)
        else:  # proved by the package's own tests
            releasing.build(exercises, folder, formulas=True)
        with zipfile.ZipFile(site / COURSE_FILE, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(folder.rglob("*")):
                if path.is_file():
                    add(archive, path.relative_to(folder).as_posix(), path.read_bytes(), 0o644)


def write_package(site: Path) -> str:
    """Write the wheel that the browser imports, and return its name."""
    return wheel.write_wheel(site, lambda name: not NOT_CARRIED.match(name)).name


def leaks(exercises: Sequence[Exercise], site: Path, *, formulas: bool, besides: Sequence[str] = ()) -> list[Leak]:
    """Return the answers in a written site, but in those besides, and in what is the same for every course.

    The course's archive is opened; the package's must hold no file of solutions, but has functions of its own, as that
    which students install has. The third level of the hints is no answer where it is handed out.
    """
    secrets = secrets_of([exercise for exercise in exercises if not exercise.released])
    told = {
        what for exercise in exercises if formulas
        for levels in exercise.hints.own.values() for what in secrets.found_in(levels[-1])
    }  # fmt: skip
    found = []
    with tempfile.TemporaryDirectory() as temporary:
        searched = Path(temporary)
        for path in sorted(site.rglob("*")):
            name = path.relative_to(site).as_posix()
            if not path.is_file() or name.startswith((*THE_SAME, *besides)):
                continue
            if path.suffix == ".whl":
                with zipfile.ZipFile(path) as archive:
                    inside = [each for each in archive.namelist() if STRAY.fullmatch(each.rpartition("/")[2])]
                what = gettext("a file that has no place in what is handed out")
                found += [Leak(f"{name}/{each}", what) for each in inside]
            elif path.suffix == ".zip":
                with zipfile.ZipFile(path) as archive:
                    archive.extractall(searched / name)
            else:
                (searched / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, searched / name)
        found += leaks_in(searched, secrets)
    return [leak for leak in found if leak.what not in told]
