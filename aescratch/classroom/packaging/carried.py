"""The files that an autograder contains: the installed package, a teacher's own exercises, settings, scripts."""

import shlex
import shutil
import stat
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import aescratch as ae
from aescratch.classroom.exercise import Exercise
from aescratch.foundations.language import gettext, language
from aescratch.foundations.sources import is_bytecode

WHEN = (1980, 1, 1, 0, 0, 0)  # the time of every file in an archive, so that the same course gives the same bytes
PACKAGE = Path(ae.__file__).resolve().parent
SCRIPTS = Path(__file__).parent / "autograder"
LEFT_OUT = ("programs", "site")  # pages and an editor, which no autograder needs


def script(*names: str) -> str:
    """Return the text of a script, joined from these files."""
    return "".join((SCRIPTS / name).read_text(encoding="utf-8") for name in names)


def settings_of(exercises: Sequence[Exercise], unconfined: bool) -> str:
    """Return the text of settings.sh, for students who read the language in force."""
    only = " ".join(shlex.quote(exercise.name) for exercise in exercises)
    nothing = gettext(
        "Nothing was graded: {why}. This says nothing about your submission. The course staff finds the reason in the "
        "output of the autograder."
    )
    failed = shlex.quote(nothing.format(why=gettext("the autograder failed")))
    unsafe = shlex.quote(nothing.format(why=gettext("it could not be graded safely on this machine")))
    settings = {"language": language(), "failed": failed, "unsafe": unsafe}
    return script("settings.sh").format(only=only, unconfined=int(unconfined), **settings)


def files_in(folder: Path) -> Iterator[Path]:
    """Yield the files of a folder that are handed on, in order: no bytecode, nothing hidden."""
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if path.is_file() and not is_bytecode(inside) and not any(part.startswith(".") for part in inside.parts):
            yield path


def carried(own: Path | None = None) -> Iterator[tuple[str, Path]]:
    """Yield the files of an autograder with their places in it: the package, and the teacher's own exercises."""
    for path in files_in(PACKAGE):
        inside = path.relative_to(PACKAGE)
        if inside.parts[:2] != LEFT_OUT:
            yield f"package/aescratch/{inside.as_posix()}", path
    if own is not None:
        for path in files_in(own):
            yield f"exercises/{path.relative_to(own).as_posix()}", path


def copy_carried(folder: Path, own: Path | None = None) -> None:
    """Copy these files into a folder, in place of those from an earlier call."""
    for place in ("package", "exercises"):
        shutil.rmtree(folder / place, ignore_errors=True)
    for name, file in carried(own):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, folder / name)


def add(archive: zipfile.ZipFile, name: str, data: bytes, mode: int) -> None:
    """Add a file to an archive."""
    info = zipfile.ZipInfo(name, WHEN)
    info.external_attr = (stat.S_IFREG | mode) << 16
    info.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(info, data)
