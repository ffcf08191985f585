"""The site, written whole or not at all: made in a folder beside its place, searched for answers, then renamed.

    course.zip, the wheel, pages, scripts, the interpreter --> searched --> FOLDER
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import aescratch as ae
from aescratch.classroom.exercise import Exercise
from aescratch.classroom.releasing import ReleaseError
from aescratch.foundations import page_words
from aescratch.foundations.files import write_text
from aescratch.foundations.language import LANGUAGES, gettext, in_language
from aescratch.programs.playground.page import page as playground_page
from aescratch.programs.site import distribution as interpreter
from aescratch.programs.site import handout, pages
from aescratch.programs.site.distribution import Distribution, sha256_of
from aescratch.programs.site.tutorials import tutorials

HERE = Path(__file__).parent
TAB = Path(ae.__file__).parent / "classroom" / "tab"
WORKER = "app/sw.js"  # a template, whose place is the site's top: it may keep nothing above itself
BESIDE = ("tutorials/", "steps/", "playground.html")  # pages that teach, of the package, as its functions do
NOT_AT_FIRST = (".whl", ".zip", "LICENSES.txt")  # kept when Python's worker fetches them, or when they are read


class Site(NamedTuple):
    """What was written: how many exercises and bytes, and which pages were left out, since they hold answers."""

    exercises: int
    size: int
    left_out: list[str]


def build(
    course: Path | None, out: Path, distribution: Distribution, *, title: str | None = None, formulas: bool = False,
    documentation: str | None = None,
) -> Site:  # fmt: skip
    """Write a site for a course, or for the built-in path, and return what was written.

    Raises
    ------
    CourseError
        If the course can't be used.
    DistributionError
        If the interpreter isn't the one that is expected.
    ReleaseError
        If there is something at ``out``, or something in the site is an answer.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        sentence = gettext("expected a folder that doesn't exist yet or is empty, got {out}; name another")
        raise ReleaseError([sentence.format(out=out)])
    exercises, released = handout.course_of(course)
    formulas = formulas or course is None
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".site-") as temporary:
        site = Path(temporary) / "site"
        site.mkdir()
        if distribution.folder is not None:
            interpreter.copy_into(distribution.folder, site)
        handout.write_course(exercises, course, released, formulas, site)
        settings = _settings(distribution, site)
        links, left_out = _pages_beside(exercises, site, settings, documentation, searched=course is not None)
        write_text(site / "index.html", pages.first_page(exercises, links, title, settings))
        for each in LANGUAGES:
            with in_language(each):
                for name, text in pages.exercise_files(exercises, links.tutorials if course is None else ()).items():
                    write_text(site / name, text)
        _copy_scripts(site)
        _write_worker(site, distribution.address)
        leaks = handout.leaks(exercises, site, formulas=formulas, besides=BESIDE)  # these were searched before
        problem = gettext("{path} has {what}; remove it")
        problems = [problem.format(path=leak.path, what=leak.what) for leak in leaks]
        if problems:
            raise ReleaseError(problems)
        size = _bytes(site)
        if out.exists():
            out.rmdir()
        os.rename(site, out)
    return Site(len(exercises), size, left_out)


def _settings(distribution: Distribution, site: Path) -> dict[str, Any]:
    """Return what the scripts are told: where the interpreter is, sizes and hashes, the files beside the page."""
    wheel = handout.write_package(site)
    own = {name: (site / name).read_bytes() for name in (wheel, handout.COURSE_FILE)}
    return {
        "python": {
            "pyodide": distribution.address, "wheel": wheel, "course": handout.COURSE_FILE,
            "integrity": interpreter.integrity() | {name: sha256_of(data) for name, data in own.items()},
            "sizes": interpreter.sizes() | {name: len(data) for name, data in own.items()},
            "packages": list(interpreter.EXERCISES), "for_tutorials": list(interpreter.TUTORIALS),
        },
    }  # fmt: skip


def _pages_beside(
    exercises: Sequence[Exercise], site: Path, settings: dict[str, Any], documentation: str | None, *, searched: bool
) -> tuple[pages.Links, list[str]]:  # fmt: skip
    """Write the pages that aren't exercises; of a course of one's own, those that hold an answer are left out."""
    read = {each.name: each for each in tutorials()}
    for folder in ("tutorials", "steps"):
        (site / folder).mkdir()
    for name, tutorial in read.items():
        practised = () if searched else exercises  # the path's alone: a course of one's own may use its names otherwise
        write_text(site / "tutorials" / f"{name}.html", pages.tutorial_page(tutorial, settings, practised))
    steps = pages.write_steps(site / "steps")
    write_text(site / "playground.html", pages.with_way_back(playground_page(), "index.html"))
    left_out = []
    if searched:
        leaks = handout.leaks(exercises, site, formulas=False)
        left_out = sorted({leak.path for leak in leaks if leak.path.startswith(BESIDE)})
    for name in left_out:
        (site / name).unlink()
    links = pages.Links(
        [tutorial for name, tutorial in read.items() if f"tutorials/{name}.html" not in left_out],
        "playground.html" not in left_out,
        [name for name in steps if f"steps/{name}.html" not in left_out], documentation,
    )  # fmt: skip
    return links, left_out


def _copy_scripts(site: Path) -> None:
    """Copy the pages' scripts and styles, those of others with their licences, and what runs Python in a worker."""
    for folder in ("app", "vendored"):
        (site / folder).mkdir()
        for path in sorted((HERE / folder).iterdir()):
            if path.suffix in (".js", ".css", ".txt") and path.name != Path(WORKER).name:
                shutil.copyfile(path, site / folder / path.name)
    write_text(site / "app" / "words.js", f"{page_words.script()}\nexport {{ Words }};\n")
    (site / "tab").mkdir()
    for path in sorted(TAB.glob("*.js")):
        shutil.copyfile(path, site / "tab" / path.name)


def _write_worker(site: Path, address: str) -> None:
    """Write the service worker: which files it keeps from the first visit on, and which once Python has arrived."""
    files = {path.relative_to(site).as_posix(): path for path in sorted(site.rglob("*")) if path.is_file()}
    own = [name for name in files if not name.startswith(f"{interpreter.FOLDER}/")]
    digest = hashlib.sha256()
    for name in own:
        digest.update(f"{name} {hashlib.sha256(files[name].read_bytes()).hexdigest()}\n".encode())
    later = [name for name in own if name.startswith(BESIDE)]
    first = [name for name in own if name not in later and not name.endswith(NOT_AT_FIRST)]
    said = {
        "version": digest.hexdigest()[:12], "python": address, "files": first, "later": later,
        "interpreter": interpreter.CORE[interpreter.LOCK][0][:12],
    }  # fmt: skip
    text = (HERE / WORKER).read_text(encoding="utf-8").replace("SITE_SETTINGS", json.dumps(said))
    write_text(site / Path(WORKER).name, text)


def _bytes(site: Path) -> int:
    return sum(path.stat().st_size for path in site.rglob("*") if path.is_file())
