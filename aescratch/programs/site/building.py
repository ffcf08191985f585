"""The site, written whole or not at all: made in a folder beside its place, searched for answers, then renamed.

    course.zip, the wheel, pages, scripts, the interpreter --> searched --> FOLDER
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import aescratch as ae
from aescratch.classroom.exercise import Exercise
from aescratch.classroom.releasing import ReleaseError
from aescratch.foundations.files import write_text
from aescratch.programs.playground.page import page as playground_page
from aescratch.programs.site import distribution as interpreter
from aescratch.programs.site import handout, pages
from aescratch.programs.site.distribution import Distribution
from aescratch.programs.site.tutorials import tutorials

HERE = Path(__file__).parent
TAB = Path(ae.__file__).parent / "classroom" / "tab"
WORKER = "app/sw.js"  # a template, whose place is the site's top: it may keep nothing above itself
KEPT_LATER = ("tutorials/", "steps/", "pyodide/", "sw.js")  # by a browser: when they are opened, not at the first visit


class Site(NamedTuple):
    """What was written: exercises, bytes, the bytes that a first exercise takes, and pages left out for answers."""

    exercises: int
    size: int
    first: int
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
        raise ReleaseError([f"expected a folder to be made, got {out}, which is there already; name another"])
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
        _copy_scripts(site)
        _write_worker(site, distribution.address)
        problems = [
            f"{leak.path} holds {leak.what}; take it out"
            for leak in handout.leaks(exercises, site, formulas=formulas)
            if course is not None or not leak.path.startswith(("tutorials/", "steps/", "playground.html"))
        ]
        if problems:
            raise ReleaseError(problems)
        size = _bytes(site)
        first = _first_bytes(site)
        if out.exists():
            out.rmdir()
        os.rename(site, out)
    return Site(len(exercises), size, first, left_out)


def _settings(distribution: Distribution, site: Path) -> dict[str, Any]:
    """Return what the scripts are told: where the interpreter is, its hashes, and the files beside the page."""
    wheel = handout.write_package(site)
    return {
        "course": hashlib.sha256((site / handout.COURSE_FILE).read_bytes()).hexdigest()[:12],
        "python": {
            "pyodide": distribution.address, "integrity": interpreter.integrity(), "wheel": wheel,
            "courseFile": handout.COURSE_FILE, "packages": list(interpreter.EXERCISES),
            "tutorials": [*interpreter.EXERCISES, *interpreter.TUTORIALS],
        },
    }  # fmt: skip


def _pages_beside(
    exercises: Sequence[Exercise], site: Path, settings: dict[str, Any], documentation: str | None, *, searched: bool
) -> tuple[pages.Links, list[str]]:  # fmt: skip
    """Write the pages that aren't exercises; of a course of one's own, those that hold an answer are left out."""
    read = {each.name: each for each in tutorials()}
    steps = pages.step_pages()
    texts = {f"tutorials/{name}.html": pages.tutorial_page(each, settings) for name, each in read.items()}
    texts |= {f"steps/{name}.html": page for name, (_, page) in steps.items()}
    texts["playground.html"] = playground_page()
    for name, text in texts.items():
        (site / name).parent.mkdir(exist_ok=True)
        write_text(site / name, text)
    left_out = []
    if searched:
        left_out = sorted({leak.path for leak in handout.leaks(exercises, site, formulas=False)} & set(texts))
    for name in left_out:
        (site / name).unlink()
    kept: Callable[[str], bool] = lambda name: name not in left_out  # noqa: E731
    links = pages.Links(
        [each for name, each in read.items() if kept(f"tutorials/{name}.html")], kept("playground.html"),
        {name: title for name, (title, _) in steps.items() if kept(f"steps/{name}.html")}, documentation,
    )  # fmt: skip
    return links, left_out


def _copy_scripts(site: Path) -> None:
    """Copy the pages' scripts and styles, those of others with their licences, and what runs Python in a worker."""
    for folder in ("app", "vendored"):
        (site / folder).mkdir()
        for path in sorted((HERE / folder).iterdir()):
            if path.suffix in (".js", ".css", ".txt") and path.name != Path(WORKER).name:
                shutil.copyfile(path, site / folder / path.name)
    (site / "tab").mkdir()
    for path in sorted(TAB.glob("*.js")):
        shutil.copyfile(path, site / "tab" / path.name)


def _write_worker(site: Path, address: str) -> None:
    """Write the service worker: which files it keeps from the first visit on, under a name of their content."""
    kept, digest = [], hashlib.sha256()
    for path in sorted(site.rglob("*")):
        name = path.relative_to(site).as_posix()
        if path.is_file():
            digest.update(f"{name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
            if not name.startswith(KEPT_LATER):
                kept.append(name)
    said = {"version": digest.hexdigest()[:12], "files": kept, "python": address}
    text = (HERE / WORKER).read_text(encoding="utf-8").replace("SITE_SETTINGS", json.dumps(said))
    write_text(site / Path(WORKER).name, text)


def _bytes(site: Path) -> int:
    return sum(path.stat().st_size for path in site.rglob("*") if path.is_file())


def _first_bytes(site: Path) -> int:
    """Return what a browser fetches from here until the first exercise can be checked, the interpreter apart."""
    later = KEPT_LATER[:3]
    files = [path for path in site.rglob("*") if path.is_file()]
    return sum(path.stat().st_size for path in files if not path.relative_to(site).as_posix().startswith(later))
