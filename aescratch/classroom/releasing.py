"""Release a course: write the folder that students work in, without any answer, after it has been validated.

    exercises --build--> README.md, progress.json, course/NN_name/{about.md, stub.py, hints.md, checks.py, ...}, with
        every translation
        --> every stub is not begun, every solution passes the released checks and gets all points, no leak
        --> renamed to OUT
"""

import os
import re
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from aescratch.classroom.exercise import PACKAGES, CourseError, Exercise, read_exercise
from aescratch.classroom.grading.proving import solution_problems
from aescratch.classroom.hints import FALLBACK, KEPT_BACK
from aescratch.classroom.leaks import BINARIES, STRAY, leaks_in, secrets_of
from aescratch.classroom.outcome import Ended
from aescratch.classroom.recognising import MISTAKES, record_mistakes
from aescratch.classroom.references import INSTEAD, RECORDED, record
from aescratch.classroom.stubs import HIDDEN, REFERENCE, MarkerError, regions, without
from aescratch.classroom.trying import in_time, prove_released
from aescratch.classroom.workspace import COURSE, PROGRESS, fresh_progress, readme
from aescratch.foundations.language import LANGUAGES, gettext, gettext_noop, in_language

OURS = ("about.md", "checks.py", "hints.md", "mutants.py", "solution.py", "stub.py")
HANDED_ON = {".py", ".md", ".txt", ".csv", ".json", *BINARIES}  # a teacher's further files that are copied
HINTS = re.compile(r"hints(?:\.(\w+))?\.md")
ON_THE_PACKAGE = gettext_noop("""
The package itself contains most of these functions. Read them afterwards: `check` tells you when a file passes because
it calls them, and they are not available in grading.
""")


class ReleaseError(Exception):
    """A course can't be released; `problems` has a sentence for each reason."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems: list[str] = list(problems)


def release(
    exercises: Sequence[Exercise], out: Path, *, formulas: bool = False,
    finish: Callable[[Sequence[Exercise], Path], object] = lambda exercises, folder: None,
) -> None:  # fmt: skip
    """Write the folder to hand out, once all of it is validated; `out` must not exist, or be empty.

    The formulas are the third level of the hints; `finish` adds files that aren't searched for answers. Raises
    `ReleaseError` if the folder contains an answer or an exercise is invalid; then nothing is written.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        message = gettext("expected the name of a new folder, but {path} already exists; choose another name")
        raise ReleaseError([message.format(path=out)])
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".release-") as temporary:
        folder = Path(temporary) / out.name
        build(exercises, folder, formulas=formulas)
        problems = leak_problems(exercises, folder, formulas=formulas)
        for exercise in exercises:
            problems += prove_released(exercise, released(exercise, folder)) or solution_problems(exercise)
            problems += fallback_problems(exercise)
        if problems:
            raise ReleaseError(problems)
        finish(exercises, folder)
        if out.exists():
            out.rmdir()
        os.rename(folder, out)


def released(exercise: Exercise, folder: Path) -> Exercise:
    """Return the copy of an exercise in the folder that is handed out."""
    return read_exercise(folder / COURSE / exercise.folder.name)


def fallback_problems(exercise: Exercise) -> list[str]:
    """Return a sentence if the hints lack the fallback, so that some mistakes would have no hint."""
    there = FALLBACK in exercise.hints.own
    message = gettext("{name}: expected a section '# *' in hints.md, got none")
    return [] if there else [message.format(name=exercise.name)]


def build(exercises: Sequence[Exercise], folder: Path, *, formulas: bool = False) -> None:
    """Write the folder to hand out, without validating it."""
    (folder / COURSE).mkdir(parents=True)
    commands = re.sub(r"^ *aescratch exercises solution .*\n", "", readme(), flags=re.MULTILINE)  # the teacher has it
    (folder / "README.md").write_text(commands + gettext(ON_THE_PACKAGE), encoding="utf-8")
    (folder / PROGRESS).write_text(fresh_progress(), encoding="utf-8")
    if packages := "".join(f"{name}\n" for name in exercises[0].packages):
        (folder / COURSE / PACKAGES).write_text(packages, encoding="utf-8")
    problems: list[str] = []
    for exercise in exercises:
        try:
            _write(exercise, folder / COURSE / exercise.folder.name, formulas)
        except (MarkerError, CourseError, UnicodeDecodeError, Ended) as error:  # noqa: PERF203, collect all of them
            line = gettext(", line {line}").format(line=error.line) if isinstance(error, Ended) else ""
            problems.append(f"{exercise.folder.name}{line}: {error}")
    if problems:
        raise ReleaseError(problems)


def _write(exercise: Exercise, folder: Path, formulas: bool) -> None:
    """Write the files of one exercise that students get."""
    folder.mkdir()
    checks = _without(exercise.folder / "checks.py", HIDDEN)
    texts = {"stub.py": exercise.stub, "checks.py": without(checks, REFERENCE, INSTEAD)}
    for path in exercise.folder.iterdir():
        if hints := HINTS.fullmatch(path.name):
            texts[path.name] = _hints(path, hints[1], formulas)
    texts["about.md"] = (exercise.folder / "about.md").read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as temporary:
        shown = _with_checks(exercise, checks, Path(temporary))
        if regions(checks, REFERENCE):
            texts[RECORDED] = in_time(lambda: record(shown))
        if recorded := in_time(lambda: record_mistakes(shown)):
            texts[MISTAKES] = recorded
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    for path in sorted(exercise.folder.iterdir()):
        if path.name in OURS or HINTS.fullmatch(path.name) or STRAY.fullmatch(path.name):
            continue
        if path.is_symlink() or not path.is_file() or path.suffix not in HANDED_ON:
            message = gettext("can't tell whether {name} holds an answer; move it out of the folder")
            raise CourseError(message.format(name=path.name))
        if path.suffix == ".py":
            text = without(_without(path, HIDDEN), REFERENCE)
            (folder / path.name).write_text(text, encoding="utf-8")
        else:
            shutil.copyfile(path, folder / path.name)


def _hints(path: Path, language: str | None, formulas: bool) -> str:
    """Return the text of hints in a language, without the third level unless the formulas are handed out."""
    text = path.read_text(encoding="utf-8")
    if formulas:
        return text
    with in_language(language if language in LANGUAGES else LANGUAGES[0]):
        kept_back = f"3. {gettext(KEPT_BACK)}\n\n"
    return re.sub(r"^3\. .*?(?=^# |\Z)", kept_back, text, flags=re.MULTILINE | re.DOTALL).rstrip() + "\n"


def _without(path: Path, kind: str) -> str:
    """Return the text of a file without its regions of a kind; a `MarkerError` names the file."""
    try:
        return without(path.read_text(encoding="utf-8"), kind)
    except MarkerError as error:
        raise MarkerError(f"{path.name}, {error}") from error


def _with_checks(exercise: Exercise, checks: str, folder: Path) -> Exercise:
    """Return a copy of an exercise with other checks, so that the inputs of hidden tests are never recorded."""
    copy = folder / exercise.folder.name
    shutil.copytree(exercise.folder, copy, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "checks.py").write_text(checks, encoding="utf-8")
    return read_exercise(copy)


def leak_problems(exercises: Sequence[Exercise], folder: Path, *, formulas: bool = False) -> list[str]:
    """Return a sentence for every answer in a folder; with `formulas`, those in the hints are allowed."""
    secrets = secrets_of(exercises)
    told: set[str] = set()
    for language in LANGUAGES if formulas else ():
        with in_language(language):
            levels = [levels[-1] for exercise in exercises for levels in exercise.hints.own.values()]
        told.update(what for level in dict.fromkeys(levels) for what in secrets.found_in(level))
    leaks = (leak for leak in leaks_in(folder, secrets) if leak.what not in told)
    message = gettext("{path} has {what}; remove it")
    return [message.format(path=leak.path, what=leak.what) for leak in leaks]
